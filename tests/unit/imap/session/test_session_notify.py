"""NOTIFY (RFC 5465)."""

from __future__ import annotations

import pytest

from mailcore.backend import AccountEnded, BackendError
from mailcore.imap.commands import EventGroup
from mailcore.imap.session.notify import Watch
from mailcore.limits import Limits
from mailcore.testing import run

SUPPORTED = (
    "(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange"
    " MailboxMetadataChange ServerMetadataChange)"
)


@pytest.fixture
def pair(connect):
    """A client that watches, not idling, and one that changes things."""
    return connect(select=None), connect(select=None)


def news(client) -> list[str]:
    """Return what a client is sent although it is silent."""
    return client.say().decode().splitlines()


def append(client, mailbox: str, text: str = "Subject: x\r\n\r\n") -> None:
    client.ok(f"APPEND {mailbox} {{{len(text)}+}}\r\n{text}")


def test_messages_in_other_mailboxes_are_told_by_status(pair):
    client, other = pair
    assert client.ok("NOTIFY SET (mailboxes (Sent Trash) (MessageNew MessageExpunge))") == []
    woken = []
    client.session.wake = lambda: woken.append(1)
    append(other, "Sent")
    assert woken
    assert news(client) == ["* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 2)"]
    append(other, "Drafts")
    assert news(client) == []
    other.ok("SELECT Sent")
    other.ok("STORE 1 +FLAGS (\\Deleted)")
    assert news(client) == []
    other.ok("EXPUNGE")
    assert news(client) == ["* STATUS Sent (MESSAGES 0 UIDNEXT 2 UIDVALIDITY 2)"]


def test_several_changes_are_told_once(pair):
    client, other = pair
    client.ok("NOTIFY SET (personal (MessageNew MessageExpunge))")
    for _ in range(5):
        append(other, "Sent")
    assert len(news(client)) == 1


def test_flags_in_other_mailboxes(pair):
    client, other = pair
    append(other, "Sent")
    client.ok("ENABLE CONDSTORE")
    client.ok("NOTIFY SET (subtree Sent (MessageNew MessageExpunge FlagChange))")
    other.ok("SELECT Sent")
    other.ok("STORE 1 +FLAGS ($Label)")
    (line,) = news(client)
    assert line.startswith("* STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 2 UNSEEN 1 HIGHESTMOD")


def test_status_is_told_at_once_if_asked_for(connect, deliver):
    deliver(b"Subject: x\r\n\r\n")
    client = connect(select="Sent")
    lines = client.ok(
        "NOTIFY SET STATUS (selected (MessageNew MessageExpunge))"
        " (subscribed (MessageNew MessageExpunge))"
    )
    # The selected mailbox is not among them.
    assert [line.split()[2] for line in lines] == ["INBOX", "Drafts", "Trash"]
    assert lines[0] == "* STATUS INBOX (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1)"


def test_the_selected_mailbox_is_told_without_asking(connect, deliver, inbox):
    deliver(b"Subject: a\r\n\r\n", b"Subject: b\r\n\r\n")
    client = connect()
    client.ok(
        "NOTIFY SET (selected (MessageNew (UID BODY[HEADER.FIELDS (SUBJECT)]) MessageExpunge"
        " FlagChange))"
    )
    deliver(b"Subject: new\r\n\r\n")
    assert news(client) == [
        "* 3 EXISTS",
        "* 3 RECENT",
        "* 3 FETCH (UID 3 BODY[HEADER.FIELDS (SUBJECT)] {16}",
        "Subject: new",
        "",
        ")",
    ]
    # A BODY that is told unasked sets no flag.
    assert inbox.messages[3].state.flags == frozenset()
    run(inbox.expunge([1]))
    assert news(client) == ["* 1 EXPUNGE"]


def test_selected_delayed_keeps_numbers_until_they_may_move(connect, deliver, inbox):
    deliver(b"Subject: a\r\n\r\n", b"Subject: b\r\n\r\n")
    client = connect()
    client.ok("NOTIFY SET (selected-delayed (MessageNew (UID) MessageExpunge))")
    run(inbox.expunge([1]))
    deliver(b"Subject: new\r\n\r\n")
    assert news(client) == ["* 3 EXISTS", "* 3 RECENT", "* 3 FETCH (UID 3)"]
    assert client.ok("NOOP") == ["* 1 EXPUNGE"]


