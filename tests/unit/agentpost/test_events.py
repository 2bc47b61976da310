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
