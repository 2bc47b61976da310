"""Complaints that providers hand on (RFC 5965)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailcore_agentpost.verp import with_message

from ..site import Site, to

BERT, CARL = "bert@far.example", "carl@far.example"


def report(fields: str, returned: str = "", kind: str = "message/rfc822") -> bytes:
    """RFC 5965 appendix B."""
    return (
        "From: <feedback@provider.example>\r\nSubject: FW: Earn money\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an email abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"User-Agent: SomeGenerator/1.0\r\nVersion: 1\r\n{fields}\r\n"
        f"--b\r\nContent-Type: {kind}\r\nContent-Disposition: inline\r\n\r\n"
        f"{returned}From: <a@b.example>\r\nSubject: Earn money\r\n\r\nSpam.\r\n--b--\r\n"
    ).encode()


def complaints(site: Site) -> list[dict[str, Any]]:
    rows = site.query(
        "SELECT message, detail FROM events WHERE type = 'message.complained' ORDER BY id"
    )
    return [{"message": message, **json.loads(detail)} for message, detail in rows]


async def sent(site: Site, *addresses: str) -> str:
    answer = await site.post(site.inbox, to(*addresses))
    assert answer.status == 201, answer.body
    identifier: str = answer.json["id"]
    return identifier


async def complain(site: Site, message: bytes, address: str = "") -> None:
    stranger = await site.stranger()
    to_whom = address or f"abuse@{site.inbox.address.partition('@')[2]}"
    reply = await stranger.send("feedback@provider.example", [to_whom], message)
    assert reply.startswith("250"), reply


async def test_a_complaint_is_matched_by_the_return_path(site: Site) -> None:
    identifier = await sent(site, BERT, CARL)
    path = with_message(site.inbox.address, identifier)
    fields = f"Feedback-Type: abuse\r\nOriginal-Mail-From: <{path}>\r\nOriginal-Rcpt-To: <{BERT}>"
    for _ in range(2):  # the second time it says nothing new
        await complain(site, report(f"{fields}\r\n"))
    assert complaints(site) == [{"message": identifier, "recipients": [BERT], "reason": "abuse"}]
    assert site.query("SELECT address, reason FROM suppressions") == [(BERT, "complaint")]
    assert (await site.post(site.inbox, to(BERT))).status == 403


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize("field", ["Return-Path", "Message-ID"])
async def test_a_complaint_is_matched_by_what_it_returns(site: Site, kind: str, field: str) -> None:
    identifier = await sent(site, BERT)
    (message_id,) = site.query("SELECT message_id FROM messages WHERE id = ?", identifier)
    value = {
        "Return-Path": f"<{with_message(site.inbox.address, identifier)}>",
        "Message-ID": message_id,
    }[field]
    await complain(site, report("Feedback-Type: abuse\r\n", f"{field}: {value}\r\n", kind))
    # Of a single recipient it can be nobody else.
    assert complaints(site) == [{"message": identifier, "recipients": [BERT], "reason": "abuse"}]


async def test_who_complains_may_be_left_out(site: Site) -> None:
    identifier = await sent(site, BERT, CARL)
    path = with_message(site.inbox.address, identifier)
    await complain(site, report(f"Feedback-Type: fraud\r\nOriginal-Mail-From: <{path}>\r\n"))
    assert complaints(site) == [{"message": identifier, "recipients": [], "reason": "fraud"}]
    assert site.query("SELECT count(*) FROM suppressions") == [0]


@pytest.mark.parametrize(
    "message",
    [
        report("Feedback-Type: not-spam\r\nOriginal-Mail-From: <%>\r\n"),
        report("Feedback-Type: abuse\r\nOriginal-Mail-From: <x@y.example>\r\n"),
        report("Original-Mail-From: <%>\r\n"),
        report("Feedback-Type: abuse\r\nOriginal-Mail-From: <%>\r\n").replace(b"--b", b"--c"),
        report("Feedback-Type: abuse\r\nOriginal-Mail-From: <%>\r\n").replace(
            b"multipart/report", b"multipart/mixed"
        ),
    ],
)
async def test_what_is_no_complaint_is_only_mail(site: Site, message: bytes) -> None:
    path = with_message(site.inbox.address, await sent(site, BERT))
    await complain(site, message.replace(b"%", path.encode()), site.inbox.address)
    assert complaints(site) == []
