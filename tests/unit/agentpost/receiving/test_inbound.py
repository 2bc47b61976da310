"""What strangers deliver: who reads it, what goes in circles, what is refused and told of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailcore_agentpost.cases import MESSAGE_REJECTED
from mailcore_agentpost.settings import Settings

from ..site import DOMAIN, Site, opening, to

STRANGER = "a@far.example"
MESSAGE = b"Subject: x\r\n\r\nHi.\r\n"


def rejected(site: Site) -> list[dict[str, Any]]:
    rows = site.query("SELECT detail FROM events WHERE type = 'message.rejected' ORDER BY id")
    return [json.loads(row) for row in rows]


async def deliver(site: Site, *addresses: str, message: bytes = MESSAGE) -> str:
    stranger = await site.stranger()
    return await stranger.send(STRANGER, list(addresses), message)


async def test_mail_that_goes_in_circles_is_refused(site: Site) -> None:
    """RFC 5321 §6.3."""
    trace = b"Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n"
    for count, code in ((99, "250"), (100, "250"), (101, "554 5.4.6")):
        reply = await deliver(site, site.inbox.address, message=trace * count + b"\r\n")
        assert reply.startswith(code)


async def test_what_comes_back_is_refused_but_for_whom_it_is_new(site: Site) -> None:
    other = await site.new_inbox()
    assert (await deliver(site, site.inbox.address)).startswith("250")
    client = await site.imap()
    (first,) = await client.bodies("INBOX")
    assert f"Delivered-To: {site.inbox.address}\r\n" in first
    again = first.encode()
    assert (await deliver(site, site.inbox.address, message=again)).startswith("554 5.4.6")
    tagged = site.inbox.address.replace("@", "+tag@")
    assert (await deliver(site, tagged, other.address, message=again)).startswith("250")
    assert len(await client.bodies("INBOX")) == 1
    (second,) = await (await site.imap(other)).bodies("INBOX")
    assert second.count("Delivered-To: ") == 2


async def test_several_recipients_do_not_learn_of_each_other(site: Site) -> None:
    other = await site.new_inbox()
    assert (await deliver(site, site.inbox.address, other.address)).startswith("250")
    for inbox in (site.inbox, other):
        (body,) = await (await site.imap(inbox)).bodies("INBOX")
        assert site.inbox.address not in body
        assert other.address not in body


@pytest.mark.parametrize("name", ["postmaster", "Abuse"])
async def test_the_roles_of_a_domain_are_read(site: Site, name: str) -> None:
    """RFC 2142 §4."""
    assert (await deliver(site, f"{name}@{DOMAIN}")).startswith("250")
    assert (await deliver(site, f"{name}@elsewhere.example")).startswith("550 5.7.1")


async def test_mail_that_a_rule_refuses_is_an_event_once_a_minute(site: Site) -> None:
    rule = {"direction": "receive", "action": "block", "match_type": "address", "value": STRANGER}
    assert (await site.rest("POST", "/filter-rules", rule)).status == 201
    for _ in range(3):
        assert (await deliver(site, site.inbox.address)).startswith("550 5.7.1")
    assert rejected(site) == [
        {
            "direction": "receive",
            "sender": STRANGER,
            "recipients": [site.inbox.address],
            "reason": "message_rejected",
            "text": MESSAGE_REJECTED.text,
        }
    ]


@pytest.mark.parametrize("door", ["smtp", "rest"])
async def test_mail_that_may_not_be_sent_is_an_event(site: Site, door: str) -> None:
    value = "far.example"
    rule = {"direction": "send", "action": "block", "match_type": "domain", "value": value}
    assert (await site.rest("POST", "/filter-rules", rule)).status == 201
    if door == "rest":
        answer = await site.post(site.inbox, to(STRANGER, "b@near.example"))
        assert answer.status == 403
    else:
        client = await site.smtp()
        assert (await client.envelope(site.inbox.address, STRANGER)).startswith("550")
    (event,) = rejected(site)
    assert event["direction"] == "send"
    assert event["recipients"] == [STRANGER]
    assert event["sender"] == site.inbox.address


async def test_the_nameservers_of_the_settings_are_addresses(tmp_path: Path) -> None:
    assert Settings(nameservers=("9.9.9.9", "[2620:fe::fe]:53", "2620:fe::9", "127.0.0.1:5353"))
    for wrong in ("dns.example", "1.2.3.4:x", ""):
        with pytest.raises(ValueError, match="nameservers: "):
            Settings(nameservers=(wrong,))
    async with opening(tmp_path, Settings(nameservers=("127.0.0.1:9",))):
        pass
