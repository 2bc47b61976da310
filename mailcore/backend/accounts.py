"""What one authenticated user can reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked
from mailcore.backend.hints import Hint
from mailcore.backend.mailboxes import Mailbox
from mailcore.backend.rights import Rights


@dataclass(frozen=True, slots=True)
class MailboxInfo:
    """One mailbox of an account, as LIST shows it (RFC 9051 §6.3.9).

    Arguments:
        name: full name in Unicode; levels are separated by "/"; "INBOX" is spelled so.
        id: an identity that survives a rename and is never used again (RFC 8474 §4).
        special_use: an attribute of RFC 6154 (``"\\Sent"``), or None.
        subscribed: whether LSUB shows it.
        selectable: False for a name that only has children (``\\Noselect``).
        exists: False for a name that is only subscribed (``\\NonExistent``, RFC 5258 §3).
        rights: what this user may do with it (RFC 4314); None for all.
        personal: False for a mailbox of another user (RFC 2342).
    """

    name: str
    id: str
    special_use: str | None = None
    subscribed: bool = True
    selectable: bool = True
    exists: bool = True
    rights: Rights | None = None
    personal: bool = True


@runtime_checkable
class Account(Protocol, metaclass=Checked):
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
class ManagesMailboxes(Protocol, metaclass=Checked):
    """Optional, on an account: CREATE, DELETE, RENAME (RFC 9051 §6.3.4-6)."""

    async def create(self, name: str) -> None: ...
    async def delete(self, name: str) -> None: ...
    async def rename(self, name: str, new_name: str) -> None: ...


@runtime_checkable
class CreatesSpecialUse(Protocol, metaclass=Checked):
    """Optional, on an account: CREATE of a mailbox with a special use (RFC 6154 §3)."""

    async def create_special(self, name: str, special_use: str) -> None:
        """Make a mailbox for a use: ``\\Archive``, ``\\Junk``, ...

        Raises:
            MailboxExists: there is one of that name.
            CannotServe: no mailbox can be for that, or there is one already.
        """
        ...


@runtime_checkable
class ManagesSubscriptions(Protocol, metaclass=Checked):
    """Optional, on an account: SUBSCRIBE and UNSUBSCRIBE (RFC 9051 §6.3.7-8)."""

    async def subscribe(self, name: str, subscribed: bool) -> None:
        """Subscribe a name or not. A subscription outlives its mailbox, if the backend lets it.

        Raises:
            NoSuchMailbox: only what exists is subscribed here.
        """
        ...


@runtime_checkable
class Watchable(Protocol, metaclass=Checked):
    """Optional, on an account: it says when something changed, so that IDLE needs no polling."""

    def watch(self, callback: Callable[[Hint], None]) -> Callable[[], None]:
        """Call ``callback`` after each change, from any thread; return the function that ends that.

        The callback never blocks and never raises. A hint lost or told twice does no harm. One of
        :class:`MailboxMoved` is given for each change of messages; the other kinds let NOTIFY
        tell of mailboxes too.
        """
        ...


@runtime_checkable
class Closes(Protocol, metaclass=Checked):
    """Optional, on an account: told once when its connection is gone."""

    def close(self) -> None: ...
