"""What a server has in its mailboxes before anything is measured."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from typing import Final

from benchmarks import corpus
from benchmarks.client import TAG, Line, Refused, append
from benchmarks.rows.mailbox import BIG
from benchmarks.rows.row import MESSAGES
from benchmarks.target import Target

_BATCH: Final = 100
_OTHERS: Final = (b"Appended", b"Copies", b"Moved", b"Watched", b"Big")


def fill(target: Target, messages: int = MESSAGES) -> Target:
    """Make the mailboxes, and put the corpus in INBOX; return what now knows of it.

    Raises:
        Refused: the server does not take them.
    """
    if target.imap is None or not target.stores:
        return target
    make_mailboxes(target)
    line = Line.imap(target.imap, target.user, target.password)
    deliver(line, messages)
    with suppress(Refused):  # then it has no row for a big message
        line.take(append(b"Big", corpus.big_message(BIG)))
    line.close()
    return replace(target, messages=messages)


def make_mailboxes(target: Target) -> None:
    """Make all that rows want, empty."""
    if target.imap is None or not target.stores:
        return
    with closing(Line.imap(target.imap, target.user, target.password)) as line:
        for name in _OTHERS:
            with suppress(Refused):  # it is there already
                line.ask(b"CREATE " + name)


def deliver(line: Line, messages: int) -> None:
    """Put messages of the corpus into INBOX, a batch of commands at a time."""
    for start in range(0, messages, _BATCH):
        steps = [append(b"INBOX", corpus.message(n))[0] for n in range(start, start + _BATCH)]
        # All but the last have a tag that is not waited for.
        others = (b"n1" + octets[len(TAG) :] for octets in steps[:-1])
        line.take((b"".join((*others, steps[-1])), 0))
