"""A short run of ``python -m tests.integration.crash``."""

from __future__ import annotations

from pathlib import Path

from .crash import Crashes

ROUNDS = 3


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with Crashes(tmp_path, seed=0) as crashes:
        for _ in range(ROUNDS):
            print(crashes.round())