def test_selected_none_is_a_snapshot(connect, deliver):
    client = connect()
    client.ok("NOTIFY SET (selected NONE)")
    deliver(b"Subject: a\r\n\r\n")
    assert news(client) == []
    assert client.ok("NOOP") == []
    client.say(b"i IDLE\r\n")
    deliver(b"Subject: b\r\n\r\n")
    assert news(client) == []
    client.say(b"DONE\r\n")
    client.ok("NOTIFY NONE")
    assert client.ok("NOOP")[0] == "* 2 EXISTS"


def test_without_selected_it_is_told_as_ever(connect, deliver):
    client = connect()
    client.ok("NOTIFY SET (mailboxes Sent (MessageNew MessageExpunge))")
    deliver(b"Subject: a\r\n\r\n")
    assert news(client) == []
    assert client.ok("NOOP")[0] == "* 1 EXISTS"


def test_names_that_come_go_and_change(pair):
    client, other = pair
    client.ok("NOTIFY SET (personal (MailboxName))")
    other.ok("CREATE a")
    assert news(client) == ['* LIST (\\HasNoChildren \\Subscribed) "/" a']
    other.ok("CREATE a/b")
    assert news(client) == [
        '* LIST (\\HasNoChildren \\Subscribed) "/" a/b',
        '* LIST (\\HasChildren \\Subscribed) "/" a',
    ]
    other.ok("RENAME a c")
    assert news(client) == ['* LIST (\\HasChildren \\Subscribed) "/" c ("OLDNAME" (a))']
    other.ok("UNSUBSCRIBE c/b")
    assert news(client) == []
    other.ok("DELETE c/b")
    assert news(client) == [
        '* LIST (\\HasNoChildren \\NonExistent) "/" c/b',
        '* LIST (\\HasNoChildren \\Subscribed) "/" c',
    ]


def test_subscriptions_and_annotations(pair):
    client, other = pair
    client.ok(
        "NOTIFY SET (mailboxes INBOX (SubscriptionChange MailboxMetadataChange))"
        " (personal (ServerMetadataChange))"
    )
    other.ok("UNSUBSCRIBE INBOX")
    assert news(client) == ['* LIST (\\HasNoChildren) "/" INBOX']
    other.ok("UNSUBSCRIBE Sent")
    other.ok('SETMETADATA INBOX (/private/a "1")')
    other.ok('SETMETADATA Sent (/private/a "1")')
    other.ok('SETMETADATA "" (/private/a "1")')
    assert news(client) == ["* METADATA INBOX /private/a", '* METADATA "" /private/a']


def test_what_the_client_does_itself_is_no_news(connect):
    client = connect(select=None)
    client.ok("NOTIFY SET (personal (MailboxName SubscriptionChange MailboxMetadataChange))")
    for command in ("CREATE a", "RENAME a b", "SUBSCRIBE c", "DELETE b", "RENAME INBOX d"):
        assert client.ok(command) == []
    assert client.ok('SETMETADATA INBOX (/private/a "1")') == []
    assert news(client) == []


def test_news_come_within_idle_too(pair):
    client, other = pair
    client.ok("NOTIFY SET (personal (MessageNew MessageExpunge MailboxName))")
    client.say(b"i IDLE\r\n")
    append(other, "Sent")
    other.ok("CREATE a")
    assert [line.split()[1] for line in news(client)] == ["STATUS", "LIST"]
    assert client.say(b"DONE\r\n").startswith(b"i OK")


def test_nothing_is_told_within_a_command(pair):
    client, other = pair
    client.ok("NOTIFY SET (personal (MessageNew MessageExpunge))")
    assert client.say(b"a APPEND Trash {4}\r\n").startswith(b"+ ")
    append(other, "Sent")
    assert news(client) == []
    lines = client.say(b"abcd\r\n").decode().splitlines()
    assert any(line.startswith("* STATUS Sent") for line in lines)


