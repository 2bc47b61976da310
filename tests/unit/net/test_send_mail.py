"""Mail that is sent over real sockets: to our own servers, and to peers that misbehave."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from mailcore.net import Outcome, RecipientResult, SendError, Timeouts, Where
from mailcore.net.loop import within
from mailcore.net.sending import CannotConnect, LoginFailed, TlsFailed, recipient_of
from mailcore.sasl import PlainCredentials
from mailcore.serve.certificates import CertificateFiles
from mailcore.smtp import Reply, ReversePath
from mailcore.testing.memory import MemoryBackend

from .worlds import Script, StartPeer, World, on_both_loops

ANNA, BERT = "anna@example.test", "bert@example.test"
MESSAGE = b"Subject: hi\n\n.dot\n"
QUICK = Timeouts(connect=2, greeting=2, command=2, data_initiation=2, data_termination=2)


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend({ANNA: "secret", BERT: "secret"})


def stored(backend: MemoryBackend, name: str) -> list[bytes]:
    return [one.data for one in backend.users[name].inbox.messages.values()]


def replies(results: Sequence[RecipientResult]) -> list[tuple[str, Outcome, int | None]]:
    return [
        (one.recipient.path.local_part, one.outcome, one.reply.code if one.reply else None)
        for one in results
    ]


@pytest.fixture
def peer(peer: StartPeer) -> Callable[..., Where]:
    """Start a scripted server without TLS."""
    return lambda *scripts: Where(*peer(*scripts), tls="none")


HELLO = [(b"", b"220 x\r\n"), (b"EHLO", b"250-x\r\n250 PIPELINING\r\n")]


@on_both_loops
async def test_submission_with_implicit_tls(
    world: World,
    backend: MemoryBackend,
    certificate: CertificateFiles,
    client_tls: ssl.SSLContext,
) -> None:
    async with world.smtp(backend, "submission", tls=certificate.context()) as door:
        where = Where(*door.addresses[0], tls="implicit", context=client_tls)
        everybody = [BERT, "x@example.test"]
        send = partial(world.net.send_mail, MESSAGE, sender=ANNA, recipients=everybody, to=where)
        results = await send(credentials=PlainCredentials(ANNA, "secret"))
        assert replies(results) == [("bert", Outcome.SENT, 250), ("x", Outcome.REFUSED, 550)]
        assert stored(backend, BERT) == [b"Subject: hi\r\n\r\n.dot\r\n"]
        with pytest.raises(LoginFailed, match="535") as caught:
            await send(credentials=PlainCredentials(ANNA, "wrong"))
        assert caught.value.permanent
        with pytest.raises(TlsFailed):
            await world.net.connect_smtp(replace(where, context=None))


@pytest.mark.parametrize("tls", ["required", "opportunistic", "none"])
@on_both_loops
async def test_mail_to_an_exchanger(
    world: World,
    backend: MemoryBackend,
    certificate: CertificateFiles,
    client_tls: ssl.SSLContext,
    tls: Any,
) -> None:
    context = client_tls if tls == "required" else None
    async with world.smtp(backend, "mx", starttls=certificate.context()) as door:
        where = Where(*door.addresses[0], tls=tls, context=context)
        async with await world.net.connect_smtp(where) as client:
            assert (client.tls is not None) is (tls != "none")
            for _ in range(2):
                results = await send_one(client.send)
                assert replies(results) == [("bert", Outcome.SENT, 250)]
    assert len(stored(backend, BERT)) == 2


async def send_one(send: Callable[..., Awaitable[list[RecipientResult]]]) -> list[RecipientResult]:
    return await send(MESSAGE, ReversePath(), [recipient_of(BERT)])


@on_both_loops
async def test_a_server_of_lmtp_answers_for_each(world: World, backend: MemoryBackend) -> None:
    recipients = [ANNA, "nobody@example.test", BERT]
    async with world.smtp(backend, "lmtp") as door:
        where = Where(*door.addresses[0], tls="none", lmtp=True)
        results = await world.net.send_mail(MESSAGE, sender="", recipients=recipients, to=where)
    assert [one.outcome for one in results] == [Outcome.SENT, Outcome.REFUSED, Outcome.SENT]


@on_both_loops
async def test_required_tls_is_required(world: World, peer: Callable[..., Where]) -> None:
    where = peer(HELLO)
    with pytest.raises(TlsFailed, match="no STARTTLS"):
        await world.net.connect_smtp(Where(where.host, where.port, tls="required"))


@on_both_loops
async def test_broken_tls_is_done_without_where_it_is_opportunistic(
    world: World, peer: Callable[..., Where]
) -> None:
    hello = [(b"", b"220 x\r\n"), (b"EHLO", b"250-x\r\n250 STARTTLS\r\n")]
    where = peer(
        [*hello, (b"STARTTLS", b"220 go\r\n"), (b"\x16", b"nonsense that is no TLS")],
        [*hello, (b"QUIT", b"221 bye\r\n")],
    )
    opportunistic = replace(where, tls="opportunistic")
    async with await world.net.connect_smtp(opportunistic) as client:
        assert client.tls is None
        assert client.usable


@on_both_loops
async def test_no_password_without_tls(world: World, backend: MemoryBackend) -> None:
    async with world.smtp(backend, "mx") as door:
        where = Where(*door.addresses[0], tls="none")
        with pytest.raises(LoginFailed, match="without TLS"):
            await world.net.connect_smtp(where, credentials=PlainCredentials(ANNA, "secret"))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ([(b"MAIL", b"450 later\r\n503 no\r\n503 no\r\n503 no\r\n")], [450, 450]),
        ([(b"MAIL", b"250 ok\r\n550 no\r\n451 grey\r\n554 no\r\n")], [550, 451]),
        ([(b"MAIL", b"250 ok\r\n250 ok\r\n550 no\r\n451 later\r\n")], [451, 550]),
        ([(b"MAIL", b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"), (b"\r\n.", b"552 big\r\n")],
         [552, 552]),
        ([(b"MAIL", b"250 ok\r\n250 ok\r\n421 4.3.2 bye\r\n")], [None, 421]),
        ([(b"MAIL", b"250 ok\r\n250 ok\r\nnonsense\r\n")], [None, None]),
    ],
)  # fmt: skip
@on_both_loops
async def test_what_a_server_says_is_a_result(
    world: World, peer: Callable[..., Where], script: Script, expected: list[int | None]
) -> None:
    where = peer([*HELLO, *script])
    results = await world.net.send_mail(
        MESSAGE, sender=ANNA, recipients=[ANNA, BERT], to=where, timeouts=QUICK
    )
    assert [one.reply and one.reply.code for one in results] == expected
    permanent = [code is not None and code >= 500 for code in expected]
    assert [one.outcome is Outcome.REFUSED for one in results] == permanent


@on_both_loops
async def test_a_lost_reply_is_not_known(world: World, peer: Callable[..., Where]) -> None:
    go = (b"MAIL", b"250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n")
    where = peer([*HELLO, go, (b"\r\n.\r\n", b"")])
    results = await world.net.send_mail(MESSAGE, sender=ANNA, recipients=[ANNA, BERT], to=where)
    assert replies(results) == [("anna", Outcome.UNKNOWN, None), ("bert", Outcome.REFUSED, 550)]


@on_both_loops
async def test_a_silent_server_is_given_up(world: World, peer: Callable[..., Where]) -> None:
    where = peer([*HELLO, (b"never", b"")])
    impatient = Timeouts(command=0.3)
    results = await world.net.send_mail(
        MESSAGE, sender=ANNA, recipients=[BERT], to=where, timeouts=impatient
    )
    assert replies(results) == [("bert", Outcome.DEFERRED, None)]


@on_both_loops
async def test_a_message_that_is_broken_off_ends_the_connection(
    world: World, peer: Callable[..., Where]
) -> None:
    """And at once: there is no use in a QUIT that would be taken for a line of the message."""
    go = (b"MAIL", b"250 ok\r\n250 ok\r\n354 go\r\n")
    where = peer([*HELLO, go, (b"never", b"")])
    with within(world.loop, 3):
        async with await world.net.connect_smtp(where) as client:
            with world.loop.scope(world.loop.current_time() + 0.1) as scope:
                await client.send(MESSAGE, ReversePath(), [recipient_of(BERT)])
            assert scope.cancelled_caught
            assert not client.usable


@on_both_loops
async def test_an_old_server_gets_helo(world: World, peer: Callable[..., Where]) -> None:
    where = peer(
        [
            (b"", b"220 x\r\n"),
            (b"EHLO", b"502 what\r\n"),
            (b"HELO", b"250 x\r\n"),
            (b"MAIL", b"250 ok\r\n"),
            (b"RCPT", b"250 ok\r\n"),
            (b"DATA", b"354 go\r\n"),
            (b"\r\n.\r\n", b"250 ok\r\n"),
        ]
    )
    results = await world.net.send_mail(MESSAGE, sender=ANNA, recipients=[BERT], to=where)
    assert replies(results) == [("bert", Outcome.SENT, 250)]


@pytest.mark.parametrize(
    ("message", "recipient", "reply"),
    [
        ("ü".encode(), BERT, "5.6.3"),
        ("Subject: ü\r\n\r\n".encode(), BERT, "5.6.7"),
        (b"x", "ü@example.test", "5.6.7"),
    ],
)
@on_both_loops
async def test_what_a_server_can_not_take_is_not_sent(
    world: World, peer: Callable[..., Where], message: bytes, recipient: str, reply: str
) -> None:
    where = peer([*HELLO, (b"QUIT", b"221 bye\r\n")])
    body = message if message.startswith(b"Subject") else b"\r\n\r\n" + message
    results = await world.net.send_mail(body, sender=ANNA, recipients=[recipient], to=where)
    assert [(one.reply and one.reply.enhanced, one.local) for one in results] == [(reply, True)]


@on_both_loops
async def test_a_refusal_to_greet_is_told(world: World, peer: Callable[..., Where]) -> None:
    where = peer([(b"", b"554 5.7.1 not you\r\n")])
    with pytest.raises(CannotConnect, match=r"refusal: 554 5\.7\.1 not you") as caught:
        await world.net.connect_smtp(where)
    assert caught.value.reply == Reply.of(554, "5.7.1", "not you")
    assert caught.value.permanent


@on_both_loops
async def test_nobody_there(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with pytest.raises(SendError, match="no connection"):
        await world.net.connect_smtp(Where("127.0.0.1", port))


@on_both_loops
async def test_addresses_are_checked_first(world: World) -> None:
    with pytest.raises(ValueError, match="more than an address"):
        await world.net.send_mail(
            b"", sender="a@b.c>\r\nX", recipients=[BERT], to=Where("192.0.2.1")
        )
    with pytest.raises(ValueError, match="nobody"):
        await world.net.send_mail(b"", sender="", recipients=[], to=Where("192.0.2.1"))
