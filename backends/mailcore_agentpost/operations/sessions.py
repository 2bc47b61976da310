"""The live connections, as far as they are a key's to see."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mailcore.live import LiveSession, LiveSessions
from mailcore_agentpost.http.service import NotThere
from mailcore_agentpost.imap import Account
from mailcore_agentpost.mail.audit import note
from mailcore_agentpost.mail.inboxes import count_organizations
from mailcore_agentpost.policy import Sender
from mailcore_agentpost.store import Store
from mailcore_agentpost.types import KeyRow

_GOODBYE: Final = "Closed by an administrator"


@dataclass(frozen=True, slots=True)
class Visible:
    """A connection that a key may see.

    Arguments:
        live: what is known of it.
        sender: the inbox that it is logged in to, and by which key; None if it is not.
    """

    live: LiveSession
    sender: Sender | None


class SessionService:
    """Connections of an organization's inboxes.

    One that nobody has logged in to, as those of strangers that deliver mail, belongs to no
    organization: it is shown where there is only one, to a key that is not restricted.

    Arguments:
        live: of this server.
        store: the backend's.
    """

    def __init__(self, live: LiveSessions, store: Store) -> None:
        self._live = live
        self._store = store

    async def list(self, key: KeyRow, *, before: int | None, limit: int) -> Sequence[Visible]:
        """Return connections, the youngest first, and then those that ended.

        Arguments:
            before: number of the last one that is known already.
        """
        alone = await self._is_alone(key)
        found = sorted([*self._live, *self._live.ended()], key=lambda one: one.number, reverse=True)
        shown = []
        for live in found:
            if (before is None or live.number < before) and (one := _visible(live, key, alone)):
                shown.append(one)
        return shown[:limit]

    async def get(self, key: KeyRow, session_id: str) -> Visible:
        """Return one connection.

        Raises:
            NotThere: there is none, or it is somebody else's.
        """
        alone = await self._is_alone(key)
        live = self._live.find(session_id)
        found = None if live is None else _visible(live, key, alone)
        if found is None:
            raise NotThere("session")
        return found

    async def close(self, key: KeyRow, session_id: str) -> None:
        """End a connection; harmless if it has ended. Raises as :meth:`get` does."""
        found = await self.get(key, session_id)
        if found.live.ended_at is not None:
            return
        found.live.close(_GOODBYE)
        await self._store.write(
            partial(
                note,
                action="session.closed",
                organization=key.org_id,
                actor=key.id,
                subject=session_id,
                now=datetime.now(UTC),
                peer=found.live.peer.host,
                email=None if found.sender is None else found.sender.address,
            )
        )

    async def _is_alone(self, key: KeyRow) -> bool:
        return key.inbox_id is None and await self._store.read(_one_organization)


def _one_organization(connection: sqlite3.Connection) -> bool:
    return count_organizations(connection) == 1


def _visible(live: LiveSession, key: KeyRow, alone: bool) -> Visible | None:
    account = live.account
    if account is None:
        return Visible(live, None) if alone else None
    if not isinstance(account, Account):
        return None
    sender = account.sender
    if sender.organization != key.org_id or key.inbox_id not in (None, sender.inbox):
        return None
    return Visible(live, sender)
