"""The limit of an inbox (RFC 9208): told over IMAP, kept at every door that fills it."""

from __future__ import annotations

from pathlib import Path

from mailcore_agentpost.settings import Settings
from tests.unit.agentpost.site import opening

LIMIT = 4096
MESSAGE = b"Subject: x\r\n\r\n".ljust(3000, b"x")


async def test_a_full_inbox_takes_no_more(tmp_path: Path) -> None:
    async with opening(tmp_path, Settings(inbox_storage=LIMIT)) as site:
        client = await site.imap()
        await client.ok("APPEND INBOX", MESSAGE)
        told = await client.ok("GETQUOTAROOT INBOX")
        assert told[-1] == '* QUOTA "" (STORAGE 3 4 MAILBOX 4 1000)'
        assert (await client.tagged("APPEND INBOX", MESSAGE)).startswith("NO [OVERQUOTA]")
        assert await client.uids("INBOX") == [1]
        # A copy takes no room: a message counts once, in however many folders.
        await client.ok("SELECT INBOX")
        await client.ok("COPY 1 Trash")
        await client.ok("APPEND INBOX", MESSAGE[:1096])
        stranger = await site.stranger()
        reply = await stranger.envelope("someone@example.test", site.inbox.address)
        assert reply.startswith("452 4.2.2")


async def test_without_a_limit_there_is_none(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        client = await site.imap()
        assert await client.ok('GETQUOTA ""') == ['* QUOTA "" (MAILBOX 4 1000)']
        assert (await client.tagged('SETQUOTA "" ()')).startswith("NO [CANNOT]")


async def test_ids_are_those_of_rest_and_save_dates_are_told(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        client = await site.imap()
        await client.ok("APPEND INBOX", MESSAGE)
        await client.ok("SELECT INBOX")
        (line,) = await client.ok("FETCH 1 (EMAILID THREADID SAVEDATE)")
        (row,) = site.query("SELECT id, thread FROM messages")
        assert f"EMAILID ({row[0]}) THREADID ({row[1]}) SAVEDATE " in line
        assert row[0].startswith("msg_")
        assert row[1].startswith("thr_")
