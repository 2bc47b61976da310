"""HTTP/1.1 on a real socket: framing, keep-alive, bounds, refusals."""

from __future__ import annotations

import logging

import pytest
import trio

from mailcore_agentpost.http.limits import HTTPLimits

from .wire import BEARER, HEAD, parse, serving

LAST = "Connection: close\r\n"


async def test_a_request_is_answered() -> None:
    async with serving() as server:
        [answer] = await server.roundtrip(f"GET /hello HTTP/1.1\r\n{HEAD}{LAST}\r\n")
    assert answer.status == 200
    assert answer.json == {"name": "hello", "limit": 0}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["date"].endswith(" GMT")


async def test_the_same_at_every_split() -> None:
    text = (
        f"POST /items HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n"
        f'Content-Length: 15\r\n{LAST}\r\n{{"name": "tea"}}'
    )
    async with serving() as server:
        for cut in range(1, len(text), 7):
            wire = await server.connect()
            await wire.send(text[:cut])
            await trio.sleep(0)
            await wire.send(text[cut:])
            [answer] = parse(await wire.rest(), "POST")
            assert (answer.status, answer.json["name"]) == (201, "tea")


async def test_pipelined_requests_are_answered_in_order() -> None:
    requests = "".join(f"GET /hello/{n} HTTP/1.1\r\n{BEARER}\r\n" for n in range(50))
    requests += f"GET /hello/last HTTP/1.1\r\n{BEARER}{LAST}\r\n"
    async with serving() as server:
        answers = await server.roundtrip(requests, *["GET"] * 51)
    assert [answer.json["name"] for answer in answers] == [*map(str, range(50)), "last"]


async def test_pipelining_behind_a_post_and_a_refusal() -> None:
    post = f"POST /items HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\nContent-Length: %d"
    bad, good = '{"nome": "x"}', '{"name": "y"}'
    text = (
        f"{post % len(bad)}\r\n\r\n{bad}{post % len(good)}\r\n\r\n{good}"
        f"GET /nowhere HTTP/1.1\r\n{BEARER}\r\nGET /hello HTTP/1.1\r\n{BEARER}{LAST}\r\n"
    )
    async with serving() as server:
        answers = await server.roundtrip(text, "POST", "POST", "GET", "GET")
    assert [answer.status for answer in answers] == [422, 201, 404, 200]
    assert answers[0].json["field"] == "nome"


async def test_head_is_get_without_its_body() -> None:
    async with serving() as server:
        text = f"HEAD /hello HTTP/1.1\r\n{HEAD}\r\nGET /hello HTTP/1.1\r\n{HEAD}{LAST}\r\n"
        head, get = await server.roundtrip(text, "HEAD", "GET")
    assert head.body == b""
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


async def test_no_content_has_no_length() -> None:
    async with serving() as server:
        [answer] = await server.roundtrip(
            f"DELETE /items/1 HTTP/1.1\r\n{BEARER}{LAST}\r\n", "DELETE"
        )
    assert answer.status == 204
    assert "content-length" not in answer.headers


async def test_chunks_are_streamed_under_their_length() -> None:
    async with serving() as server:
        [answer] = await server.roundtrip(f"GET /stream/whole HTTP/1.1\r\n{BEARER}{LAST}\r\n")
    assert (answer.body, answer.headers["content-length"]) == (b"onetwo", "6")


async def test_a_stream_that_fails_breaks_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving() as server:
        wire = await server.connect()
        await wire.send(f"GET /stream/broken HTTP/1.1\r\n{BEARER}\r\n")
        data = await wire.rest()
    assert data.endswith(b"one")
    assert "the disk is gone" in caplog.text


async def test_a_fault_tells_nothing_but_its_request_id(caplog: pytest.LogCaptureFixture) -> None:
    async with serving() as server:
        [answer] = await server.roundtrip(f"GET /fail HTTP/1.1\r\n{BEARER}{LAST}\r\n")
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert b"secret" not in answer.body
    assert answer.json["request_id"] in caplog.text
    assert "a secret detail" in caplog.text


async def test_request_ids(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving() as server:
        for offered, kept in (("abc-1.2", True), ("a b", False), ("x" * 65, False)):
            [answer] = await server.roundtrip(
                f"GET /hello HTTP/1.1\r\n{HEAD}X-Request-Id: {offered}\r\n{LAST}\r\n"
            )
            assert (answer.headers["x-request-id"] == offered) is kept
            assert answer.headers["x-request-id"] in caplog.text


async def test_a_query_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving() as server:
        await server.roundtrip(f"GET /hello?token=ap_sk_1 HTTP/1.1\r\n{HEAD}{LAST}\r\n")
    assert "/hello" in caplog.text
    assert "ap_sk_1" not in caplog.text


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("Host: 127.0.0.1:8025\r\n", 200),
        ("Host: [::1]:8025\r\n", 200),
        ("Host: LOCALHOST\r\n", 200),
        ("Host: app.localhost:1\r\n", 200),
        ("Host: mail.example.\r\n", 200),
        ("Host: evil.example\r\n", 421),
        ("Host: localhost.evil.example\r\n", 421),
        ("Host: localhost@evil.example\r\n", 421),
        ("Host: \r\n", 421),
        ("", 400),
        ("Host: localhost\r\nHost: evil.example\r\n", 400),
    ],
)
async def test_host(head: str, status: int) -> None:
    async with serving() as server:
        [answer] = await server.roundtrip(f"GET /hello HTTP/1.1\r\n{head}{LAST}\r\n")
    assert answer.status == status


