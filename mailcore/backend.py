"""The contract between the engine and whoever has messages.

A backend stores octets, flags and UIDs; everything that can be derived from them (envelopes,
structures, search, sequence numbers, untagged updates) is the engine's. The smallest useful backend
is :meth:`Backend.authenticate`, :meth:`Account.mailboxes`, :meth:`Account.open`,
:meth:`Mailbox.changes` and :meth:`Mailbox.read`. Everything else is an *optional protocol*:
implement its methods and the engine finds them by ``isinstance``, advertises the matching
capability and uses them; leave them out and the command is answered ``NO [CANNOT]``.

All methods may be slow; they are awaited in the task of the connection that needs them. Raise
:class:`BackendError` (or one of its kinds) to refuse: its code and text reach the client. Anything
else that is raised is logged and answered as a server bug, and the connection lives on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

from mailcore.imap.summary import summarize
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.sasl.types import Credentials
from mailcore.smtp.types import ForwardPath, MailParameters, RcptParameters, Reply, ReversePath
from mailcore.spool import Content

# ----------------------------------------------------------------------------------------- refusals


class BackendError(Exception):
    """A refusal that the client is told.

    Arguments:
        text: one line for a person.
        code: an IMAP response code of RFC 5530 (``"NOPERM"``), or None for none.
        reply: the SMTP reply to give instead of the default of the class.
    """

    code: str | None = None
    reply: Reply = Reply.of(451, "4.3.0", "Requested action aborted: local error in processing")

    def __init__(
        self, text: str = "", *, code: str | None = None, reply: Reply | None = None
    ) -> None:
        super().__init__(text or (self.__doc__ or "").split("\n", 1)[0].rstrip("."))
        if code is not None:
            self.code = code
        if reply is not None:
            self.reply = reply


class AuthenticationFailed(BackendError):
    """Invalid credentials."""

    code = "AUTHENTICATIONFAILED"
    reply = Reply.of(535, "5.7.8", "Authentication credentials invalid")


class AuthorizationFailed(BackendError):
    """These credentials do not allow this."""

    code = "AUTHORIZATIONFAILED"
    reply = Reply.of(535, "5.7.8", "These credentials do not allow this")


class NoSuchMailbox(BackendError):
    """No such mailbox."""

    code = "NONEXISTENT"


class MailboxExists(BackendError):
    """Mailbox already exists."""

    code = "ALREADYEXISTS"


class NotPermitted(BackendError):
    """Not permitted."""

    code = "NOPERM"
    reply = Reply.of(550, "5.7.1", "Not permitted")


class Cannot(BackendError):
    """This mailbox can not do that."""

    code = "CANNOT"


class OverQuota(BackendError):
    """Over quota."""

    code = "OVERQUOTA"
    reply = Reply.of(452, "4.2.2", "Mailbox full")


class TooBig(BackendError):
    """Message too big."""

    code = "TOOBIG"
    reply = Reply.of(552, "5.3.4", "Message too big")


class LimitReached(BackendError):
    """A limit was reached; try again later."""

    code = "LIMIT"
    reply = Reply.of(451, "4.7.1", "Rate limit reached; try again later")


class Unavailable(BackendError):
    """Temporarily unavailable."""

    code = "UNAVAILABLE"
    reply = Reply.of(451, "4.3.0", "Temporarily unavailable")


# ---------------------------------------------------------------------------------- who is asking


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Arguments:
        protocol: the door it came in by.
        host: its address as text, or "" where there is none (a unix socket, a linked test pair).
        port: its port, or 0.
        tls: whether the transport is encrypted.
    """

    protocol: Literal["imap", "smtp", "lmtp", "http"]
    host: str = ""
    port: int = 0
    tls: bool = False


@runtime_checkable
class Backend(Protocol):
    """The one object that a server is given."""

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Account:
        """Return the account that these credentials open.

        Raises:
            AuthenticationFailed: wrong, unknown, expired (code ``EXPIRED``), suspended
                (``CONTACTADMIN``).
            AuthorizationFailed: right, but not for this protocol.
            LimitReached: too many connections of this account.
        """
        ...


@runtime_checkable
class Receives(Protocol):
    """Optional, on a backend: it takes mail from strangers (an MX listener, LMTP)."""

    def receive(self, peer: Peer) -> Delivery:
        """Return a fresh place to deliver to, for one connection."""
        ...


# ----------------------------------------------------------------------------------------- accounts


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """One mailbox of an account, as LIST shows it (RFC 9051 §6.3.9).

    Arguments:
        name: full name in Unicode; levels are separated by "/"; "INBOX" is spelled so.
        id: an identity that survives a rename and is never used again (RFC 8474 §4).
        special_use: an attribute of RFC 6154 (``"\\Sent"``), or None.
        subscribed: whether LSUB shows it.
        selectable: False for a name that only has children (``\\Noselect``).
    """

    name: str
    id: str
    special_use: str | None = None
    subscribed: bool = True
    selectable: bool = True


