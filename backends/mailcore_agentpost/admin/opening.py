"""What every command begins with: the store of a data directory, an organization, an inbox."""

from __future__ import annotations

import getpass
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from mailcore.serve.admin import Administration, NotDone
from mailcore_agentpost.mail.inboxes import inbox_at, list_organizations
from mailcore_agentpost.store import FILE, Store
from mailcore_agentpost.store.schema import MIGRATIONS
from mailcore_agentpost.types import InboxRow


@contextmanager
def opened(admin: Administration) -> Iterator[Store]:
    """Open the store, beside the server that may have it open too.

    Raises:
        NotDone: there is none, or the server that runs is of another version.
    """
    path = admin.data / FILE
    if not path.is_file():
        raise NotDone(f"there is no AgentPost in {admin.data}; --data names its directory")
    served = admin.is_served()
    if served:
        with closing(sqlite3.connect(path)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != len(MIGRATIONS):
            raise NotDone("the server that runs is of another version; restart it first")
    with closing(Store(path, alone=not served)) as store:
        yield store


def actor() -> str:
    """Return who is named in the audit trail."""
    try:
        return f"admin:{getpass.getuser()}"
    except (KeyError, OSError):  # a user without a name
        return "admin:"


def organization_of(connection: sqlite3.Connection, given: str | None) -> str:
    """Return the id of the organization that a command means: the only one, unless it says.

    Raises:
        NotDone: there is no such, or there are several.
    """
    known = list_organizations(connection)
    if given is not None:
        found = [one.id for one in known if given in (one.id, one.name)]
        if len(found) != 1:
            raise NotDone(f"there is no organization {given!r}" if not found else _several(found))
        return found[0]
    if len(known) != 1:
        raise NotDone(_several([one.id for one in known]) if known else "there is no organization")
    return known[0].id


def inbox_of(connection: sqlite3.Connection, address: str) -> InboxRow:
    """Return the inbox with an address; raises NotDone."""
    found = inbox_at(connection, address)
    if found is None:
        raise NotDone(f"there is no inbox {address}")
    return found


def _several(found: list[str]) -> str:
    return f"--organization is needed, one of {', '.join(found)}"
