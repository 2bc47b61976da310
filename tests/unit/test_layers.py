"""The rules of ARCHITECTURE.md that a program can check."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PROTOCOL_ROOMS = [
    "mailcore.imap",
    "mailcore.smtp",
    "mailcore.message",
    "mailcore.sasl",
    "mailcore.backend",
    "mailcore.imap.session",
    "mailcore.smtp.session",
]


@pytest.mark.parametrize("room", PROTOCOL_ROOMS)
def test_the_core_loads_the_standard_library_only_and_no_event_loop(room: str) -> None:
    program = (
        f"import sys; before = set(sys.modules); import {room}, json;"
        "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    ).stdout
    loaded = set(json.loads(output))
    assert loaded - set(sys.stdlib_module_names) == {"mailcore"}
    assert not loaded & {"asyncio", "socket", "ssl", "selectors"}


def test_imports_run_downward_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter is not installed")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
