"""Rows that read a mailbox of 10,000 messages."""

from __future__ import annotations

from functools import partial
from typing import Final

from benchmarks import corpus
from benchmarks.client import Tally
from benchmarks.rows.row import MESSAGES, Row, logged_in, repeat
from benchmarks.target import Target

#: Octets of the one big message, in a mailbox of its own.
BIG: Final = 25_000_000


def _ask(
    target: Target,
    rate: float | None = None,
    *,
    text: bytes,
    door: str = "imap",
    mailbox: bytes = b"INBOX",
) -> Tally:
    with logged_in(target, door, mailbox) as line:
        return repeat(partial(line.ask, text), rate)


def _once(target: Target, rate: float | None = None, *, text: bytes) -> Tally:
    with logged_in(target) as line:
        return repeat(partial(line.ask, text), seconds=0.0, least=1)


def _row(name: str, text: str, door: str = "imap", needs: str = "", mailbox: str = "INBOX") -> Row:
    measure = partial(_ask, text=text.encode(), door=door, mailbox=mailbox.encode())
    return Row(name, text, measure, door, frozenset(needs.split()), paced=True)


_HEADERS: Final = "FETCH 1:* (UID ENVELOPE BODYSTRUCTURE INTERNALDATE RFC822.SIZE)"

ROWS: Final = (
    Row(
        "headers cold",
        f"{_HEADERS}, of {MESSAGES:,} messages that nobody has looked at",
        partial(_once, text=_HEADERS.encode()),
        "imap",
        once=True,
    ),
    _row("headers", _HEADERS),
    _row("headers tls", _HEADERS, "imaps"),
    _row("flags", "UID FETCH 1:* (FLAGS)"),
    _row("flags tls", "UID FETCH 1:* (FLAGS)", "imaps"),
    _row("bodies", "FETCH 1:* BODY.PEEK[]"),
    _row("bodies tls", "FETCH 1:* BODY.PEEK[]", "imaps"),
    _row("big", "FETCH 1 BODY.PEEK[]", mailbox="Big"),
    _row("big tls", "FETCH 1 BODY.PEEK[]", "imaps", mailbox="Big"),
    _row("search text", f"SEARCH TEXT {corpus.RARE}"),
    _row("search from", 'SEARCH FROM "sender13@"'),
    _row("search subject", 'SEARCH SUBJECT "report 995 "'),
    _row("search unseen", "SEARCH UNSEEN"),
    _row("sort", "SORT (DATE) UTF-8 ALL", needs="SORT"),
    _row("thread references", "THREAD REFERENCES UTF-8 ALL", needs="THREAD"),
    _row("thread orderedsubject", "THREAD ORDEREDSUBJECT UTF-8 ALL", needs="THREAD"),
)
