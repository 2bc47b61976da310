"""The audit trail, as far as it is a key's to read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from mailcore_agentpost.http.service import Refused
from mailcore_agentpost.mail.audit import list_audit
from mailcore_agentpost.store import Store
from mailcore_agentpost.types import AuditAction, AuditRow, KeyRow


class AuditTrail:
    """Reads what was done in a key's organization.

    Arguments:
        store: the backend's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(
        self, key: KeyRow, *, before: str | None, limit: int, action: AuditAction | None
    ) -> Sequence[AuditRow]:
        """Return rows by descending id; arguments as of :func:`list_audit`.

        Raises:
            Refused: the key is restricted to one inbox.
        """
        if key.inbox_id is not None:
            raise Refused(
                403,
                "missing_scope",
                "This key is restricted to one inbox.",
                fix="Use a key of the whole organization.",
            )
        return await self._store.read(
            partial(list_audit, organization=key.org_id, before=before, limit=limit, action=action)
        )
