"""Rows that change a mailbox: durably, as far as each server promises that."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from functools import partial
from typing import Final

from benchmarks import corpus
from benchmarks.client import Tally, Work, append, command
from benchmarks.rows.row import Measure, Row, logged_in, repeat, swarm
from benchmarks.target import Target

_COPIED: Final = 1_000
_CLIENTS: Final = 20


def _append(target: Target, rate: float | None = None, *, connections: int) -> Tally:
    works = itertools.repeat((append(b"Appended", corpus.message(1)),))
    return swarm(target, "imap", connections, lambda _: works, rate, mailbox=b"Appended")


def _store_all(target: Target, rate: float | None = None) -> Tally:
    signs = itertools.cycle((b"+", b"-"))
    with logged_in(target) as line:
        return repeat(lambda: line.ask(b"STORE 1:* " + next(signs) + b"FLAGS (\\Flagged)"), rate)


def _store_one(target: Target, rate: float | None = None) -> Tally:
    dice = random.Random(1)
    with logged_in(target) as line:
        steps = itertools.cycle(
            [
                command(b"STORE %d %sFLAGS (\\Answered)" % (dice.randint(1, target.messages), sign))
                for sign in (b"+", b"-")
                for _ in range(1000)
            ]
        )
        return repeat(lambda: line.take(next(steps)), rate)


def _copy(target: Target, rate: float | None = None) -> Tally:
    with logged_in(target) as line:
        return repeat(partial(line.ask, b"COPY 1:%d Copies" % _COPIED), rate)


def _move(target: Target, rate: float | None = None) -> Tally:
    """Move what COPY has made between two mailboxes, there and back."""
    with logged_in(target, mailbox=b"Copies") as line:
        ends = itertools.cycle((b"Moved", b"Copies"))

        def move() -> None:
            there = next(ends)
            line.ask(b"MOVE 1:%d " % _COPIED + there)
            line.ask(b"SELECT " + there)

        return repeat(move, rate)


def _mixed(target: Target, rate: float | None = None) -> Tally:
    def works(number: int) -> Iterator[Work]:
        dice = random.Random(number)
        made = []
        for _ in range(2_000):
            at = dice.randint(1, target.messages - 50)
            text = dice.choice(
                (
                    b"NOOP",
                    b"FETCH %d:%d (UID FLAGS)" % (at, at + 49),
                    b"FETCH %d (ENVELOPE BODYSTRUCTURE)" % at,
                    b"FETCH %d BODY.PEEK[]" % at,
                    b"STORE %d +FLAGS.SILENT (\\Flagged)" % at,
                    b"STORE %d -FLAGS.SILENT (\\Flagged)" % at,
                    b"SEARCH %d:%d UNSEEN" % (at, at + 49),
                    b"STATUS Copies (MESSAGES UIDNEXT UNSEEN)",
                )
            )
            made.append((command(text),))
        return itertools.cycle(made)

    return swarm(target, "imap", _CLIENTS, works, rate)


def _row(name: str, work: str, measure: Measure) -> Row:
    return Row(name, work, measure, "imap", paced=True)


ROWS: Final = (
    _row("append", "APPEND of 8 KB, one connection", partial(_append, connections=1)),
    _row("append x16", "the same on 16 connections", partial(_append, connections=16)),
    _row("store all", "STORE 1:* ±FLAGS (\\Flagged)", _store_all),
    _row("store one", "STORE n ±FLAGS (\\Answered)", _store_one),
    _row("copy", f"COPY 1:{_COPIED}", _copy),
    Row("move", f"MOVE 1:{_COPIED}, then SELECT of where they went", _move, "imap"),
    _row("mixed", f"{_CLIENTS} clients, random commands", _mixed),
)
