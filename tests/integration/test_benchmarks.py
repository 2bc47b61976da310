"""The benchmarks run: their figures are nobody's promise here, but what they ask is answered."""

from __future__ import annotations

import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.client import TAG, Swarm, command
from benchmarks.report import Report, Result, write_large

_ROOT = Path(__file__).parents[2]
_MESSAGES = 100

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")


def _run(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=_ROOT, check=check, capture_output=True, timeout=100)


def test_the_table_of_mailcore_alone(tmp_path: Path) -> None:
    rows = "noop tls,flags,search text,thread references,append,store one,idle tls,smtp"
    size = ["--messages", str(_MESSAGES), "--connections", "20"]
    written = tmp_path / "not there yet" / "nor this"
    command = ["--peers", "", "--rounds", "1", "--rows", rows, *size, "--write", written]
    _run("benchmarks", *command)
    report = json.loads((written / "results.json").read_text())
    assert report["refusals"] == {}
    assert set(report["results"]) == set(rows.split(","))
    for row, by_peer in report["results"].items():
        (result,) = by_peer["mailcore"]
        assert result["rate"] > 0, row
        assert 0 < result["p50"] <= result["p99"], row
        # Nobody asks at a pace to be told; and what is too rare for percentiles has none.
        assert (result["half"] is None) == (row == "idle tls" or result["rate"] < 50), row
        assert result["connections"] == (20 if row == "idle tls" else 0)
    tables = (written / "RESULTS.md").read_text()
    assert "| flags | " in tables
    assert "| idle tls | 20, " in tables


def test_where_nothing_can_be_written_nothing_is_measured(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for program in ("benchmarks", "benchmarks.large"):
        done = _run(program, "--write", tmp_path / "file", check=False)
        assert done.returncode == 2
        assert b"--write" in done.stderr


def test_mailboxes_that_grow_while_nobody_looks_are_opened_and_asked(tmp_path: Path) -> None:
    _run("benchmarks.large", "--messages", "1000,4000", "--write", tmp_path)
    figures = json.loads((tmp_path / "large.json").read_text())
    assert figures["sizes"] == [1000, 4000]
    assert len(figures["memory"]) == 2
    assert all(len(taken) == 2 for taken in figures["rows"].values())
    tables = (tmp_path / "RESULTS.md").read_text()
    assert "| | 1,000 messages | 4,000 messages |" in tables
    assert "| SELECT INBOX, warm | " in tables


def test_the_tables_are_made_of_all_results_that_are_there(tmp_path: Path) -> None:
    made = Result(rate=100.0, p50=0.001, p99=0.002, cpu=0.003, memory=4_000_000, half=0.005)
    slower = replace(made, rate=50.0)
    report = Report({"mailcore": "1", "other": "2"}, {"mailcore": "a", "other": "b"}, {"noop": "-"})
    report.results["noop"] = {"mailcore": [made], "other": [slower]}
    large = {"made": {}, "sizes": [10], "memory": [40.0], "rows": {"NOOP": [(0.5, 0.25)]}}
    write_large(tmp_path, large)
    report.write(tmp_path)
    assert Report.read(tmp_path / "results.json") == report
    tables = (tmp_path / "RESULTS.md").read_text()
    assert "| noop | 100 | 50 (2×) | - |" in tables
    assert "| noop | 1, 2, 5 | 1, 2, 5 |" in tables
    assert "| NOOP | 0.5 (0.25) |" in tables


def test_what_comes_at_a_pace_is_late_when_the_server_is() -> None:
    ours, theirs = socket.socketpair()
    swarm = Swarm([ours], lambda _: itertools.repeat((command(b"NOOP"),)))

    def serve() -> None:
        for number in range(5):
            theirs.recv(100)
            if number == 0:
                time.sleep(0.2)
            theirs.sendall(TAG + b" OK\r\n")

    server = threading.Thread(target=serve)
    server.start()
    tally = swarm.run_at(rate=50, seconds=0.1)
    server.join()
    swarm.close()
    theirs.close()
    assert tally.count == 5
    # Those that waited behind the slow one count from when they were due, 0.08 s later at most.
    assert min(tally.latencies) > 0.1
