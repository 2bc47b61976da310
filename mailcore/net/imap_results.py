"""What the IMAP client returns: responses put together to what a program asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailcore.imap import responses as r
from mailcore.imap.types import Section, Status
from mailcore.message import Envelope, Part


class ImapError(Exception):
    """The server does not do what it was asked for, or is gone."""


class CommandRefused(ImapError):
    """NO or BAD.

    Arguments:
        response: what the server said, with its response code.
    """

    def __init__(self, response: r.Tagged) -> None:
        super().__init__(response.text or response.status.value)
        self.response = response


@dataclass(frozen=True, slots=True)
class Selected:
    """A mailbox as SELECT shows it (RFC 9051 §6.3.2); None for what was not told."""

    name: str
    exists: int = 0
    read_only: bool = False
    flags: tuple[str, ...] = ()
    uid_validity: int | None = None
    uid_next: int | None = None
    highest_modseq: int | None = None


@dataclass(frozen=True, slots=True)
class FetchedMessage:
    """A message as FETCH shows it; None or empty for what was not asked for.

    Arguments:
        number: its sequence number; the UID where only UIDs are in use (RFC 9586).
        bodies: octets by what was asked for: a Section, or "RFC822" and its like.
        others: attributes that have no field here.
    """

    number: int
    uid: int | None = None
    flags: tuple[str, ...] | None = None
    internal_date: datetime | None = None
    size: int | None = None
    modseq: int | None = None
    envelope: Envelope | None = None
    structure: Part | None = None
    bodies: Mapping[Section | str, bytes | None] = field(default_factory=dict, repr=False)
    others: tuple[r.FetchAttribute, ...] = ()

    @property
    def body(self) -> bytes | None:
        """The octets of the whole message, if they were asked for."""
        return self.bodies.get(Section(), self.bodies.get("RFC822"))


def read_selected(name: str, responses: Iterable[object], tagged: r.Tagged) -> Selected:
    """Put together what came with SELECT or EXAMINE."""
    exists = 0
    flags: tuple[str, ...] = ()
    numbers: dict[str, int] = {}
    for response in responses:
        if isinstance(response, r.Exists):
            exists = response.count
        elif isinstance(response, r.FlagsResponse):
            flags = response.flags
        elif isinstance(response, r.Untagged) and response.status is Status.OK:
            code = response.code
            if code is not None and code.argument.isascii() and code.argument.isdigit():
                numbers[code.name] = int(code.argument)
    return Selected(
        name,
        exists,
        tagged.code is not None and tagged.code.name == "READ-ONLY",
        flags,
        numbers.get("UIDVALIDITY"),
        numbers.get("UIDNEXT"),
        numbers.get("HIGHESTMODSEQ"),
    )


def read_message(
    head: r.FetchResponse | r.FetchBegin, attributes: Iterable[r.FetchAttribute]
) -> FetchedMessage:
    """Put together one FETCH response."""
    fields: dict[str, object] = {"uid": head.number} if head.uid_only else {}
    bodies: dict[Section | str, bytes | None] = {}
    others: list[r.FetchAttribute] = []
    for attribute in attributes:
        match attribute:
            case r.Uid(uid):
                fields["uid"] = uid
            case r.Flags(flags):
                fields["flags"] = flags
            case r.InternalDate(date):
                fields["internal_date"] = date
            case r.Rfc822Size(size):
                fields["size"] = size
            case r.ModSequence(modseq):
                fields["modseq"] = modseq
            case r.EnvelopeAttribute(envelope):
                fields["envelope"] = envelope
            case r.BodyAttribute(part):
                fields["structure"] = part
            case r.BodySection(section, data):
                bodies[section] = data
            case r.Rfc822(name, data):
                bodies[name] = data
            case _:
                others.append(attribute)
    return FetchedMessage(head.number, bodies=bodies, others=tuple(others), **fields)  # type: ignore[arg-type]
