"""Bounces that come in from strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.verp import message_of, with_message

from ..site import Site, to

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


async def come_back(site: Site, identifier: str, message: bytes, sender: str = "") -> None:
    """Have a bounce come to the return path that the message left with."""
    path = with_message(site.inbox.address, identifier)
    assert path != site.inbox.address
    stranger = await site.stranger()
    reply = await stranger.send(sender, [path.lower()], message)
    assert reply.startswith("250"), reply


def statuses(site: Site, identifier: str) -> list[tuple[str, str]]:
    sql = "SELECT address, status FROM recipients WHERE message = ? ORDER BY address"
    return site.query(sql, identifier)


async def test_the_return_path_tells_which_message_a_bounce_is_about(site: Site) -> None:
    identifier = await sent(site)
    await come_back(site, identifier, bounce("something of theirs"))
    assert noted(site) == (1, 1)


async def test_a_bounce_from_where_mail_was_forwarded_to(site: Site) -> None:
    identifier = await sent(site)
    await come_back(
        site, identifier, bounce("x").replace(BERT.upper().encode(), b"other@x.example")
    )
    assert statuses(site, identifier) == [(BERT, "bounced")]


OLD_FORM = (
    b"From: MAILER-DAEMON@far.example\r\nSubject: failure notice\r\n\r\n"
    b"Hi. This is the mail program at far.example.\r\n\r\n"
    b"<Bert@far.example>:\r\nThis address no longer accepts mail.\r\n"
)


async def test_a_bounce_of_no_form(site: Site) -> None:
    answer = await site.post(site.inbox, to(BERT, "carl@far.example"))
    identifier = answer.json["id"]
    await come_back(site, identifier, OLD_FORM)
    assert statuses(site, identifier) == [(BERT, "bounced"), ("carl@far.example", "kept")]
    # It says so in words, which are not enough to write to somebody no more.
    assert noted(site) == (1, 0)


@pytest.mark.parametrize("case", ["an answer", "a sender", "nobody who got it", "another inbox"])
async def test_what_comes_to_a_return_path_need_not_be_a_bounce(site: Site, case: str) -> None:
    answer = await site.post(site.inbox, to(BERT, "carl@far.example"))
    identifier = answer.json["id"]
    message, sender = OLD_FORM, ""
    if case == "an answer":
        message = b"From: bert@far.example\r\nSubject: on holiday\r\n\r\nbert@far.example\r\n"
    elif case == "a sender":
        sender = "mallory@far.example"
    elif case == "nobody who got it":
        message = OLD_FORM.replace(b"Bert@", b"dora@")
    else:
        other = await site.new_inbox()
        path = with_message(other.address, identifier)
        stranger = await site.stranger()
        assert (await stranger.send("", [path], OLD_FORM)).startswith("250")
    if case != "another inbox":
        await come_back(site, identifier, message, sender)
    assert noted(site) == (0, 0)


@given(st.from_regex(r"[a-z][a-z0-9.-]{0,40}(\+[a-z0-9]{0,10})?", fullmatch=True), st.booleans())
def test_return_paths_are_read_as_they_are_written(local: str, lower: bool) -> None:
    identifier = new_id("msg")
    path = with_message(f"{local}@far.example", identifier)
    if path == f"{local}@far.example":
        assert len(local) + 1 + len(identifier) > 64  # RFC 5321 §4.5.3.1.1
        assert message_of(path) is None
    else:
        assert len(path.partition("@")[0]) <= 64
        assert message_of(path.lower() if lower else path) == identifier
    assert with_message("", identifier) == ""
