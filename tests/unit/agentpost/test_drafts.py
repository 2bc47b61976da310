"""One draft by two doors: a mail client's revisions and REST's changes keep its id."""

from __future__ import annotations

import re
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from .site import IMAPClient, Site


async def drafts(site: Site) -> list[dict[str, Any]]:
    answer = await site.rest("GET", f"/inboxes/{site.inbox.id}/drafts")
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def letter(subject: str, *fields: str, text: str = "Text") -> bytes:
    head = [f"Subject: {subject}", "To: someone@example.org", *fields]
    return "\r\n".join([*head, "", text, ""]).encode()


class Thunderbird:
    """Saves drafts as Thunderbird does: APPEND, then \\Deleted and EXPUNGE of the one before.

    Arguments:
        keeps: fields that it carries over from the draft that it opened.
    """

    def __init__(self, client: IMAPClient, keeps: str) -> None:
        self._client = client
        self._keeps = re.compile(rf"^(?:{keeps}):.*$", re.MULTILINE | re.IGNORECASE)

    async def opened(self) -> tuple[int, list[str]]:
        """Open the one draft; return its UID and the fields that are carried over."""
        (uid,) = await self._client.uids("Drafts")
        (octets,) = await self._client.bodies("Drafts")
        return uid, [line.strip() for line in self._keeps.findall(octets)]

    async def save(self, subject: str) -> int:
        """Change the draft; return its new UID."""
        old, fields = await self.opened()
        tagged = await self._client.tagged(
            r"APPEND Drafts (\Seen \Draft)", letter(subject, *fields)
        )
        found = re.match(r"OK \[APPENDUID \d+ (\d+)\]", tagged)
        assert found is not None, tagged
        await self._client.ok(rf"UID STORE {old} +FLAGS (\Deleted)")
        await self._client.ok("EXPUNGE")
        return int(found[1])


@pytest.mark.parametrize("keeps", ["X-AgentPost-Draft-Id", "Message-ID"])
async def test_a_client_and_rest_keep_one_id(site: Site, keeps: str) -> None:
    body = {"to": [{"email": "a@example.org"}], "subject": "rest 1", "labels": ["later"]}
    made = (await site.rest("POST", f"/inboxes/{site.inbox.id}/drafts", body)).json
    client = await site.imap()
    thunderbird = Thunderbird(client, keeps)
    for number in (1, 2):
        uid = await thunderbird.save(f"client {number}")
        assert await client.uids("Drafts") == [uid]
        (draft,) = await drafts(site)
        assert (draft["id"], draft["subject"]) == (made["id"], f"client {number}")
        assert (draft["thread_id"], draft["labels"]) == (made["thread_id"], ["later"])
        changed = await site.rest("PATCH", f"/drafts/{made['id']}", {"subject": "rest 2"})
        assert changed.json["id"] == made["id"]
        (octets,) = await client.bodies("Drafts")
        assert "Subject: rest 2\r\n" in octets
        assert f"X-AgentPost-Draft-Id: {made['id']}\r\n" in octets
        assert await client.uids("Drafts") > [uid]
    assert await client.uids("Trash") == []
    sent = await site.rest("POST", f"/drafts/{made['id']}/send")
    assert (sent.status, sent.json["subject"]) == (201, "rest 2")
    assert await client.uids("Drafts") == []


async def test_what_a_client_appends_is_a_draft(site: Site) -> None:
    client = await site.imap()
    await client.ok(r"APPEND Drafts (\Draft todo)", letter("one"))
    await client.ok("APPEND Drafts", letter("two"))
    two, one = await drafts(site)
    assert (one["subject"], two["subject"], one["labels"]) == ("one", "two", ["todo"])
    assert one["id"] != two["id"]
    octets = await client.bodies("Drafts")
    assert [one["id"] in octets[0], two["id"] in octets[1]] == [True, True]


async def test_an_id_that_nobody_gave_is_replaced(site: Site) -> None:
    other = await site.new_inbox()
    theirs = (await site.rest("POST", f"/inboxes/{other.id}/drafts", {"subject": "theirs"})).json
    client = await site.imap()
    for forged in (theirs["id"], "drf_X", ""):
        await client.ok("APPEND Drafts", letter("mine", f"X-AgentPost-Draft-Id: {forged}"))
    mine = await drafts(site)
    assert len({draft["id"] for draft in mine} | {theirs["id"]}) == 4
    assert all(
        octets.count("X-AgentPost-Draft-Id") == 1 for octets in await client.bodies("Drafts")
    )
    assert (await site.rest("GET", f"/drafts/{theirs['id']}")).json["subject"] == "theirs"