@runtime_checkable
class Account(Protocol):
    """What one authenticated user can reach. One per connection."""

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        """Return every mailbox of the account, in any order."""
        ...

    async def open(self, name: str) -> Mailbox:
        """Return the mailbox of that name, for SELECT, EXAMINE, STATUS and APPEND.

        Raises:
            NoSuchMailbox: there is none.
        """
        ...


@runtime_checkable
class ManagesMailboxes(Protocol):
    """Optional, on an account: CREATE, DELETE, RENAME (RFC 9051 §6.3.4-6)."""

    async def create(self, name: str) -> None: ...
    async def delete(self, name: str) -> None: ...
    async def rename(self, name: str, new_name: str) -> None: ...


@runtime_checkable
class ManagesSubscriptions(Protocol):
    """Optional, on an account: SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7-8)."""

    async def subscribe(self, name: str, subscribed: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class MailboxMoved:
    """A hint: something about this mailbox changed. Ask ``changes`` what."""

    mailbox_id: str


@dataclass(frozen=True, slots=True)
class AccountEnded:
    """A hint: the account was revoked, expired or suspended. Its connections end."""

    reason: str


Hint = MailboxMoved | AccountEnded


@runtime_checkable
class Watchable(Protocol):
    """Optional, on an account: it says when something changed, so that IDLE needs no polling."""

    def watch(self, callback: Callable[[Hint], None]) -> Callable[[], None]:
        """Call ``callback`` after each change, from any thread; return the function that ends that.

        The callback never blocks and never raises. A hint lost or told twice does no harm.
        """
        ...


@runtime_checkable
class Closes(Protocol):
    """Optional, on an account: told once when its connection is gone."""

    def close(self) -> None: ...


# ---------------------------------------------------------------------------------------- mailboxes


@dataclass(frozen=True, slots=True)
class MessageState:
    """What a mailbox says of one message.

    Arguments:
        uid: 1 to 2**32-1, never used twice under one UIDVALIDITY.
        flags: system flags as RFC 9051 §2.3.2 spells them, and keywords. ``\\Recent`` is the
            engine's.
        modseq: the mailbox's mod-sequence when this message last changed (RFC 7162 §3.1.1).
        internal_date: when it arrived; must carry a time zone.
        size: octets of the message, or None if unknown: the engine then reads it to count.
    """

    uid: int
    flags: frozenset[str] = frozenset()
    modseq: int = 1
    internal_date: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """The one change primitive: what is new, changed and vanished after a mod-sequence.

    Arguments:
        messages: those that are new or whose flags changed.
        vanished: UIDs that are gone.
        highest_modseq: as of now; pass it as ``since`` the next time. Each change raises it.
        uid_next: the UID that the next message would get at least.
        complete: True if ``messages`` is all there is, so that whatever is not in it has vanished.
            For ``since=0``, and for backends that keep no history.
    """

    messages: Sequence[MessageState]
    vanished: Sequence[int] = ()
    highest_modseq: int = 1
    uid_next: int = 1
    complete: bool = False


@runtime_checkable
class Mailbox(Protocol):
    """Messages, each with a UID, flags and a mod-sequence. Two methods make it readable."""

    @property
    def id(self) -> str:
        """The identity of :attr:`MailboxInfo.id`: the engine shares one snapshot per id."""
        ...

    @property
    def uid_validity(self) -> int:
        """RFC 9051 §2.3.1.1: another value says that all UIDs are new. 1 to 2**32-1."""
        ...

    async def changes(self, since: int) -> Changes:
        """Return what happened after mod-sequence ``since``; 0 asks for everything."""
        ...

    async def read(self, uid: int, start: int, end: int) -> bytes:
        """Return octets ``start`` to ``end`` (exclusive; beyond the end is cut) of a message.

        Raises:
            KeyError: no such message any more.
        """
        ...


def all_messages(messages: Iterable[MessageState], *, modseq: int = 1) -> Changes:
    """Make :class:`Changes` for a mailbox that keeps no history: simply all that is there now.

    Arguments:
        messages: all of them, in any order.
        modseq: any number that never falls and rises with each change; a constant is right for
            a mailbox whose messages only come and go.
    """
    ordered = sorted(messages, key=lambda message: message.uid)
    uid_next = ordered[-1].uid + 1 if ordered else 1
    return Changes(ordered, highest_modseq=modseq, uid_next=uid_next, complete=True)


@dataclass(frozen=True)
class NewMessage:
    """A message on its way into a mailbox.

    Arguments:
        content: its octets; the engine closes it afterwards.
        flags: to set; empty for none.
        internal_date: as the client asked, or None for now.
        limits: bounds on what is derived from it.
    """

    content: Content
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None
    limits: Limits = DEFAULT_LIMITS

    @cached_property
    def summary(self) -> bytes:
        """What the engine derives from the octets: opaque; for :class:`KeepsSummaries`.

        Made when it is first asked for. A large message that was built to be slow to read takes
        seconds, so a backend that serves others meanwhile asks in a thread.
        """
        return summarize(self.content.buffer(), self.limits).to_bytes()


@runtime_checkable
class Appendable(Protocol):
    """Optional, on a mailbox: APPEND (RFC 9051 §6.3.12)."""

    async def append(self, messages: Sequence[NewMessage]) -> Sequence[int]:
        """Store all of them or none; return their UIDs in order (RFC 3502 §6.3.11).

        Returns after the commit has reached the disk.
        """
        ...


class FlagAction(Enum):
    """How STORE combines flags (RFC 9051 §6.4.6)."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@runtime_checkable
class Flaggable(Protocol):
    """Optional, on a mailbox: STORE. A mailbox without it, or APPEND, is opened read-only."""

    @property
    def permanent_flags(self) -> frozenset[str]:
        """What a client can change for good; ``"\\*"`` allows new keywords (RFC 9051 §7.1)."""
        ...

    async def store_flags(
        self,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        unchanged_since: int | None = None,
    ) -> Sequence[int]:
        """Change flags; return the UIDs left alone because they changed after ``unchanged_since``.

        UIDs that are gone are passed over in silence (RFC 7162 §3.1.3).

        Raises:
            NotPermitted: one of the flags is not this user's to change; nothing was changed.
        """
        ...


@runtime_checkable
class Expungeable(Protocol):
    """Optional, on a mailbox: EXPUNGE and UID EXPUNGE. The engine chooses the messages."""

    async def expunge(self, uids: Sequence[int]) -> None:
        """Remove these messages; those already gone are passed over."""
        ...


@dataclass(frozen=True, slots=True)
class Copied:
    """Where messages went (COPYUID, RFC 4315 §3). ``source`` and ``target`` run in step."""

    uid_validity: int
    source: Sequence[int] = ()
    target: Sequence[int] = ()


@runtime_checkable
class Copyable(Protocol):
    """Optional, on a mailbox: COPY and MOVE into another one of the same account, atomically."""

    async def copy(self, uids: Sequence[int], name: str) -> Copied:
        """Copy; UIDs that are gone are passed over.

        Raises:
            NoSuchMailbox: the client gets TRYCREATE.
        """
        ...

    async def move(self, uids: Sequence[int], name: str) -> Copied:
        """Copy and remove in one step (RFC 6851)."""
        ...


@runtime_checkable
class KeepsSummaries(Protocol):
    """Optional, on a mailbox: it kept each :attr:`NewMessage.summary`: no body is read twice."""

    async def summaries(self, uids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the stored summaries of these UIDs; leave out those that there are none for."""
        ...


# ------------------------------------------------------------------------------------ sending mail


@dataclass(frozen=True, slots=True)
class Recipient:
    """One accepted RCPT TO."""

    path: ForwardPath
    parameters: RcptParameters


@dataclass(frozen=True, slots=True)
class MailTransaction:
    """An SMTP mail transaction at its end of data (RFC 5321 §3.3).

    Arguments:
        hello: the name that the client gave itself.
        sender: MAIL FROM.
        parameters: those of MAIL FROM.
        recipients: those accepted, in order, at least one.
        protocol: "ESMTPSA" and the like, for the Received field (RFC 3848).
    """

    hello: str
    sender: ReversePath
    parameters: MailParameters
    recipients: Sequence[Recipient]
    protocol: str = "ESMTP"


@runtime_checkable
class Delivery(Protocol):
    """Where one SMTP or LMTP connection puts mail. A BackendError refuses with its ``reply``."""

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        """Judge a sender. A new transaction begins; whatever the last one left is void."""
        ...

    async def rcpt_to(self, recipient: Recipient) -> None:
        """Judge one recipient."""
        ...

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        """Take the message; return after the commit has reached the disk.

        Returns:
            one reply per recipient in order (LMTP, RFC 2033 §4.2), or a single one for all.
        """
        ...


@runtime_checkable
class Submits(Protocol):
    """Optional, on an account: it may send mail (RFC 6409)."""

    def submission(self, peer: Peer) -> Delivery:
        """Return a fresh place to submit to, for one connection."""
        ...
