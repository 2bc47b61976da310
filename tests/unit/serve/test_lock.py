"""One server at a time."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailcore.serve.lock import InUse, data_directory, is_held


def test_the_directory_is_made_for_its_owner(tmp_path: Path) -> None:
    with data_directory(tmp_path / "a" / "b") as directory:
        assert directory.stat().st_mode & 0o777 == 0o700


def test_the_second_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        data_directory(tmp_path),
        pytest.raises(InUse, match=f"process {os.getpid()}"),
        data_directory(tmp_path),
    ):
        pass


def test_it_is_free_afterwards_and_after_a_death(tmp_path: Path) -> None:
    with data_directory(tmp_path):
        pass
    program = (
        "import os, sys, pathlib; from mailcore.serve.lock import data_directory;"
        "data_directory(pathlib.Path(sys.argv[1])).__enter__(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    with data_directory(tmp_path):
        pass


def test_whether_it_is_held(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "nowhere")
    with data_directory(tmp_path):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_who_only_looks_keeps_nobody_out(tmp_path: Path) -> None:
    with data_directory(tmp_path):
        pass
    looking = os.open(tmp_path / "lock", os.O_RDWR)
    fcntl.flock(looking, fcntl.LOCK_SH)
    timer = threading.Timer(0.05, os.close, [looking])
    timer.start()
    with data_directory(tmp_path):
        assert is_held(tmp_path)
    timer.join()
