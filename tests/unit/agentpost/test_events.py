"""Whichever door a message comes in by, the same events are told, after they are on the disk."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mailcore_agentpost.types import EventRow, InboxRow

from .site import Site, to

MESSAGE = b"Subject: hello\r\n\r\nHi.\r\n"
OUTSIDE = "someone@example.org"


class Heard:
    """What a listener was told; each event must be in the file by then."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.events: list[EventRow] = []
        site.backend.hub.listen(site.key.org_id, self._listen)

    def _listen(self, events: Sequence[EventRow]) -> None:
        stored = self._site.query("SELECT id FROM events")
        assert {event.id for event in events} <= set(stored)
        self.events += events

    def take(self) -> list[tuple[str, str | None, dict[str, object]]]:
        """Return kind, inbox and detail of what was told since the last time."""
        told = [(event.type, event.inbox_id, dict(event.detail)) for event in self.events]
        self.events.clear()
        return told


@pytest.mark.parametrize("door", ["smtp", "rest"])
async def test_a_message_that_is_sent(site: Site, door: str) -> None:
    other: InboxRow = await site.new_inbox()
    heard = Heard(site)
    if door == "smtp":
        client = await site.smtp()
        reply = await client.send(site.inbox.address, [other.address, OUTSIDE], MESSAGE)
        assert reply.startswith("250")
    else:
        answer = await site.post(site.inbox, to(other.address, OUTSIDE))
        assert answer.status == 201
    assert heard.take() == [
        ("message.sent", site.inbox.id, {"recipients": [other.address, OUTSIDE]}),
        ("message.delivered", site.inbox.id, {"recipients": [other.address]}),
        ("message.received", other.id, {}),
    ]


async def test_a_message_from_a_stranger(site: Site) -> None:
    heard = Heard(site)
    stranger = await site.stranger()
    assert (await stranger.send(OUTSIDE, [site.inbox.address], MESSAGE)).startswith("250")
    (event,) = heard.events
    assert (event.type, event.inbox_id) == ("message.received", site.inbox.id)
    assert site.query("SELECT id FROM messages") == [event.message_id]


async def test_what_is_appended_was_not_received(site: Site) -> None:
    heard = Heard(site)
    client = await site.imap()
    await client.ok("APPEND INBOX", MESSAGE)
    assert heard.take() == []


async def test_a_message_that_is_sent_again_is_told_once(site: Site) -> None:
    heard = Heard(site)
    for _ in range(2):
        await site.post(site.inbox, to(OUTSIDE), headers={"Idempotency-Key": "once"})
    assert [kind for kind, _, _ in heard.take()] == ["message.sent"]


async def test_who_listens_no_more_is_told_nothing(site: Site) -> None:
    told: list[object] = []
    leave = site.backend.hub.listen(site.key.org_id, told.extend)
    heard = Heard(site)
    leave()
    await site.post(site.inbox, to(OUTSIDE))
    assert told == []
    assert heard.take() != []


async def test_a_flag_set_by_a_mail_client_is_told(site: Site) -> None:
    await site.post(site.inbox, to(OUTSIDE))
    heard = Heard(site)
    client = await site.imap()
    await client.ok("SELECT Sent")
    await client.ok("STORE 1 +FLAGS (\\Flagged invoice)")
    (event,) = heard.events
    assert (event.type, event.inbox_id) == ("message.updated", site.inbox.id)
    assert site.query("SELECT id FROM messages") == [event.message_id]
    assert event.detail == {"folder": "Sent", "messages": [event.message_id], "count": 1}
    heard.take()
    await client.ok("STORE 1 +FLAGS (invoice)")
    assert heard.take() == []


async def test_moves_and_the_end_of_a_message_are_told(site: Site) -> None:
    await site.post(site.inbox, to(OUTSIDE))
    (message,) = site.query("SELECT id FROM messages")
    heard = Heard(site)
    client = await site.imap()

    async def expunge(folder: str) -> list[tuple[str, object]]:
        await client.ok(f"SELECT {folder}")
        await client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        heard.take()
        await client.ok("EXPUNGE")
        return [(kind, detail["folder"]) for kind, _, detail in heard.take()]

    await client.ok("SELECT Sent")
    await client.ok("MOVE 1 INBOX")
    assert [(kind, detail["folder"]) for kind, _, detail in heard.take()] == [
        ("message.updated", "INBOX")
    ]
    assert await expunge("INBOX") == [("message.updated", "Trash")]
    assert await expunge("Trash") == [("message.deleted", "Trash")]
    deleted = site.query("SELECT message FROM events WHERE type = 'message.deleted'")
    assert deleted == [message]


async def test_of_a_great_many_only_some_are_named(site: Site) -> None:
    client = await site.imap()
    for _ in range(150):
        await client.ok("APPEND INBOX", MESSAGE)
    heard = Heard(site)
    await client.ok("SELECT INBOX")
    await client.ok("STORE 1:* +FLAGS.SILENT (\\Seen)")
    ((_, _, detail),) = heard.take()
    assert detail["count"] == 150
    assert isinstance(detail["messages"], list)
    assert len(detail["messages"]) == 100


async def test_queues_are_looked_at_when_they_get_something_to_do(site: Site) -> None:
    """Not with each flag that is set."""
    await site.post(site.inbox, to(site.inbox.address))
    due: list[str] = []
    hub = site.backend.hub
    hub.work_off("mail", lambda: due.append("mail"))
    leave = hub.work_off("webhooks", lambda: due.append("webhooks"))
    client = await site.imap()
    await client.ok("SELECT INBOX")
    await client.ok("STORE 1 +FLAGS (\\Flagged)")
    assert due == []
    hook = {"url": "https://127.0.0.1/", "event_types": ["message.updated"]}
    assert (await site.rest("POST", "/webhooks", hook)).status == 201
    await client.ok("STORE 1 -FLAGS (\\Flagged)")
    assert due == ["webhooks"]
    leave()
    hub.stir()
    assert due == ["webhooks", "mail"]