async def test_replace_is_a_revision_whatever_its_octets_say(site: Site) -> None:
    client = await site.imap()
    await client.ok("APPEND Drafts (todo)", letter("one"))
    (before,) = await drafts(site)
    await client.uids("Drafts")
    await client.ok("REPLACE 1 Drafts", letter("two"))
    (after,) = await drafts(site)
    assert (after["id"], after["subject"]) == (before["id"], "two")
    assert (after["thread_id"], after["labels"]) == (before["thread_id"], ["todo"])
    assert len(await client.uids("Drafts")) == 1


async def test_expunge_deletes_a_draft_and_a_move_brings_it_back(site: Site) -> None:
    client = await site.imap()
    await client.ok("APPEND Drafts", letter("one"))
    (before,) = await drafts(site)
    await client.uids("Drafts")
    await client.ok(r"STORE 1 +FLAGS (\Deleted)")
    await client.ok("EXPUNGE")
    assert await drafts(site) == []
    assert (await site.rest("GET", f"/drafts/{before['id']}")).status == 404
    await client.uids("Trash")
    await client.ok("MOVE 1 Drafts")
    (after,) = await drafts(site)
    assert after["id"] == before["id"]


async def test_an_old_revision_that_comes_back_is_another_draft(site: Site) -> None:
    client = await site.imap()
    await client.ok("APPEND Drafts", letter("one"))
    (first,) = await drafts(site)
    await client.uids("Drafts")
    await client.ok("MOVE 1 Trash")
    await client.ok("APPEND Drafts", letter("two", f"X-AgentPost-Draft-Id: {first['id']}"))
    (second,) = await drafts(site)
    assert second["id"] == first["id"]
    await client.uids("Trash")
    await client.ok("MOVE 1 Drafts")
    back, kept = await drafts(site)
    assert (kept["id"], kept["subject"], back["subject"]) == (first["id"], "two", "one")
    assert back["id"] != kept["id"]


async def test_what_is_copied_to_drafts_is_a_draft_and_what_leaves_is_none(site: Site) -> None:
    client = await site.imap()
    await client.ok("APPEND INBOX", letter("template"))
    await client.uids("INBOX")
    await client.ok("COPY 1 Drafts")
    (draft,) = await drafts(site)
    assert draft["subject"] == "template"
    await client.uids("Drafts")
    await client.ok("MOVE 1 Sent")
    assert await drafts(site) == []
    await site.rest("DELETE", f"/messages/{draft['message_id']}")
    restored = await site.rest("POST", f"/messages/{draft['message_id']}/restore")
    assert restored.json["folder"] != "Drafts"


async def test_two_who_change_at_once_lose_nothing(site: Site) -> None:
    made = (await site.rest("POST", f"/inboxes/{site.inbox.id}/drafts", {"subject": "0"})).json
    path = f"/drafts/{made['id']}"
    statuses: list[int] = []

    async def change(number: int) -> None:
        answer = await site.rest("PATCH", path, {"subject": f"{number}"})
        statuses.append(answer.status)
        if answer.status == 409:
            assert answer.json["code"] == "draft_changed"

    async with trio.open_nursery() as nursery:
        for number in range(1, 6):
            nursery.start_soon(change, number)
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    assert len(await drafts(site)) == 1


async def test_a_draft_is_sent_once_by_however_many(site: Site) -> None:
    body = {"to": [{"email": "a@example.org"}], "text_body": "Hi."}
    made = (await site.rest("POST", f"/inboxes/{site.inbox.id}/drafts", body)).json
    sent: set[str] = set()

    async def send() -> None:
        answer = await site.rest("POST", f"/drafts/{made['id']}/send")
        assert answer.status in (201, 404, 409)
        if answer.status == 201:
            sent.add(answer.json["id"])

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(send)
    assert len(sent) == 1
    assert site.query("SELECT count(*) FROM sends") == [1]


async def test_a_client_that_looks_sees_a_change_by_rest(site: Site) -> None:
    made = (await site.rest("POST", f"/inboxes/{site.inbox.id}/drafts", {"subject": "0"})).json
    client = await site.imap()
    await client.ok("SELECT Drafts")
    await site.rest("PATCH", f"/drafts/{made['id']}", {"subject": "1"})
    await wait_all_tasks_blocked()
    assert (await client.ok("NOOP"))[:2] == ["* 1 EXPUNGE", "* 1 EXISTS"]
