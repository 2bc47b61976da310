"""The state tables: every state with every command and every answer (RFC 9051 §3)."""

from __future__ import annotations

import pytest

from mailcore.imap import commands as c
from mailcore.imap.state import ALLOWED, TRANSITIONS, is_allowed, next_state
from mailcore.imap.types import State, Status
from mailcore.imap.wire.commands import VERBS

COMMANDS = sorted({kind for kind, _ in VERBS.values()}, key=lambda kind: kind.__name__)
ANSWERS = (Status.OK, Status.NO, Status.BAD)

NOT_AUTHENTICATED = {
    "Capability",
    "Noop",
    "Logout",
    "Id",
    "Language",
    "StartTls",
    "Authenticate",
    "Login",
}
SELECTED_ONLY = {
    "Check", "Close", "Unselect", "Expunge", "Search", "Sort", "Thread", "Fetch", "Store",
    "Copy", "Move", "Replace", "CancelUpdate",
}  # fmt: skip


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_where_a_command_may_be_given(kind):
    before_login = {"StartTls", "Authenticate", "Login"}
    name = kind.__name__
    assert is_allowed(State.NOT_AUTHENTICATED, kind) is (name in NOT_AUTHENTICATED)
    assert is_allowed(State.AUTHENTICATED, kind) is (name not in before_login | SELECTED_ONLY)
    assert is_allowed(State.SELECTED, kind) is (name not in before_login)
    assert not is_allowed(State.LOGOUT, kind)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("answer", ANSWERS)
def test_where_each_answer_leads(state, answer):
    moves = {
        (State.NOT_AUTHENTICATED, "Login", Status.OK): State.AUTHENTICATED,
        (State.NOT_AUTHENTICATED, "Authenticate", Status.OK): State.AUTHENTICATED,
        (State.AUTHENTICATED, "Select", Status.OK): State.SELECTED,
        (State.SELECTED, "Select", Status.NO): State.AUTHENTICATED,
        (State.SELECTED, "Close", Status.OK): State.AUTHENTICATED,
        (State.SELECTED, "Unselect", Status.OK): State.AUTHENTICATED,
        (State.AUTHENTICATED, "Unauthenticate", Status.OK): State.NOT_AUTHENTICATED,
        (State.SELECTED, "Unauthenticate", Status.OK): State.NOT_AUTHENTICATED,
    }
    for kind in COMMANDS:
        expected = moves.get((state, kind.__name__, answer), state)
        if kind is c.Logout and answer is Status.OK:
            expected = State.LOGOUT
        assert next_state(state, kind, answer) is expected, kind


def test_the_tables_speak_of_the_same_commands():
    assert set().union(*ALLOWED.values()) == set(COMMANDS)
    for state, kind, answer in TRANSITIONS:
        assert is_allowed(state, kind)
        assert answer in ANSWERS
