"""Threads over REST: by headers only, newest first, without what lies in Trash."""

from __future__ import annotations

import json
from typing import Any

from ..site import Site, to

OUTSIDE = "someone@example.org"


async def send(site: Site, subject: str, answers: str | None = None) -> dict[str, Any]:
    """Send a message; ``answers`` is the id of one that it replies to."""
    if answers is None:
        got = await site.post(site.inbox, to(OUTSIDE, subject=subject))
    else:
        got = await site.rest("POST", f"/messages/{answers}/reply", {"text_body": "More."})
    assert got.status == 201
    message: dict[str, Any] = json.loads(got.body)
    return message


async def listed(site: Site, query: str = "") -> dict[str, Any]:
    answer = await site.rest("GET", f"/inboxes/{site.inbox.id}/threads{query}")
    assert answer.status == 200
    page: dict[str, Any] = json.loads(answer.body)
    return page


async def test_threads_are_listed_by_their_latest_message(site: Site) -> None:
    first = await send(site, "first")
    second = await send(site, "second")
    answer = await send(site, "", first["id"])
    page = await listed(site)
    assert [thread["id"] for thread in page["data"]] == [first["thread_id"], second["thread_id"]]
    newest = page["data"][0]
    assert (newest["message_count"], newest["unread_count"]) == (2, 0)
    assert newest["subject"] == "Re: first"
    assert newest["latest_message"]["id"] == answer["id"]


async def test_the_same_subject_makes_no_thread(site: Site) -> None:
    await send(site, "same")
    await send(site, "same")
    assert len((await listed(site))["data"]) == 2


async def test_threads_come_in_pages(site: Site) -> None:
    for number in range(5):
        await send(site, f"{number}")
    found, query = [], "?limit=2"
    while True:
        page = await listed(site, query)
        found += [thread["subject"] for thread in page["data"]]
        if not page["has_more"]:
            break
        query = f"?limit=2&cursor={page['next_cursor']}"
    assert found == ["4", "3", "2", "1", "0"]


async def test_what_lies_in_trash_is_in_no_list(site: Site) -> None:
    kept = await send(site, "kept")
    gone = await send(site, "", kept["id"])
    await site.rest("DELETE", f"/messages/{gone['id']}")
    (thread,) = (await listed(site))["data"]
    assert (thread["message_count"], thread["subject"]) == (1, "kept")
    await site.rest("DELETE", f"/messages/{kept['id']}")
    assert (await listed(site))["data"] == []
    assert (await site.rest("GET", f"/threads/{kept['thread_id']}")).status == 404


async def test_a_thread_with_its_messages_and_labels(site: Site) -> None:
    first = await send(site, "first")
    second = await send(site, "", first["id"])
    path = f"/threads/{first['thread_id']}"
    answer = await site.rest("POST", f"{path}/labels", {"labels": ["billing"]})
    thread = json.loads(answer.body)
    assert [message["id"] for message in thread["messages"]] == [first["id"], second["id"]]
    assert [message["labels"] for message in thread["messages"]] == [["billing"], ["billing"]]
    client = await site.imap()
    assert all("billing" in flags for flags in await client.flags("Sent"))
    assert (await site.rest("DELETE", f"{path}/labels/billing")).status == 204
    thread = json.loads((await site.rest("GET", path)).body)
    assert all(message["labels"] == [] for message in thread["messages"])
    assert (await site.rest("DELETE", f"{path}/labels/%5CSeen")).status == 422


async def test_a_key_of_another_inbox_sees_no_thread(site: Site) -> None:
    message = await send(site, "first")
    other = await site.new_inbox()
    _, secret = await site.new_key("messages:read", inbox=other)
    path = f"/threads/{message['thread_id']}"
    assert (await site.rest("GET", path, secret=secret)).status == 404
