"""REST, by AgentPost's SDK, over the mail that clients see: one mailbox, every door."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest

from mailcore_agentpost.client import (
    AgentPost,
    Conflict,
    Inbox,
    NotFound,
    PermissionDenied,
    Recipient,
)

from .accounts import Account, Wire, new_mail

MAIL = b"From: someone@example.org\r\nSubject: hello\r\n\r\nHi.\r\n"


@pytest.fixture
def message(api: AgentPost, inbox: Inbox, carla: Account) -> str:
    """The id of the one message in Carla's INBOX."""
    carla.deliver(MAIL)
    (only,) = api.messages.list(inbox.id).data
    return only.id


@pytest.fixture
def idling(carla: Account) -> Iterator[Wire]:
    """A connection that idles in Carla's INBOX."""
    wire = carla.raw_imap()
    wire.send(b"s SELECT INBOX\r\ni IDLE\r\n")
    assert wire.until(b"+")
    yield wire
    wire.close()


# ------------------------------------------------------------------------------------- inboxes


def test_an_inbox_has_an_address_on_the_shared_domain(api: AgentPost, inbox: Inbox) -> None:
    local, _, domain = inbox.email.partition("@")
    assert local.startswith("carla-")
    assert domain == "shared.localhost"
    assert inbox.id.startswith("inb_")
    assert (inbox.display_name, inbox.send_paused) == ("Carla Größer", False)
    assert api.inboxes.get(inbox.id) == inbox
    assert api.inboxes.create("carla").email != inbox.email


def test_a_repeated_client_id_makes_no_second_inbox(api: AgentPost) -> None:
    first = api.inboxes.create("dora", client_id="my own name for it")
    assert api.inboxes.create("dora", client_id="my own name for it") == first
    assert api.inboxes.create("dora", client_id="another").id != first.id


def test_inboxes_are_listed_page_by_page(api: AgentPost) -> None:
    made = [api.inboxes.create("page").id for _ in range(5)]
    page = api.inboxes.list(limit=2)
    assert len(page.data) == 2
    assert page.has_more
    everything = [one.id for one in api.inboxes]
    assert everything == sorted(set(everything))
    assert everything[-5:] == made
    second = api.inboxes.list(limit=2, cursor=page.next_cursor)
    assert [one.id for one in (*page.data, *second.data)] == everything[:4]


def test_a_paused_inbox_sends_by_no_door(api: AgentPost, inbox: Inbox, carla: Account) -> None:
    assert api.inboxes.update(inbox.id, send_paused=True).send_paused
    with pytest.raises(PermissionDenied) as rest:
        api.messages.send(inbox.id, to=["someone@example.org"], text_body="Hi")
    assert rest.value.code == "send_paused"
    with pytest.raises(smtplib.SMTPSenderRefused) as smtp:
        carla.send("someone@example.org", "paused")
    assert (smtp.value.smtp_code, smtp.value.smtp_error[:5]) == (550, b"5.7.0")
    carla.deliver(MAIL)
    assert carla.count() == 1
    changed = api.inboxes.update(inbox.id, send_paused=False, display_name="Carla")
    assert (changed.send_paused, changed.display_name) == (False, "Carla")
    carla.send("someone@example.org", "resumed")


def test_a_deleted_inbox_is_gone_from_every_door(
    api: AgentPost, inbox: Inbox, carla: Account, message: str, idling: Wire
) -> None:
    api.inboxes.delete(inbox.id)
    assert idling.until(b"* BYE")
    for ask in (lambda: api.inboxes.get(inbox.id), lambda: api.messages.get(message)):
        with pytest.raises(NotFound):
            ask()
    with pytest.raises(AssertionError, match="AUTHENTICATIONFAILED"):
        carla.raw_imap()
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        carla.deliver(MAIL)
    assert refused.value.recipients[carla.address][0] == 550


# ------------------------------------------------------------------------------------ messages


