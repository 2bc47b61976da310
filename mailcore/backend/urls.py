"""URLs of messages that an account lets others read (RFC 4467)."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked
from mailcore.backend.mailboxes import Mailbox


class UrlRole(Enum):
    """As what somebody fetches what URLs name (RFC 4467 §3)."""

    USER = "user"
    #: Whoever is let in without credentials: reads what is for everybody.
    ANONYMOUS = "anonymous"
    #: A submission server: reads what users let it send for them ("submit+").
    SUBMISSION = "submission"


@runtime_checkable
class AuthorizesUrls(Protocol, metaclass=Checked):
    """Optional, on an account: URLAUTH (RFC 4467), and with it BURL's side (RFC 4468).

    The backend keeps a key for each user and mailbox, and the engine does the rest. A URL is worth
    nothing any more once its key is another, so keys go with their mailbox when it is removed.
    """

    @property
    def url_role(self) -> UrlRole:
        """As what this account fetches."""
        ...

    def is_user(self, name: str) -> bool:
        """Tell whether a user name, as URLs have it, is that of this account."""
        ...

    async def make_url_key(self, mailbox: str) -> bytes:
        """Return this user's key for a mailbox; make one if there is none.

        Random octets, at least 16 of them, which no client gets to see.

        Raises:
            NoSuchMailbox: there is none.
        """
        ...

    async def url_key(self, user: str, mailbox: str) -> bytes | None:
        """Return the key of any user for a mailbox of theirs; None if none was made.

        That takes as long as it takes to say that there is no such mailbox: whoever has a URL of
        their own invention is not to learn which there are (RFC 4467 §6).

        Raises:
            NoSuchMailbox: there is no such user, or no such mailbox of theirs.
        """
        ...

    async def reset_url_keys(self, mailbox: str | None) -> None:
        """Forget this user's key for a mailbox, or for None all of them (RFC 4467, RESETKEY).

        Raises:
            NoSuchMailbox: there is none.
        """
        ...

    async def open_for_url(self, user: str, mailbox: str) -> Mailbox:
        """Return a user's mailbox as that user may read it, for one whose URL was verified.

        Raises:
            NoSuchMailbox: there is none, or it is not to be read any more.
        """
        ...
