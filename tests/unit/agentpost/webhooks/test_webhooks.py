"""Webhooks from the API to the receiver: sent, tried again, turned off, replayed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio

from mailcore_agentpost.mail.webhooks import RETRIES
from mailcore_agentpost.settings import Settings

from ..site import Site, opening, to
from .receiver import Receiver, receiving

OUTSIDE = "someone@example.org"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site that sends to this machine."""
    async with opening(tmp_path, Settings(webhook_private_targets=True)) as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def hook(site: Site, url: str, **body: Any) -> dict[str, Any]:
    answer = await site.rest("POST", "/webhooks", {"url": url, **body})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = json.loads(answer.body)
    return made


async def deliveries(site: Site, made: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await site.rest("GET", f"/webhooks/{made['id']}/deliveries")
    found: list[dict[str, Any]] = json.loads(answer.body)["data"]
    return found


async def ended(site: Site, made: dict[str, Any], attempts: int = 1) -> dict[str, Any]:
    """Wait until the latest delivery has been tried so often; return it."""
    with trio.fail_after(5):
        while True:
            latest = (await deliveries(site, made))[0]
            if latest["attempts"] >= attempts:
                return latest
            await trio.sleep(0.01)


def hurry(site: Site) -> None:
    """Have the next attempt be due."""
    site.change("UPDATE deliveries SET next_at = 0 WHERE status = 'pending'")
    site.backend.webhook_sender.wake()


async def test_an_event_reaches_its_receiver_signed(site: Site, receiver: Receiver) -> None:
    made = await hook(site, receiver.url, event_types=["message.sent"])
    await site.post(site.inbox, to(OUTSIDE, subject="Hello"))
    await receiver.wait_for(1)
    ((fields, body),) = receiver.got
    event = json.loads(body)
    assert event["type"] == "message.sent"
    assert event["data"]["message"]["subject"] == "Hello"
    assert json.loads((await site.rest("GET", "/events?type=message.sent")).body)["data"] == [event]
    signed = fields["x-agentpost-timestamp"].encode() + b"." + body
    expected = hmac.new(made["secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert fields["x-agentpost-signature"] == expected
    assert fields["content-type"] == "application/json"
    latest = await ended(site, made)
    assert (latest["status"], latest["response_status"]) == ("delivered", 204)
    assert latest["id"] == fields["webhook-id"]


async def test_who_names_no_types_gets_all_but_flags(site: Site, receiver: Receiver) -> None:
    await hook(site, receiver.url)
    other = await site.new_inbox()
    await site.post(site.inbox, to(other.address))
    (message,) = site.query("SELECT id FROM messages WHERE direction = 'inbound'")
    await site.rest("PATCH", f"/messages/{message}", {"starred": True})
    await receiver.wait_for(3)
    await trio.testing.wait_all_tasks_blocked(0.05)
    kinds = sorted(event["type"] for event in receiver.events)
    assert kinds == ["message.delivered", "message.received", "message.sent"]


async def test_one_inbox(site: Site, receiver: Receiver) -> None:
    other = await site.new_inbox()
    await hook(site, receiver.url, inbox_id=other.id)
    await site.post(site.inbox, to(other.address))
    await receiver.wait_for(1)
    await trio.testing.wait_all_tasks_blocked(0.05)
    assert [event["type"] for event in receiver.events] == ["message.received"]


async def test_what_fails_is_tried_again_with_the_same_octets(
    site: Site, receiver: Receiver
) -> None:
    receiver.answers = [500, 302]
    made = await hook(site, receiver.url, event_types=["message.sent"])
    await site.post(site.inbox, to(OUTSIDE))
    latest = await ended(site, made)
    assert (latest["status"], latest["error"]) == ("pending", "answered 500")
    hurry(site)
    assert (await ended(site, made, 2))["response_status"] == 302
    hurry(site)
    assert (await ended(site, made, 3))["status"] == "delivered"
    assert len({body for _, body in receiver.got}) == 1
    assert len({fields["webhook-id"] for fields, _ in receiver.got}) == 1
    row = json.loads((await site.rest("GET", f"/webhooks/{made['id']}")).body)
    assert row["failures"] == 0


async def test_the_attempts_end(site: Site) -> None:
    async with receiving(*[500] * 10) as receiver:
        made = await hook(site, receiver.url, event_types=["message.sent"])
        await site.post(site.inbox, to(OUTSIDE))
        for attempt in range(1, len(RETRIES) + 2):
            latest = await ended(site, made, attempt)
            hurry(site)
        assert (latest["status"], latest["next_at"]) == ("failed", None)
        assert len(receiver.got) == len(RETRIES) + 1


async def test_nobody_listens_there(site: Site) -> None:
    made = await hook(site, "http://127.0.0.1:1/", event_types=["message.sent"])
    await site.post(site.inbox, to(OUTSIDE))
    latest = await ended(site, made)
    assert (latest["status"], latest["response_status"]) == ("pending", None)
    assert latest["error"]


@pytest.mark.parametrize(
    "url", [f"http://{'x' * 64}.example/", "http://127.0.0.1:99999/", "http://[::1"]
)
async def test_an_address_that_nothing_can_connect_to_ends_nothing(
    site: Site, receiver: Receiver, url: str
) -> None:
    made = await hook(site, "http://there.example/")
    site.change("UPDATE webhooks SET url = ?", url)
    await site.rest("POST", f"/webhooks/{made['id']}/test")
    assert (await ended(site, made))["status"] == "pending"
    other = await hook(site, receiver.url)
    await site.rest("POST", f"/webhooks/{other['id']}/test")
    assert (await ended(site, other))["status"] == "delivered"


async def test_gone_turns_it_off(site: Site, receiver: Receiver) -> None:
    receiver.answers = [410]
    made = await hook(site, receiver.url, event_types=["message.sent"])
    await site.post(site.inbox, to(OUTSIDE))
    assert (await ended(site, made))["status"] == "failed"
    row = json.loads((await site.rest("GET", f"/webhooks/{made['id']}")).body)
    assert (row["enabled"], row["disabled_reason"]) == (False, "The receiver answered 410 Gone")
    await site.post(site.inbox, to(OUTSIDE))
    assert len(await deliveries(site, made)) == 1
    on = await site.rest("PATCH", f"/webhooks/{made['id']}", {"enabled": True})
    assert (json.loads(on.body)["enabled"], json.loads(on.body)["failures"]) == (True, 0)
    await site.post(site.inbox, to(OUTSIDE))
    await receiver.wait_for(2)


async def test_fifty_failures_in_a_row_turn_it_off(site: Site, receiver: Receiver) -> None:
    receiver.answers = [500]
    made = await hook(site, receiver.url, event_types=["message.sent"])
    site.change("UPDATE webhooks SET failures = 49")
    await site.post(site.inbox, to(OUTSIDE))
    await ended(site, made)
    row = json.loads((await site.rest("GET", f"/webhooks/{made['id']}")).body)
    assert (row["enabled"], row["failures"]) == (False, 50)
    hurry(site)
    with trio.fail_after(5):
        while (await deliveries(site, made))[0]["status"] == "pending":
            await trio.sleep(0.01)
    assert len(receiver.got) == 1


async def test_a_test_and_a_replay(site: Site, receiver: Receiver) -> None:
    made = await hook(site, receiver.url, event_types=["message.bounced"])
    answer = await site.rest("POST", f"/webhooks/{made['id']}/test")
    assert answer.status == 202
    await receiver.wait_for(1)
    assert receiver.events[0]["type"] == "webhook.test"
    latest = await ended(site, made)
    again = await site.rest("POST", f"/webhooks/{made['id']}/deliveries/{latest['id']}/replay")
    assert again.status == 202
    await receiver.wait_for(2)
    assert receiver.got[0][1] == receiver.got[1][1]


async def test_each_is_sent_once(site: Site, receiver: Receiver) -> None:
    """Also when the next is queued while the one before ends."""
    await hook(site, receiver.url, event_types=["message.sent"])
    for _ in range(40):
        await site.post(site.inbox, to(OUTSIDE))
    await receiver.wait_for(40)
    await trio.testing.wait_all_tasks_blocked(0.05)
    assert len({event["id"] for event in receiver.events}) == len(receiver.events) == 40


async def test_a_secret_is_replaced(site: Site, receiver: Receiver) -> None:
    made = await hook(site, receiver.url)
    answer = await site.rest("POST", f"/webhooks/{made['id']}/rotate")
    assert json.loads(answer.body)["secret"] != made["secret"]
    await site.rest("POST", f"/webhooks/{made['id']}/test")
    await receiver.wait_for(1)
    assert len(receiver.got[0][0]["webhook-signature"].split()) == 2
    site.change("UPDATE webhooks SET old_secret_until = 0")
    await site.rest("POST", f"/webhooks/{made['id']}/test")
    await receiver.wait_for(2)
    assert len(receiver.got[1][0]["webhook-signature"].split()) == 1


async def test_what_waits_survives_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    settings = Settings(webhook_private_targets=True)
    async with opening(tmp_path, settings) as site:
        made = await hook(site, "http://127.0.0.1:1/", event_types=["message.sent"])
        await site.post(site.inbox, to(OUTSIDE))
        # The attempt that is under way would note when the next one is.
        await ended(site, made)
        site.change("UPDATE webhooks SET url = ?", receiver.url)
        site.change("UPDATE deliveries SET next_at = 0")
    async with opening(tmp_path, settings):
        await receiver.wait_for(1)


async def test_private_targets_are_refused_by_default(tmp_path: Path, receiver: Receiver) -> None:
    async with opening(tmp_path) as site:
        made = await hook(site, receiver.url)
        await site.rest("POST", f"/webhooks/{made['id']}/test")
        latest = await ended(site, made)
    assert "private address" in latest["error"]
    assert receiver.got == []


async def test_a_webhook_is_its_organizations(site: Site) -> None:
    made = await hook(site, "https://example.org/")
    other = await site.new_inbox()
    _, secret = await site.new_key("webhooks:read", "webhooks:write", inbox=other)
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test"), ("GET", "/deliveries"),
    ):  # fmt: skip
        got = await site.rest(method, f"/webhooks/{made['id']}{path}", secret=secret)
        assert got.status == 404
    listed = await site.rest("GET", "/webhooks", secret=secret)
    assert json.loads(listed.body)["data"] == []
    assert (await site.rest("DELETE", f"/webhooks/{made['id']}")).status == 204
    assert (await site.rest("GET", f"/webhooks/{made['id']}")).status == 404


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/", "https://", "https://user:pw@example.org/", "http://a b/", "//x/"],
)
async def test_what_is_no_address(site: Site, url: str) -> None:
    assert (await site.rest("POST", "/webhooks", {"url": url})).status == 422
