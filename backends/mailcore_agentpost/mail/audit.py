"""The audit trail: who did what, written in the transaction in which it is done."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import AuditAction, AuditRow, RuleRow

_HOUR: Final = 60 * 60.0
_DAY: Final = 24 * _HOUR
_KEPT: Final = 400 * _DAY
_FAILURES_KEPT: Final = 30 * _DAY


def note(
    transaction: Transaction,
    action: AuditAction,
    *,
    organization: str | None,
    actor: str,
    subject: str,
    now: datetime,
    peer: str = "",
    **detail: Any,
) -> None:
    """Note what is being done; arguments as the fields of :class:`AuditRow`."""
    transaction.execute(
        "INSERT INTO audit (id, organization, at, actor, action, subject, peer, count, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
        (
            new_id("aud"),
            organization,
            now.timestamp(),
            actor,
            action,
            subject,
            peer,
            json.dumps(detail),
        ),
    )


def note_rule(
    transaction: Transaction,
    action: AuditAction,
    organization: str,
    actor: str,
    rule: RuleRow,
    now: datetime,
) -> None:
    """Note what becomes of a filter rule."""
    note(
        transaction,
        action,
        organization=organization,
        actor=actor,
        subject=rule.id,
        now=now,
        rule=f"{rule.direction} {rule.action} {rule.value}",
    )


def note_failed_login(
    transaction: Transaction, *, address: str, peer: str, count: int, reason: str, now: datetime
) -> None:
    """Count failed logins: one row an hour for each inbox and peer.

    Arguments:
        address: what the client logged in as; if it is no inbox, it is not kept: people type
            passwords there.
    """
    owner = transaction.execute(
        "SELECT organization, address FROM inboxes WHERE address = ?", (address.lower(),)
    ).fetchone()
    organization = owner and owner["organization"]
    subject = owner["address"] if owner else ""
    updated = transaction.execute(
        "UPDATE audit SET count = count + ?, at = ? WHERE id = (SELECT id FROM audit"
        " WHERE action = 'login.failed' AND at > ? AND organization IS ? AND subject = ?"
        " AND peer = ? ORDER BY at DESC LIMIT 1)",
        (count, now.timestamp(), now.timestamp() - _HOUR, organization, subject, peer),
    )
    if updated.rowcount:
        return
    transaction.execute(
        "INSERT INTO audit (id, organization, at, actor, action, subject, peer, count, detail)"
        " VALUES (?, ?, ?, '', 'login.failed', ?, ?, ?, ?)",
        (
            new_id("aud"),
            organization,
            now.timestamp(),
            subject,
            peer,
            count,
            json.dumps({"reason": reason}),
        ),
    )


def list_audit(
    connection: sqlite3.Connection,
    organization: str | None,
    *,
    before: str | None = None,
    limit: int,
    action: AuditAction | None = None,
) -> Sequence[AuditRow]:
    """Return rows by descending id.

    Arguments:
        organization: whose; None for all, and nobody's.
        before: the id of the last row that is known already.
        action: of this kind only.
    """
    rows = connection.execute(
        "SELECT * FROM audit WHERE (:organization IS NULL OR organization = :organization)"
        " AND (:before IS NULL OR id < :before) AND (:action IS NULL OR action = :action)"
        " ORDER BY id DESC LIMIT :limit",
        {"organization": organization, "before": before, "action": action, "limit": limit},
    )
    return [
        AuditRow(
            id=row["id"],
            org_id=row["organization"],
            at=datetime.fromtimestamp(row["at"], UTC),
            actor=row["actor"],
            action=row["action"],
            subject=row["subject"],
            peer=row["peer"],
            count=row["count"],
            detail=json.loads(row["detail"]),
        )
        for row in rows.fetchall()
    ]


def forget_audit(transaction: Transaction, now: float) -> None:
    """Drop what is old: failed logins after a month, the rest after more than a year."""
    transaction.execute(
        "DELETE FROM audit WHERE at < ? OR (action = 'login.failed' AND at < ?)",
        (now - _KEPT, now - _FAILURES_KEPT),
    )
