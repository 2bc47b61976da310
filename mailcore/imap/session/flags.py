"""Which flags can be changed in a mailbox, by whom, and how that is told (RFC 9051 §7.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from mailcore.backend import Flaggable, Mailbox, Rights
from mailcore.imap.responses import FlagsResponse, Untagged
from mailcore.imap.session.view import View
from mailcore.imap.types import SYSTEM_FLAGS, ResponseCode, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# RFC 4314 §4: all others take "w".
_RIGHTS: Final = {"\\Deleted": "t", "\\Seen": "s"}
_ALL: Final = frozenset("stw")


def permanent_flags(mailbox: Mailbox) -> frozenset[str]:
    """Return what a client can change for good in a mailbox; nothing if it is not Flaggable."""
    return mailbox.permanent_flags if isinstance(mailbox, Flaggable) else frozenset()


def changeable(flags: Collection[str], rights: Rights) -> frozenset[str]:
    """Return those of the flags that a user with these rights may change."""
    return frozenset(flag for flag in flags if _RIGHTS.get(flag, "w") in rights)


def all_changeable(rights: Rights) -> bool:
    """Tell whether a user with these rights may change every flag."""
    return rights >= _ALL


def flags_response(view: View) -> FlagsResponse:
    """Return which flags there are in a mailbox."""
    known = permanent_flags(view.mailbox) | view.snapshot.known_flags()
    return FlagsResponse((*SYSTEM_FLAGS, *sorted(known - {*SYSTEM_FLAGS, "\\*"})))


def permanent_flags_response(view: View) -> Untagged:
    """Return which of them the client can change for good."""
    possible = changeable(permanent_flags(view.mailbox), view.rights)
    offered = () if view.read_only else sorted(possible, key=lambda flag: (flag == "\\*", flag))
    code = ResponseCode("PERMANENTFLAGS", f"({' '.join(offered)})")
    return Untagged(Status.OK, "Flags that can be changed for good", code)


def tell_flags(session: Session, view: View) -> None:
    """Say both anew: what may be changed is another thing now (RFC 4314 §5.1.1)."""
    session.send(flags_response(view))
    session.send(permanent_flags_response(view))
