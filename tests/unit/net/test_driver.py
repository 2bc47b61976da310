"""The driver, by a real session over real sockets."""

from __future__ import annotations

import ssl
import threading
from typing import Any

import pytest
import trio


@pytest.mark.parametrize("tls", [None, "implicit"])
async def test_lines_go_there_and_back(start: Any, client_tls: ssl.SSLContext, tls: str) -> None:
    server = await start(tls)
    client = await server.connect(client_tls if tls else None)
    assert await client.until(b"\r\n") == b"hello\r\n"
    await client.send(b"one\ntwo\n")
    assert await client.until(b"TWO\r\n") == b"ONE\r\nTWO\r\n"
    await client.send(b"quit\n")
    assert await client.rest() == b"bye\r\n"
    (session,) = server.sessions
    assert session.peer.tls is (tls == "implicit")
    assert session.peer.host == "127.0.0.1"
    assert session.closed == 1


async def test_starttls_upgrades_in_place(start: Any, client_tls: ssl.SSLContext) -> None:
    server = await start("starttls")
    client = await server.connect()
    await client.until(b"hello\r\n")
    await client.send(b"starttls\n")
    await client.until(b"go\r\n")
    client.stream = trio.SSLStream(client.stream, client_tls, server_hostname="localhost")
    await client.send(b"secret\n")
    assert await client.until(b"\r\n") == b"SECRET\r\n"
    assert server.sessions[0].secured


@pytest.mark.parametrize("tls", [None, "implicit"])
async def test_news_from_another_thread_reach_a_waiting_client(
    start: Any, client_tls: ssl.SSLContext, tls: str | None
) -> None:
    server = await start(tls)
    client = await server.connect(client_tls if tls else None)
    await client.until(b"hello\r\n")
    await server.settled()
    thread = threading.Thread(target=server.sessions[0].tell, args=(b"news",))
    thread.start()
    assert await client.until(b"\r\n") == b"news\r\n"
    thread.join()
    await client.send(b"still here\n")
    assert await client.until(b"\r\n") == b"STILL HERE\r\n"


