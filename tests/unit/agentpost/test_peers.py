"""Peers that do not take mail at once, or never: real sockets, a clock that is told the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
import trio

from mailcore.backend import BackendError, Peer, Recipient
from mailcore.net import Timeouts, Where, serve_mx
from mailcore.smtp import MailParameters, Reply, ReversePath

from .post import BERT, HOUR, Exchanger, Post, posting

MINUTE = 60.0
GREY = Reply.of(451, "4.7.1", "Greylisted, come back in five minutes")


class Greylisting(Exchanger):
    """Takes mail from a sender to a recipient five minutes after it was first offered."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self.now = now
        self.seen: dict[tuple[str, str], float] = {}
        self.sender = ""

    def receive(self, peer: Peer) -> Greylisting:
        return self

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        self.sender = sender.address

    async def rcpt_to(self, recipient: Recipient) -> None:
        pair = (self.sender, recipient.path.address)
        if self.now() - self.seen.setdefault(pair, self.now()) < 5 * MINUTE:
            raise BackendError("Greylisted", reply=GREY)


async def test_a_greylisting_peer_gets_it_the_second_time(
    tmp_path: Path, nursery: trio.Nursery
) -> None:
    async with posting(tmp_path, {}) as post:
        peer = Greylisting(post.now)
        door = await nursery.start(partial(serve_mx, peer))
        post.routes.servers["far.example"] = Where(*door.addresses[0], tls="none")
        await post.send(BERT)
        await post.until(partial(post.tried, 1))
        assert (post.queue(), peer.got) == ([(BERT, 1)], [])
        (reply,) = post.site.query("SELECT last_reply FROM queue")
        assert reply == "451 4.7.1 Greylisted, come back in five minutes"
        post.pass_time(9 * MINUTE)
        await post.until(lambda: not post.queue())
        # The return path, that tells which message it is, was the same both times.
        assert len(peer.got) == len(peer.seen) == 1
        assert await post.notices() == []


Script = Sequence[tuple[bytes, bytes | None]]
HELLO: Script = [(b"", b"220 peer\r\n"), (b"EHLO", b"250 peer\r\n")]
TO_DATA: Script = [*HELLO, (b"MAIL", b"250 ok\r\n"), (b"RCPT", b"250 ok\r\n")]
MESSAGE: Script = [*TO_DATA, (b"DATA", b"354 go\r\n")]
BYE: Script = [(b"QUIT", b"221 bye\r\n")]


class Scripted:
    """A peer that follows a script, again for each connection.

    Arguments:
        script: what it says after it has read some words; None to hang up, at the end to be silent.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connections = 0

    async def serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        heard = b""
        async with stream:
            for until, say in self.script:
                while until not in heard:
                    data = await stream.receive_some()
                    if not data:
                        return
                    heard += data
                heard = heard[heard.index(until) + len(until) :]
                if say is None:
                    return
                await stream.send_all(say)
            while await stream.receive_some():
                pass

    async def start(self, nursery: trio.Nursery, post: Post) -> None:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(partial(trio.serve_listeners, self.serve, listeners))
        port = listeners[0].socket.getsockname()[1]
        post.routes.servers["far.example"] = Where("127.0.0.1", port, tls="none")
        # So that silence does not last for minutes.
        seconds = dict.fromkeys(("greeting", "command", "data_initiation", "data_termination"), 0.5)
        post.courier._attempts._timeouts = Timeouts(**seconds)


@pytest.mark.parametrize(
    ("script", "reply"),
    [
        ([(b"", None)], "451 4.4.2"),
        ([], "451 4.4.2"),
        ([(b"", b"421 4.3.2 Too busy\r\n")], "421 4.3.2 Too busy"),
        # RFC 5321 §3.1: it may be itself again later.
        ([(b"", b"554 No SMTP here\r\n"), *BYE], "451 4.3.2 The server does not"),
        ([(b"", b"hello\r\n")], "451 4.4.2"),
        ([(b"", b"220 " + b"x" * 10_000 + b"\r\n")], "451 4.4.2"),
        ([*HELLO, (b"MAIL", b"452 4.3.1 No room\r\n"), *BYE], "452 4.3.1 No room"),
        ([*TO_DATA, (b"DATA", None)], "451 4.4.2"),
        ([*MESSAGE, (b"\r\n.\r\n", b"451 4.3.0 Broken\r\n"), *BYE], "451 4.3.0 Broken"),
        # The message is there, the reply never comes.
        ([*MESSAGE, (b"\r\n.\r\n", None)], "451 4.4.2"),
        (MESSAGE, "451 4.4.2"),
    ],
)
async def test_a_failing_peer_is_tried_again(
    tmp_path: Path, nursery: trio.Nursery, script: Script, reply: str
) -> None:
    async with posting(tmp_path, {}) as post:
        peer = Scripted(script)
        await peer.start(nursery, post)
        await post.send(BERT)
        for attempt in (1, 2):
            await post.until(
                lambda attempt=attempt: peer.connections == attempt and not post.courier._busy
            )
            assert post.queue() == [(BERT, attempt)]
            assert post.site.query("SELECT last_reply FROM queue")[0].startswith(reply)
            post.pass_time(post.waited() - post.skew + 1)
        assert await post.notices() == []


async def test_mail_is_tried_for_five_days(tmp_path: Path, nursery: trio.Nursery) -> None:
    async with posting(tmp_path, {}) as post:
        peer = Scripted([(b"", b"421 4.3.2 Too busy\r\n")])
        await peer.start(nursery, post)
        await post.send(BERT)
        waits: list[float] = []
        while True:
            await post.until(lambda: peer.connections == len(waits) + 1 and not post.courier._busy)
            if not post.queue():
                break
            waits.append(post.waited() - post.skew)
            post.pass_time(waits[-1] + 1)
        # Twice as long each time, up to a day; then it is five days.
        assert all(0.88 < wait / min(450 * 2**n, 86400) < 1.12 for n, wait in enumerate(waits))
        assert 10 <= len(waits) <= 13
        assert post.skew > 120 * HOUR
        delayed, failed = await post.notices()
        assert "Action: delayed" in delayed
        assert "Action: failed" in failed
        assert len(post.events("message.bounced")) == 1
        # Nobody knows that the address is no good.
        assert post.site.query("SELECT count(*) FROM suppressions") == [0]


@pytest.mark.parametrize(
    "script",
    [
        [*HELLO, (b"MAIL", b"550 5.7.1 Not you\r\n"), *BYE],
        [*HELLO, (b"MAIL", b"250 ok\r\n"), (b"RCPT", b"550 5.1.1 Who?\r\n"), *BYE],
        [*MESSAGE, (b"\r\n.\r\n", b"554 5.6.0 Not this\r\n"), *BYE],
    ],
)
async def test_a_peer_that_says_never_is_asked_once(
    tmp_path: Path, nursery: trio.Nursery, script: Script
) -> None:
    async with posting(tmp_path, {}) as post:
        peer = Scripted(script)
        await peer.start(nursery, post)
        await post.send(BERT)
        await post.until(lambda: not post.queue())
        assert peer.connections == 1
        (notice,) = await post.notices()
        assert "Action: failed\r\nStatus: 5." in notice
