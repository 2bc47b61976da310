"""Every state × every event."""

from __future__ import annotations

from typing import get_args

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.smtp import (
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    Burl,
    Connected,
    Data,
    Ehlo,
    EndOfChunk,
    EndOfData,
    Expn,
    Helo,
    Help,
    MailFrom,
    Noop,
    Question,
    Quit,
    RcptTo,
    Reply,
    Rset,
    StartTls,
    State,
    Violation,
    Vrfy,
    XClient,
    XForward,
)
from mailcore.smtp.state import TRANSITIONS, StateMachine

EVENTS: tuple[type[Question], ...] = get_args(Question)
NAMES = {
    "C": State.CONNECTED,
    "G": State.GREETED,
    "R": State.READY,
    "M": State.MAIL,
    "T": State.RCPT,
    "D": State.MESSAGE,
    "B": State.CHUNK,
    "K": State.CHUNKS,
    "A": State.AUTHENTICATING,
    "H": State.HANDSHAKE,
    "X": State.CLOSED,
    "-": None,
}

# A column for each state in which something is taken; in each, where a 2yz, a 3yz and a 4yz or
# 5yz lead; "..." where the event is refused. RFC 5321 §4.1.4, RFC 4954 §4, RFC 3207 §4, RFC 3030
# §2, RFC 4468 §3.2.
COLUMNS = "CGRMTDBKA"
WALK = {
    #               C   G   R   M   T   D   B   K   A
    Connected: "   G-X ... ... ... ... ... ... ... ...",
    Ehlo: "        ... R-G R-R R-M R-T ... ... R-K ...",
    Helo: "        ... R-G R-R R-M R-T ... ... R-K ...",
    MailFrom: "    ... ... M-R ... ... ... ... ... ...",
    RcptTo: "      ... ... ... T-M T-T ... ... ... ...",
    Data: "        ... ... ... ... -DT ... ... ... ...",
    Bdat: "        ... ... ... ... -BR ... ... -BR ...",
    Burl: "        ... ... ... ... K-R ... ... K-R ...",
    EndOfChunk: "  ... ... ... ... ... ... K-R ... ...",
    EndOfData: "   ... ... ... ... R-R R-R R-R R-R ...",
    Auth: "        ... ... RAR ... ... ... ... ... ...",
    AuthResponse: "... ... ... ... ... ... ... ... RAR",
    StartTls: "    ... ... H-R ... ... ... ... ... ...",
    XClient: "     ... ... G-R ... ... ... ... ... ...",
    XForward: "    ... ... R-R ... ... ... ... ... ...",
    Rset: "        ... G-G R-R R-M R-T ... ... R-K ...",
    Noop: "        ... G-G R-R M-M T-T ... ... K-K ...",
    Vrfy: "        ... G-G R-R M-M T-T ... ... K-K ...",
    Expn: "        ... G-G R-R M-M T-T ... ... K-K ...",
    Help: "        ... G-G R-R M-M T-T ... ... K-K ...",
    BadCommand: "  ... G-G R-R M-M T-T ... ... K-K --R",
    Quit: "        ... X-X X-X X-X X-X ... ... X-X ...",
    Violation: "   X-X X-X X-X X-X X-X ... ... X-X X-X",
}
REPLIES = (Reply.of(250, None), Reply.of(354, None), Reply.of(550, None))


def test_the_walk_is_complete() -> None:
    assert set(WALK) == set(EVENTS)


@pytest.mark.parametrize("kind", EVENTS)
@pytest.mark.parametrize("state", State)
def test_each_state_and_event(state: State, kind: type[Question]) -> None:
    column = COLUMNS.find(next(name for name, named in NAMES.items() if named is state))
    cell = WALK[kind].split()[column] if column >= 0 else "..."
    if cell == "...":
        assert (state, kind) not in TRANSITIONS
        for reply in REPLIES:
            with pytest.raises(LocalProtocolError):
                StateMachine(state).answer(kind, reply)
        return
    machine = StateMachine(state)
    assert machine.refusal(kind) is None
    for name, reply in zip(cell, REPLIES, strict=True):
        machine = StateMachine(state)
        if name == "-":
            with pytest.raises(LocalProtocolError):
                machine.answer(kind, reply)
            assert machine.state is state
        else:
            machine.answer(kind, reply)
            assert machine.state is NAMES[name]
    machine = StateMachine(state)
    machine.answer(kind, Reply.of(421, None))
    assert machine.state is State.CLOSED


@pytest.mark.parametrize(
    "kind", [MailFrom, RcptTo, Data, Bdat, Burl, Auth, StartTls, XClient, XForward]
)
def test_a_command_out_of_place_gets_503(kind: type[Question]) -> None:
    for state in (State.GREETED, State.READY, State.MAIL, State.RCPT, State.CHUNKS):
        reply = StateMachine(state).refusal(kind)
        assert (reply is None) is ((state, kind) in TRANSITIONS)
        if reply is not None:
            assert (reply.code, reply.enhanced) == (503, "5.5.1")
