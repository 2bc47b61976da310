"""IDLE and NOOP: what a client learns of changes, and what wakes its driver (RFC 2177)."""

from __future__ import annotations

from dataclasses import fields

import pytest

from mailcore.backend import MailboxMoved, Unavailable
from mailcore.imap.session import Shared
from mailcore.imap.session.capability_table import CAPABILITIES
from mailcore.imap.session.dispatch import AT_ONCE, HANDLERS
from mailcore.imap.session.rights import NEEDS
from mailcore.limits import Limits
from mailcore.testing import MemoryMailbox, new_message, run


@pytest.fixture
def idling(connect):
    """A client that idles in INBOX."""
    client = connect()
    assert client.say(b"i IDLE\r\n") == b"+ idling\r\n"
    return client


def test_what_happened_before_is_told_at_once(connect, deliver):
    client = connect()
    deliver(b"a")
    assert client.say(b"i IDLE\r\n") == b"+ idling\r\n* 1 EXISTS\r\n* 1 RECENT\r\n"
    assert client.say(b"DONE\r\n") == b"i OK Idle completed\r\n"


def test_each_change_wakes_the_driver_and_is_told(idling, connect, deliver):
    assert not idling.woken
    deliver(b"a", b"b")
    assert idling.woken
    assert idling.say() == b"* 2 EXISTS\r\n* 2 RECENT\r\n"
    other = connect()
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert idling.woken
    assert idling.say() == b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent))\r\n"
    other.ok("MOVE 1 Trash")
    assert idling.say() == b"* 1 EXPUNGE\r\n"
    assert idling.say() == b""
    assert idling.say(b"done\r\n") == b"i OK Idle completed\r\n"


def test_changes_elsewhere_do_not_wake(idling, connect):
    connect(select=None).say(b"a APPEND Sent {1+}\r\nx\r\n")
    assert not idling.woken
    assert idling.say() == b""


def test_without_idle_nobody_is_woken(connect, deliver):
    client = connect()
    deliver(b"a")
    assert not client.woken
    assert client.say() == b""
    assert client.ok("NOOP") == ["* 1 EXISTS", "* 1 RECENT"]


@pytest.fixture
def looks(inbox, monkeypatch):
    """Since when INBOX was asked for changes each time, and what is to happen after the next."""
    asked, then, changes = [], [], inbox.changes

    async def noting(since):
        asked.append(since)
        found = await changes(since)
        while then:
            then.pop()()
        return found

    monkeypatch.setattr(inbox, "changes", noting)
    return asked, then


def test_noops_that_come_together_ask_once(connect, looks):
    client, (asked, _) = connect(), looks
    asked.clear()
    assert client.say(b"a NOOP\r\nb CHECK\r\nc NOOP\r\n").count(b"completed") == 3
    assert len(asked) == 1
    client.say(b"d NOOP\r\n")
    assert len(asked) == 2


def test_what_happens_between_noops_that_come_together_is_told(connect, looks, deliver):
    client, (_, then) = connect(), looks
    then.append(lambda: deliver(b"a"))
    assert client.say(b"a NOOP\r\nb NOOP\r\n") == (
        b"a OK Noop completed\r\n* 1 EXISTS\r\n* 1 RECENT\r\nb OK Noop completed\r\n"
    )


def test_a_noop_behind_another_command_asks_again(connect, looks, one_mailbox, inbox):
    client, (asked, _) = connect(over=one_mailbox(inbox)), looks
    asked.clear()
    client.say(b"a NOOP\r\nb NAMESPACE\r\nc NOOP\r\n")
    assert len(asked) == 2


def test_what_is_answered_at_once_needs_no_look_at_anything():
    for kind in AT_ONCE:
        assert kind in HANDLERS
        assert [field.name for field in fields(kind)] == ["tag"]
        assert kind not in NEEDS
        assert not any(kind in row.commands or kind in row.options for row in CAPABILITIES)


def test_what_comes_with_done_is_told_before_the_answer(idling, deliver):
    deliver(b"a")
    assert idling.say(b"DONE\r\n") == b"* 1 EXISTS\r\n* 1 RECENT\r\ni OK Idle completed\r\n"


def test_a_command_within_idle_is_bad_and_idling_goes_on(idling, deliver):
    assert idling.say(b"a NOOP\r\n").startswith(b"a BAD")
    deliver(b"a")
    assert idling.say() == b"* 1 EXISTS\r\n* 1 RECENT\r\n"
    assert idling.say(b"DONE\r\n") == b"i OK Idle completed\r\n"


def test_mod_sequences_are_told_to_those_who_know_them(connect, deliver):
    deliver(b"a")
    client, other = connect(), connect()
    client.ok("ENABLE CONDSTORE")
    client.say(b"i IDLE\r\n")
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert client.say() == b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent) MODSEQ (3))\r\n"


def test_the_end_of_the_account_ends_the_connection(idling, backend):
    backend.users["alice@example.test"].end("The account is closed")
    assert idling.woken
    assert idling.say() == b"* BYE The account is closed\r\n"
    assert idling.closed


def test_shutting_down_wakes_the_driver(idling):
    idling.session.shut_down("Back soon")
    assert idling.woken
    assert idling.say() == b"* BYE Back soon\r\n"


