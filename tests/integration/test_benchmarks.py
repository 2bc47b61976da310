"""The benchmarks run: their figures are nobody's promise here, but what they ask is answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_MESSAGES = 100

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")


def test_the_table_of_mailcore_alone(tmp_path: Path) -> None:
    rows = "noop tls,flags,search text,thread references,append,store one,smtp"
    command = ["-m", "benchmarks", "--peers", "", "--rounds", "1", "--rows", rows]
    subprocess.run(
        [sys.executable, *command, "--messages", str(_MESSAGES), "--write", tmp_path],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        timeout=100,
    )
    report = json.loads((tmp_path / "results.json").read_text())
    assert report["refusals"] == {}
    assert set(report["results"]) == set(rows.split(","))
    for row, by_peer in report["results"].items():
        (result,) = by_peer["mailcore"]
        assert result["rate"] > 0, row
        assert 0 < result["p50"] <= result["p99"], row
    assert "| flags | " in (tmp_path / "RESULTS.md").read_text()


def test_a_mailbox_that_grows_while_nobody_looks_is_opened_and_asked() -> None:
    command = [sys.executable, "-m", "benchmarks.large", "--messages", "4000"]
    done = subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, timeout=100)
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "4,000 messages"
    assert [line for line in lines if line.startswith("SELECT INBOX, warm")]
    assert lines[-1].startswith("STATUS INBOX")