def test_none_ends_it(pair):
    client, other = pair
    client.ok("NOTIFY SET (personal (MessageNew MessageExpunge MailboxName))")
    client.ok("NOTIFY NONE")
    append(other, "Sent")
    other.ok("CREATE a")
    assert news(client) == []


def test_the_next_set_replaces_the_last(pair):
    client, other = pair
    client.ok("NOTIFY SET (personal (MailboxName))")
    client.ok("NOTIFY SET (inboxes (MessageNew MessageExpunge))")
    other.ok("CREATE a")
    append(other, "INBOX")
    assert [line.split()[1] for line in news(client)] == ["STATUS"]


@pytest.mark.parametrize("event", ["AnnotationChange", "X-Own"])
def test_unknown_events_are_refused_with_the_known_ones(connect, event):
    client = connect(select=None)
    command = f"NOTIFY SET (personal (MessageNew MessageExpunge {event}))"
    assert client.tagged(command).startswith(f"NO [BADEVENT {SUPPORTED}]")


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        " SET",
        " SET STATUS",
        " SET (personal)",
        " SET (nowhere (MailboxName))",
        " SET (mailboxes (MailboxName))",
        " SET (personal (MessageNew))",
        " SET (personal (MessageExpunge))",
        " SET (personal (FlagChange))",
        " SET (selected (MailboxName))",
        " SET (selected NONE) (selected-delayed NONE)",
        " NONE NONE",
    ],
)
def test_bad_arguments(connect, arguments):
    assert connect(select=None).tagged("NOTIFY" + arguments).startswith("BAD ")


def test_brackets_around_events_may_be_missing(pair):
    # As in the examples of RFC 5465 §3.1.
    client, other = pair
    client.ok("notify set (selected MessageNew (uid) MessageExpunge) (subtree Sent MailboxName)")
    other.ok("CREATE Sent/a")
    assert len(news(client)) == 2


def test_names_are_bounded(connect):
    client = connect(select=None, limits=Limits(notify_names=3))
    client.ok("NOTIFY SET (mailboxes (a b) (MailboxName))")
    refused = client.tagged("NOTIFY SET (mailboxes (a b c) (MailboxName))")
    assert refused.startswith("NO [NOTIFICATIONOVERFLOW]")


def test_too_much_news_ends_it(connect):
    client = connect(select=None, limits=Limits(queued_changes=2))
    other = connect(select=None)
    client.ok("NOTIFY SET (personal (MailboxName))")
    for name in "abc":
        other.ok(f"CREATE {name}")
    assert any(line.startswith("* OK [NOTIFICATIONOVERFLOW]") for line in news(client))
    other.ok("CREATE d")
    assert news(client) == []


def test_a_mailbox_that_cannot_be_read_is_passed_over(pair, monkeypatch):
    client, other = pair
    client.ok("NOTIFY SET (personal (MessageNew MessageExpunge))")

    async def refuse(name: str):
        raise BackendError("not now")

    monkeypatch.setattr(client.session.account, "open", refuse)
    append(other, "Sent")
    assert news(client) == []
    client.ok("NOOP")


def test_it_ends_with_the_login(pair):
    client, other = pair
    client.ok("NOTIFY SET (personal (MailboxName))")
    client.ok("UNAUTHENTICATE")
    other.ok("CREATE a")
    assert news(client) == []


def test_a_backend_that_says_nothing_cannot(connect, one_mailbox, inbox):
    client = connect(select=None, over=one_mailbox(inbox))
    assert client.tagged("NOTIFY NONE").startswith("NO [CANNOT]")


def test_what_is_no_event_is_not_wanted() -> None:
    watch = Watch((EventGroup("personal", (), ("MessageNew", "MessageExpunge")),))
    assert not watch.wants(AccountEnded("suspended"))


def test_notify_says_set_or_none(pair) -> None:
    client, _ = pair
    assert client.tagged("NOTIFY PERHAPS") == "BAD Expected SET or NONE"
