"""Every operation by a method of both clients; what they find in messages."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import trio

from mailcore.backend import Peer
from mailcore_agentpost.client import (
    AgentPost,
    AsyncAgentPost,
    Message,
    NewUpload,
    NotFound,
    PermissionDenied,
    find_codes,
    find_links,
)
from mailcore_agentpost.client.endpoints import (
    attachments,
    audit,
    drafts,
    events,
    inboxes,
    keys,
    messages,
    queue,
    rules,
    server,
    sessions,
    suppressions,
    threads,
    webhooks,
)
from mailcore_agentpost.client.request import Request
from mailcore_agentpost.http.openapi import operation_id
from mailcore_agentpost.http.routing import Router

from ..site import Site, to

OUTSIDE = "someone@example.org"
MODULES = (
    *(attachments, audit, drafts, events, inboxes, keys, messages),
    *(queue, rules, server, sessions, suppressions, threads, webhooks),
)
# A browser's, and another protocol.
ELSEWHERE = {"show_view", "open"}


class Running:
    """A site on a port of its own, and clients of it."""

    def __init__(self, site: Site, url: str) -> None:
        self.site = site
        self.url = url

    async def blocking(self, work: Callable[[AgentPost], Any]) -> Any:
        def call() -> Any:
            with AgentPost(self.site.secret, self.url, max_retries=0) as client:
                return work(client)

        return await trio.to_thread.run_sync(call)


@pytest.fixture
async def running(site: Site) -> AsyncIterator[Running]:
    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            await site.backend.handle_http(stream, Peer("http", "127.0.0.1"), trio.Event())

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handle, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        yield Running(site, f"http://127.0.0.1:{port}")
        nursery.cancel_scope.cancel()


# -------------------------------------------------------------------------------- every operation


def requests() -> list[Request[Any]]:
    """Return one request of each definition."""
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "to": [OUTSIDE],
        "scopes": ["messages:read"],
        "labels": ["a"],
        "octets": b"x",
        "url": "https://hooks.example/",
        "upload": NewUpload("k", "f", "a/b", None, now, "http://localhost/uploads/k?ticket=t", 1),
        "direction": "send",
        "action": "allow",
        "match_type": "domain",
    }
    found: list[Request[Any]] = []
    for module in MODULES:
        for _, define in inspect.getmembers(module, inspect.isfunction):
            if define.__module__ != module.__name__ or "Request" not in str(
                inspect.signature(define).return_annotation
            ):
                continue
            wanted = inspect.signature(define).parameters.values()
            if any(one.name == "where" for one in wanted):
                continue
            arguments = {
                one.name: given.get(one.name, "x")
                for one in wanted
                if one.default is inspect.Parameter.empty
            }
            found.append(define(**arguments))
            if "everybody" in {one.name for one in wanted}:
                found.append(define(**arguments, everybody=True))
    return found


async def test_every_operation_has_a_method(site: Site) -> None:
    router: Router = site.backend._http.router
    reached = {operation_id(router.find(one.method, one.path)[0]) for one in requests()}
    listed = {operation_id(route) for route in router.routes if route.listed}
    assert reached | ELSEWHERE == listed


def test_the_clients_have_the_same_methods() -> None:
    blocking, awaiting = AgentPost("x"), AsyncAgentPost("x")
    parts = {name for name in vars(blocking) if not name.startswith("_")}
    assert parts == {name for name in vars(awaiting) if not name.startswith("_")}
    for part in parts:
        one, other = type(getattr(blocking, part)), type(getattr(awaiting, part))
        assert other.__name__ == f"Async{one.__name__}"
        methods = {name for name in vars(one) if not name.startswith("_")}
        assert methods == {name for name in vars(other) if not name.startswith("_")}
        for name in methods:
            assert vars(one)[name]._define is vars(other)[name]._define
            assert vars(one)[name].__doc__
        assert ("__iter__" in vars(one)) == ("__aiter__" in vars(other))
    blocking.close()


# ------------------------------------------------------------------------------------- at work


def letter(text: str, subject: str = "Welcome") -> bytes:
    return f"From: Shop <shop@example.org>\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


async def test_an_agent_that_blocks(running: Running) -> None:
    inbox = running.site.inbox.id

    def work(client: AgentPost) -> None:
        upload = client.attachments.upload("a.txt", b"abc", "text/plain")
        assert client.attachments.get(upload.key).size == 3
        draft = client.drafts.create(inbox, to=[OUTSIDE], text_body="Hi", attachments=[upload.key])
        draft = client.drafts.update(draft.id, subject="Now", labels=["a"])
        assert [one.id for one in client.drafts.iterate(inbox)] == [draft.id]
        sent = client.drafts.send(draft.id)
        assert (sent.subject, sent.labels) == ("Now", ["a"])
        assert client.messages.attachment(sent.id, sent.attachments[0].section) == b"abc"
        assert [one.id for one in client.messages.iterate(inbox, q="hi", limit=1)] == [sent.id]
        assert client.threads.get(sent.thread_id or "").message_count == 1
        client.suppressions.add(OUTSIDE)
        with pytest.raises(PermissionDenied) as caught:
            client.messages.send(inbox, to=[OUTSIDE], text_body="Hi")
        assert caught.value.recipients == (OUTSIDE,)
        assert [one.email for one in client.suppressions] == [OUTSIDE]
        assert client.server.health().status == "ok"
        with pytest.raises(NotFound):
            client.drafts.get(draft.id)

    await running.blocking(work)


@pytest.mark.parametrize("loop", ["trio", "asyncio"])
async def test_an_agent_that_awaits(running: Running, loop: str) -> None:
    site = running.site
    stranger = await site.stranger()
    for text in ("Your code is 123 456.", "Go to <https://shop.example/verify?t=1>."):
        await stranger.send("a@example.org", [site.inbox.address], letter(text))
    await site.post(site.inbox, to(OUTSIDE))

    async def work() -> tuple[str | None, str | None, list[str]]:
        async with AsyncAgentPost(site.secret, running.url, max_retries=0) as client:
            first = await client.messages.wait(site.inbox.id, sender="shop@", timeout=1)
            assert first is not None
            code = await client.messages.wait_for_code(site.inbox.id, timeout=1)
            link = await client.messages.wait_for_link(
                site.inbox.id, after=first.id, containing="/verify", timeout=1
            )
            subjects = [
                one.subject
                async for one in client.messages.iterate(
                    site.inbox.id, direction="inbound", limit=1
                )
            ]
            assert [one.id async for one in client.inboxes] == [site.inbox.id]
            return code, link, subjects

    if loop == "trio":
        found = await work()
    else:
        found = await trio.to_thread.run_sync(lambda: asyncio.run(work()))
    assert found == ("123456", "https://shop.example/verify?t=1", ["Welcome", "Welcome"])


# ------------------------------------------------------------------------------------- finding


def message(text: str | None = None, html: str | None = None, subject: str = "") -> Message:
    return Message(
        id="msg_1",
        inbox_id="inb_1",
        thread_id=None,
        direction="inbound",
        folder="INBOX",
        from_address=None,
        to_addresses=[],
        cc_addresses=[],
        bcc_addresses=[],
        subject=subject,
        labels=[],
        unread=True,
        starred=False,
        replied=False,
        has_attachments=False,
        size=0,
        created_at=datetime.now(UTC),
        authentication=None,
        text_body=text,
        html_body=html,
        attachments=[],
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your verification code is 493021.", "493021"),
        ("Use 493-021 to sign in", "493021"),
        ("Since 2019 we have 12345 users.\n\n884 122\n\n© 2024 Shop", "884122"),
        ("Order 777777 of 2024-01-01. Your code: A7F9K2", "A7F9K2"),
        ("Your PIN: 2024", "2024"),
        ("https://shop.example/123456 and 555-1234", None),
        ("You owe 1234.50 or 1,234,567", None),
        ("Nothing", None),
    ],
)
def test_codes(text: str, code: str | None) -> None:
    assert next(iter(find_codes(message(text))), None) == code
    html = f"<html><head><title>99999</title><style>.a{{width:1234px}}</style></head><p>{text}"
    assert next(iter(find_codes(message(html=html))), None) == code


def test_a_code_in_the_subject() -> None:
    assert find_codes(message("See above.", subject="123456 is your code")) == ["123456"]


def test_links() -> None:
    html = (
        "<a class=b href='https://a.example/?x=1&amp;y=2'>One</a> <a href=\"/relative\">no</a>"
        "<a href=mailto:a@b>no</a> <link href='https://style.example/'>"
    )
    text = "See https://a.example/?x=1&y=2, (https://b.example/a_(b)) or <http://c.example>."
    assert find_links(message(text, html)) == [
        "https://a.example/?x=1&y=2",
        "https://b.example/a_(b)",
        "http://c.example",
    ]


@pytest.mark.parametrize(
    "evil", ["<a " * 100_000, "<script>" * 50_000, "1" * 400_000, "(" * 200_000]
)
def test_hostile_messages_take_no_time(evil: str) -> None:
    find_codes(message(html=evil))
    find_codes(message(evil))
    find_links(message("https://a/" + evil, evil))
