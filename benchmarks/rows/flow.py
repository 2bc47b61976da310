"""Rows of the protocol alone: what a command, a batch of them, and a connection cost."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Final

from benchmarks.client import TAG, Line, Tally, command
from benchmarks.rows.row import Row, crowd, logged_in, port, repeat, swarm
from benchmarks.target import Target

_CONNECTIONS: Final = 50
_BATCH: Final = 200
_LOGINS_AT_ONCE: Final = 8


def _noop(target: Target, rate: float | None = None, *, door: str) -> Tally:
    noop = (command(b"NOOP"),)
    return swarm(target, door, _CONNECTIONS, lambda _: itertools.repeat(noop), rate)


def _pipeline(target: Target, rate: float | None = None) -> Tally:
    # Only the last of a batch has the tag that is waited for.
    batch = b"n1 NOOP\r\n" * (_BATCH - 1) + TAG + b" NOOP\r\n"
    with logged_in(target) as line:
        tally = repeat(partial(line.take, (batch, 0)))
    tally.count *= _BATCH
    return tally


def _login(target: Target, rate: float | None = None) -> Tally:
    def one() -> None:
        line = Line.imap(port(target, "imaps"), target.user, target.password, tls=True)
        line.ask(b"SELECT INBOX")
        line.ask(b"LOGOUT")
        line.close()

    return crowd(one, _LOGINS_AT_ONCE, rate)


ROWS: Final = (
    Row(
        "noop",
        f"NOOP, one at a time on each of {_CONNECTIONS} connections",
        partial(_noop, door="imap"),
        "imap",
        stores=False,
        paced=True,
    ),
    Row(
        "noop tls",
        "the same over TLS",
        partial(_noop, door="imaps"),
        "imaps",
        stores=False,
        paced=True,
    ),
    Row("pipeline", f"NOOP in batches of {_BATCH}", _pipeline, "imap", stores=False),
    Row(
        "login",
        f"connect, TLS, LOGIN, SELECT, LOGOUT; {_LOGINS_AT_ONCE} at a time",
        _login,
        "imaps",
        stores=False,
        paced=True,
    ),
)
