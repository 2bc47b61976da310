"""Filter rules: who may send to whom, the most specific rule first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import MatchType, RuleAction, RuleDirection, RuleRow


def _rule(row: sqlite3.Row) -> RuleRow:
    return RuleRow(
        id=row["id"],
        direction=row["direction"],
        action=row["action"],
        match_type=row["match_type"],
        value=row["value"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
    )


def insert_rule(
    transaction: Transaction,
    organization: str,
    *,
    direction: RuleDirection,
    action: RuleAction,
    match_type: MatchType,
    value: str,
    now: datetime,
) -> RuleRow:
    """Add a rule.

    Raises:
        ValueError: the value is none of its type; the text says what would be.
    """
    row = transaction.execute(
        "INSERT INTO rules (id, organization, direction, action, match_type, value, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            new_id("rul"),
            organization,
            direction,
            action,
            match_type,
            _normalised(match_type, value),
            now.timestamp(),
        ),
    ).fetchone()
    return _rule(row)


def _normalised(match_type: MatchType, value: str) -> str:
    value = value.strip().lower()
    local, at, domain = value.rpartition("@")
    if match_type == "address" and not (local and domain):
        raise ValueError("an address is written user@example.com")
    if match_type == "domain" and (at or not domain or domain.startswith(("*", "."))):
        raise ValueError("a domain is written example.com")
    if match_type == "subdomain_wildcard" and (
        at or not domain.startswith("*.") or "*" in domain[1:] or not domain[2:]
    ):
        raise ValueError("all domains below one are written *.example.com")
    return value


def list_rules(
    connection: sqlite3.Connection, organization: str, after: str, limit: int
) -> Sequence[RuleRow]:
    """Return rules by ascending id."""
    rows = connection.execute(
        "SELECT * FROM rules WHERE organization = ? AND id > ? ORDER BY id LIMIT ?",
        (organization, after, limit),
    )
    return [_rule(row) for row in rows.fetchall()]


def find_rule(connection: sqlite3.Connection, organization: str, rule: str) -> RuleRow | None:
    """Return a rule."""
    row = connection.execute(
        "SELECT * FROM rules WHERE id = ? AND organization = ?", (rule, organization)
    ).fetchone()
    return None if row is None else _rule(row)


def delete_rule(transaction: Transaction, organization: str, rule: str) -> RuleRow | None:
    """Remove a rule; return it, or None if there is no such."""
    row = transaction.execute(
        "DELETE FROM rules WHERE id = ? AND organization = ? RETURNING *", (rule, organization)
    ).fetchone()
    return None if row is None else _rule(row)


def is_blocked(
    connection: sqlite3.Connection, organization: str, direction: RuleDirection, address: str
) -> bool:
    """Tell whether the rules of an organization block an address."""
    rule = deciding_rule(connection, organization, direction, address)
    return rule is not None and rule.action == "block"


def deciding_rule(
    connection: sqlite3.Connection, organization: str, direction: RuleDirection, address: str
) -> RuleRow | None:
    """Return the rule that decides on an address; without one, mail passes.

    It is the most specific: of the address, its domain, then the domains above, the nearest first.
    Of two that are equally specific, the one that blocks.
    """
    wanted = list(_matches(address.lower()))
    rows = connection.execute(
        "SELECT * FROM rules WHERE organization = ? AND direction = ?"
        " AND value IN (SELECT value FROM json_each(?)) ORDER BY id",
        (organization, direction, json.dumps([value for _, value in wanted])),
    )
    found: dict[tuple[str, str], RuleRow] = {}
    for rule in map(_rule, rows.fetchall()):
        match = (rule.match_type, rule.value)
        if match not in found or rule.action == "block":
            found[match] = rule
    return next((found[match] for match in wanted if match in found), None)


def _matches(address: str) -> Iterator[tuple[MatchType, str]]:
    """Yield what a rule for an address can say, the most specific first."""
    local, _, domain = address.rpartition("@")
    yield "address", address
    if "+" in local:
        yield "address", f"{local.partition('+')[0]}@{domain}"
    yield "domain", domain
    labels = domain.split(".")
    for start in range(1, len(labels)):
        yield "subdomain_wildcard", "*." + ".".join(labels[start:])
