"""What the page is served as, and what it may do; parts and folders for it to show."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from trio.testing import memory_stream_pair

from mailcore.backend import Peer

from ..site import Site
from .wire import Answer, parse

MIXED = (
    b"From: a@example.org\r\nSubject: parts\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n'
    b'--m\r\nContent-Type: multipart/related; boundary="r"\r\n\r\n'
    b"--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p>Gr\xc3\xbc\xc3\x9fe</p><img src="cid:pic@x">\r\n'
    b"--r\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nUE5H\r\n--r--\r\n"
    b"--m\r\nContent-Type: text/html\r\n"
    b"Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.html\r\n\r\n"
    b"<script>alert(1)</script>\r\n--m--\r\n"
)


async def get(site: Site, path: str, fields: str = "") -> Answer:
    """Ask without a key."""
    client, server = memory_stream_pair()

    async def serve() -> None:
        async with server:
            await site.backend.handle_http(server, Peer("http", "127.0.0.1"), trio.Event())

    answer = b""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n"
        await client.send_all(head.encode())
        while received := await client.receive_some():
            answer += received
        await client.aclose()
    return parse(answer, "GET")[0]


async def stored(site: Site, message: bytes = MIXED) -> str:
    client = await site.stranger()
    assert (await client.send("a@example.org", [site.inbox.address], message)).startswith("250")
    found: str = site.query("SELECT id FROM messages")[-1]
    return found


async def test_the_page_may_load_nothing_but_itself(site: Site) -> None:
    page = await get(site, "/")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert b"<script>" not in page.body


@pytest.mark.parametrize("name", ["app.js", "style.css", "icon.svg"])
async def test_what_the_page_loads(site: Site, name: str) -> None:
    first = await get(site, f"/web/{name}")
    assert first.status == 200
    again = await get(site, f"/web/{name}", f"If-None-Match: {first.headers['etag']}\r\n")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("path", ["/web/none.js", "/web/..%2Fbackend.py", "/web/", "/nowhere"])
async def test_what_is_no_file(site: Site, path: str) -> None:
    assert (await get(site, path)).status == 404


async def test_parts_have_the_numbers_of_imap(site: Site) -> None:
    message = await stored(site)
    tree: dict[str, Any] = json.loads(
        (await site.rest("GET", f"/messages/{message}/structure")).body
    )
    related, attached = tree["children"]
    assert [part["section"] for part in related["children"]] == ["1.1", "1.2"]
    assert (attached["section"], attached["filename"]) == ("2", "naïve.html")
    whole = json.loads((await site.rest("GET", f"/messages/{message}")).body)
    (file,) = whole["attachments"]
    assert (file["section"], file["mime_type"]) == ("2", "text/html")


async def test_an_attachment_is_never_run(site: Site) -> None:
    message = await stored(site)
    got = await site.rest("GET", f"/messages/{message}/attachments/2")
    assert got.body == b"<script>alert(1)</script>"
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''na%C3%AFve.html"
    assert (await site.rest("GET", f"/messages/{message}/attachments/9")).status == 404


async def test_html_is_shown_once_and_in_a_sandbox(site: Site) -> None:
    message = await stored(site)
    url = json.loads((await site.rest("POST", f"/messages/{message}/view")).body)["url"]
    view = await get(site, url)
    assert view.status == 200
    assert view.headers["content-security-policy"].endswith("; sandbox")
    assert "Grüße".encode() in view.body
    assert b'src="data:image/png;base64,UE5H"' in view.body
    assert (await get(site, url)).status == 404
    assert (await get(site, "/view/guess")).status == 404


async def test_a_message_without_html_has_no_view(site: Site) -> None:
    message = await stored(site, b"Subject: text\r\n\r\nHi.\r\n")
    url = json.loads((await site.rest("POST", f"/messages/{message}/view")).body)["url"]
    assert (await get(site, url)).status == 404


async def test_folders_with_their_counts(site: Site) -> None:
    await stored(site)
    await stored(site)
    client = await site.imap()
    await client.ok("SELECT INBOX")
    await client.ok("STORE 1 +FLAGS (\\Seen)")
    answer = await site.rest("GET", f"/inboxes/{site.inbox.id}/folders")
    counts = {one["name"]: (one["total"], one["unread"]) for one in json.loads(answer.body)["data"]}
    assert counts == {"INBOX": (2, 1), "Sent": (0, 0), "Drafts": (0, 0), "Trash": (0, 0)}
