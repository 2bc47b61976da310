"""GET /events and GET /messages/wait, on the real store."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
import trio

from mailcore_agentpost.types import InboxRow

from ..site import Site, to

OUTSIDE = "someone@example.org"


async def events(site: Site, **query: Any) -> dict[str, Any]:
    answer = await site.rest("GET", f"/events?{urlencode(query, doseq=True)}")
    assert answer.status == 200, answer.body
    page: dict[str, Any] = json.loads(answer.body)
    return page


async def receive(site: Site, subject: str, sender: str = OUTSIDE) -> None:
    """Have a stranger's message arrive."""
    client = await site.stranger()
    message = f"From: Some One <{sender}>\r\nSubject: {subject}\r\n\r\nHi.\r\n".encode()
    assert (await client.send(sender, [site.inbox.address], message)).startswith("250")


async def wait(site: Site, **query: Any) -> dict[str, Any] | None:
    query.setdefault("timeout", 5)
    path = f"/inboxes/{site.inbox.id}/messages/wait?{urlencode(query)}"
    answer = await site.rest("GET", path)
    assert answer.status in (200, 204), answer.body
    found: dict[str, Any] | None = json.loads(answer.body) if answer.status == 200 else None
    return found


async def test_events_are_listed_with_their_messages(site: Site) -> None:
    other: InboxRow = await site.new_inbox()
    sent = json.loads((await site.post(site.inbox, to(other.address, subject="Hello"))).body)
    page = await events(site)
    kinds = [event["type"] for event in page["data"]]
    assert kinds == ["message.sent", "message.delivered", "message.received"]
    assert page["has_more"] is False
    first, _, received = page["data"]
    assert first["data"]["message"]["id"] == first["data"]["message_id"] == sent["id"]
    assert first["data"]["recipients"] == [other.address]
    assert received["data"]["inbox_id"] == other.id
    assert received["data"]["message"]["subject"] == "Hello"
    assert first["org_id"] == site.key.org_id
    assert first["env_id"] == "env_" + site.key.org_id.removeprefix("org_")


async def test_pages_go_on_after_an_event(site: Site) -> None:
    for number in range(3):
        await site.post(site.inbox, to(OUTSIDE, subject=f"{number}"))
    first = await events(site, limit=2)
    assert first["has_more"] is True
    rest = await events(site, after=first["data"][-1]["id"])
    subjects = [one["data"]["message"]["subject"] for one in (*first["data"], *rest["data"])]
    assert subjects == ["0", "1", "2"]


async def test_a_message_that_is_gone_leaves_its_event(site: Site) -> None:
    await site.post(site.inbox, to(OUTSIDE))
    client = await site.imap()
    await client.ok("SELECT Sent")
    await client.ok("STORE 1 +FLAGS (\\Deleted)")
    await client.ok("EXPUNGE")
    await client.ok("SELECT Trash")
    await client.ok("STORE 1 +FLAGS (\\Deleted)")
    await client.ok("EXPUNGE")
    (event,) = (await events(site, type="message.sent"))["data"]
    assert event["data"]["message"] is None
    assert event["data"]["message_id"].startswith("msg_")


async def test_a_restricted_key_sees_its_inbox_only(site: Site) -> None:
    other = await site.new_inbox()
    await site.post(site.inbox, to(OUTSIDE))
    _, secret = await site.new_key("messages:read", inbox=other)
    for query in ("", f"?inbox_id={site.inbox.id}"):
        answer = await site.rest("GET", f"/events{query}", secret=secret)
        assert json.loads(answer.body)["data"] == []


async def test_a_wait_ends_when_the_message_arrives(site: Site) -> None:
    found: list[dict[str, Any] | None] = []

    async def waiting() -> None:
        found.append(await wait(site, subject="code", **{"from": "SOMEONE@"}))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waiting)
        await trio.testing.wait_all_tasks_blocked(0.05)
        await receive(site, "something else")
        await receive(site, "another", sender="other@example.org")
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert found == []
        await receive(site, "Your CODE is 1234")
    (message,) = found
    assert message is not None
    assert message["subject"] == "Your CODE is 1234"


async def test_what_is_unread_counts_as_arrived_and_the_oldest_comes_first(site: Site) -> None:
    await receive(site, "first")
    await receive(site, "second")
    first = await wait(site)
    assert first is not None
    assert first["subject"] == "first"
    second = await wait(site, after=first["id"])
    assert second is not None
    assert second["subject"] == "second"
    assert await wait(site, after=second["id"], timeout=0) is None
    client = await site.imap()
    await client.ok("SELECT INBOX")
    await client.ok("STORE 1:* +FLAGS (\\Seen)")
    assert await wait(site, timeout=0) is None


@pytest.mark.parametrize("path", ["/inboxes/inb_none/messages/wait", "/events?type=message.eaten"])
async def test_what_can_not_be_asked(site: Site, path: str) -> None:
    assert (await site.rest("GET", path)).status in (404, 422)
