"""What a watched account says of its changes: little, and only what to look at again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MailboxMoved:
    """A hint: something about this mailbox changed. Ask ``changes`` what."""

    mailbox_id: str


@dataclass(frozen=True, slots=True)
class AccountEnded:
    """A hint: the account was revoked, expired or suspended. Its connections end."""

    reason: str


@dataclass(frozen=True, slots=True)
class MetadataChanged:
    """A hint: annotations changed (RFC 5464 §4.4.2).

    Arguments:
        mailbox: its name; "" for the server's own.
        entries: their names.
    """

    mailbox: str
    entries: tuple[str, ...]


#: A kind that a backend never gives is simply never heard of.
Hint = MailboxMoved | AccountEnded | MetadataChanged
