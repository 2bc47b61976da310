"""What a backend does not offer, what it refuses, and what goes wrong in it: always an answer."""

from __future__ import annotations

import logging

import pytest

from mailcore.backend import BackendError, LimitReached, NotPermitted, OverQuota, Unavailable
from mailcore.imap import State
from mailcore.testing import MemoryBackend


class Offering:
    """A mailbox that offers no more of another one than its two methods, and these."""

    def __init__(self, mailbox, *names):
        for name in ("id", "uid_validity", "changes", "read", *names):
            setattr(self, name, getattr(mailbox, name))


FLAGS = ("permanent_flags", "store_flags")


@pytest.mark.parametrize(
    ("offered", "command"),
    [
        (("append",), "STORE 1 +FLAGS (\\Seen)"),
        (FLAGS, "EXPUNGE"),
        (FLAGS, "UID EXPUNGE 1"),
        (FLAGS, "COPY 1 Sent"),
        (FLAGS, "UID MOVE 1 Sent"),
        (FLAGS, "APPEND INBOX {1}"),
    ],
)
def test_what_a_mailbox_does_not_offer_can_not_be_done(
    connect, one_mailbox, inbox, deliver, offered, command
):
    deliver(b"a")
    client = connect(over=one_mailbox(Offering(inbox, *offered)))
    assert client.tagged(command).startswith("NO [CANNOT]")
    assert client.tagged("FETCH 1 UID").startswith("OK")


@pytest.mark.parametrize("offered", [("append",), FLAGS])
def test_a_mailbox_that_can_be_changed_in_some_way_is_not_read_only(
    connect, one_mailbox, inbox, offered
):
    client = connect(select=None, over=one_mailbox(Offering(inbox, *offered)))
    assert client.tagged("SELECT INBOX").startswith("OK [READ-WRITE]")


def test_a_mailbox_that_keeps_no_summaries_is_read_once(
    connect, one_mailbox, inbox, deliver, monkeypatch
):
    deliver(b"Subject: once\r\n\r\n")
    read = inbox.read
    readings = []

    async def noting(uid, start, end):
        readings.append(uid)
        return await read(uid, start, end)

    monkeypatch.setattr(inbox, "read", noting)
    client = connect(over=one_mailbox(Offering(inbox)))
    (first,) = client.ok("FETCH 1 ENVELOPE")
    assert '"once"' in first
    assert client.ok("FETCH 1 ENVELOPE") == [first]
    assert client.ok("SEARCH SUBJECT once") == ["* SEARCH 1"]
    assert readings == [1]


def test_close_where_nothing_can_be_expunged(connect, one_mailbox, inbox):
    client = connect(over=one_mailbox(Offering(inbox, *FLAGS)))
    assert client.ok("CLOSE") == []


# The method of the backend that goes wrong, and a command that needs it.
CALLS = [
    ("account", "open", "SELECT INBOX"),
    ("account", "open", "STATUS INBOX (MESSAGES)"),
    ("account", "open", "APPEND INBOX {3}"),
    ("account", "mailboxes", 'LIST "" *'),
    ("account", "mailboxes", 'LSUB "" *'),
    ("account", "create", "CREATE new"),
    ("account", "delete", "DELETE new"),
    ("account", "rename", "RENAME new newer"),
    ("account", "subscribe", "SUBSCRIBE new"),
    ("account", "subscribe", "UNSUBSCRIBE new"),
    ("mailbox", "changes", "SELECT INBOX"),
    ("mailbox", "changes", "STATUS INBOX (MESSAGES)"),
    ("mailbox", "changes", "EXPUNGE"),
    ("mailbox", "read", "FETCH 1 BODY.PEEK[]"),
    ("mailbox", "read", "FETCH 1 BODY.PEEK[HEADER]"),
    ("mailbox", "read", "SEARCH TEXT x"),
    ("mailbox", "summaries", "FETCH 1 ENVELOPE"),
    ("mailbox", "summaries", "SEARCH SUBJECT x"),
    ("mailbox", "store_flags", "STORE 1 +FLAGS (\\Seen)"),
    ("mailbox", "expunge", "EXPUNGE"),
    ("mailbox", "copy", "COPY 1 Sent"),
    ("mailbox", "move", "MOVE 1 Sent"),
]


