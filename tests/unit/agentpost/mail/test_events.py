"""Events are told in the order in which they happened, and only to whose they are."""

from __future__ import annotations

import time

from mailcore_agentpost.ids import made_at
from mailcore_agentpost.mail import events
from mailcore_agentpost.mail.inboxes import insert_organization
from mailcore_agentpost.store import Transaction

from .conftest import NOW

THEN = NOW.timestamp()


def test_what_was_recorded_is_listed_and_told(transaction: Transaction, organization: str) -> None:
    events.record(
        transaction, "message.sent", organization=organization, now=THEN, inbox="inb_1",
        message="msg_1", recipients=["a@b.example"],
    )  # fmt: skip
    events.record(transaction, "domain.verified", organization=organization, now=THEN + 1)
    listed = events.list_events(transaction.connection, organization, limit=10)
    assert listed == transaction.events
    sent, verified = listed
    assert (sent.type, sent.inbox_id, sent.message_id) == ("message.sent", "inb_1", "msg_1")
    assert sent.detail == {"recipients": ["a@b.example"]}
    assert sent.at == NOW
    assert (verified.inbox_id, verified.message_id, verified.detail) == (None, None, {})
    assert sent.id < verified.id


def test_a_list_goes_on_after_an_event_that_may_be_gone(
    transaction: Transaction, organization: str
) -> None:
    for number in range(5):
        events.record(transaction, "message.sent", organization=organization, now=THEN + number)
        time.sleep(0.002)  # an id knows the millisecond
    ids = [event.id for event in transaction.events]
    events.forget_events(transaction, made_at(ids[2]).timestamp())

    def listed(after: str, limit: int) -> list[str]:
        found = events.list_events(transaction.connection, organization, after=after, limit=limit)
        return [event.id for event in found]

    assert listed("", 10) == ids[2:]
    assert listed(ids[0], 2) == ids[2:4]
    assert listed(ids[3], 10) == ids[4:]
    assert listed(ids[4], 10) == []


def test_lists_are_narrowed(transaction: Transaction, organization: str) -> None:
    other = insert_organization(transaction, "other", NOW)
    for owner, inbox, kind in (
        (organization, "inb_1", "message.sent"),
        (organization, "inb_2", "message.received"),
        (organization, "inb_1", "message.received"),
        (other, "inb_3", "message.sent"),
    ):
        events.record(transaction, kind, organization=owner, now=THEN, inbox=inbox)  # type: ignore[arg-type]

    def listed(**where: object) -> list[tuple[str | None, str]]:
        found = events.list_events(
            transaction.connection, organization, limit=10, **where  # type: ignore[arg-type]
        )  # fmt: skip
        return [(event.inbox_id, event.type) for event in found]

    assert listed(inbox="inb_1") == [("inb_1", "message.sent"), ("inb_1", "message.received")]
    assert listed(types=["message.received"]) == [
        ("inb_2", "message.received"),
        ("inb_1", "message.received"),
    ]
    assert listed(types=["message.bounced"]) == []
    assert len(listed()) == 3
