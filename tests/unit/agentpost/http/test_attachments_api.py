"""Attachments: asked for, uploaded, cited in messages and drafts, forgotten."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import pytest

from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.mail import uploads
from mailcore_agentpost.sending import forget_old

from ..site import Site, to
from .wire import Answer

OUTSIDE = "someone@example.org"
OCTETS = bytes(range(256)) * 5000


async def ask(site: Site, filename: str = "größe.bin", **fields: Any) -> dict[str, Any]:
    answer = await site.rest("POST", "/attachments", {"filename": filename, **fields})
    assert answer.status == 201, answer.body
    asked: dict[str, Any] = answer.json
    return asked


async def put(site: Site, asked: dict[str, Any], octets: bytes = OCTETS) -> Answer:
    path = asked["upload_url"].removeprefix("http://localhost")
    return await site.http("PUT", path, octets)


async def uploaded(site: Site, filename: str = "größe.bin", **fields: Any) -> str:
    asked = await ask(site, filename, **fields)
    assert (await put(site, asked)).status == 200
    key: str = asked["key"]
    return key


async def attached(site: Site, message: str) -> list[tuple[str, str, bytes]]:
    """Return what the standard library finds attached to a message."""
    octets = (await site.rest("GET", f"/messages/{message}/raw")).body
    parsed = message_from_bytes(octets, policy=policy.default)
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
        for part in parsed.iter_attachments()
    ]


async def test_an_upload_is_asked_for_filled_and_cited(site: Site) -> None:
    asked = await ask(site, mime_type="image/png")
    assert asked["key"].startswith("att_")
    assert asked["size"] is None
    filled = await put(site, asked)
    assert (filled.status, filled.json["size"]) == (200, len(OCTETS))
    path = f"/attachments/{asked['key']}"
    assert (await site.rest("GET", path)).json == filled.json
    sent = await site.post(site.inbox, to(OUTSIDE, attachments=[{"key": asked["key"]}]))
    assert sent.status == 201, sent.body
    (meta,) = sent.json["attachments"]
    assert (meta["filename"], meta["mime_type"]) == ("größe.bin", "image/png")
    assert sent.json["text_body"] == "Hi.\r\n"
    assert await attached(site, sent.json["id"]) == [("größe.bin", "image/png", OCTETS)]
    download = await site.rest("GET", f"/messages/{sent.json['id']}/attachments/{meta['section']}")
    assert download.body == OCTETS
    assert download.headers["content-type"] == "application/octet-stream"
    assert download.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe.bin"
    )
    assert (await site.rest("DELETE", path)).status == 204
    assert (await site.rest("GET", path)).status == 404
    assert await attached(site, sent.json["id"]) == [("größe.bin", "image/png", OCTETS)]


async def test_a_citation_may_name_it_otherwise(site: Site) -> None:
    key = await uploaded(site)
    ref = {"key": key, "filename": "b.pdf", "mime_type": "application/pdf"}
    sent = await site.post(site.inbox, to(OUTSIDE, attachments=[ref, {"key": key}]))
    assert await attached(site, sent.json["id"]) == [
        ("b.pdf", "application/pdf", OCTETS),
        ("größe.bin", "application/octet-stream", OCTETS),
    ]


@pytest.mark.parametrize("answer", ["reply", "forward"])
async def test_answers_have_attachments_too(site: Site, answer: str) -> None:
    key = await uploaded(site)
    first = await site.post(site.inbox, to(OUTSIDE))
    body = {"text_body": "Look.", "attachments": [{"key": key}]}
    if answer == "forward":
        body["to"] = [{"email": OUTSIDE}]
    sent = await site.rest("POST", f"/messages/{first.json['id']}/{answer}", body)
    found = [one["filename"] for one in sent.json["attachments"]]
    assert found == {"reply": ["größe.bin"], "forward": ["forwarded.eml", "größe.bin"]}[answer]


async def test_attachments_of_a_draft(site: Site) -> None:
    one, two = await uploaded(site, "one"), await uploaded(site, "two")
    body = {"to": [{"email": OUTSIDE}], "attachments": [{"key": one}]}
    draft = (await site.rest("POST", f"/inboxes/{site.inbox.id}/drafts", body)).json
    path = f"/drafts/{draft['id']}"

    async def change(**fields: Any) -> list[str]:
        changed = await site.rest("PATCH", path, fields)
        assert changed.status == 200, changed.body
        return [meta["filename"] for meta in changed.json["attachments_meta"]]

    (meta,) = draft["attachments_meta"]
    assert await change(text_body="Other") == ["one"]
    kept = {"key": meta["section"]}
    assert await change(attachments=[{"key": two}, kept]) == ["two", "one"]
    await site.rest("DELETE", f"/attachments/{one}")
    sent = (await site.rest("POST", f"{path}/send")).json
    assert [(name, octets) for name, _, octets in await attached(site, sent["id"])] == [
        ("two", OCTETS),
        ("one", OCTETS),
    ]
    assert sent["text_body"].strip() == "Other"


async def test_attachments_of_a_draft_go(site: Site) -> None:
    body = {"attachments": [{"key": await uploaded(site)}]}
    draft = (await site.rest("POST", f"/inboxes/{site.inbox.id}/drafts", body)).json
    assert draft["has_attachments"]
    none = await site.rest("PATCH", f"/drafts/{draft['id']}", {"attachments": []})
    assert (none.json["attachments_meta"], none.json["has_attachments"]) == ([], False)


async def test_a_repetition_needs_the_upload_no_more(site: Site) -> None:
    key = await uploaded(site)
    message, headers = to(OUTSIDE, attachments=[{"key": key}]), {"Idempotency-Key": "once"}
    first = await site.post(site.inbox, message, headers=headers)
    await site.rest("DELETE", f"/attachments/{key}")
    again = await site.post(site.inbox, message, headers=headers)
    assert (again.status, again.json["id"]) == (201, first.json["id"])


async def test_octets_come_again_in_the_place_of_the_first(site: Site) -> None:
    asked = await ask(site)
    await put(site, asked, b"first")
    assert (await put(site, asked, b"second, and longer")).json["size"] == 18
    assert site.query("SELECT size FROM bodies") == [18]


async def test_what_is_empty_can_not_be_cited(site: Site) -> None:
    asked = await ask(site)
    answer = await site.post(site.inbox, to(OUTSIDE, attachments=[{"key": asked["key"]}]))
    assert (answer.status, answer.json["code"]) == (409, "attachment_empty")
    await put(site, asked, b"")
    answer = await site.post(site.inbox, to(OUTSIDE, attachments=[{"key": asked["key"]}]))
    assert [octets for *_, octets in await attached(site, answer.json["id"])] == [b""]


async def test_what_is_too_big_is_refused_before_it_is_kept(site: Site) -> None:
    asked = await ask(site)
    path = asked["upload_url"].removeprefix("http://localhost")
    assert asked["max_size"] == HTTPLimits().upload
    length = {"Content-Length": str(asked["max_size"] + 1)}
    answer = await site.http("PUT", path, b"x", headers=length)
    assert (answer.status, answer.json["code"]) == (413, "body_too_large")
    assert site.query("SELECT count(*) FROM bodies") == [0]


async def test_an_unused_upload_expires(site: Site) -> None:
    key = await uploaded(site)
    site.change("UPDATE uploads SET created_at = created_at - ?", uploads.LIFETIME)
    assert (await site.rest("GET", f"/attachments/{key}")).status == 404
    answer = await site.post(site.inbox, to(OUTSIDE, attachments=[{"key": key}]))
    assert answer.status == 404
    await site.backend.store.write(forget_old)
    assert site.query("SELECT count(*) FROM uploads") == [0]
    assert site.query("SELECT count(*) FROM chunks") == [0]


async def test_so_many_may_wait(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST", 1)
    await ask(site)
    answer = await site.rest("POST", "/attachments", {"filename": "a"})
    assert (answer.status, answer.json["code"]) == (429, "too_many_uploads")


@pytest.mark.parametrize(
    "fields",
    [
        {"filename": "a/b"},
        {"filename": "a\r\nBcc: b@example.org"},
        {"filename": ""},
        {"filename": "a", "mime_type": "multipart/mixed"},
        {"filename": "a", "mime_type": "message/rfc822"},
        {"filename": "a", "mime_type": "text"},
        {"filename": "a", "mime_type": "text/html; charset=utf-8"},
    ],
)
async def test_names_and_types_that_can_not_be(site: Site, fields: dict[str, str]) -> None:
    assert (await site.rest("POST", "/attachments", fields)).status == 422


async def test_what_is_somebody_elses_is_not_there(site: Site) -> None:
    key = await uploaded(site)
    other = await site.new_inbox()
    _, secret = await site.new_key("messages:read", "messages:write", inbox=other)
    assert (await site.rest("GET", f"/attachments/{key}", secret=secret)).status == 404
    assert (await site.rest("DELETE", f"/attachments/{key}", secret=secret)).status == 404
    message = to(OUTSIDE, attachments=[{"key": key}])
    assert (await site.post(other, message, secret=secret)).status == 404
    for path in (f"/uploads/{key}?ticket=guessed", "/uploads/att_X?ticket=guessed"):
        assert (await site.http("PUT", path, b"x")).status == 404
    assert (await site.http("PUT", f"/uploads/{key}", b"x")).status == 422
    asked = (await site.rest("POST", "/attachments", {"filename": "a"}, secret=secret)).json
    await put(site, asked)
    answer = await site.post(site.inbox, to(OUTSIDE, attachments=[{"key": asked["key"]}]))
    assert answer.status == 404
