"""What a client can say: one frozen dataclass a command, and the events around them.

Mailbox names are Unicode here; INBOX is spelled "INBOX" however it was written. All commands that
come in a plain
and a UID form carry ``uid``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.types import FetchItem, ResponseCode, SequenceSet


@dataclass(frozen=True, slots=True)
class Command:
    """Base of all commands: its tag (RFC 9051 §2.2.1)."""

    tag: str


# Any state (RFC 9051 §6.1)


@dataclass(frozen=True, slots=True)
class Capability(Command):
    """CAPABILITY."""


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """NOOP."""


@dataclass(frozen=True, slots=True)
class Logout(Command):
    """LOGOUT."""


@dataclass(frozen=True, slots=True)
class Id(Command):
    """ID (RFC 2971): fields, or None for NIL."""

    parameters: Mapping[str, str | None] | None


# Not authenticated state (RFC 9051 §6.2)


@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """STARTTLS."""


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """AUTHENTICATE; ``initial`` is the decoded initial response (RFC 4959), b"" for ``=``, or
    None.
    """

    mechanism: str
    initial: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Login(Command):
    """LOGIN."""

    username: str
    password: str = field(repr=False)


# Authenticated state (RFC 9051 §6.3)


@dataclass(frozen=True, slots=True)
class Enable(Command):
    """ENABLE (RFC 5161): names in upper case."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Select(Command):
    """SELECT, or EXAMINE when ``read_only``; ``condstore`` is the parameter of RFC 7162 §3.1.8."""

    mailbox: str
    read_only: bool = False
    condstore: bool = False


@dataclass(frozen=True, slots=True)
class Create(Command):
    """CREATE; a trailing "/" was cut off."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Delete(Command):
    """DELETE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Rename(Command):
    """RENAME."""

    mailbox: str
    new_name: str


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """SUBSCRIBE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """UNSUBSCRIBE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class List(Command):
    """LIST (RFC 9051 §6.3.9), with the RETURN and selection options of RFC 5258 and RFC 6154.

    Arguments:
        reference: prefix for the patterns.
        patterns: with ``*`` and ``%``; one unless several stood in brackets.
        select: selection options, upper case ("SUBSCRIBED", "SPECIAL-USE").
        returns: return options, upper case ("CHILDREN", "SPECIAL-USE", "SUBSCRIBED").
    """

    reference: str
    patterns: tuple[str, ...]
    select: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lsub(Command):
    """LSUB (RFC 3501 §6.3.9)."""

    reference: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Namespace(Command):
    """NAMESPACE (RFC 2342)."""


@dataclass(frozen=True, slots=True)
class StatusCommand(Command):
    """STATUS; items in upper case (MESSAGES, RECENT, UIDNEXT, UIDVALIDITY, UNSEEN, DELETED, SIZE,
    HIGHESTMODSEQ, APPENDLIMIT).
    """

    mailbox: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AppendBegin(Command):
    """A message of APPEND begins (RFC 9051 §6.3.12): its octets come as :class:`AppendChunk`.

    The connection pauses here. ``connection.accept_literal()`` lets the octets come (and sends "+"
    if the client
    waits for it); sending a tagged NO refuses them.

    Arguments:
        mailbox: where it shall go.
        flags: to set.
        internal_date: with its zone, or None.
        size: octets announced.
        synchronizing: whether the client waits for "+".
        index: 0 for the first message of the command, 1 for the next of a MULTIAPPEND ...
    """

    mailbox: str
    flags: tuple[str, ...]
    internal_date: datetime | None
    size: int
    synchronizing: bool
    index: int = 0


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """IDLE (RFC 2177). Send a Continuation; the client ends it with :class:`IdleDone`."""


# Selected state (RFC 9051 §6.4)


@dataclass(frozen=True, slots=True)
class Check(Command):
    """CHECK (RFC 3501 §6.4.1)."""


@dataclass(frozen=True, slots=True)
class Close(Command):
    """CLOSE: expunge in silence, then unselect."""


@dataclass(frozen=True, slots=True)
class Unselect(Command):
    """UNSELECT (RFC 3691)."""


@dataclass(frozen=True, slots=True)
class Expunge(Command):
    """EXPUNGE, or UID EXPUNGE of these (RFC 4315 §2.1)."""

    uids: SequenceSet | None = None


@dataclass(frozen=True, slots=True)
class Search(Command):
    """SEARCH.

    Arguments:
        key: the tree.
        uid: UID SEARCH: the answer is UIDs.
        returns: None without RETURN (RFC 4731); else MIN, MAX, ALL, COUNT; ``RETURN ()`` is
            ("ALL",).
        charset: as the client named it, upper case, or None; strings in ``key`` are decoded
            already.
    """

    key: SearchKey
    uid: bool = False
    returns: tuple[str, ...] | None = None
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    """FETCH; ``changed_since`` is the modifier of RFC 7162 §3.1.4.1."""

    numbers: SequenceSet
    items: tuple[FetchItem, ...]
    uid: bool = False
    changed_since: int | None = None


@dataclass(frozen=True, slots=True)
class Store(Command):
    """STORE.

    Arguments:
        numbers: which messages.
        action: "FLAGS", "+FLAGS" or "-FLAGS".
        flags: as written.
        silent: .SILENT: no untagged FETCH for what this command does.
        unchanged_since: RFC 7162 §3.1.3, or None.
    """

    numbers: SequenceSet
    action: str
    flags: tuple[str, ...]
    silent: bool = False
    uid: bool = False
    unchanged_since: int | None = None


@dataclass(frozen=True, slots=True)
class Copy(Command):
    """COPY."""

    numbers: SequenceSet
    mailbox: str
    uid: bool = False


@dataclass(frozen=True, slots=True)
class Move(Command):
    """MOVE (RFC 6851)."""

    numbers: SequenceSet
    mailbox: str
    uid: bool = False


# Events that are no commands


@dataclass(frozen=True, slots=True)
class AppendChunk:
    """Octets of the message that :class:`AppendBegin` announced."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppendEnd:
    """The APPEND command is complete: all messages are there. Answer with a Tagged."""

    tag: str


@dataclass(frozen=True, slots=True)
class AppendAborted:
    """The APPEND broke off (bad syntax after a message, a literal too big): drop what came of
    it.
    """

    tag: str


@dataclass(frozen=True, slots=True)
class SaslResponse:
    """A line of the client within AUTHENTICATE, decoded; None if it cancelled with ``*``."""

    data: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdleDone:
    """DONE."""

    tag: str


@dataclass(frozen=True, slots=True)
class BadCommand:
    """Something that could not be taken. The connection has answered it already; this is for the
    log.

    Arguments:
        tag: the command's, or None if there was none to read.
        text: what was wrong, as the client was told.
        code: the response code that went with it.
    """

    tag: str | None
    text: str
    code: ResponseCode | None = None


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """The peer is gone, or the connection was given up."""


Event = (
    Command
    | AppendChunk
    | AppendEnd
    | AppendAborted
    | SaslResponse
    | IdleDone
    | BadCommand
    | ConnectionClosed
)
