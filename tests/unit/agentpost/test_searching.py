"""Searches beyond the selected mailbox and beyond one answer, over AgentPost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mailcore.limits import KIB

from .site import IMAPClient, opening

MAIL = [b"Subject: %b\r\n\r\nLunch at noon, %b\r\n" % (one, one) for one in (b"c", b"b", b"a")]


async def put(client: IMAPClient, folder: str, *messages: bytes) -> None:
    for message in messages:
        octets = b"p APPEND %b {%d+}\r\n%b\r\n" % (folder.encode(), len(message), message)
        assert b"p OK" in await client.exchange(octets)


async def test_pages_contexts_several_mailboxes_and_fuzzy(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        client, other = await site.imap(), await site.imap()
        await put(client, "INBOX", *MAIL)
        await put(client, "Drafts", MAIL[0])
        for one in (client, other):
            await one.ok("SELECT INBOX")
        names = (await client.ok("CAPABILITY"))[0].split()
        assert {"PARTIAL", "CONTEXT=SEARCH", "CONTEXT=SORT", "MULTISEARCH", "SEARCH=FUZZY"} <= {
            *names
        }

        assert await client.ok("UID SEARCH RETURN (PARTIAL -1:-2) BODY noon") == [
            '* ESEARCH (TAG "t") UID PARTIAL (-1:-2 2:3)'
        ]
        assert len(await client.ok("UID FETCH 1:* FLAGS (PARTIAL 2:3)")) == 2

        await client.exchange(b"k UID SORT RETURN (UPDATE) (SUBJECT) UTF-8 UNSEEN BODY noon\r\n")
        await other.ok("STORE 2 +FLAGS.SILENT (\\Seen)")
        await other.ok("STORE 3 +FLAGS.SILENT (\\Deleted)")
        await other.ok("EXPUNGE")
        # 3 2 1
        assert [line for line in await client.ok("NOOP") if "FETCH" not in line] == [
            '* ESEARCH (TAG "k") UID REMOVEFROM (1 3)',
            "* 3 EXPUNGE",
            '* ESEARCH (TAG "k") UID REMOVEFROM (1 2)',
        ]
        await put(other, "INBOX", MAIL[2])
        assert (await client.ok("NOOP"))[-1] == '* ESEARCH (TAG "k") UID ADDTO (1 4)'

        lines = await client.ok("ESEARCH IN (personal) RETURN (COUNT) BODY noon")
        found = {line.split("MAILBOX ")[1].split()[0]: line.split()[-1] for line in lines}
        # What is expunged goes to Trash first.
        assert found == {"INBOX": "3", "Drafts": "1", "Trash": "1"}

        command = "UID SORT RETURN (ALL RELEVANCY) (RELEVANCY ARRIVAL) UTF-8 FUZZY BODY lnuch"
        assert await client.ok(command) == [
            '* ESEARCH (TAG "t") UID ALL 1:2,4 RELEVANCY (75 75 75)'
        ]


@pytest.mark.parametrize("key", ["TEXT", "BODY", "SUBJECT", "FUZZY TEXT"])
async def test_a_term_of_64_kib_takes_linear_time(tmp_path: Path, key: str) -> None:
    async with opening(tmp_path) as site:
        client = await site.imap()
        await put(client, "INBOX", *(b"Subject: x\r\n\r\n" + b"ab" * 100 * KIB for _ in range(3)))
        await client.ok("SELECT INBOX")

        async def seconds(size: int) -> float:
            term = b"ab" * (size // 2) + b"z"
            start = time.process_time()
            await client.exchange(b"s SEARCH %b {%d+}\r\n%b\r\n" % (key.encode(), len(term), term))
            return time.process_time() - start

        small = min([await seconds(4 * KIB) for _ in range(3)])
        # With the product of both sizes it would take seconds.
        assert min([await seconds(64 * KIB) for _ in range(3)]) < 16 * small + 0.5
