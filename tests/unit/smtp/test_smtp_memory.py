"""What large messages on their way in cost: memory that does not grow with them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator, Sequence

import pytest

from mailcore.backend import MailTransaction, Peer, Recipient
from mailcore.limits import MIB
from mailcore.smtp import MailParameters, Reply, ReversePath
from mailcore.smtp.session import Session
from mailcore.spool import CHUNK, Content

from .post_office import finish

Way = Callable[[int], Iterator[bytes]]

SIZE = 50 * MIB
LINES = (b"x" * 62 + b"\r\n") * (CHUNK // 64)


class Scales:
    """Takes messages and only weighs them."""

    def __init__(self) -> None:
        self.weighed: list[int] = []

    def receive(self, peer: Peer) -> Scales:
        return self

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        pass

    async def rcpt_to(self, recipient: Recipient) -> None:
        pass

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        self.weighed.append(sum(map(len, content.chunks())))
        return [Reply.of(250, "2.0.0", "Weighed")]


def by_data(size: int) -> Iterator[bytes]:
    yield b"DATA\r\n"
    for _ in range(size // CHUNK):
        yield LINES
    yield b".\r\n"


def by_bdat(size: int) -> Iterator[bytes]:
    """Chunks of a MiB, as senders of large messages make them."""
    for _ in range(size // MIB):
        yield b"BDAT %d\r\n" % MIB
        for _ in range(MIB // CHUNK):
            yield LINES
    yield b"BDAT 0 LAST\r\n"


def by_one_bdat(size: int) -> Iterator[bytes]:
    yield b"BDAT %d LAST\r\n" % size
    for _ in range(size // CHUNK):
        yield LINES


def feed(session: Session, data: bytes) -> bytes:
    """Do what a driver does with octets: nothing more is read before all is worked off."""
    session.receive_data(data)
    out = b""
    while isinstance(step := finish(session.step()), bytes):
        out += step
    return out


@pytest.mark.parametrize("messages", [1, 16])
@pytest.mark.parametrize("way", [by_data, by_bdat, by_one_bdat])
def test_a_message_of_50_mib_costs_less_than_2(
    way: Callable[[int], Iterator[bytes]], messages: int
) -> None:
    scales = Scales()
    sessions = []
    # Sixteen of 50 MiB each would show no more than sixteen that are a tenth of that.
    size = SIZE if messages == 1 else 5 * MIB
    for _ in range(messages):
        session = Session(scales, Peer("smtp"), hostname="mail.example", mode="mx")
        feed(session, b"")
        feed(session, b"EHLO x\r\n")
        feed(session, b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
        sessions.append(session)
    tracemalloc.start()
    try:
        replies = b""
        for pieces in zip(*(way(size) for _ in sessions), strict=True):
            for session, piece in zip(sessions, pieces, strict=True):
                replies = feed(session, piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert replies == b"250 2.0.0 Weighed\r\n"
    assert scales.weighed == [size] * messages
    assert peak < 2 * MIB * messages, peak


def test_a_line_without_end_costs_no_memory() -> None:
    """200 MiB without a CRLF, as a command and as a message; then the connection goes on."""
    session = Session(Scales(), Peer("smtp"), hostname="mail.example", mode="mx")
    for line in (b"", b"EHLO x\r\n", b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"):
        feed(session, line)
    flood = b"x" * CHUNK
    tracemalloc.start()
    try:
        for before, after, code in ((b"", b"\r\n", b"500"), (b"DATA\r\n", b"\r\n.\r\n", b"500")):
            feed(session, before)
            for _ in range(200 * MIB // CHUNK):
                assert feed(session, flood) == b""
            assert feed(session, after)[:3] == code
        assert tracemalloc.get_traced_memory()[1] < 2 * MIB
    finally:
        tracemalloc.stop()
    assert feed(session, b"NOOP\r\n")[:3] == b"250"


def test_a_declared_size_allocates_nothing() -> None:
    """BDAT and SIZE promise octets that need not come."""
    sessions = [Session(Scales(), Peer("smtp"), hostname="x", mode="mx") for _ in range(10)]
    tracemalloc.start()
    try:
        for session in sessions:
            begin(session)
            session.receive_data(b"MAIL FROM:<a@b> SIZE=52428800\r\nRCPT TO:<c@d>\r\n")
            session.receive_data(b"BDAT 52428800 LAST\r\nx")
            while isinstance(finish(session.step()), bytes):
                pass
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


def begin(session: Session) -> None:
    """Go up to where MAIL may be said."""
    for line in (b"", b"EHLO x\r\n"):
        session.receive_data(line)
        while isinstance(finish(session.step()), bytes):
            pass
