"""APPEND: judged before its octets come, stored before it is answered (RFC 9051 §6.3.12)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest

from mailcore.backend import OverQuota
from mailcore.imap import State
from mailcore.limits import Limits
from mailcore.spool import Content


@pytest.fixture
def read_octets(inbox):
    return lambda uid: inbox.messages[uid].data


def test_a_message_with_flags_and_date(connect, inbox, read_octets):
    client = connect(select=None)
    command = b'a APPEND INBOX (\\sEEN todo) "17-Jul-1996 02:44:25 -0700" {5}\r\n'
    assert client.say(command) == b"+ Ready\r\n"
    assert client.say(b"a\r\nb\0\r\n") == b"a OK [APPENDUID 1 1] APPEND completed\r\n"
    state = inbox.messages[1].state
    assert read_octets(1) == b"a\r\nb\0"
    assert (state.flags, state.size) == ({"\\Seen", "todo"}, 5)
    zone = timezone(timedelta(hours=-7))
    assert state.internal_date == datetime(1996, 7, 17, 2, 44, 25, tzinfo=zone)


def test_without_a_date_it_is_now(connect, inbox):
    before = datetime.now().astimezone()
    connect().say(b"a APPEND INBOX {1+}\r\nx\r\n")
    assert before <= inbox.messages[1].state.internal_date <= datetime.now().astimezone()


@pytest.mark.parametrize("literal", [b"{%d+}", b"{%d}"])
@pytest.mark.parametrize("size", [0, 1, 200_000])
def test_octets_arrive_as_they_were_sent(connect, read_octets, literal, size):
    data = bytes(range(256)) * (size // 256 + 1)
    client = connect(limits=Limits(spool_memory=1000))
    client.say(b"a APPEND INBOX " + literal % size + b"\r\n")
    output = client.say(data[:size] + b"\r\n")
    assert output.endswith(b"a OK [APPENDUID 1 1] APPEND completed\r\n")
    assert read_octets(1) == data[:size]


def test_several_messages_are_stored_together(connect, inbox, read_octets):
    # RFC 3502
    client = connect(select=None)
    output = client.say(b"a APPEND INBOX {1+}\r\nx (\\Draft) {2+}\r\nyy {0+}\r\n\r\n")
    assert output == b"a OK [APPENDUID 1 1:3] APPEND completed\r\n"
    assert [read_octets(uid) for uid in (1, 2, 3)] == [b"x", b"yy", b""]
    assert inbox.messages[2].state.flags == {"\\Draft"}


def test_the_selected_mailbox_tells_of_the_message_before_the_answer(connect):
    client = connect()
    assert client.say(b"a APPEND INBOX (\\Seen) {1+}\r\nx\r\n").splitlines() == [
        b"* 1 EXISTS",
        b"* 1 RECENT",
        b"a OK [APPENDUID 1 1] APPEND completed",
    ]
    assert b"EXISTS" not in client.say(b"b APPEND Sent {1+}\r\nx\r\n")


def test_others_are_told(connect):
    client, other = connect(select=None), connect()
    client.say(b"a APPEND INBOX {1+}\r\nx\r\n")
    assert other.ok("NOOP") == ["* 1 EXISTS", "* 1 RECENT"]


def test_a_mailbox_that_is_missing_may_be_created(connect):
    client = connect(select=None)
    assert client.tagged("APPEND nowhere {5}").startswith("NO [TRYCREATE]")
    assert client.tagged("NOOP").startswith("OK")


def test_a_non_synchronizing_literal_that_is_refused_is_dropped(connect):
    client = connect(select=None)
    output = client.say(b"a APPEND nowhere {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n")
    assert [line.split()[0] for line in output.splitlines()] == [b"a", b"c"]


@pytest.mark.parametrize("sizes", [(11,), (6, 6)])
def test_more_than_a_message_may_have_is_refused_before_it_comes(connect, inbox, sizes):
    client = connect(select=None, limits=Limits(message_size=10))
    answer = client.say(b"a APPEND INBOX {%d}\r\n" % sizes[0])
    for before, size in pairwise(sizes):
        assert answer == b"+ Ready\r\n"
        answer = client.say(b"x" * before + b" {%d}\r\n" % size)
    assert answer.startswith(b"a NO [TOOBIG]")
    assert client.session.append is None
    assert inbox.messages == {}
    assert client.tagged("NOOP").startswith("OK")


def test_a_broken_command_stores_nothing(connect, inbox):
    client = connect(select=None)
    assert b"b BAD" in client.say(b"b APPEND INBOX {1+}\r\nx {1+}\r\ny nonsense\r\n")
    assert client.session.append is None
    assert inbox.messages == {}
    assert client.tagged("NOOP").startswith("OK")


def test_flags_that_are_not_to_be_set_are_bad(connect):
    assert connect().tagged("APPEND INBOX (\\Recent) {1}").startswith("BAD")


def test_a_backend_that_refuses_the_messages(connect, inbox, monkeypatch):
    async def append(messages):
        raise OverQuota

    monkeypatch.setattr(inbox, "append", append)
    client = connect()
    assert client.say(b"a APPEND INBOX {1+}\r\nx\r\n") == b"a NO [OVERQUOTA] Over quota\r\n"
    assert client.session.append is None
    assert client.session.connection.state is State.SELECTED


def test_no_place_to_keep_the_message(connect, inbox, monkeypatch):
    def write(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Content, "write", write)
    client = connect(select=None)
    output = client.say(b"a APPEND INBOX {200000+}\r\n" + b"x" * 100_000)
    assert output.startswith(b"a NO [UNAVAILABLE]")
    assert client.say(b"x" * 100_000 + b"\r\nb NOOP\r\n") == b"b OK Noop completed\r\n"
    assert inbox.messages == {}


def test_what_has_come_is_given_back_when_the_client_hangs_up(connect, inbox):
    client = connect(select=None)
    client.say(b"a APPEND INBOX {10+}\r\nhalf")
    ((_, content),) = client.session.append._begun
    assert content.size == 4
    client.session.receive_eof()
    client.say()
    assert client.closed
    client.close()
    assert client.session.append is None
    assert content.size == 0
    assert inbox.messages == {}


def test_a_client_that_stops_within_a_message_has_less_time(connect):
    limits = Limits(command_timeout=7, idle_timeout=1900)
    client = connect(select=None, limits=limits)
    assert client.session.timeout == 1900
    client.say(b"a APPEND INBOX {10+}\r\nhalf\n")
    assert client.session.timeout == 7
    client.session.timed_out()
    assert client.say().startswith(b"* BYE")
    assert client.closed


def test_where_multiappend_is_disabled_a_second_message_is_refused(connect, inbox):
    client = connect(disabled={"MULTIAPPEND"})
    output = client.say(b"a APPEND INBOX {1+}\r\nx {1+}\r\ny\r\nb NOOP\r\n")
    assert output.startswith(b"a BAD MULTIAPPEND is not offered here\r\n")
    assert output.endswith(b"b OK Noop completed\r\n")
    assert not inbox.messages
