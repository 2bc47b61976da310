"""Folders of an inbox, as two mail clients see them at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.unit.agentpost.site import IMAPClient, Site, opening

STATUS = "STATUS Work (MESSAGES UIDVALIDITY)"
MESSAGE = b"Subject: x\r\n\r\nx"


async def _status(client: IMAPClient) -> str:
    (line,) = await client.ok(STATUS)
    return line


async def test_a_folder_that_was_opened_is_the_one_that_has_the_name_now(site: Site) -> None:
    first, second = await site.imap(), await site.imap()
    await first.ok("CREATE Work")
    await first.ok("APPEND Work", MESSAGE)
    was = await _status(second)
    assert "MESSAGES 1 " in was
    await first.ok("RENAME Work Done")
    assert (await second.tagged(STATUS)).startswith("NO [NONEXISTENT]")
    assert (await second.tagged("APPEND Work", MESSAGE)).startswith("NO [TRYCREATE]")
    await first.ok("CREATE Work")
    made_anew = await _status(second)
    assert "MESSAGES 0 " in made_anew
    await second.ok("APPEND Work", MESSAGE)
    assert await first.uids("Work") == await first.uids("Done") == [1]
    await first.ok("UNSELECT")
    await first.ok("DELETE Work")
    await first.ok("RENAME Done Work")
    assert await _status(second) == was


async def test_a_folder_that_another_process_has_renamed_is_looked_up_again(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        client = await site.imap()
        await client.ok("CREATE Work")
        await _status(client)
        with sqlite3.connect(tmp_path / "agentpost.db") as other:
            other.execute("UPDATE folders SET name = 'Done' WHERE name = 'Work'")
        site.backend.hub.stir()
        assert (await client.tagged(STATUS)).startswith("NO [NONEXISTENT]")
        await client.ok("STATUS Done (MESSAGES)")
