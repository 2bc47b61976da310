"""Mail that is sent over real sockets: to our own servers, and to peers that misbehave."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import pytest
import trio

from mailcore.net import (
    Outcome,
    RecipientResult,
    SendError,
    Timeouts,
    Where,
    connect_smtp,
    send_mail,
    serve_mx,
    serve_smtp,
)
from mailcore.net.sending import CannotConnect, LoginFailed, TlsFailed, recipient_of
from mailcore.sasl import PlainCredentials
from mailcore.serve.certificates import CertificateFiles
from mailcore.smtp import Reply, ReversePath
from mailcore.testing.memory import MemoryBackend

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


Script = Sequence[tuple[bytes, bytes]]
StartPeer = Callable[[Script], Awaitable[Where]]


@pytest.fixture
async def peer(nursery: trio.Nursery) -> StartPeer:
    """Start a server that follows a script: what it says, after it has read up to some words."""

    async def start(script: Script) -> Where:
        async def serve(stream: trio.SocketStream) -> None:
            heard = b""
            async with stream:
                for until, say in script:
                    while until not in heard:
                        data = await stream.receive_some()
                        if not data:
                            return
                        heard += data
                    heard = heard[heard.index(until) + len(until) :]
                    await stream.send_all(say)

        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(partial(trio.serve_listeners, serve, listeners))
        return Where("127.0.0.1", listeners[0].socket.getsockname()[1], tls="none")

    return start


HELLO = [(b"", b"220 x\r\n"), (b"EHLO", b"250-x\r\n250 PIPELINING\r\n")]


async def test_submission_with_implicit_tls(
    nursery: trio.Nursery,
    backend: MemoryBackend,
    certificate: CertificateFiles,
    client_tls: ssl.SSLContext,
) -> None:
    door = await nursery.start(partial(serve_smtp, backend, tls=certificate.context()))
    where = Where(*door.addresses[0], tls="implicit", context=client_tls)
    send = partial(send_mail, MESSAGE, sender=ANNA, recipients=[BERT, "x@example.test"], to=where)
    results = await send(credentials=PlainCredentials(ANNA, "secret"))
    assert replies(results) == [("bert", Outcome.SENT, 250), ("x", Outcome.REFUSED, 550)]
    assert stored(backend, BERT) == [b"Subject: hi\r\n\r\n.dot\r\n"]
    with pytest.raises(LoginFailed, match="535") as caught:
        await send(credentials=PlainCredentials(ANNA, "wrong"))
    assert caught.value.permanent
    with pytest.raises(TlsFailed):
        await connect_smtp(Where(where.host, where.port, tls="implicit"))


@pytest.mark.parametrize("tls", ["required", "opportunistic", "none"])
async def test_mail_to_an_exchanger(
    nursery: trio.Nursery,
    backend: MemoryBackend,
    certificate: CertificateFiles,
    client_tls: ssl.SSLContext,
    tls: str,
) -> None:
    door = await nursery.start(partial(serve_mx, backend, starttls=certificate.context()))
    context = client_tls if tls == "required" else None
    where = Where(*door.addresses[0], tls=tls, context=context)  # type: ignore[arg-type]
    async with await connect_smtp(where) as client:
        assert (client.tls is not None) is (tls != "none")
        for _ in range(2):
            results = await send_one(client.send)
            assert replies(results) == [("bert", Outcome.SENT, 250)]
    assert len(stored(backend, BERT)) == 2


async def send_one(send: Callable[..., Awaitable[list[RecipientResult]]]) -> list[RecipientResult]:
    return await send(MESSAGE, ReversePath(), [recipient_of(BERT)])


async def test_a_server_of_lmtp_answers_for_each(
    nursery: trio.Nursery, backend: MemoryBackend
) -> None:
    door = await nursery.start(partial(serve_mx, backend, lmtp=True))
    where = Where(*door.addresses[0], tls="none", lmtp=True)
    recipients = [ANNA, "nobody@example.test", BERT]
    results = await send_mail(MESSAGE, sender="", recipients=recipients, to=where)
    assert [one.outcome for one in results] == [Outcome.SENT, Outcome.REFUSED, Outcome.SENT]


async def test_required_tls_is_required(peer: StartPeer) -> None:
    where = await peer(HELLO)
    with pytest.raises(TlsFailed, match="no STARTTLS"):
        await connect_smtp(Where(where.host, where.port, tls="required"))


async def test_broken_tls_is_done_without_where_it_is_opportunistic(peer: StartPeer) -> None:
    where = await peer(
        [
            (b"", b"220 x\r\n"),
            (b"EHLO", b"250-x\r\n250 STARTTLS\r\n"),
            (b"STARTTLS", b"220 go\r\n"),
            (b"\x16", b"nonsense that is no TLS"),
        ]
    )
    async with await connect_smtp(Where(where.host, where.port, tls="opportunistic")) as client:
        assert client.tls is None
        assert client.usable


async def test_no_password_without_tls(nursery: trio.Nursery, backend: MemoryBackend) -> None:
    door = await nursery.start(partial(serve_mx, backend))
    with pytest.raises(LoginFailed, match="without TLS"):
        await connect_smtp(
            Where(*door.addresses[0], tls="none"), credentials=PlainCredentials(ANNA, "secret")
        )


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
async def test_what_a_server_says_is_a_result(
    peer: StartPeer, script: Script, expected: list[int | None]
) -> None:
    where = await peer([*HELLO, *script])
    results = await send_mail(
        MESSAGE, sender=ANNA, recipients=[ANNA, BERT], to=where, timeouts=QUICK
    )
    assert [one.reply and one.reply.code for one in results] == expected
    permanent = [code is not None and code >= 500 for code in expected]
    assert [one.outcome is Outcome.REFUSED for one in results] == permanent


async def test_a_lost_reply_is_not_known(peer: StartPeer) -> None:
    go = (b"MAIL", b"250 ok\r\n250 ok\r\n550 no\r\n354 go\r\n")
    where = await peer([*HELLO, go, (b"\r\n.\r\n", b"")])
    results = await send_mail(MESSAGE, sender=ANNA, recipients=[ANNA, BERT], to=where)
    assert replies(results) == [("anna", Outcome.UNKNOWN, None), ("bert", Outcome.REFUSED, 550)]


async def test_a_silent_server_is_given_up(peer: StartPeer) -> None:
    where = await peer([*HELLO, (b"never", b"")])
    impatient = Timeouts(command=0.3)
    results = await send_mail(MESSAGE, sender=ANNA, recipients=[BERT], to=where, timeouts=impatient)
    assert replies(results) == [("bert", Outcome.DEFERRED, None)]


async def test_an_old_server_gets_helo(peer: StartPeer) -> None:
    where = await peer(
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
    results = await send_mail(MESSAGE, sender=ANNA, recipients=[BERT], to=where)
    assert replies(results) == [("bert", Outcome.SENT, 250)]


@pytest.mark.parametrize(
    ("message", "recipient", "reply"),
    [
        ("ü".encode(), BERT, "5.6.3"),
        ("Subject: ü\r\n\r\n".encode(), BERT, "5.6.7"),
        (b"x", "ü@example.test", "5.6.7"),
    ],
)
async def test_what_a_server_can_not_take_is_not_sent(
    peer: StartPeer, message: bytes, recipient: str, reply: str
) -> None:
    where = await peer([*HELLO, (b"QUIT", b"221 bye\r\n")])
    body = message if message.startswith(b"Subject") else b"\r\n\r\n" + message
    results = await send_mail(body, sender=ANNA, recipients=[recipient], to=where)
    assert [(one.reply and one.reply.enhanced, one.local) for one in results] == [(reply, True)]


async def test_a_refusal_to_greet_is_told(peer: StartPeer) -> None:
    where = await peer([(b"", b"554 5.7.1 not you\r\n")])
    with pytest.raises(CannotConnect, match=r"refusal: 554 5\.7\.1 not you") as caught:
        await connect_smtp(where)
    assert caught.value.reply == Reply.of(554, "5.7.1", "not you")
    assert caught.value.permanent


async def test_nobody_there() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    with pytest.raises(SendError, match="no connection"):
        await connect_smtp(Where("127.0.0.1", port))


async def test_addresses_are_checked_first() -> None:
    with pytest.raises(ValueError, match="more than an address"):
        await send_mail(b"", sender="a@b.c>\r\nX", recipients=[BERT], to=Where("192.0.2.1"))
    with pytest.raises(ValueError, match="nobody"):
        await send_mail(b"", sender="", recipients=[], to=Where("192.0.2.1"))
