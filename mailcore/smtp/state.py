"""Which event is allowed in which state, and where its answer leads: one table (RFC 5321 §4.1.4).

A missing key *is* the error: the peer's if it is the command that is missing, ours if it is the
class of the reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from mailcore.errors import LocalProtocolError
from mailcore.smtp.commands import (
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
    Rset,
    StartTls,
    Violation,
    Vrfy,
    XClient,
    XForward,
)
from mailcore.smtp.types import Reply


class State(Enum):
    """Where a connection stands."""

    CONNECTED = auto()  # the greeting is not yet sent
    GREETED = auto()  # the client has not yet said who it is
    READY = auto()  # no transaction
    MAIL = auto()  # a sender, no recipient
    RCPT = auto()  # a sender and recipients
    MESSAGE = auto()  # between 354 and the end of data
    CHUNK = auto()  # between BDAT and the last of its octets
    CHUNKS = auto()  # some of the message has come by BDAT or BURL, and more is to come
    AUTHENTICATING = auto()  # between 334 and the client's response
    HANDSHAKE = auto()  # STARTTLS was granted
    CLOSED = auto()  # the last reply is given

    # Enum's own is a function in Python, and each command looks for its state in a table.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class Next:
    """Where an event leads, by the class of its reply; None where that class is not allowed."""

    done: State | None
    refused: State
    more: State | None = None

    def after(self, reply: Reply) -> State | None:
        """Return the state after this reply."""
        if not reply.accepted:
            return self.refused
        return self.done if reply.code < 300 else self.more


def _anywhere(state: State) -> dict[type[Question], Next]:
    """What changes nothing, or ends everything, in whatever state commands are taken."""
    stay = Next(state, state)
    over = Next(State.CLOSED, State.CLOSED)
    return {
        **dict.fromkeys((Noop, Vrfy, Expn, Help, BadCommand), stay),
        **dict.fromkeys((Quit, Violation), over),
    }


def _table() -> Mapping[tuple[State, type[Question]], Next]:
    connected, greeted, ready = State.CONNECTED, State.GREETED, State.READY
    mail, rcpt, message = State.MAIL, State.RCPT, State.MESSAGE
    chunk, chunks = State.CHUNK, State.CHUNKS
    authenticating, closed = State.AUTHENTICATING, State.CLOSED
    logging_in = Next(ready, ready, more=authenticating)

    def hello(state: State) -> dict[type[Question], Next]:
        # A refused EHLO leaves everything as it was; an accepted one is also a RSET (§4.1.4).
        return dict.fromkeys((Ehlo, Helo), Next(ready, state))

    # RFC 3030 §2: a chunk is its own 354. RFC 4468 §3.2: BURL takes turns with it; one with LAST is
    # its own end of data. When any of them fails, so does the transaction.
    parts: dict[type[Question], Next] = {
        Bdat: Next(None, ready, more=chunk),
        Burl: Next(chunks, ready),
        EndOfData: Next(ready, ready),
    }

    rows: dict[State, dict[type[Question], Next]] = {
        connected: {Connected: Next(greeted, closed), Violation: Next(closed, closed)},
        greeted: {**_anywhere(greeted), **hello(greeted), Rset: Next(greeted, greeted)},
        ready: {
            **_anywhere(ready),
            **hello(ready),
            Rset: Next(ready, ready),
            MailFrom: Next(mail, ready),
            Auth: logging_in,
            StartTls: Next(State.HANDSHAKE, ready),
            XClient: Next(greeted, ready),
            XForward: Next(ready, ready),
        },
        mail: {
            **_anywhere(mail),
            **hello(mail),
            Rset: Next(ready, mail),
            RcptTo: Next(rcpt, mail),
        },
        rcpt: {
            **_anywhere(rcpt),
            **hello(rcpt),
            Rset: Next(ready, rcpt),
            RcptTo: Next(rcpt, rcpt),
            Data: Next(None, rcpt, more=message),
            **parts,
        },
        # Whatever is said of a message, its transaction is over (§4.1.1.4).
        message: {EndOfData: Next(ready, ready)},
        chunk: {EndOfChunk: Next(chunks, ready), EndOfData: Next(ready, ready)},
        chunks: {**_anywhere(chunks), **hello(chunks), Rset: Next(ready, chunks), **parts},
        authenticating: {
            AuthResponse: logging_in,
            BadCommand: Next(None, ready),
            Violation: Next(closed, closed),
        },
        State.HANDSHAKE: {},
        closed: {},
    }
    return MappingProxyType(
        {(state, kind): leads for state, row in rows.items() for kind, leads in row.items()}
    )


#: State × event → where its reply leads.
TRANSITIONS = _table()

#: A client has to wait for the reply to these before it says anything else (RFC 2920 §3.1,
#: RFC 4954 §4, RFC 3207 §4): what is buffered behind them was smuggled in, or will be lost.
SYNCHRONIZING: frozenset[type[Question]] = frozenset(
    {Connected, Ehlo, Helo, Auth, AuthResponse, StartTls, Data, XClient}
)

_OUT_OF_PLACE: Mapping[type[Question], str] = {
    MailFrom: "A transaction is open already",
    RcptTo: "MAIL first",
    Data: "No valid recipients",
    Bdat: "No valid recipients",
    Burl: "No valid recipients",
    Auth: "Not within a transaction",
    StartTls: "Not within a transaction",
    XClient: "Not within a transaction",
    XForward: "Not within a transaction",
}


class StateMachine:
    """The state of one connection. Only :meth:`answer` moves it."""

    __slots__ = ("state",)

    def __init__(self, state: State = State.CONNECTED) -> None:
        self.state = state

    def refusal(self, kind: type[Question]) -> Reply | None:
        """Return None if an event of this kind is allowed now, else the reply that it gets."""
        if (self.state, kind) in TRANSITIONS:
            return None
        if self.state is State.GREETED:
            return Reply.of(503, "5.5.1", "Bad sequence of commands: say hello first")
        why = _OUT_OF_PLACE[kind]
        if self.state is State.CHUNKS:
            why = "The message has begun; go on with it, or RSET"
        return Reply.of(503, "5.5.1", f"Bad sequence of commands: {why}")

    def answer(self, kind: type[Question], reply: Reply) -> None:
        """Go where this reply to an event of this kind leads.

        Raises:
            LocalProtocolError: the event can not be answered so.
        """
        leads = TRANSITIONS.get((self.state, kind))
        state = None if leads is None else leads.after(reply)
        if state is None:
            raise LocalProtocolError(f"{reply.code} does not answer {kind.__name__} here")
        # RFC 5321 §3.8: 421 in answer to anything says that the channel is closing.
        self.state = State.CLOSED if reply.code == 421 else state

    def close(self) -> None:
        """Be closed, without an event that was answered."""
        self.state = State.CLOSED