def test_a_closed_session_is_told_nothing_more(idling, deliver):
    idling.close()
    deliver(b"a")
    assert not idling.woken


def test_a_backend_that_refuses_for_a_while_does_not_end_idling(idling, inbox, monkeypatch):
    async def changes(since):
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "changes", changes)
        run(inbox.append([new_message(b"a")]))
        assert idling.say() == b""
    run(inbox.append([new_message(b"b")]))
    assert idling.say() == b"* 2 EXISTS\r\n* 2 RECENT\r\n"


def test_a_mailbox_replaced_while_idling_ends_the_connection(idling, deliver, inbox):
    inbox.uid_validity += 1
    deliver(b"a")
    output = idling.say()
    assert output.startswith(b"* BYE")
    assert idling.closed


# ------------------------------------------------------------------------------------- the clock


def test_silence_ends_with_a_goodbye(connect):
    client = connect(limits=Limits(idle_timeout=1900))
    assert client.session.timeout == 1900
    client.session.timed_out()
    assert client.say().startswith(b"* BYE Autologout")
    assert client.closed


def test_a_mailbox_that_says_nothing_by_itself_is_asked_now_and_then(
    connect, one_mailbox, inbox, deliver
):
    client = connect(over=one_mailbox(inbox), limits=Limits(idle_timeout=100))
    client.say(b"i IDLE\r\n")
    deliver(b"a")
    assert not client.woken
    assert client.session.timeout == 30
    client.session.timed_out()
    assert client.say() == b"* 1 EXISTS\r\n* 1 RECENT\r\n"
    for _ in range(2):
        client.session.timed_out()
        assert client.say() == b""
    # That the client itself was silent is not forgotten.
    client.session.timed_out()
    assert client.say().startswith(b"* BYE Autologout")


@pytest.mark.timeout(10)
def test_idle_without_a_mailbox(connect, one_mailbox, inbox, deliver):
    client = connect(select=None, over=one_mailbox(inbox))
    assert client.say(b"i IDLE\r\n") == b"+ idling\r\n"
    client.session.timed_out()
    assert client.say() == b""
    assert client.say(b"DONE\r\n") == b"i OK Idle completed\r\n"


@pytest.mark.timeout(10)
def test_hints_while_nothing_is_selected_are_not_worked_off_for_ever(connect, deliver):
    client = connect(select=None)
    client.say(b"i IDLE\r\n")
    deliver(b"a")
    assert client.say() == b""
    assert client.say(b"DONE\r\n") == b"i OK Idle completed\r\n"


# -------------------------------------------------------------------- hints at awkward moments


class Interrupted(MemoryMailbox):
    """A mailbox to which something happens just after it has said what is in it."""

    happening = None

    async def changes(self, since):
        found = await super().changes(since)
        happening, self.happening = self.happening, None
        if happening is not None:
            await happening(self)
        return found


@pytest.fixture
def interrupted(backend, inbox):
    inbox.__class__ = Interrupted
    return inbox


async def one_more(mailbox):
    await mailbox.append([new_message(b"late")])


def test_a_message_that_comes_during_select_is_told_by_the_next_command(connect, interrupted):
    client = connect(select=None)
    interrupted.happening = one_more
    assert "* 0 EXISTS" in client.ok("SELECT INBOX")
    assert client.ok("STATUS Sent (MESSAGES)") == [
        "* STATUS Sent (MESSAGES 0)",
        "* 1 EXISTS",
        "* 1 RECENT",
    ]


def test_a_message_that_comes_during_noop_is_told_by_the_next_command(connect, interrupted):
    client = connect()
    interrupted.happening = one_more
    assert client.ok("NOOP") == []
    assert client.ok("STATUS Sent (MESSAGES)")[1:] == ["* 1 EXISTS", "* 1 RECENT"]


def test_a_message_that_comes_while_idle_is_told_its_news_is_told_too(connect, interrupted):
    client = connect()
    client.say(b"i IDLE\r\n")
    interrupted.happening = one_more
    run(interrupted.append([new_message(b"first")]))
    assert client.say() == b"* 1 EXISTS\r\n* 1 RECENT\r\n* 2 EXISTS\r\n* 2 RECENT\r\n"


def test_a_hint_about_another_mailbox_asks_nothing(connect, backend, inbox, monkeypatch):
    asked = []
    changes = inbox.changes

    async def noting(since):
        asked.append(since)
        return await changes(since)

    client = connect()
    monkeypatch.setattr(inbox, "changes", noting)
    backend.users["alice@example.test"].tell(MailboxMoved("another"))
    client.ok("STATUS Sent (MESSAGES)")
    assert asked == []
    backend.users["alice@example.test"].tell(MailboxMoved(inbox.id))
    client.ok("STATUS Sent (MESSAGES)")
    assert len(asked) == 1


def test_sessions_of_two_registries_tell_each_other_through_the_mailbox(connect, deliver):
    deliver(b"a")
    client, other = connect(shared=Shared()), connect(shared=Shared())
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.ok("FETCH 1 FLAGS") == ["* 1 FETCH (FLAGS (\\Recent))"]
    assert client.ok("NOOP") == ["* 1 EXPUNGE"]
