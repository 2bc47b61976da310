"""APPEND: the command whose octets stream (RFC 9051 §6.3.12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mailcore.imap.commands.base import Command


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
        binary: a literal8: NUL may be among the octets (RFC 3516 §4.4).
        index: 0 for the first message of the command, 1 for the next of a MULTIAPPEND ...
        catenate: it is put together (RFC 4469): ``size`` is 0, and after ``accept_literal()`` its
            parts come, each a :class:`CatenateUrl` or :class:`CatenateText`.
    """

    mailbox: str
    flags: tuple[str, ...]
    internal_date: datetime | None
    size: int
    synchronizing: bool
    index: int = 0
    binary: bool = False
    catenate: bool = False


@dataclass(frozen=True, slots=True)
class Replace(AppendBegin):
    """REPLACE (RFC 8508): an APPEND of one message that takes the place of another.

    Arguments:
        number: of the message to replace; ``STAR`` for the last one.
        uid: ``number`` is a UID.
    """

    number: int = 1
    uid: bool = False


@dataclass(frozen=True, slots=True)
class CatenateUrl:
    """What a URL names comes next in the message (RFC 4469 §3).

    Arguments:
        url: an IMAP URL as it was written (RFC 5092); see :func:`mailcore.imap.url.parse_url`.
    """

    url: str


@dataclass(frozen=True, slots=True)
class CatenateText:
    """Octets come next in the message (RFC 4469 §3), as :class:`AppendChunk`.

    The connection pauses here, as at :class:`AppendBegin`.

    Arguments:
        size: octets announced.
        synchronizing: whether the client waits for "+".
        utf8: they are a literal8 in ``UTF8 (...)`` (RFC 6855 §4).
    """

    size: int
    synchronizing: bool
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class AppendChunk:
    """Octets of the message, or of the part of it, that was announced last."""

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
