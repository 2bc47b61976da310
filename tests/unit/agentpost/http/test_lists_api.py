"""What messages are listed by, what nothing is sent to, and how much may be sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from mailcore_agentpost.settings import Settings

from ..site import Site, opening, to

OUTSIDE = "someone@example.org"


def letter(subject: str, *fields: str, text: str = "Text") -> bytes:
    head = [f"Subject: {subject}", "Content-Type: text/plain; charset=utf-8", *fields]
    return "\r\n".join([*head, "", text, ""]).encode()


async def deliver(site: Site, *letters: bytes) -> None:
    stranger = await site.stranger()
    for one in letters:
        reply = await stranger.send("a@example.org", [site.inbox.address], one)
        assert reply.startswith("250"), reply


async def cannot_tell(inbox: str, key: object) -> None:
    """Answer as an index that is damaged does."""


async def subjects(site: Site, **query: Any) -> list[str]:
    path = f"/inboxes/{site.inbox.id}/messages?{urlencode(query)}"
    answer = await site.rest("GET", path)
    assert answer.status == 200, answer.body
    return [message["subject"] for message in answer.json["data"]]


# --------------------------------------------------------------------------------------- lists


async def test_messages_are_listed_by_their_header(site: Site) -> None:
    await deliver(
        site,
        letter("=?utf-8?q?Gr=C3=B6=C3=9Fe?=", "From: Anna <anna@example.org>", "To: x@example.org"),
        letter("other", "From: =?utf-8?q?=C3=96zil?= <oe@example.org>"),
    )
    assert await subjects(site, subject="GRÖSSE") == []
    assert await subjects(site, subject="größe") == ["Größe"]
    assert await subjects(site, **{"from": "ÖZIL"}) == ["other"]
    assert await subjects(site, **{"from": "anna@"}) == ["Größe"]
    assert await subjects(site, to="x@EXAMPLE") == ["Größe"]
    assert await subjects(site, to="x@example", subject="other") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("invoice", ["two", "one"]),
        ("INVOICE april", ["one"]),
        ('"invoice for"', ["one"]),
        ("april invoice", ["one"]),
        ('"april invoice"', []),
        ("one", ["one"]),
        ("größe", ["two"]),
        ('"', []),
        ("100%", []),
        ("_nvoice", []),
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
async def test_q_finds_words_wherever_they_are(
    site: Site, text: str, found: list[str], indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not indexed:
        monkeypatch.setattr(site.backend.texts, "search_inbox", cannot_tell)
    await deliver(
        site,
        letter("one", text="The invoice for\r\nApril"),
        letter("two", "X-About: an invoice", text="Die Größe"),
        letter("three", text="Nothing"),
    )
    assert await subjects(site, q=text) == found


async def test_pages_of_what_is_looked_for(site: Site) -> None:
    await deliver(site, *(letter(f"{number}", text="odd" * (number % 2)) for number in range(7)))
    path = f"/inboxes/{site.inbox.id}/messages?limit=2&q=odd"
    page = (await site.rest("GET", path)).json
    assert [message["subject"] for message in page["data"]] == ["5", "3"]
    page = (await site.rest("GET", f"{path}&cursor={page['next_cursor']}")).json
    assert [message["subject"] for message in page["data"]] == ["1"]
    assert not page["has_more"]


async def test_messages_are_listed_by_what_is_known_of_them(site: Site) -> None:
    await deliver(site, letter("plain"), letter("pdf", "Content-Type: application/pdf"))
    await deliver(site, letter("mixed").replace(b"text/plain", b"application/pdf"))
    listed = await site.rest("GET", f"/inboxes/{site.inbox.id}/messages")
    mixed, pdf, plain = listed.json["data"]
    await site.rest("PATCH", f"/messages/{plain['id']}", {"starred": True})
    assert await subjects(site, starred="true") == ["plain"]
    assert await subjects(site, starred="false") == ["mixed", "pdf"]
    assert await subjects(site, has_attachments="true") == ["mixed"]
    assert await subjects(site, thread_id=pdf["thread_id"]) == ["pdf"]
    assert await subjects(site, since=pdf["created_at"]) == ["mixed", "pdf"]
    assert await subjects(site, until=pdf["created_at"]) == ["plain"]
    assert await subjects(site, since=pdf["created_at"], until=mixed["created_at"]) == ["pdf"]


@pytest.mark.parametrize("query", ["since=2030-01-01T00:00:00", "since=yesterday", "q=", "x=1"])
async def test_what_can_not_be_asked(site: Site, query: str) -> None:
    answer = await site.rest("GET", f"/inboxes/{site.inbox.id}/messages?{query}")
    assert (answer.status, answer.json["field"]) == (422, query.partition("=")[0])


async def test_a_message_has_so_many_labels(site: Site) -> None:
    await deliver(site, letter("one"))
    (message,) = (await site.rest("GET", f"/inboxes/{site.inbox.id}/messages")).json["data"]
    path = f"/messages/{message['id']}/labels"
    for start in (0, 50, 100):
        labels = [f"l{number}" for number in range(start, start + 50)]
        answer = await site.rest("POST", path, {"labels": labels})
    assert (answer.status, answer.json["code"]) == (422, "limit_reached")
    shown = (await site.rest("GET", f"/messages/{message['id']}")).json
    assert len(shown["labels"]) == 100


# -------------------------------------------------------------------------------- suppressions


async def test_a_suppression_holds_by_every_door_until_it_is_removed(site: Site) -> None:
    added = await site.rest("POST", "/suppressions", {"email": "Someone@example.org"})
    assert added.status == 201
    assert added.json["email"] == OUTSIDE
    assert (added.json["reason"], added.json["message_id"]) == ("manual", None)
    again = await site.rest("POST", "/suppressions", {"email": OUTSIDE})
    assert again.json == added.json
    assert (await site.rest("GET", "/suppressions")).json["data"] == [added.json]
    assert (await site.rest("GET", f"/suppressions/{OUTSIDE}")).json == added.json
    refused = await site.post(site.inbox, to("SOMEONE@example.org"))
    assert (refused.status, refused.json["code"]) == (403, "message_rejected")
    assert "/api/v1/suppressions" in refused.json["fix"]
    client = await site.smtp()
    assert (await client.envelope(site.inbox.address, OUTSIDE)).startswith("550 5.7.1")
    assert (await site.rest("DELETE", "/suppressions/Someone%40example.org")).status == 204
    assert (await site.rest("DELETE", f"/suppressions/{OUTSIDE}")).status == 404
    assert (await site.rest("GET", f"/suppressions/{OUTSIDE}")).status == 404
    assert (await site.post(site.inbox, to(OUTSIDE))).status == 201


async def test_suppressions_come_in_pages_and_to_whoever_may_see_them(site: Site) -> None:
    for name in "cab":
        await site.rest("POST", "/suppressions", {"email": f"{name}@example.org"})
    page = (await site.rest("GET", "/suppressions?limit=2")).json
    assert [one["email"][0] for one in page["data"]] == ["a", "b"]
    page = (await site.rest("GET", f"/suppressions?cursor={page['next_cursor']}")).json
    assert [one["email"][0] for one in page["data"]] == ["c"]
    _, reader = await site.new_key("rules:read")
    assert (await site.rest("GET", "/suppressions", secret=reader)).status == 200
    body = {"email": "d@example.org"}
    assert (await site.rest("POST", "/suppressions", body, secret=reader)).status == 403
    _, narrow = await site.new_key("rules:read", "rules:write", inbox=site.inbox)
    assert (await site.rest("POST", "/suppressions", body, secret=narrow)).status == 403
    assert (await site.rest("DELETE", "/suppressions/a@example.org", secret=narrow)).status == 403


# --------------------------------------------------------------------------------------- rules


async def test_one_rule_is_read(site: Site) -> None:
    rule = {"direction": "send", "action": "block", "match_type": "domain", "value": "b.example"}
    made = (await site.rest("POST", "/filter-rules", rule)).json
    assert (await site.rest("GET", f"/filter-rules/{made['id']}")).json == made
    assert (await site.rest("GET", "/filter-rules/rul_X")).status == 404


# --------------------------------------------------------------------------------------- rates


async def test_every_send_tells_how_many_may_follow(tmp_path: Path) -> None:
    settings = Settings(sends_per_inbox_minute=2, sends_per_organization_day=100)
    async with opening(tmp_path, settings) as site:
        left = []
        for _ in range(3):
            answer = await site.post(site.inbox, to(OUTSIDE))
            left.append(answer.headers["ratelimit"])
            assert answer.headers["ratelimit-policy"] == (
                '"key";q=600;w=60, "inbox";q=2;w=60, "organization";q=100;w=86400'
            )
        assert (answer.status, answer.json["code"]) == (429, "rate_limited")
        assert [re.findall(r"r=(\d+)", one) for one in left] == [
            ["599", "1", "99"],
            ["598", "0", "98"],
            ["598", "0", "98"],
        ]
        inbox = re.search(r'"inbox";r=0;t=(\d+)', left[-1])
        assert inbox is not None
        assert abs(int(inbox[1]) - int(answer.headers["retry-after"])) <= 1
        listed = await site.rest("GET", f"/inboxes/{site.inbox.id}/messages")
        assert "ratelimit" not in listed.headers
