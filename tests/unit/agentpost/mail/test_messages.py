"""Bodies in chunks, and what goes with the last message that has one."""

from __future__ import annotations

import mmap
from itertools import pairwise

import pytest

from mailcore.backend import OctetRange
from mailcore.limits import DEFAULT_LIMITS, KIB, MIB
from mailcore.spool import Content
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.folders import Folder
from mailcore_agentpost.mail.messages import (
    insert_message,
    purge,
    read_body,
    read_placed,
    read_ranges,
    read_summaries,
    replace_octets,
    write_body,
)
from mailcore_agentpost.mail.placements import remove
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow

from .conftest import NOW, count, put, store

SIZES = [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1]


def octets(size: int) -> bytes:
    """Make octets of which no two places look alike."""
    return b"".join(b"%07d\n" % number for number in range(size // 8 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
def test_a_body_is_read_whole_and_in_parts(transaction: Transaction, size: int) -> None:
    data = octets(size)
    body = write_body(transaction, data)
    assert transaction.octets == size
    (stored,) = transaction.execute("SELECT size FROM bodies WHERE id = ?", (body,)).fetchone()
    assert stored == size
    edges = {
        0,
        1,
        MIB - 1,
        MIB,
        MIB + 1,
        2 * MIB - 1,
        2 * MIB,
        2 * MIB + 1,
        size - 1,
        size,
        size + 9,
    }
    for start in sorted(edge for edge in edges if edge >= 0):
        for end in sorted(edge for edge in edges if edge >= 0):
            found = read_body(transaction.connection, body, start, end)
            assert found == data[start : max(start, end)]
    assert read_body(transaction.connection, body, 0, 2**40) == data


@pytest.mark.parametrize("step", [65536, 65537])
def test_parts_in_a_row_make_the_whole(transaction: Transaction, step: int) -> None:
    data = octets(2 * MIB + 77)
    body = write_body(transaction, data)
    ends = [*range(0, len(data), step), len(data)]
    parts = [read_body(transaction.connection, body, *pair) for pair in pairwise(ends)]
    assert b"".join(parts) == data


def test_a_body_from_a_file_is_the_same(transaction: Transaction) -> None:
    data = octets(MIB + 5)
    with Content(data, memory=0) as content:
        buffer = content.buffer()
        assert isinstance(buffer, mmap.mmap)
        body = write_body(transaction, buffer)
    assert read_body(transaction.connection, body, 0, len(data)) == data


def test_a_message_is_read_by_its_uid(transaction: Transaction, box: Folder) -> None:
    first, _ = put(transaction, box, data=b"Subject: one\r\n\r\n1")
    second, _ = put(transaction, box, data=b"Subject: two\r\n\r\n2")
    assert read_placed(transaction.connection, box.id, first, 9, 12) == b"one"
    assert read_placed(transaction.connection, box.id, second, 0, 99).endswith(b"two\r\n\r\n2")
    with pytest.raises(KeyError):
        read_placed(transaction.connection, box.id, 3, 0, 1)
    with pytest.raises(KeyError):
        read_placed(transaction.connection, box.id + 1, first, 0, 1)


def test_parts_of_many_messages_are_those_of_each(transaction: Transaction, box: Folder) -> None:
    datas = [b"", octets(9), octets(64 * KIB), octets(MIB + 9), octets(30)]
    uids = [put(transaction, box, data=b"\r\n" + data)[0] for data in datas]
    gone = max(uids) + 1
    edges = [0, 1, 2, 9, 64 * KIB, 64 * KIB + 1, MIB, MIB + 2]
    ranges = [
        OctetRange(uid, start, end) for uid in (*uids, gone) for start in edges for end in edges
    ]
    found = read_ranges(transaction.connection, box.id, ranges)
    assert found == [
        None if uid == gone else (b"\r\n" + datas[uids.index(uid)])[start : max(start, end)]
        for uid, start, end in ranges
    ]


def test_summaries_leave_out_what_is_not_there(transaction: Transaction, box: Folder) -> None:
    uid, _ = put(transaction, box, data=b"Subject: one\r\n\r\n1")
    expected = digest(b"Subject: one\r\n\r\n1", DEFAULT_LIMITS).summary
    assert read_summaries(transaction.connection, box.id, [uid, 7]) == {uid: expected}
    assert read_summaries(transaction.connection, box.id, []) == {}


def test_a_body_goes_with_the_last_message_that_has_it(
    transaction: Transaction, inbox: InboxRow
) -> None:
    body = write_body(transaction, octets(MIB + 1))
    known = digest(b"", DEFAULT_LIMITS)
    first, second = (
        insert_message(transaction, inbox.id, "inbound", body, known, 0.0).number for _ in "12"
    )
    purge(transaction, [first])
    assert count(transaction, "chunks") == 2
    purge(transaction, [second])
    for table in ("messages", "bodies", "chunks"):
        assert count(transaction, table) == 0


def test_what_lies_in_a_folder_is_not_purged(transaction: Transaction, box: Folder) -> None:
    uid, stored = put(transaction, box)
    purge(transaction, [stored.number])
    assert count(transaction, "messages") == 1
    purge(transaction, remove(transaction, box.id, [uid]))
    assert count(transaction, "messages") == 0


def test_recipients_go_with_their_message(transaction: Transaction, inbox: InboxRow) -> None:
    stored = store(transaction, inbox.id)
    transaction.execute("INSERT INTO recipients VALUES (?, 'a@b', 'kept')", (stored.id,))
    transaction.execute("INSERT INTO recipients VALUES ('msg_other', 'a@b', 'kept')")
    purge(transaction, [stored.number])
    assert count(transaction, "recipients") == 1


def test_other_octets_leave_id_and_thread(transaction: Transaction, inbox: InboxRow) -> None:
    stored = store(transaction, inbox.id, b"Message-ID: <a@b>\r\n\r\nold")
    columns = "SELECT id, thread, message_id, body, header FROM messages"
    before = transaction.execute(columns).fetchone()
    data = b"Message-ID: <c@d>\r\n\r\nnew"
    body = write_body(transaction, data)
    replace_octets(transaction, stored.number, body, digest(data, DEFAULT_LIMITS))
    after = transaction.execute(columns).fetchone()
    assert (after["id"], after["thread"]) == (before["id"], before["thread"])
    assert (after["message_id"], after["header"]) == ("<c@d>", b"Message-ID: <c@d>\r\n\r\n")
    assert after["body"] == body
    assert count(transaction, "bodies") == count(transaction, "chunks") == 1


@pytest.mark.parametrize(
    "field",
    [
        b"In-Reply-To: <root@x>",
        b"References: <root@x>",
        b"References: <root@x> <unknown@x>",
        b"In-Reply-To: <unknown@x>\r\nReferences: <far@x>\r\n <root@x>",
    ],
)
def test_a_reply_joins_the_thread_of_what_it_answers(
    transaction: Transaction, inbox: InboxRow, field: bytes
) -> None:
    store(transaction, inbox.id, b"Message-ID: <root@x>\r\nSubject: a\r\n\r\n")
    store(transaction, inbox.id, b"Subject: Re: a\r\n%b\r\n\r\n" % field)
    store(transaction, inbox.id, b"Subject: Re: a\r\n\r\n")
    threads = [row[0] for row in transaction.execute("SELECT thread FROM messages ORDER BY number")]
    assert threads[0] == threads[1]
    assert threads[2] != threads[0]  # never by subject


def test_the_nearest_ancestor_decides(transaction: Transaction, inbox: InboxRow) -> None:
    store(transaction, inbox.id, b"Message-ID: <far@x>\r\n\r\n")
    store(transaction, inbox.id, b"Message-ID: <near@x>\r\n\r\n")
    store(transaction, inbox.id, b"References: <far@x> <near@x>\r\n\r\n")
    threads = [row[0] for row in transaction.execute("SELECT thread FROM messages ORDER BY number")]
    assert threads[2] == threads[1] != threads[0]


def test_threads_do_not_reach_into_another_inbox(
    transaction: Transaction, inbox: InboxRow, organization: str
) -> None:
    from mailcore_agentpost.mail.inboxes import insert_inbox

    other = insert_inbox(transaction, organization, username="b", domain="b", now=NOW)
    store(transaction, inbox.id, b"Message-ID: <root@x>\r\n\r\n")
    store(transaction, other.id, b"In-Reply-To: <root@x>\r\n\r\n")
    threads = {row[0] for row in transaction.execute("SELECT thread FROM messages")}
    assert len(threads) == 2