async def test_host_in_the_absolute_form_and_in_http_1_0() -> None:
    async with serving() as server:
        for line, status in (
            ("GET http://localhost:1/hello HTTP/1.1\r\nHost: evil.example", 200),
            ("GET http://evil.example/hello HTTP/1.1\r\nHost: localhost", 421),
            ("GET /hello HTTP/1.0", 200),
        ):
            [answer] = await server.roundtrip(f"{line}\r\n{LAST}\r\n")
            assert answer.status == status


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # a TLS hello
        (b"EHLO localhost\r\n\r\n", 400),
        (b"a1 LOGIN x y\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +5\r\n\r\n", 400),
        (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 40 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (
            b"POST /items HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX : y\r\n\r\n", 400),
        (b"GET /" + b"a" * 40_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 8000, 431),
    ],
)
async def test_what_is_not_http_is_refused_and_closed(octets: bytes, status: int) -> None:
    async with serving() as server:
        [answer] = await server.roundtrip(octets)
        assert answer.status == status
        assert answer.headers["connection"] == "close"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json["request_id"] == answer.headers["x-request-id"]
        [again] = await server.roundtrip(f"GET /hello HTTP/1.1\r\n{HEAD}{LAST}\r\n")
    assert again.status == 200


async def test_a_smuggled_request_is_never_answered() -> None:
    inner = f"GET /hello HTTP/1.1\r\n{HEAD}\r\n"
    text = (
        f"POST /items HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n"
        f"Content-Length: {len(inner) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}"
    )
    async with serving() as server:
        wire = await server.connect()
        await wire.send(text)
        data = await wire.rest()
    assert data.count(b"\r\n\r\n") == 1
    assert data.startswith(b"HTTP/1.1 400 ")


async def test_a_declared_body_over_the_cap_is_refused_before_it_is_read() -> None:
    async with serving(HTTPLimits(body=1000)) as server:
        [answer] = await server.roundtrip(
            f"POST /items HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n"
            "Content-Length: 1000000000000\r\n\r\n",
            "POST",
        )
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")


async def test_a_chunked_body_over_the_cap_is_refused() -> None:
    async with serving(HTTPLimits(body=1000)) as server:
        chunk = "3e8\r\n" + "x" * 1000 + "\r\n"
        [answer] = await server.roundtrip(
            f"POST /items HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n"
            f"Transfer-Encoding: chunked\r\n\r\n{chunk * 20}",
            "POST",
        )
    assert answer.status == 413


async def test_100_continue_comes_when_the_body_is_wanted() -> None:
    body = '{"name": "tea"}'
    async with serving() as server:
        wire = await server.connect()
        await wire.send(
            f"POST /items HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n{LAST}\r\n"
        )
        assert (await wire.stream.receive_some()).startswith(b"HTTP/1.1 100 ")
        await wire.send(body)
        assert (await wire.rest()).startswith(b"HTTP/1.1 201 ")


async def test_100_continue_is_not_said_to_a_stranger() -> None:
    async with serving() as server:
        [answer] = await server.roundtrip(
            f"POST /items HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\n"
            "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
            "POST",
        )
    assert answer.status == 401
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "octets",
    [
        "GET /hel",
        f"GET /hello HTTP/1.1\r\n{HEAD}",
        f"POST /items HTTP/1.1\r\n{BEARER}Content-Type: application/json\r\n"
        "Content-Length: 10\r\n\r\n{",
    ],
)
async def test_slow_requests_get_408(octets: str) -> None:
    async with serving(HTTPLimits(head_timeout=0.1, body_timeout=0.1)) as server:
        [answer] = await server.roundtrip(octets)
    assert (answer.status, answer.json["code"]) == (408, "request_timeout")


async def test_an_idle_connection_is_closed_in_silence() -> None:
    async with serving(HTTPLimits(idle_timeout=0.1)) as server:
        wire = await server.connect()
        with trio.fail_after(5):
            assert await wire.rest() == b""


async def test_a_reader_that_takes_nothing_is_dropped() -> None:
    async with serving(HTTPLimits(send_timeout=0.2)) as server:
        wire = await server.connect()
        request = f"GET /hello/{'x' * 20_000} HTTP/1.1\r\n{BEARER}\r\n".encode()

        async def send_for_ever() -> None:
            while True:
                await wire.send(request * 50)

        with trio.fail_after(20), pytest.raises(trio.BrokenResourceError):
            await send_for_ever()


async def test_the_last_request_of_a_connection_says_so() -> None:
    async with serving(HTTPLimits(requests=2)) as server:
        text = f"GET /hello HTTP/1.1\r\n{HEAD}\r\n" * 3
        first, second = await server.roundtrip(text, "GET", "GET")
    assert "connection" not in first.headers
    assert second.headers["connection"] == "close"


async def test_closing_ends_idle_connections_at_once() -> None:
    async with serving() as server:
        wire = await server.connect()
        await wire.send(f"GET /hello HTTP/1.1\r\n{HEAD}\r\n")
        assert await wire.stream.receive_some()
        server.closing.set()
        with trio.fail_after(1):
            assert await wire.rest() == b""


async def test_an_upgrade_replays_the_request_and_what_follows_it() -> None:
    async with serving() as server:
        wire = await server.connect()
        head = f"GET /switch HTTP/1.1\r\n{HEAD}Connection: Upgrade\r\nUpgrade: parrot\r\n\r\n"
        await wire.send(head + "early ")
        await wire.send("late END")
        data = await wire.rest()
    assert data == f"GOT {head}early late END".encode()


async def test_an_upgrade_offer_may_be_passed_over() -> None:
    text = f"GET /hello HTTP/1.1\r\n{HEAD}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    async with serving() as server:
        answers = await server.roundtrip(
            text + f"GET /hello HTTP/1.1\r\n{HEAD}{LAST}\r\n", "GET", "GET"
        )
    assert [answer.status for answer in answers] == [200, 200]
