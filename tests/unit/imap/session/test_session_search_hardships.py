"""SEARCH as clients are known to use it, and as nobody should: row by row of the lists."""

from __future__ import annotations

import time

import pytest

from mailcore.imap.session import Session
from mailcore.limits import KIB, MIB
from mailcore.testing import run


@pytest.fixture
def client(connect, deliver):
    deliver(*[b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(1, 6)])
    return connect()


# ------------------------------------------------------- clients, row 15: what they search for


def test_search_not_deleted(client) -> None:
    client.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    assert client.ok("SEARCH NOT DELETED") == ["* SEARCH 1 3 4 5"]
    assert client.ok("UID SEARCH RETURN (COUNT) NOT DELETED") == ['* ESEARCH (TAG "t") UID COUNT 4']


def test_search_uid_star(client, connect) -> None:
    assert client.ok("SEARCH UID *") == ["* SEARCH 5"]
    assert client.ok("UID SEARCH UID *") == ["* SEARCH 5"]
    assert connect(select="Sent").ok("UID SEARCH UID *") == ["* SEARCH"]


@pytest.mark.parametrize("plus", ["+", ""])
def test_search_charset_utf8_with_literals(client, deliver, plus: str) -> None:
    deliver("Subject: Grüße aus 東京\r\n\r\n".encode())
    client.ok("NOOP")
    first, second = "grüße".encode(), "東京".encode()
    mark = plus.encode()
    said = client.say(b"a UID SEARCH CHARSET UTF-8 SUBJECT {%d%b}\r\n" % (len(first), mark))
    said += client.say(first + b" SUBJECT {%d%b}\r\n" % (len(second), mark))
    assert said.count(b"+ ") == (0 if plus else 2)
    assert client.say(second + b"\r\n").startswith(b"* SEARCH 6\r\na OK")


def test_an_unknown_charset_is_no_with_those_that_are_known(client) -> None:
    for command in ("SEARCH CHARSET X-UNKNOWN TEXT x", "SORT (DATE) X-UNKNOWN ALL"):
        assert client.tagged(command).startswith("NO [BADCHARSET (US-ASCII UTF-8 ")
    assert client.ok("SEARCH ALL") == ["* SEARCH 1 2 3 4 5"]


# --------------------------------------- clients, row 16: what another one expunges meanwhile


def test_uid_search_and_fetch_while_another_one_expunges(client, connect) -> None:
    other = connect()
    other.ok("STORE 1:2,4 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    # Whoever asks by UID is told of those that are there, and then which are gone.
    assert client.ok("UID SEARCH ALL")[0] == "* SEARCH 3 5"
    assert client.ok("UID FETCH 1:* UID") == ["* 1 FETCH (UID 3)", "* 2 FETCH (UID 5)"]


def test_numbers_stay_while_a_search_by_number_is_answered(client, connect) -> None:
    other = connect()
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.ok("SEARCH ALL") == ["* SEARCH 2 3 4 5"]
    assert client.ok("FETCH 2 UID") == ["* 2 FETCH (UID 2)"]
    assert client.ok("NOOP") == ["* 1 EXPUNGE"]
    assert client.ok("SEARCH ALL") == ["* SEARCH 1 2 3 4"]


def test_messages_that_vanish_between_two_reads_of_one_search(client, inbox, monkeypatch) -> None:
    read = inbox.read

    async def read_and_expunge(uid: int, start: int, end: int) -> bytes:
        if uid == 2 and 4 in inbox.messages:
            await inbox.expunge([2, 4])
        return await read(uid, start, end)

    monkeypatch.setattr(inbox, "read", read_and_expunge)
    assert client.ok("UID SEARCH BODY body")[0] == "* SEARCH 1 3 5"


@pytest.mark.parametrize("numbers", ["9:*", "*:9", "9:*,17"])
def test_beyond_the_end_is_the_last_message(client, numbers: str) -> None:
    assert client.ok(f"UID FETCH {numbers} UID") == ["* 5 FETCH (UID 5)"]
    assert client.ok(f"UID SEARCH UID {numbers}") == ["* SEARCH 5"]


# --------------------------------------------------------------- attacks: terms of many octets

_LONG = 64 * KIB


def test_a_term_that_looks_like_a_pattern_is_a_text(client, deliver) -> None:
    deliver(b"Subject: (a+)+$\r\n\r\n%_*\r\n", b"Subject: aaaaaaaa\r\n\r\n\\E\r\n")
    client.ok("NOOP")
    assert client.ok('SEARCH SUBJECT "(a+)+$"') == ["* SEARCH 6"]
    assert client.ok('SEARCH BODY "%_*"') == ["* SEARCH 6"]
    assert client.ok('SEARCH TEXT "\\\\E"') == ["* SEARCH 7"]


@pytest.mark.parametrize("key", ["BODY", "TEXT", "FUZZY BODY", "FUZZY TEXT"])
@pytest.mark.parametrize("piece", [b"a", b"ab", b"a ", b"\xc3\xa9"])
def test_a_term_of_64_kib_takes_linear_time(connect, deliver, key: str, piece: bytes) -> None:
    """All of it but its end is in the message, again and again."""
    text = piece * (MIB // len(piece))
    deliver(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text)
    client = connect()

    def seconds(size: int) -> float:
        term = piece * (size // len(piece)) + b"z"
        start = time.process_time()
        answer = client.say(b"a SEARCH %b {%d+}\r\n%b\r\n" % (key.encode(), len(term), term))
        spent = time.process_time() - start
        assert answer == b"* SEARCH\r\na OK Search completed\r\n" or key.startswith("FUZZY")
        return spent

    small = min(seconds(_LONG // 16) for _ in range(2))
    # With the product of both sizes it would take sixteen times as long.
    assert min(seconds(_LONG) for _ in range(2)) < 6 * small + 0.05


def test_a_term_above_the_bound_is_refused_and_the_next_command_works(client) -> None:
    size = client.session.limits.imap_literal + 1
    assert isinstance(client.session, Session)
    answer = client.say(b"a SEARCH TEXT {%d+}\r\n" % size + b"x" * size + b"\r\nb NOOP\r\n")
    assert answer.startswith(b"a BAD [TOOBIG]")
    assert answer.endswith(b"b OK Noop completed\r\n")


def test_as_many_keys_as_fit_into_a_line(client) -> None:
    keys = "OR SEEN " * 30 + "SEEN"
    assert client.ok(f"SEARCH {keys}") == ["* SEARCH"]
    assert client.tagged("SEARCH " + "NOT " * 3000 + "SEEN") == "BAD Nested too deeply"
    assert client.tagged("SEARCH " + "FUZZY " * 3000 + "SEEN") == "BAD Nested too deeply"
    assert run(client.exchange(b"a SEARCH" + b" SEEN" * 12_000 + b"\r\n")).endswith(
        b"a OK Search completed\r\n"
    )
