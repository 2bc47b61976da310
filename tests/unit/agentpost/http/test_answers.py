"""Answering and passing on: recipients, subject and thread follow from the message."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from ..site import Site

OUTSIDE = "someone@example.org"
ORIGINAL = (
    b"From: Some One <someone@example.org>\r\n"
    b"To: {inbox}, Third <third@example.org>\r\n"
    b"Cc: fourth@example.org, SOMEONE@example.org\r\n"
    b"Subject: =?utf-8?q?Caf=C3=A9?=\r\n"
    b"Message-ID: <two@example.org>\r\n"
    b"References: <one@example.org>\r\n"
    b"\r\n"
    b"Hello.\r\n"
)


async def arrive(site: Site, message: bytes = ORIGINAL) -> str:
    """Have a stranger's message arrive; return its id."""
    client = await site.stranger()
    data = message.replace(b"{inbox}", site.inbox.address.encode())
    assert (await client.send(OUTSIDE, [site.inbox.address], data)).startswith("250")
    found: str = site.query("SELECT id FROM messages WHERE direction = 'inbound'")[-1]
    return found


async def answer(site: Site, message: str, how: str, **body: Any) -> tuple[Any, EmailMessage]:
    """Ask for an answer; return what REST shows of it, and its octets read."""
    path = f"/messages/{message}/{how}"
    got = await site.rest("POST", path, {"text_body": "Yes.", **body})
    assert got.status == 201, got.body
    shown = json.loads(got.body)
    raw = await site.rest("GET", f"/messages/{shown['id']}/raw")
    return shown, message_from_bytes(raw.body, policy=policy.default)


async def test_an_answer_goes_to_the_sender_in_the_thread(site: Site) -> None:
    message = await arrive(site)
    shown, sent = await answer(site, message, "reply")
    assert sent["To"] == "Some One <someone@example.org>"
    assert sent["Cc"] is None
    assert sent["Subject"] == "Re: Café"
    assert sent["In-Reply-To"] == "<two@example.org>"
    assert sent["References"] == "<one@example.org> <two@example.org>"
    assert sent.get_content() == "Yes.\r\n"
    original = json.loads((await site.rest("GET", f"/messages/{message}")).body)
    assert shown["thread_id"] == original["thread_id"]
    assert original["replied"] is True


async def test_an_answer_to_everybody_leaves_out_oneself(site: Site) -> None:
    _, sent = await answer(site, await arrive(site), "reply-all")
    assert sent["To"] == "Some One <someone@example.org>"
    assert sent["Cc"] == "Third <third@example.org>, fourth@example.org"


async def test_reply_to_comes_before_from(site: Site) -> None:
    data = b"Reply-To: list@example.org\r\n" + ORIGINAL
    _, sent = await answer(site, await arrive(site, data), "reply")
    assert sent["To"] == "list@example.org"


async def test_an_answer_to_what_one_has_sent_goes_on_with_it(site: Site) -> None:
    message = await arrive(site)
    shown, _ = await answer(site, message, "reply")
    again, sent = await answer(site, shown["id"], "reply")
    assert sent["To"] == "Some One <someone@example.org>"
    assert sent["Subject"] == "Re: Café"
    assert again["thread_id"] == shown["thread_id"]


async def test_what_nobody_can_be_answered_for(site: Site) -> None:
    message = await arrive(site, b"From: undisclosed:;\r\nSubject: x\r\n\r\n")
    got = await site.rest("POST", f"/messages/{message}/reply", {"text_body": "Yes."})
    assert got.status == 422


async def test_what_is_passed_on_stays_as_it_is(site: Site) -> None:
    message = await arrive(site, ORIGINAL + b"Line of 8 bits: \xe9\r\n--x\r\n.\r\n")
    _, sent = await answer(site, message, "forward", to=[{"email": "fifth@example.org"}])
    assert (sent["To"], sent["Subject"]) == ("fifth@example.org", "Fwd: Café")
    text, forwarded = sent.iter_parts()
    assert text.get_content() == "Yes.\r\n"
    assert forwarded.get_content_type() == "message/rfc822"
    original = (await site.rest("GET", f"/messages/{message}/raw")).body
    shown = json.loads((await site.rest("GET", f"/inboxes/{site.inbox.id}/messages")).body)
    raw = (await site.rest("GET", f"/messages/{shown['data'][0]['id']}/raw")).body
    assert original in raw
    assert shown["data"][0]["has_attachments"] is True


@pytest.mark.parametrize("how", ["reply", "forward"])
async def test_a_repeated_request_answers_once(site: Site, how: str) -> None:
    message = await arrive(site)
    body = {"text_body": "Yes."} | ({"to": [{"email": OUTSIDE}]} if how == "forward" else {})
    answers = [
        await site.rest(
            "POST", f"/messages/{message}/{how}", body, headers={"Idempotency-Key": "k"}
        )
        for _ in range(2)
    ]
    assert [one.status for one in answers] == [201, 201]
    assert answers[0].body == answers[1].body
    assert len(site.query("SELECT id FROM sends")) == 1


async def test_another_organizations_message_is_not_there(site: Site) -> None:
    got = await site.rest("POST", "/messages/msg_none/reply", {"text_body": "Yes."})
    assert got.status == 404
