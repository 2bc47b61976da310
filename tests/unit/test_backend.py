"""The contract's own small logic: refusals and the helper for mailboxes without history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Protocol

import pytest

from mailcore import backend
from mailcore.backend import BackendError, Changes, MessageColumns, MessageState, all_messages
from mailcore.backend.checking import Checked
from mailcore.smtp.types import Reply


def test_a_refusal_says_what_its_class_says() -> None:
    error = backend.OverQuota()
    assert (str(error), error.code, error.reply.code) == ("Over quota", "OVERQUOTA", 452)


def test_a_refusal_can_be_more_precise_without_changing_its_class() -> None:
    expired = backend.AuthenticationFailed("Key expired", code="EXPIRED")
    assert (str(expired), expired.code) == ("Key expired", "EXPIRED")
    assert backend.AuthenticationFailed().code == "AUTHENTICATIONFAILED"


# Those of the contract: a backend makes kinds of its own, which say more.
_KINDS = [
    kind for kind in BackendError.__subclasses__() if kind.__module__ == BackendError.__module__
]


@pytest.mark.parametrize("kind", _KINDS)
def test_every_refusal_has_a_code_and_a_failing_reply(kind: type[BackendError]) -> None:
    error = kind()
    assert error.code == error.code.upper()
    assert not error.reply.accepted
    assert str(error)


def test_all_messages_puts_them_in_order_and_counts_on() -> None:
    changes = all_messages([MessageState(uid=7), MessageState(uid=3)], modseq=5)
    assert [message.uid for message in changes.messages] == [3, 7]
    assert (changes.uid_next, changes.highest_modseq, changes.complete) == (8, 5, True)


def test_all_messages_of_an_empty_mailbox() -> None:
    assert all_messages([]) == Changes([], uid_next=1, complete=True)


def test_reply_knows_what_it_means() -> None:
    assert Reply.of(250, "2.0.0", "Ok").accepted
    assert Reply(354).accepted
    assert not Reply(451).permanent
    assert Reply(550).permanent
    assert Reply.of(250, None).lines == ("",)


def test_columns_of_messages_read_as_their_states():
    zone = timezone(timedelta(hours=-9, minutes=-30))
    states = [
        MessageState(3, frozenset({"\\Seen"}), 7, datetime(2026, 1, 1, 2, 3, 4, tzinfo=zone), 55),
        MessageState(5, frozenset(), 9, datetime(1960, 1, 1, tzinfo=UTC)),
        MessageState(8, frozenset({"a", "b"}), 2**40, datetime(9999, 12, 31, tzinfo=UTC), 0),
    ]
    columns = MessageColumns.of(states)
    assert list(columns) == states
    assert [one.internal_date.utcoffset() for one in columns] == [
        one.internal_date.utcoffset() for one in states
    ]
    assert columns == MessageColumns.of(list(columns))
    assert columns != MessageColumns.of(states[1:])
    columns.add(MessageColumns.of(states[:0]))
    assert columns[1:] == states[1:]
    assert columns[-1] == states[-1]
    assert list(columns.picked([2, 0])) == [states[2], states[0]]
    assert MessageColumns.of(columns) is columns
    with pytest.raises(IndexError):
        columns[3]


_OPTIONAL = [one for one in vars(backend).values() if isinstance(one, Checked)]


@pytest.mark.parametrize("protocol", _OPTIONAL)
def test_what_is_found_quickly_is_what_python_finds(protocol: type) -> None:
    names = {name for name in dir(protocol) if not name.startswith("_")}
    names |= set(vars(protocol).get("__annotations__", ()))
    whole = {name: getattr(protocol, name, 1) for name in names}
    found = set()
    for one in (
        SimpleNamespace(**whole),
        SimpleNamespace(**whole, more=1),
        type("Implements", (protocol,), {})(),
        type("Looks", (), whole)(),
        object(),
        *(SimpleNamespace(**{**whole, name: None}) for name in names),
        *(SimpleNamespace(**{key: whole[key] for key in names - {name}}) for name in names),
        *(type("Refuses", (), {**whole, name: None})() for name in names),
    ):
        expected = type(Protocol).__instancecheck__(protocol, one)
        assert isinstance(one, protocol) is expected, one
        found.add(expected)
    assert found == {True, False}


def test_whoever_implements_an_optional_protocol_is_a_class_like_others() -> None:
    class Ours(backend.Closes):
        def close(self) -> None: ...

    assert isinstance(Ours(), Ours)
    assert not isinstance(SimpleNamespace(close=print), Ours)
