"""What a client may say, and where the answer leads: the server's table, seen from the other side.

Two machines follow a client: one moves with the replies that came, the other with the commands that
were sent, as if each were accepted. Without pipelining they differ by one command; with it
(RFC 2920) by a group.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.smtp.commands import (
    AuthResponse,
    BadCommand,
    Bdat,
    Burl,
    CancelAuth,
    Command,
    Connected,
    Data,
    EndOfChunk,
    EndOfData,
    Expn,
    Help,
    Noop,
    Quit,
    RcptTo,
    Violation,
    Vrfy,
)
from mailcore.smtp.state import SYNCHRONIZING, TRANSITIONS, Next, State
from mailcore.smtp.types import Reply

#: What a client says and a server replies to; :class:`Connected` is said by being there.
Sent = Command | Connected | EndOfData | AuthResponse | CancelAuth


class LastChunk:
    """The key of a BDAT or BURL that says LAST: it ends the message."""


def _sayable() -> Mapping[tuple[State, type], Next]:
    ready, rcpt, chunks = State.READY, State.RCPT, State.CHUNKS
    table: dict[tuple[State, type], Next] = {
        (state, kind): leads
        for (state, kind), leads in TRANSITIONS.items()
        if kind not in (BadCommand, Violation, Bdat, Burl, EndOfChunk)
        and (kind is not EndOfData or state is State.MESSAGE)
    }
    table[State.AUTHENTICATING, CancelAuth] = Next(None, ready)
    for state in (rcpt, chunks):
        # RFC 3030 §2: after a chunk that is refused the transaction has failed.
        table |= dict.fromkeys(((state, Bdat), (state, Burl)), Next(chunks, ready))
        table[state, LastChunk] = Next(ready, ready)
    return MappingProxyType(table)


def _hearable() -> Mapping[tuple[State, type], Next]:
    """In a pipeline these may follow a MAIL that was refused, or recipients that all were."""
    ready, mail, message = State.READY, State.MAIL, State.MESSAGE
    return MappingProxyType(
        {
            **CLIENT_TRANSITIONS,
            (ready, RcptTo): Next(None, ready),
            # A server may even answer 354, and gets a single dot (RFC 2920 §3.1).
            (ready, Data): Next(None, ready, more=message),
            (mail, Data): Next(None, mail, more=message),
            **{
                (state, kind): Next(None, state)
                for state in (ready, mail)
                for kind in (Bdat, Burl, LastChunk)
            },
        }
    )


#: State × command → where its reply leads, for what a client may say.
CLIENT_TRANSITIONS = _sayable()

_HEARD = _hearable()

#: What ends a group of pipelined commands: nothing more is said before its reply (RFC 2920 §3.1).
ENDS_GROUP: frozenset[type] = SYNCHRONIZING | {CancelAuth, Vrfy, Expn, Help, Noop, Quit}


def ends_message(sent: Sent) -> bool:
    """Whether a server replies to this once it has the message (in LMTP, for each recipient)."""
    return isinstance(sent, EndOfData) or (isinstance(sent, (Bdat, Burl)) and sent.last)


def _key_of(sent: Sent) -> type:
    return LastChunk if isinstance(sent, (Bdat, Burl)) and sent.last else type(sent)


class ClientStateMachine:
    """The state of one connection, by what was answered and by what was said."""

    __slots__ = ("said", "state")

    def __init__(self, state: State) -> None:
        #: Where the replies that came have led.
        self.state = state
        #: Where what was sent leads if all of it is accepted.
        self.said = state

    def say(self, sent: Sent) -> None:
        """Go on as if this were accepted.

        Raises:
            LocalProtocolError: it has no place here.
        """
        leads = CLIENT_TRANSITIONS.get((self.said, _key_of(sent)))
        if leads is None:
            raise LocalProtocolError(f"{type(sent).__name__} has no place in {self.said.name}")
        self.said = leads.done or leads.more or leads.refused

    def hear(self, sent: Sent, reply: Reply) -> None:
        """Go where this reply leads.

        Raises:
            RemoteProtocolError: no server answers so.
        """
        leads = _HEARD.get((self.state, _key_of(sent)))
        state = None if leads is None else leads.after(reply)
        if state is None:
            raise RemoteProtocolError(f"{reply.code} does not answer {type(sent).__name__} here")
        self.state = State.CLOSED if reply.code == 421 else state

    def settle(self) -> None:
        """All that was said has its answer: the two are one again."""
        self.said = self.state

    def close(self) -> None:
        """Be closed."""
        self.state = self.said = State.CLOSED