async def test_many_wakes_are_one_step(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")
    await server.settled()
    session = server.sessions[0]
    before = session.steps

    def tell() -> None:
        for number in range(1000):
            session.tell(b"%d" % number)

    await server.call(tell)
    await client.until(b"999\r\n")
    await server.settled()
    assert session.steps - before <= 3


async def test_a_wake_during_a_step_is_not_lost(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")
    session = server.sessions[0]
    answer = session._answer

    def answer_and_wake(line: bytes) -> None:
        answer(line)
        session.wake()

    session._answer = answer_and_wake
    await server.settled()
    before = session.steps
    await client.send(b"x\n")
    await client.until(b"X\r\n")
    await server.settled()
    assert session.steps - before == 2  # the answer, and one more that found nothing


async def test_a_wake_after_the_end_is_harmless(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.send(b"quit\n")
    await client.rest()
    session = server.sessions[0]
    session.wake()
    threading.Thread(target=session.wake).start()


async def test_silence_is_answered_at_the_timeout(start: Any) -> None:
    server = await start(timeout=0.1)
    client = await server.connect()
    assert await client.rest() == b"hello\r\nbye silent\r\n"


async def test_a_session_may_use_the_timeout_to_look_for_news(start: Any) -> None:
    server = await start(timeout=0.1)
    client = await server.connect()
    await client.until(b"hello\r\n")
    session = server.sessions[0]
    session.looks_for_news = True
    before, started = session.steps, trio.current_time()
    await trio.sleep(0.35)
    assert 2 <= session.steps - before <= (trio.current_time() - started) / 0.1 + 1
    await client.send(b"x\n")
    await client.until(b"X\r\n")


async def test_another_timeout_starts_anew(start: Any) -> None:
    server = await start(timeout=0.3)
    client = await server.connect()
    await client.until(b"hello\r\n")
    session = server.sessions[0]
    await trio.sleep(0.2)
    session.timeout = 0.25  # as a session does when a command has begun
    session.wake()
    await trio.sleep(0.15)
    await client.send(b"in time\n")
    await client.until(b"IN TIME\r\n")


async def test_logging_in_has_one_time_for_all(start: Any) -> None:
    server = await start(login_timeout=0.4)
    client = await server.connect()
    await client.until(b"hello\r\n")
    server.sessions[0].logged_in = False

    async def keep_talking() -> None:
        while True:
            await client.send(b"noop\n")
            await client.until(b"NOOP\r\n")
            await trio.sleep(0.05)

    with trio.fail_after(2), pytest.raises(AssertionError, match="bye silent"):
        await keep_talking()


async def test_crumbs_do_not_keep_a_connection_open(start: Any) -> None:
    server = await start(timeout=0.3)
    client = await server.connect()
    await client.until(b"hello\r\n")

    async def send_crumbs() -> None:
        while True:
            await client.stream.send_all(b"x")
            await trio.sleep(0.05)

    with trio.fail_after(2), pytest.raises(trio.BrokenResourceError):
        await send_crumbs()


async def test_octets_at_the_minimum_rate_keep_it_open(start: Any) -> None:
    # Longer in all than the timeout, and never near it: a busy machine may hold any step up.
    server = await start(timeout=1.0, minimum_rate=1000)
    client = await server.connect()
    await client.until(b"hello\r\n")
    for _ in range(12):
        await client.send(b"x" * 300)
        await trio.sleep(0.1)
    await client.send(b"\n")
    assert await client.until(b"\r\n") == b"X" * 3600 + b"\r\n"


async def test_a_reader_that_does_not_read_is_cut_off(start: Any) -> None:
    server = await start(command_timeout=0.2, minimum_rate=1 << 30)
    client = await server.connect()
    await client.send(b"flood\n")
    with trio.fail_after(5):
        while not server.sessions or not server.sessions[0].closed:
            await trio.sleep(0.02)
    assert len(await client.rest()) < 32 << 20


async def test_a_slow_reader_within_the_rate_gets_everything(start: Any) -> None:
    server = await start("implicit")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = await server.connect(context)
    await client.until(b"hello\r\n")
    await client.send(b"flood\nquit\n")
    assert len(await client.until(b"bye\r\n")) == (32 << 20) + 5


async def test_a_session_can_ask_to_answer_slowly(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")
    server.sessions[0].delay = 0.2
    started = trio.current_time()
    await client.send(b"x\n")
    await client.until(b"X\r\n")
    assert trio.current_time() - started >= 0.2


async def test_a_client_that_hangs_up_ends_its_session(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")
    await client.stream.aclose()
    await server.ended()


async def test_a_session_that_does_not_heed_the_end_is_ended(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")
    server.sessions[0].receive_eof = lambda: None
    await client.stream.aclose()
    await server.ended()


async def test_a_half_closed_client_gets_its_answer(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.send(b"one\n")
    await client.stream.send_eof()
    assert await client.rest() == b"hello\r\nONE\r\n"


async def test_a_goodbye_is_read_even_when_input_was_not(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")
    await client.send(b"quit\n" + b"x" * 100_000)
    assert await client.rest() == b"bye\r\n"


async def test_a_bug_in_a_session_ends_one_connection_only(
    start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start()
    client, other = await server.connect(), await server.connect()
    await client.send(b"crash\n")
    await client.rest()
    await client.stream.aclose()
    await other.send(b"x\n")
    await other.until(b"X\r\n")
    with trio.fail_after(2):
        while "as asked" not in caplog.text:
            await trio.sleep(0.01)
    assert server.sessions[0].closed == 1


async def test_a_handshake_that_does_not_come_is_cut_off(start: Any) -> None:
    server = await start("implicit", handshake_timeout=0.1)
    client = await server.connect()
    assert await client.rest() == b""
    assert server.sessions == []


async def test_plain_words_at_a_tls_door_get_no_session(start: Any) -> None:
    server = await start("implicit")
    client = await server.connect()
    await client.send(b"GET / HTTP/1.1\r\n\r\n")
    assert b"hello" not in await client.rest()
    assert server.sessions == []
