"""EMAILID, THREADID and MAILBOXID (RFC 8474), SAVEDATE (RFC 8514), PREVIEW (RFC 8970)."""

from __future__ import annotations

import re

import pytest

from mailcore.imap.session.identities import object_id
from mailcore.testing import new_message, run

FIRST = b"Message-ID: <1@x>\r\nSubject: a\r\n\r\nHello,\r\nworld\r\n"
REPLY = b"Message-ID: <2@x>\r\nReferences: <0@x> <1@x>\r\nSubject: b\r\n\r\nYes\r\n"
ALONE = b"Message-ID: <3@x>\r\nSubject: Re: a\r\n\r\nNo\r\n"


def test_ids_stay_with_a_message_and_threads_join_by_headers(connect, deliver):
    deliver(FIRST, REPLY, ALONE)
    client = connect()
    told = client.ok("FETCH 1:3 (EMAILID THREADID)")
    found = [
        re.fullmatch(r"\* \d FETCH \(EMAILID \(([\w-]+)\) THREADID \(([\w-]+)\)\)", line)
        for line in told
    ]
    emails = [match[1] for match in found]
    threads = [match[2] for match in found]
    assert len(set(emails)) == 3
    assert threads[0] == threads[1] != threads[2]
    client.ok("MOVE 2 Trash")
    client.ok("SELECT Trash")
    assert client.ok("FETCH 1 (EMAILID)") == [f"* 1 FETCH (EMAILID ({emails[1]}))"]


def test_a_mailbox_id_is_told_wherever_a_mailbox_is_named(connect):
    client = connect(select=None)
    code = re.search(r"\[MAILBOXID \(([\w-]+)\)\]", client.tagged("CREATE Work"))
    assert f"* OK [MAILBOXID ({code[1]})] The id of the mailbox" in client.ok("SELECT Work")
    client.ok("RENAME Work Play")
    told = client.ok("STATUS Play (MAILBOXID MESSAGES)")
    assert told == [f"* STATUS Play (MAILBOXID ({code[1]}) MESSAGES 0)"]


@pytest.mark.parametrize("text", ["alice/INBOX", "", "ü", "a" * 256, "a b", "\ud800"])
def test_ids_that_imap_can_not_say_are_told_by_a_hash(text):
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,255}", object_id(text))
    assert object_id(text) == object_id(text) != object_id(text + "x")


def test_a_copy_has_a_save_date_of_its_own(connect, inbox):
    client = connect()
    client.say(b't APPEND INBOX "01-Jan-2001 00:00:00 +0000" {3+}\r\na\r\n\r\n')
    (line,) = client.ok("FETCH 1 (SAVEDATE)")
    assert re.search(r'SAVEDATE "[ \d]\d-\w{3}-20[2-9]\d ', line)


def test_a_save_date_that_nobody_noted_is_nil(connect, inbox, deliver, monkeypatch):
    async def nothing(uids):
        return {}

    monkeypatch.setattr(inbox, "save_dates", nothing)
    deliver(FIRST)
    assert connect().ok("FETCH 1 (SAVEDATE)") == ["* 1 FETCH (SAVEDATE NIL)"]


@pytest.mark.parametrize("item", ["PREVIEW", "(PREVIEW)", "PREVIEW (LAZY)", "(PREVIEW (lazy))"])
def test_a_preview_is_one_line_of_text_and_reading_it_is_not_seeing(connect, deliver, inbox, item):
    deliver(FIRST)
    assert connect().ok(f"FETCH 1 {item}") == ['* 1 FETCH (PREVIEW "Hello, world")']
    assert "\\Seen" not in inbox.messages[1].state.flags


def test_a_preview_in_other_letters_is_a_literal(connect, deliver):
    deliver("Content-Type: text/plain; charset=utf-8\r\n\r\nGrüße\r\n".encode())
    assert connect().ok("FETCH 1 PREVIEW") == ["* 1 FETCH (PREVIEW {7}", "Grüße)"]


def test_a_preview_with_modifiers_of_the_fetch(connect, deliver):
    deliver(FIRST)
    client = connect()
    assert client.ok("FETCH 1 PREVIEW (CHANGEDSINCE 100)") == []
    assert client.tagged("FETCH 1 PREVIEW (EAGER)").startswith("BAD")
    assert client.tagged("FETCH 1 (PREVIEW (EAGER))").startswith("BAD")


def test_nothing_is_told_of_a_message_that_is_gone(connect, deliver, inbox):
    deliver(FIRST, ALONE)
    client = connect()
    run(inbox.expunge([1]))
    assert all("* 1 FETCH" not in line for line in client.ok("UID FETCH 1:2 (EMAILID SAVEDATE)"))


def test_a_mailbox_without_ids_says_so(connect, one_mailbox, inbox):
    class Plain:
        id, uid_validity = "a/b", 1
        changes, read = inbox.changes, inbox.read

    run(inbox.append([new_message(FIRST)]))
    client = connect(over=one_mailbox(Plain()))
    assert client.tagged("FETCH 1 (EMAILID)").startswith("BAD")
    assert client.tagged("STATUS INBOX (MAILBOXID)").startswith("BAD")
    assert not any("MAILBOXID" in line for line in client.ok("SELECT INBOX"))
