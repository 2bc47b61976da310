"""The index behind IMAP: built beside the mail, and never what an answer depends on."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
import trio

from mailcore.imap.searchkeys import Text
from mailcore_agentpost.mailbox import Mailbox
from mailcore_agentpost.texts import schema

from ..site import IMAPClient, Site, opening

NOON = b"Message-ID: <noon@example.test>\r\nSubject: Lunch\r\n\r\nAt noon, as usual?\r\n"
NIGHT = b"Subject: Supper\r\n\r\nAt night\r\n"
FILE = "agentpost-texts.db"


async def indexed(site: Site) -> None:
    """Wait until everything is indexed, and nothing that is gone."""
    with trio.fail_after(30):
        while True:
            found = await site.backend.texts.search_inbox(site.inbox.id, Text("x"))
            entries = query(site, "SELECT count(*) FROM entries")
            if found is not None and not found.possible and entries == messages(site):
                return
            await trio.sleep(0.01)


def messages(site: Site) -> list[int]:
    return site.query("SELECT count(*) FROM messages")


def query(site: Site, sql: str) -> list[int]:
    with closing(sqlite3.connect(site.path.with_name(FILE))) as connection:
        return [row[0] for row in connection.execute(sql).fetchall()]


async def search(client: IMAPClient, keys: str) -> list[int]:
    (line,) = await client.ok(f"UID SEARCH {keys}")
    return [int(word) for word in line.removeprefix("* SEARCH").split()]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with opening(tmp_path) as site:
        yield site


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it an error to read a message, from here on."""

    async def read(self: Mailbox, uid: int, start: int, end: int) -> bytes:
        raise AssertionError("a message was read")

    monkeypatch.setattr(Mailbox, "read", read)


@asynccontextmanager
async def stopped(site: Site) -> AsyncIterator[None]:
    """Keep the index as it is."""
    keeper = site.backend.texts._keeper
    assert keeper is not None
    keeper.stop()
    yield


async def filled(site: Site) -> IMAPClient:
    client = await site.imap()
    await client.ok("APPEND INBOX", NOON)
    await client.ok("APPEND INBOX", NIGHT)
    await client.ok("SELECT INBOX")
    return client


KEYS = {
    "TEXT noon": [1],
    "BODY AT": [1, 2],
    "SUBJECT lunch": [1],
    "HEADER Message-ID noon@": [1],
    "NOT TEXT noon": [2],
    "OR BODY noon BODY night": [1, 2],
    "BODY night UNSEEN": [2],
    "TEXT midnight": [],
}


@pytest.mark.usefixtures("unread")
async def test_texts_are_found_without_reading_a_message(site: Site) -> None:
    client = await filled(site)
    await indexed(site)
    for keys, uids in KEYS.items():
        assert await search(client, keys) == uids


async def test_what_is_not_indexed_yet_is_found_too(site: Site) -> None:
    await filled(site)
    await indexed(site)
    async with stopped(site):
        client = await filled(site)
        for keys, uids in KEYS.items():
            assert await search(client, f"UID 1:2 {keys}") == uids
            assert await search(client, f"UID 3:4 {keys}") == [uid + 2 for uid in uids]


async def test_another_collation_tells_more_texts_apart(site: Site) -> None:
    client = await filled(site)
    await indexed(site)
    await client.ok("COMPARATOR i;octet")
    assert await search(client, "TEXT lunch") == []
    assert await search(client, "TEXT Lunch") == [1]
    assert await search(client, "NOT TEXT lunch") == [1, 2]


@pytest.mark.parametrize("damage", ["gone", "garbage", "another version"])
async def test_an_index_that_is_not_there_is_made_of_the_mail(tmp_path: Path, damage: str) -> None:
    async with opening(tmp_path) as site:
        await filled(site)
        await indexed(site)
    path = tmp_path / FILE
    match damage:
        case "gone":
            schema.remove(path)
        case "garbage":
            path.write_bytes(b"no database at all" * 1000)
        case _:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("UPDATE made_by SET version = 'x'")
                connection.execute("DELETE FROM texts")
    async with opening(tmp_path) as site:
        client = await site.imap()
        await client.ok("SELECT INBOX")
        assert await search(client, "TEXT noon") == [1]
        await indexed(site)
        assert await search(client, "TEXT noon") == [1]


async def test_the_index_of_the_last_time_serves_at_once(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        await filled(site)
        await indexed(site)
    async with opening(tmp_path) as site, stopped(site):
        found = await site.backend.texts.search_inbox(site.inbox.id, Text("noon"))
        assert found is not None
        assert (list(found.certain), list(found.possible)) == ([1], [])


async def test_what_went_while_nobody_watched_is_taken_out(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        await filled(site)
        await indexed(site)
        site.backend.texts._keeper.stop()  # type: ignore[union-attr]
        client = await site.imap()
        for folder in ("INBOX", "Trash"):
            await client.ok(f"SELECT {folder}")
            await client.ok("STORE 1:* +FLAGS (\\Deleted)")
            await client.ok("EXPUNGE")
        assert (messages(site), query(site, "SELECT count(*) FROM entries")) == ([0], [2])
    async with opening(tmp_path) as site:
        await indexed(site)
        assert query(site, "SELECT count(*) FROM texts") == [0]


async def test_what_is_purged_leaves_the_index(site: Site) -> None:
    client = await filled(site)
    await indexed(site)
    for folder in ("INBOX", "Trash"):
        await client.ok(f"SELECT {folder}")
        await client.ok("STORE 1 +FLAGS (\\Deleted)")
        await client.ok("EXPUNGE")
    await indexed(site)
    assert query(site, "SELECT count(*) FROM texts") == [1]
    assert await search(client, "TEXT noon") == []


async def test_the_copy_of_what_was_sent_is_found_by_its_new_octets(site: Site) -> None:
    sent = b"Message-ID: <sent@example.test>\r\nDate: Mon, 05 Jan 2026 12:00:00 +0000\r\n"
    sent += f"From: {site.inbox.address}\r\n".encode()
    client = await site.smtp()
    address = site.inbox.address
    reply = await client.send(address, [address], sent + b"\r\nAt noon\r\n")
    assert reply.startswith("250")
    await indexed(site)
    imap = await site.imap()
    await imap.ok("APPEND Sent", sent + b"X-Mailer: test\r\n\r\nAt night\r\n")
    await indexed(site)
    await imap.ok("SELECT Sent")
    assert await search(imap, "TEXT X-Mailer BODY night") == [2]
    assert await search(imap, "BODY noon") == []


async def test_a_long_text_is_looked_through_each_time(tmp_path: Path) -> None:
    from mailcore.limits import Limits

    async with opening(tmp_path, limits=Limits(indexed_text=200)) as site:
        client = await filled(site)
        await client.ok("APPEND INBOX", NOON + b"x" * 200)
        with trio.fail_after(30):
            while query(site, "SELECT count(*) FROM entries") != [3]:
                await trio.sleep(0.01)
        for _ in range(2):
            assert await search(client, "TEXT noon") == [1, 3]
            assert await search(client, "BODY xxxx") == [3]


async def test_without_an_index_everything_is_found(tmp_path: Path) -> None:
    # A directory in the place of the file.
    (tmp_path / FILE).mkdir()
    async with opening(tmp_path) as site:
        client = await filled(site)
        for keys, uids in KEYS.items():
            assert await search(client, keys) == uids
