"""Bounces that come in from strangers, and mail that goes in circles."""

from __future__ import annotations

import pytest

from .site import Site, to

BERT = "bert@far.example"


def bounce(envelope: str, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        "From: postmaster@far.example\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; far.example\r\nOriginal-Envelope-Id: {envelope}\r\n\r\n"
        f"Final-Recipient: rfc822; {BERT.upper()}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        "--b--\r\n"
    ).encode()


async def sent(site: Site) -> str:
    answer = await site.post(site.inbox, to(BERT))
    assert answer.status == 201
    identifier: str = answer.json["id"]
    return identifier


async def deliver(site: Site, sender: str, message: bytes) -> str:
    stranger = await site.stranger()
    return await stranger.send(sender, [site.inbox.address], message)


def noted(site: Site) -> tuple[int, int]:
    (events,) = site.query("SELECT count(*) FROM events WHERE type = 'message.bounced'")
    (suppressed,) = site.query("SELECT count(*) FROM suppressions")
    return events, suppressed


async def test_a_bounce_is_matched_to_its_message(site: Site) -> None:
    identifier = await sent(site)
    for _ in range(2):  # the second time it says nothing new
        assert (await deliver(site, "", bounce(identifier))).startswith("250")
        assert noted(site) == (1, 1)
    assert site.query("SELECT status FROM recipients WHERE message = ?", identifier) == ["bounced"]
    assert (await site.post(site.inbox, to(BERT))).status == 403


async def test_a_soft_bounce_suppresses_nobody(site: Site) -> None:
    await deliver(site, "", bounce(await sent(site), status="5.2.2"))
    assert noted(site) == (1, 0)


@pytest.mark.parametrize("case", ["with a sender", "another id", "delayed", "of another inbox"])
async def test_what_is_no_bounce_of_ours_is_only_mail(site: Site, case: str) -> None:
    identifier = await sent(site)
    sender, target = "", site.inbox
    message = bounce(identifier)
    if case == "with a sender":
        sender = "mallory@far.example"
    elif case == "another id":
        message = bounce("msg_0")
    elif case == "delayed":
        message = bounce(identifier, action="delayed")
    else:
        target = await site.new_inbox()
    stranger = await site.stranger()
    assert (await stranger.send(sender, [target.address], message)).startswith("250")
    assert noted(site) == (0, 0)


async def test_mail_that_goes_in_circles_is_refused(site: Site) -> None:
    """RFC 5321 §6.3."""
    trace = b"Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    assert (await deliver(site, "a@far.example", trace * 99 + b"\r\n")).startswith("250")
    assert (await deliver(site, "a@far.example", trace * 101 + b"\r\n")).startswith("554 5.4.6")