def test_what_is_sent_by_rest_is_mail(
    api: AgentPost, inbox: Inbox, carla: Account, bert: Account
) -> None:
    sent = api.messages.send(
        inbox.id,
        to=[Recipient(bert.address, "Bert, der Große")],
        bcc=[carla.address],
        subject="Größe 🎉",
        text_body="Grüße\n.\n",
        html_body="<p>Grüße</p>",
        labels=["outreach"],
    )
    assert (sent.direction, sent.folder, sent.subject) == ("outbound", "Sent", "Größe 🎉")
    assert sent.from_address is not None
    assert (sent.from_address.email, sent.from_address.name) == (inbox.email, "Carla Größer")
    assert [(one.email, one.name) for one in sent.to_addresses] == [
        (bert.address, "Bert, der Große")
    ]
    assert [one.email for one in sent.bcc_addresses] == [carla.address]
    assert (sent.labels, sent.unread) == (["outreach"], False)
    (received,), (kept,), (blind,) = bert.bodies(), carla.bodies("Sent"), carla.bodies()
    assert api.messages.raw(sent.id) == kept
    for octets in (received, blind):
        assert b"\r\nBcc:" not in octets
        parsed = message_from_bytes(octets, policy=policy.default)
        body = parsed.get_body(("plain",))
        assert body is not None
        assert body.get_content().splitlines() == ["Grüße", "."]
        assert parsed["Message-ID"]
        assert parsed["Date"]
    with carla.imap("Sent") as client:
        assert client.search(None, "KEYWORD", "outreach", "SEEN") == ("OK", [b"1"])


def test_what_comes_by_smtp_is_shown_by_rest(
    api: AgentPost, inbox: Inbox, carla: Account, bert: Account
) -> None:
    mail = new_mail(bert.address, carla.address, "Rechnung über 5 €", "Schöne Grüße\n")
    mail.add_alternative("<p>Schöne Grüße</p>", subtype="html")
    mail.add_attachment(b"\0\1", maintype="image", subtype="png", filename="a.png")
    with bert.smtp() as client:
        client.send_message(mail)
    (summary,) = api.messages.list(inbox.id).data
    assert summary.id.startswith("msg_")
    assert (summary.direction, summary.folder) == ("inbound", "INBOX")
    assert (summary.unread, summary.starred, summary.replied) == (True, False, False)
    assert (summary.subject, summary.has_attachments) == ("Rechnung über 5 €", True)
    whole = api.messages.get(summary.id)
    assert whole.text_body is not None
    assert whole.html_body is not None
    assert whole.text_body.strip() == "Schöne Grüße"
    assert whole.html_body.strip() == "<p>Schöne Grüße</p>"
    assert whole.unread
    (octets,) = carla.bodies()
    assert api.messages.raw(summary.id) == octets
    assert len(octets) == summary.size


def test_messages_are_listed_by_what_they_are(
    api: AgentPost, inbox: Inbox, carla: Account, bert: Account
) -> None:
    for number in range(3):
        carla.deliver(MAIL.replace(b"hello", b"number %d" % number))
    carla.send(bert.address, "outward")
    newest = [one.subject for one in api.messages.iterate(inbox.id)]
    assert newest == ["outward", "number 2", "number 1", "number 0"]
    page = api.messages.list(inbox.id, limit=3)
    rest = api.messages.list(inbox.id, limit=3, cursor=page.next_cursor)
    assert [one.subject for one in (*page.data, *rest.data)] == newest
    assert (page.has_more, rest.has_more) == (True, False)
    api.messages.update(page.data[1].id, unread=False)
    api.messages.add_labels(page.data[2].id, ["invoice"])

    def subjects(**where: Any) -> list[str]:
        return [one.subject for one in api.messages.iterate(inbox.id, **where)]

    assert subjects(direction="outbound") == subjects(folder="Sent") == ["outward"]
    assert subjects(unread=True) == ["number 1", "number 0"]
    assert subjects(label="invoice") == ["number 1"]
    assert subjects(folder="INBOX", unread=False) == ["number 2"]


def test_the_same_idempotency_key_sends_once(api: AgentPost, inbox: Inbox, bert: Account) -> None:
    def send(text: str) -> str:
        return api.messages.send(
            inbox.id, to=[bert.address], text_body=text, idempotency_key=f"once {inbox.id}"
        ).id

    assert send("Hi") == send("Hi")
    assert bert.count() == 1
    with pytest.raises(Conflict):
        send("Something else")
    assert bert.count() == 1


# -------------------------------------------------------------------------- flags and folders


