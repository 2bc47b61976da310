"""The documentation builds without a warning, and its examples print what it says they do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What both builders read: it is made once."""
    return tmp_path_factory.mktemp("doctrees")


@pytest.mark.parametrize("builder", ["html", "doctest"])
def test_the_documentation_builds(builder: str, trees: Path, tmp_path: Path) -> None:
    command = ["-m", "sphinx", "-W", "-q", "-b", builder, "-d", trees, DOCS, tmp_path]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
