"""Every endpoint by the Python client, over a real socket."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx
import pytest
import trio

from mailcore.backend import Peer
from mailcore.limits import DEFAULT_LIMITS
from mailcore.live import LiveSessions
from mailcore_agentpost.client import (
    AgentPost,
    AuthenticationError,
    Conflict,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
)
from mailcore_agentpost.drafting import Drafts
from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.door import HTTPDoor
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.operations import (
    AuditTrail,
    FailedLogins,
    Monitoring,
    Operations,
    PolicyCheck,
    QueueService,
    SessionService,
)
from mailcore_agentpost.store import Store
from mailcore_agentpost.uploading import Uploads
from mailcore_agentpost.webhooks import WebhookService

from .memory_service import MemoryService

T = TypeVar("T")


class Site:
    """A server in front of a service, and clients of it."""

    def __init__(self, service: MemoryService, port: int) -> None:
        self.service = service
        self.url = f"http://127.0.0.1:{port}"
        self.secret = service.add_key("org_1")
        self.stranger = service.add_key("org_2")

    async def ask(self, action: Callable[[AgentPost], T], secret: str | None = None) -> T:
        def call() -> T:
            with AgentPost(secret or self.secret, self.url, max_retries=0) as client:
                return action(client)

        return await trio.to_thread.run_sync(call)

    async def http(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.secret}", **options.pop("headers", {})}
        request = partial(
            httpx.request, method, self.url + path, headers=headers, timeout=5, **options
        )
        return await trio.to_thread.run_sync(request)


@asynccontextmanager
async def serving() -> AsyncIterator[Site]:
    service = MemoryService()
    with TemporaryDirectory() as directory, closing(Store(Path(directory) / "a.db")) as store:
        async with _serving(service, store) as site:
            yield site


@asynccontextmanager
async def _serving(service: MemoryService, store: Store) -> AsyncIterator[Site]:
    events = EventLog(store, Hub())
    hooks = WebhookService(store)
    drafts = Drafts(service, store, DEFAULT_LIMITS)
    uploads = Uploads(store, DEFAULT_LIMITS)
    live = LiveSessions()
    operations = Operations(
        SessionService(live, store),
        Monitoring(live, store),
        AuditTrail(store),
        QueueService(store),
        PolicyCheck(store),
        FailedLogins(store),
    )
    door = HTTPDoor(
        service,
        drafts,
        uploads,
        events,
        hooks,
        operations,
        imap=("127.0.0.1", 1993),
        smtp=("127.0.0.1", 1465),
    )
    drain = trio.Event()

    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            await door.serve(stream, Peer("http", "127.0.0.1"), drain)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, handle, 0, host="127.0.0.1"))
        yield Site(service, listeners[0].socket.getsockname()[1])
        nursery.cancel_scope.cancel()


async def test_inboxes() -> None:
    async with serving() as site:
        made = await site.ask(lambda c: c.inboxes.create("support", display_name="Süpport"))
        assert made.email.startswith("support-")
        assert await site.ask(lambda c: c.inboxes.get(made.id)) == made
        paused = await site.ask(lambda c: c.inboxes.update(made.id, send_paused=True))
        assert (paused.send_paused, paused.display_name) == (True, "Süpport")
        await site.ask(lambda c: c.inboxes.delete(made.id))
        with pytest.raises(NotFound):
            await site.ask(lambda c: c.inboxes.get(made.id))


async def test_a_repeated_client_id_gives_the_same_inbox() -> None:
    async with serving() as site:
        first = await site.ask(lambda c: c.inboxes.create(client_id="mine"))
        assert await site.ask(lambda c: c.inboxes.create("other", client_id="mine")) == first


async def test_pages_hold_every_row_once_while_rows_are_added() -> None:
    async with serving() as site:

        def walk(client: AgentPost) -> list[str]:
            made = [client.inboxes.create().id for _ in range(5)]
            page = client.inboxes.list(limit=2)
            seen = [inbox.id for inbox in page.data]
            while page.has_more:
                made.append(client.inboxes.create().id) if len(made) < 7 else None
                page = client.inboxes.list(limit=2, cursor=page.next_cursor)
                seen += [inbox.id for inbox in page.data]
            assert page.next_cursor is None
            assert seen == made
            return [inbox.id for inbox in client.inboxes]

        assert len(await site.ask(walk)) == 7
        with pytest.raises(InvalidRequest) as caught:
            await site.ask(lambda c: c.inboxes.list(cursor="!"))
        assert caught.value.field == "cursor"
        with pytest.raises(InvalidRequest):
            await site.ask(lambda c: c.inboxes.list(limit=101))


@pytest.mark.parametrize("username", ["=cmd", "+1", "-x", "@x", "\tx", "A", "a b", "x" * 49, "a\n"])
async def test_an_inbox_name_can_start_no_formula(username: str) -> None:
    async with serving() as site:
        with pytest.raises(InvalidRequest) as caught:
            await site.ask(lambda c: c.inboxes.create(username))
    assert caught.value.field == "username"


async def test_credential_export() -> None:
    async with serving() as site:
        inbox = await site.ask(lambda c: c.inboxes.create("support"))
        response = await site.http("GET", "/api/v1/inboxes/credentials/export")
        export = await site.ask(lambda c: c.inboxes.export_credentials())
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-disposition"] == 'attachment; filename="credentials.csv"'
    assert response.content.decode() == export
    [row] = csv.DictReader(io.StringIO(export, newline=""), strict=True)
    assert row == {
        "email": inbox.email,
        "imap_host": "127.0.0.1",
        "imap_port": "1993",
        "smtp_host": "127.0.0.1",
        "smtp_port": "1465",
        "username": inbox.email,
        "password": site.secret,
    }
    assert export.credentials[0].password == site.secret


async def test_send_and_read() -> None:
    async with serving() as site:
        inbox = await site.ask(lambda c: c.inboxes.create("support", display_name="Us"))
        sent = await site.ask(
            lambda c: c.messages.send(
                inbox.id,
                to=["a@b.example"],
                bcc=["c@b.example"],
                subject="Grüße",
                text_body="Hellö",
                html_body="<b>Hellö</b>",
                labels=["greeting"],
            )
        )
        assert sent.direction == "outbound"
        assert sent.from_address is not None
        assert (sent.from_address.email, sent.from_address.name) == (inbox.email, "Us")
        assert [one.email for one in sent.to_addresses] == ["a@b.example"]
        assert (sent.subject, sent.text_body, sent.html_body) == (
            *("Grüße", "Hellö\r\n", "<b>Hellö</b>\r\n"),
        )
        assert sent.labels == ["greeting"]
        assert await site.ask(lambda c: c.messages.get(sent.id)) == sent
        raw = await site.ask(lambda c: c.messages.raw(sent.id))
        assert len(raw) == sent.size
        assert b"Subject: =?utf-8?" in raw
        head = await site.http("HEAD", f"/api/v1/messages/{sent.id}/raw")
        assert head.headers["content-length"] == str(sent.size)
        assert head.headers["content-type"] == "message/rfc822"


async def test_a_large_message_streams() -> None:
    async with serving() as site:
        inbox = await site.ask(lambda c: c.inboxes.create())
        octets = b"Subject: big\r\n\r\n" + b"0123456789abcde\n" * 500_000
        row = site.service.add_message(inbox.id, octets, "inbound")
        assert await site.ask(lambda c: c.messages.raw(row.id)) == octets


async def test_flags_labels_trash() -> None:
    async with serving() as site:
        inbox = await site.ask(lambda c: c.inboxes.create())
        row = site.service.add_message(inbox.id, b"Subject: x\r\n\r\nhi\r\n", "inbound")

        def work(client: AgentPost) -> None:
            messages = client.messages
            message = messages.get(row.id)
            assert (message.unread, message.starred, message.from_address) == (True, False, None)
            message = messages.update(row.id, unread=False, starred=True)
            assert (message.unread, message.starred, message.labels) == (False, True, [])
            assert messages.add_labels(row.id, ["b", "a"]).labels == ["a", "b"]
            messages.remove_label(row.id, "b")
            assert messages.get(row.id).labels == ["a"]
            assert [one.id for one in messages.list(inbox.id, label="a").data] == [row.id]
            assert messages.list(inbox.id, label="b").data == []
            assert messages.list(inbox.id, unread=True).data == []
            assert [one.id for one in messages.iterate(inbox.id, direction="inbound")] == [row.id]
            messages.delete(row.id)
            assert messages.get(row.id).folder == "Trash"
            assert messages.restore(row.id).folder == "INBOX"
            with pytest.raises(InvalidRequest):
                messages.remove_label(row.id, "\\Seen")

        await site.ask(work)


async def test_an_idempotency_key_sends_once() -> None:
    async with serving() as site:
        inbox = await site.ask(lambda c: c.inboxes.create())

        def send(client: AgentPost, subject: str = "x") -> str:
            return client.messages.send(
                inbox.id, to=["a@b.example"], subject=subject, idempotency_key="k1"
            ).id

        first = await site.ask(send)
        assert await site.ask(send) == first
        assert len((await site.ask(lambda c: c.messages.list(inbox.id))).data) == 1
        with pytest.raises(Conflict):
            await site.ask(partial(send, subject="y"))
        for bad in ("", "x" * 256):
            response = await site.http(
                "POST",
                f"/api/v1/inboxes/{inbox.id}/messages",
                json={"to": [{"email": "a@b.example"}]},
                headers={"Idempotency-Key": bad},
            )
            assert (response.status_code, response.json()["field"]) == (422, "Idempotency-Key")


async def test_refusals_of_a_send_name_their_reason() -> None:
    async with serving() as site:
        inbox = await site.ask(lambda c: c.inboxes.create())
        await site.ask(
            lambda c: c.filter_rules.create(
                direction="send", action="block", match_type="address", value="a@b.example"
            )
        )
        path = f"/api/v1/inboxes/{inbox.id}/messages"
        blocked = await site.http("POST", path, json={"to": [{"email": "a@b.example"}]})
        assert (blocked.status_code, blocked.json()["code"]) == (403, "message_rejected")
        assert blocked.json()["recipients"] == ["a@b.example"]
        nobody = await site.http("POST", path, json={"subject": "x"})
        assert (nobody.status_code, nobody.json()["field"]) == (422, "to")
        await site.ask(lambda c: c.inboxes.update(inbox.id, send_paused=True))
        with pytest.raises(PermissionDenied) as caught:
            await site.ask(lambda c: c.messages.send(inbox.id, to=["z@b.example"]))
        assert caught.value.code == "send_paused"


async def test_keys() -> None:
    async with serving() as site:
        child = await site.ask(lambda c: c.api_keys.create(["messages:read"], name="reader"))
        assert child.key.endswith(child.last_four)
        listed = await site.http("GET", "/api/v1/api-keys")
        assert child.key not in listed.text
        assert child.id in [key.id for key in await site.ask(lambda c: [*c.api_keys])]
        with pytest.raises(PermissionDenied) as caught:
            await site.ask(lambda c: c.inboxes.create(), child.key)
        assert caught.value.code == "missing_scope"
        await site.ask(lambda c: c.api_keys.revoke(child.id))
        with pytest.raises(AuthenticationError):
            await site.ask(lambda c: c.inboxes.list(), child.key)


async def test_a_child_key_never_exceeds_its_parent() -> None:
    async with serving() as site:
        parent = site.service.add_key("org_1", frozenset({"keys:write"}))
        with pytest.raises(PermissionDenied):
            await site.ask(lambda c: c.api_keys.create(["messages:read"]), parent)
        for bad in ([], ["all"]):
            response = await site.http("POST", "/api/v1/api-keys", json={"scopes": bad})
            assert response.status_code == 422


async def test_rules() -> None:
    async with serving() as site:
        rule = await site.ask(
            lambda c: c.filter_rules.create(
                direction="receive", action="allow", match_type="domain", value="b.example"
            )
        )
        assert await site.ask(lambda c: [*c.filter_rules]) == [rule]
        await site.ask(lambda c: c.filter_rules.delete(rule.id))
        assert await site.ask(lambda c: c.filter_rules.list().data) == []


async def test_another_organization_sees_nothing() -> None:
    async with serving() as site:
        inbox = await site.ask(lambda c: c.inboxes.create())
        message = await site.ask(lambda c: c.messages.send(inbox.id, to=["a@b.example"]))
        key = await site.ask(lambda c: c.api_keys.create(["messages:read"]))
        rule = await site.ask(
            lambda c: c.filter_rules.create(
                direction="send", action="block", match_type="domain", value="b.example"
            )
        )
        actions: list[Callable[[AgentPost], object]] = [
            lambda c: c.inboxes.get(inbox.id),
            lambda c: c.inboxes.update(inbox.id, send_paused=True),
            lambda c: c.inboxes.delete(inbox.id),
            lambda c: c.messages.list(inbox.id),
            lambda c: c.messages.send(inbox.id, to=["a@b.example"]),
            lambda c: c.messages.get(message.id),
            lambda c: c.messages.raw(message.id),
            lambda c: c.messages.update(message.id, unread=False),
            lambda c: c.messages.delete(message.id),
            lambda c: c.messages.restore(message.id),
            lambda c: c.messages.add_labels(message.id, ["x"]),
            lambda c: c.messages.remove_label(message.id, "x"),
            lambda c: c.api_keys.revoke(key.id),
            lambda c: c.filter_rules.delete(rule.id),
        ]
        for action in actions:
            with pytest.raises(NotFound):
                await site.ask(action, site.stranger)
        assert await site.ask(lambda c: c.inboxes.list().data, site.stranger) == []
        assert "shared.localhost" not in await site.ask(
            lambda c: c.inboxes.export_credentials(), site.stranger
        )


@pytest.mark.parametrize(
    "value", ["", "Basic YTpi", "Bearer", "Bearer a b", "Bearer nobody", "Bearer " + "x" * 600]
)
async def test_no_key_or_a_wrong_one(value: str) -> None:
    async with serving() as site:
        response = await site.http("GET", "/api/v1/inboxes", headers={"Authorization": value})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_rate_limit_says_when_to_come_back() -> None:
    async with serving() as site:
        site.service.rate_limited = True
        with pytest.raises(RateLimited) as caught:
            await site.ask(lambda c: c.inboxes.list())
    assert caught.value.retry_after == 1.0


async def test_what_needs_no_key() -> None:
    async with serving() as site:
        site.secret = "nobody"
        assert (await site.http("GET", "/healthz")).json() == {"status": "ok"}
        document = json.loads((await site.http("GET", "/openapi.json")).text)
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/inboxes/{inbox_id}/messages" in document["paths"]
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names)) > 20
