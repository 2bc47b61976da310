"""What follows from an attempt: who has it, who never will, and what the sender is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailcore.limits import KIB
from mailcore.message import find_header, header_block
from mailcore.net import Outcome
from mailcore.smtp import Reply
from mailcore_agentpost.delivery.attempt import Result
from mailcore_agentpost.delivery.notices import About, Action, Fate, notice
from mailcore_agentpost.mail.queue import HERE
from mailcore_agentpost.mail.wishes import Happening

_EXPIRED: Final = Reply.of(451, "4.4.7", "Delivery time expired; it is still tried")
_HEADER_OCTETS: Final = 64 * KIB


@dataclass(frozen=True, slots=True)
class Settlement:
    """What is to be noted of an attempt.

    Arguments:
        waiting: those that are tried again; with whether their sender knows from now on.
        notices: messages for the sender.
    """

    sent: Sequence[Result]
    failed: Sequence[Result]
    waiting: Sequence[tuple[Result, bool]]
    notices: Sequence[bytes]


def settle(
    results: Sequence[Result],
    message: bytes,
    now: float,
    *,
    reporter: str,
    give_up_after: float,
    delay_notice_after: float,
) -> Settlement:
    """Decide what follows from an attempt.

    Arguments:
        results: of one message.
        message: as it was sent.
        now: seconds since 1970.
        reporter: our name, in notifications.
        give_up_after, delay_notice_after: see :class:`mailcore_agentpost.settings.Relay`.
    """
    sent, failed, late, waiting = [], [], [], []
    for result in results:
        row = result.row
        age = now - row.began
        overdue = row.wishes.late(now)
        if result.outcome is Outcome.SENT:
            sent.append(result)
        elif result.outcome is Outcome.REFUSED or age >= give_up_after:
            failed.append(result)
        elif not row.noticed and (age >= delay_notice_after or overdue):
            late.append(result)
        else:
            waiting.append(result)
    row = results[0].row
    about = About(sender=row.sender, identifier=row.message, octets=message, arrived=row.created_at)
    told: list[tuple[Action, list[Fate]]] = [
        ("delivered", _wanted("SUCCESS", [one for one in sent if one.row.destination == HERE])),
        ("relayed", [_fate(one) for one in sent if one.row.destination != HERE and one.relayed]),
        ("failed", _wanted("FAILURE", failed)),
        ("delayed", [] if _is_automatic(message) else _delayed(late, now)),
    ]
    # RFC 5321 §6.1: nobody is told of what became of a notification.
    notices = [
        notice(action, fates, about, reporter=reporter, now=now)
        for action, fates in told
        if fates and row.sender
    ]
    noticed = [(one, True) for one in late] + [(one, False) for one in waiting]
    return Settlement(sent, failed, noticed, notices)


def _wanted(happening: Happening, results: Sequence[Result]) -> list[Fate]:
    return [_fate(one) for one in results if one.row.wishes.tells(happening)]


def _delayed(results: Sequence[Result], now: float) -> list[Fate]:
    """RFC 2852 §4.1.3: what is late by the sender's own time says so."""
    return [
        _fate(one, _EXPIRED if one.row.wishes.late(now) else None)
        for one in results
        if one.row.wishes.tells("DELAY")
    ]


def _fate(result: Result, reply: Reply | None = None) -> Fate:
    host = result.host if reply is None else ""
    return Fate(result.row.recipient, reply or result.reply, host, result.row.wishes)


def _is_automatic(message: bytes) -> bool:
    """Whether a program sent this: it is not told of what it can do nothing about (RFC 3834 §2)."""
    field = find_header(header_block(message, _HEADER_OCTETS), "auto-submitted")
    return field is not None and field.partition(b";")[0].strip().lower() != b"no"