@pytest.fixture
def client(connect, deliver):
    deliver(b"Subject: x\r\n\r\n")
    client = connect()
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    return client


@pytest.fixture
def break_method(client, inbox, monkeypatch):
    """Let a method of the account or of the mailbox raise."""

    def breaking(whose, name, error):
        async def method(*args):
            raise error

        owner = client.session.account if whose == "account" else inbox
        monkeypatch.setattr(owner, name, method)

    return breaking


def survives(client, monkeypatch) -> None:
    """The connection goes on once the backend does."""
    monkeypatch.undo()
    assert not client.closed
    client.ok("SELECT INBOX")
    client.ok("FETCH 1 (FLAGS ENVELOPE BODY.PEEK[])")


@pytest.mark.parametrize(("whose", "name", "command"), CALLS)
def test_a_refusal_is_told_with_its_code(client, break_method, monkeypatch, whose, name, command):
    break_method(whose, name, NotPermitted("Not\r\ntoday: ]{3}", code="LIMIT"))
    assert client.tagged(command) == "NO [LIMIT] Not today: ]{3}."
    survives(client, monkeypatch)


@pytest.mark.parametrize(("whose", "name", "command"), CALLS)
def test_a_mistake_is_a_server_bug_and_is_logged(
    client, break_method, monkeypatch, caplog, whose, name, command
):
    break_method(whose, name, ZeroDivisionError("division by secrets"))
    with caplog.at_level(logging.ERROR, logger="mailcore.imap"):
        assert client.tagged(command) == "NO [SERVERBUG] Internal error"
    (record,) = caplog.records
    assert record.exc_info is not None
    survives(client, monkeypatch)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (OverQuota(), "NO [OVERQUOTA] Over quota"),
        (LimitReached("Slowly"), "NO [LIMIT] Slowly"),
        (BackendError("Because"), "NO Because"),
        (BackendError("[ALERT] gotcha"), "NO ALERT] gotcha"),
        (BackendError("Grüße\0\x1b[1m"), "NO Gr??e [1m"),
        (BackendError("\r\n"), "NO Refused"),
    ],
)
def test_the_words_of_a_refusal_stay_on_their_line(client, break_method, error, answer):
    break_method("mailbox", "copy", error)
    assert client.do("COPY 1 Sent") == [f"t {answer}"]


def test_a_mistake_in_authenticate_leaves_the_client_where_it_was(connect, monkeypatch):
    async def authenticate(self, credentials, peer):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(MemoryBackend, "authenticate", authenticate)
        client = connect(login=False)
        assert client.tagged("LOGIN a b") == "NO [SERVERBUG] Internal error"
        assert client.session.connection.state is State.NOT_AUTHENTICATED
    client.ok("LOGIN alice@example.test secret")


def test_a_select_that_goes_wrong_leaves_nothing_selected(client, break_method, monkeypatch):
    break_method("mailbox", "changes", ZeroDivisionError())
    assert client.tagged("SELECT INBOX").startswith("NO [SERVERBUG]")
    assert client.session.view is None
    assert client.tagged("FETCH 1 FLAGS").startswith("BAD")
    survives(client, monkeypatch)


@pytest.mark.parametrize("command", ["NOOP", "CHECK", "COPY 1 Sent", "UNSELECT"])
def test_news_that_can_not_be_had_do_not_make_a_command_fail(client, break_method, command):
    break_method("mailbox", "changes", Unavailable())
    assert client.tagged(command).startswith("OK")


@pytest.mark.parametrize("data", [b"", b"\xff" * 200, b"\x01" * 20])
def test_summaries_that_are_none_are_made_anew(client, inbox, data):
    inbox.messages[1].summary = data
    (line,) = client.ok("FETCH 1 ENVELOPE")
    assert '"x"' in line
