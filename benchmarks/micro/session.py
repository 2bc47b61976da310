"""An IMAP session over the memory backend, without sockets: what the engine itself costs."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace

from benchmarks.micro.timing import side_by_side
from mailcore.backend import Peer
from mailcore.imap.session import Session
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live import LiveSessions
from mailcore.testing.memory import MemoryBackend, new_message

_MESSAGES = 5_000
_NOOPS = 20_000
_BODY = b"From: a@example.com\r\nSubject: hi\r\n\r\n" + b"A line of some text.\r\n" * 100


def _say(session: Session, line: bytes) -> int:
    session.receive_data(line)

    async def answers() -> int:
        octets = 0
        while isinstance(piece := await session.step(), bytes):
            octets += len(piece)
        return octets

    return asyncio.run(answers())


def _noops(backend: MemoryBackend, watched: Limits | None) -> int:
    """Say NOOP, one at a time, on a session that is watched or not."""
    session = Session(backend, Peer("imap", tls=True))
    looking = nullcontext()
    if watched is not None:
        looking = LiveSessions(watched).watch(1, "imap", session.peer, session, print)

    async def say(line: bytes) -> None:
        session.receive_data(line)
        while isinstance(await session.step(), bytes):
            pass

    async def all_of_them() -> None:
        await say(b"a LOGIN a@example.com secret\r\nb SELECT INBOX\r\n")
        for _ in range(_NOOPS):
            await say(b"n NOOP\r\n")
        await session.aclose()

    with looking:
        asyncio.run(all_of_them())
    return _NOOPS


def run() -> None:
    """Print the rates."""
    backend = MemoryBackend({"a@example.com": "secret"})
    inbox = backend.users["a@example.com"].inbox
    asyncio.run(inbox.append([new_message(_BODY) for _ in range(_MESSAGES)]))
    session = Session(backend, Peer("imap", tls=True))
    _say(session, b"a LOGIN a@example.com secret\r\nb SELECT INBOX\r\n")

    def floor() -> int:
        for number in range(_MESSAGES):
            b"* %d FETCH (BODY[] {%d}\r\n" % (number, len(_BODY)) + _BODY + b")\r\n"
        return _MESSAGES

    def fetch(items: bytes) -> int:
        assert _say(session, b"c FETCH 1:* " + items + b"\r\n") > _MESSAGES * 10
        return _MESSAGES

    side_by_side(
        "NOOP",
        "commands",
        {
            "nobody looks on": lambda: _noops(backend, None),
            "counted": lambda: _noops(backend, replace(DEFAULT_LIMITS, transcript=0)),
            "counted, with a transcript": lambda: _noops(backend, DEFAULT_LIMITS),
        },
    )
    side_by_side(
        "FETCH 1:* of a mailbox in memory",
        "messages",
        {
            "floor: formatting the octets": floor,
            "FLAGS": lambda: fetch(b"(UID FLAGS)"),
            "ENVELOPE": lambda: fetch(b"(UID FLAGS ENVELOPE BODYSTRUCTURE)"),
            "BODY.PEEK[]": lambda: fetch(b"BODY.PEEK[]"),
        },
    )