def test_flags_are_the_same_by_both_doors(
    api: AgentPost, carla: Account, message: str, idling: Wire
) -> None:
    assert api.messages.update(message, unread=False, starred=True).starred
    told = idling.until(b"* 1 FETCH")
    assert rb"\Seen" in told
    assert rb"\Flagged" in told
    api.messages.update(message, unread=True)
    assert rb"\Seen" not in idling.until(b"* 1 FETCH")
    with carla.imap("INBOX") as client:
        client.store("1", "+FLAGS", r"(\Seen \Answered)")
        client.store("1", "-FLAGS", r"(\Flagged)")
    seen = api.messages.get(message)
    assert (seen.unread, seen.starred, seen.replied) == (False, False, True)


def test_labels_are_keywords(api: AgentPost, carla: Account, message: str, idling: Wire) -> None:
    assert api.messages.add_labels(message, ["invoice", "to-pay"]).labels == ["invoice", "to-pay"]
    told = idling.until(b"* 1 FETCH")
    assert b"invoice" in told
    assert b"to-pay" in told
    with carla.imap("INBOX") as client:
        client.store("1", "+FLAGS", "(done)")
        client.store("1", "-FLAGS", "(to-pay)")
    assert api.messages.get(message).labels == ["done", "invoice"]
    api.messages.remove_label(message, "invoice")
    with carla.imap("INBOX") as client:
        assert client.search(None, "KEYWORD", "invoice") == ("OK", [b""])
        assert client.search(None, "KEYWORD", "done") == ("OK", [b"1"])


def test_trash_and_restore(api: AgentPost, carla: Account, message: str, idling: Wire) -> None:
    api.messages.delete(message)
    assert idling.until(b"* 1 EXPUNGE")
    assert (carla.count(), carla.count("Trash")) == (0, 1)
    assert api.messages.get(message).folder == "Trash"
    inbox_id = api.messages.get(message).inbox_id
    assert api.messages.list(inbox_id).data == []
    assert [one.id for one in api.messages.list(inbox_id, folder="Trash").data] == [message]
    assert api.messages.restore(message).folder == "INBOX"
    assert idling.until(b"* 1 EXISTS")
    assert (carla.count(), carla.count("Trash")) == (1, 0)


def test_a_client_that_moves_to_trash_deletes(api: AgentPost, carla: Account, message: str) -> None:
    with carla.imap("INBOX") as client:
        client.uid("MOVE", "1", "Trash")
        assert api.messages.get(message).folder == "Trash"
        client.select("Trash")
        client.uid("MOVE", "1", "INBOX")
    assert api.messages.get(message).folder == "INBOX"
    with carla.imap() as client:
        client.create("Projects")
        client.select("INBOX")
        client.uid("MOVE", "2", "Projects")
    assert api.messages.get(message).folder == "Projects"


def test_what_is_expunged_is_in_trash_first(api: AgentPost, carla: Account, message: str) -> None:
    for mailbox in ("INBOX", "Trash"):
        assert api.messages.get(message).folder == mailbox
        with carla.imap(mailbox) as client:
            client.store("1", "+FLAGS", r"(\Deleted)")
            client.expunge()
    with pytest.raises(NotFound):
        api.messages.get(message)


def test_a_mailbox_made_again_has_another_uidvalidity(carla: Account) -> None:
    def make() -> bytes:
        with carla.imap() as client:
            client.create("Again")
            client.select("Again")
            (value,) = client.response("UIDVALIDITY")[1]
            client.unselect()
            client.delete("Again")
        return bytes(value)

    assert int(make()) < int(make())


def test_an_agent_waits_for_a_message_and_answers_it(
    api: AgentPost, inbox: Inbox, carla: Account
) -> None:
    assert api.messages.wait(inbox.id, timeout=0) is None
    carla.deliver(
        b"From: Some One <someone@example.org>\r\nSubject: Code 1234\r\n"
        b"Message-ID: <a@b>\r\n\r\nHi.\r\n"
    )
    found = api.messages.wait(inbox.id, sender="someone@", subject="code")
    assert found is not None
    answer = api.messages.reply(found.id, text_body="Thanks.")
    assert (answer.subject, answer.thread_id) == ("Re: Code 1234", found.thread_id)
    assert api.messages.get(found.id).replied
    passed_on = api.messages.forward(found.id, to=["third@example.org"], text_body="See below.")
    assert passed_on.has_attachments
    kinds = [event.type for event in api.events.iterate(inbox_id=inbox.id)]
    assert kinds[:2] == ["message.received", "message.sent"]
    (received,) = api.events.list(types=["message.received"], inbox_id=inbox.id).data
    assert received.data["message"]["id"] == found.id
