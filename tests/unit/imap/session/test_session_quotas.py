"""QUOTA (RFC 9208): what there is, what there may be, and what is refused beyond it."""

from __future__ import annotations

import pytest

from mailcore.testing import new_message, run

SIZE = 1500
BODY = b"Subject: x\r\n\r\n".ljust(SIZE, b"x")


def test_limits_are_set_told_and_kept(connect, inbox, deliver):
    deliver(BODY)
    client = connect()
    assert client.ok('GETQUOTA ""') == ['* QUOTA "" ()']
    # 1500 octets are two units of 1024, one of them begun.
    told = ['* QUOTA "" (STORAGE 2 3 MESSAGE 1 10)']
    assert client.ok('SETQUOTA "" (MESSAGE 10 STORAGE 3)') == told
    assert client.ok("GETQUOTAROOT inbox") == ['* QUOTAROOT INBOX ""', *told]
    output = client.say(b"t APPEND INBOX {%d+}\r\n%b\r\n" % (SIZE, BODY) + b"u NOOP\r\n")
    assert b"t OK" in output
    output = client.say(b"t APPEND INBOX {%d+}\r\n%b\r\n" % (SIZE, BODY))
    assert output == b"t NO [OVERQUOTA] Over quota\r\n"
    assert client.tagged("COPY 1 Trash").startswith("NO [OVERQUOTA]")
    # MOVE needs room for the copy here, and takes it back only then.
    assert len(inbox.messages) == 2
    client.ok('SETQUOTA "" ()')
    client.ok("COPY 1 Trash")


def test_mailboxes_are_a_resource_too(connect):
    client = connect(select=None)
    client.ok('SETQUOTA "" (MAILBOX 5)')
    client.ok("CREATE one")
    assert client.tagged("CREATE two").startswith("NO [OVERQUOTA]")


def test_what_is_not_there(connect):
    client = connect(select=None)
    assert client.tagged("GETQUOTA other").startswith("NO [NONEXISTENT]")
    assert client.tagged("SETQUOTA other ()").startswith("NO [NONEXISTENT]")
    assert client.tagged("GETQUOTAROOT Nowhere").startswith("NO [NONEXISTENT]")
    assert client.tagged('SETQUOTA "" (X-OWN 3)').startswith("NO [CANNOT]")
    assert client.tagged('SETQUOTA "" (STORAGE)').startswith("BAD")
    assert client.tagged('SETQUOTA "" (STORAGE -1)').startswith("BAD")


def test_what_an_expunge_would_free(connect, inbox):
    run(inbox.append([new_message(BODY, frozenset({"\\Deleted"})), new_message(BODY)]))
    told = connect(select=None).ok("STATUS INBOX (DELETED DELETED-STORAGE)")
    assert told == [f"* STATUS INBOX (DELETED 1 DELETED-STORAGE {SIZE})"]


@pytest.mark.parametrize("command", ['GETQUOTA ""', "GETQUOTAROOT INBOX", 'SETQUOTA "" ()'])
def test_without_quotas_it_can_not_be_done(connect, one_mailbox, inbox, command):
    client = connect(over=one_mailbox(inbox))
    assert not any("QUOTA" in line for line in client.ok("CAPABILITY"))
    assert client.tagged(command).startswith("NO [CANNOT]")
