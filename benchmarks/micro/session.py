"""An IMAP session over the memory backend, without sockets: what the engine itself costs."""

from __future__ import annotations

import asyncio

from benchmarks.micro.timing import side_by_side
from mailcore.backend import Peer
from mailcore.imap.session import Session
from mailcore.testing.memory import MemoryBackend, new_message

_MESSAGES = 5_000
_BODY = b"From: a@example.com\r\nSubject: hi\r\n\r\n" + b"A line of some text.\r\n" * 100


def _say(session: Session, line: bytes) -> int:
    session.receive_data(line)

    async def answers() -> int:
        octets = 0
        while isinstance(piece := await session.step(), bytes):
            octets += len(piece)
        return octets

    return asyncio.run(answers())


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
        "FETCH 1:* of a mailbox in memory",
        "messages",
        {
            "floor: formatting the octets": floor,
            "FLAGS": lambda: fetch(b"(UID FLAGS)"),
            "ENVELOPE": lambda: fetch(b"(UID FLAGS ENVELOPE BODYSTRUCTURE)"),
            "BODY.PEEK[]": lambda: fetch(b"BODY.PEEK[]"),
        },
    )
