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


@dataclass(frozen=True, slots=True)
class NameChanged:
    """A hint: a mailbox was made, removed or renamed. Ask ``mailboxes`` what there is now.

    Arguments:
        name: its name now, or the one that it had.
        old_name: if it was renamed, the name before; none is given for what is below it.
    """

    name: str
    old_name: str | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionChanged:
    """A hint: a name was subscribed, or is not any more."""

    name: str


#: A kind that a backend never gives is simply never heard of.
Hint = MailboxMoved | AccountEnded | MetadataChanged | NameChanged | SubscriptionChanged
