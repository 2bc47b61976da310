"""REPLACE (RFC 8508): one message in the place of another, or nothing at all."""

from __future__ import annotations

import pytest

from mailcore.testing import run

NEW = b"Subject: new\r\n\r\nnew\r\n"
LITERAL = b"{%d+}\r\n%b\r\n" % (len(NEW), NEW)


def bodies(mailbox) -> list[bytes]:
    return [one.data for one in mailbox.messages.values()]


@pytest.mark.parametrize("command", [b"REPLACE 2", b"UID REPLACE 2", b"replace 2"])
def test_the_old_message_goes_and_the_new_one_comes(connect, deliver, inbox, command):
    deliver(b"one", b"two", b"three")
    output = connect().say(b"t " + command + b" INBOX (\\Draft) " + LITERAL)
    assert output.startswith(b"* OK [APPENDUID 1 4] Replacement stored\r\n")
    assert b"* 2 EXPUNGE\r\n" in output
    assert output.endswith(b"t OK Replace completed\r\n")
    assert bodies(inbox) == [b"one", b"three", NEW]
    assert inbox.messages[4].state.flags == {"\\Draft"}


def test_star_is_the_last_one_and_the_mailbox_may_be_a_literal(connect, deliver, inbox):
    deliver(b"one", b"two")
    assert b"t OK" in connect().say(b"t REPLACE * {5+}\r\nINBOX " + LITERAL)
    assert bodies(inbox) == [b"one", NEW]


def test_into_another_mailbox(connect, deliver, inbox, backend):
    deliver(b"one")
    client = connect()
    output = client.say(b"t REPLACE 1 Drafts " + LITERAL)
    assert output.startswith(b"* OK [APPENDUID 3 1]")
    assert b"* 1 EXPUNGE\r\n" in output
    assert bodies(inbox) == []
    assert bodies(inbox._user.mailboxes["Drafts"]) == [NEW]


def test_what_can_not_be_is_refused_before_the_octets_come(connect, deliver, inbox):
    deliver(b"one")
    client = connect()
    for command, answer in (
        (b"REPLACE 2 INBOX", b"t BAD"),
        (b"UID REPLACE 9 INBOX", b"t NO There is no such message"),
        (b"REPLACE 1 Nowhere", b"t NO [TRYCREATE]"),
        (b"REPLACE 0 INBOX", b"t BAD"),
        (b"REPLACE 1:2 INBOX", b"t BAD"),
    ):
        assert client.say(b"t " + command + b" {%d}\r\n" % len(NEW)).startswith(answer), command
        assert client.tagged("NOOP").startswith("OK")
    assert client.tagged("REPLACE 1 INBOX").startswith("BAD")
    client.ok("EXAMINE INBOX")
    assert client.say(b"t REPLACE 1 INBOX {9}\r\n").startswith(b"t NO [NOPERM]")
    assert bodies(inbox) == [b"one"]


def test_a_second_message_is_one_too_many(connect, deliver, inbox):
    deliver(b"one")
    output = connect().say(b"t REPLACE 1 INBOX {1+}\r\na {1+}\r\nb\r\nu NOOP\r\n")
    assert output.startswith(b"t BAD REPLACE takes one message\r\n")
    assert output.endswith(b"u OK Noop completed\r\n")
    assert bodies(inbox) == [b"one"]


def test_a_message_that_went_meanwhile_is_not_replaced(connect, deliver, inbox):
    deliver(b"one", b"two")
    client = connect()
    assert client.say(b"t REPLACE 1 INBOX {%d}\r\n" % len(NEW)) == b"+ Ready\r\n"
    run(inbox.expunge([1]))
    assert client.say(NEW + b"\r\n").startswith(b"t NO There is no such message")
    assert bodies(inbox) == [b"two"]


def test_over_quota_both_stay_as_they_were(connect, deliver, inbox):
    deliver(b"one", b"two")
    client = connect()
    client.ok('SETQUOTA "" (STORAGE 0)')
    assert client.say(b"t REPLACE 1 INBOX " + LITERAL).startswith(b"t NO [OVERQUOTA]")
    assert bodies(inbox) == [b"one", b"two"]


def test_it_needs_a_mailbox(connect, inbox):
    assert connect(select=None).say(b"t REPLACE 1 INBOX {9}\r\n").startswith(b"t BAD")


def test_where_it_is_disabled_it_is_not_served(connect, deliver, inbox):
    deliver(b"one")
    client = connect(disabled={"REPLACE"})
    assert client.say(b"t REPLACE 1 INBOX {9}\r\n").startswith(b"t BAD")
    assert bodies(inbox) == [b"one"]
