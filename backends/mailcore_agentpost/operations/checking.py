"""Judging an address without sending anything: what each door would say."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import partial

from mailcore_agentpost.cases import MESSAGE_REJECTED
from mailcore_agentpost.mail.rules import deciding_rule
from mailcore_agentpost.mail.suppressions import find_suppression
from mailcore_agentpost.store import Store
from mailcore_agentpost.types import KeyRow, RuleDirection, RuleRow


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the policy judges an address.

    Arguments:
        rule: that decides; None if none does.
        suppressed: whether nothing is sent there any more.
        answers: what each door would say, as (door, words).
    """

    rule: RuleRow | None
    suppressed: bool
    answers: tuple[tuple[str, str], ...]

    @property
    def allowed(self) -> bool:
        """Whether mail passes."""
        return not self.suppressed and (self.rule is None or self.rule.action == "allow")


class PolicyCheck:
    """Asks the rules and suppressions of a key's organization.

    Arguments:
        store: the backend's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def judge(self, key: KeyRow, direction: RuleDirection, address: str) -> Verdict:
        """Judge mail that is sent to an address, or comes from it."""
        return await self._store.read(
            partial(_judge, organization=key.org_id, direction=direction, address=address)
        )


def _judge(
    connection: sqlite3.Connection, organization: str, direction: RuleDirection, address: str
) -> Verdict:
    rule = deciding_rule(connection, organization, direction, address)
    suppressed = (
        direction == "send" and find_suppression(connection, organization, address) is not None
    )
    verdict = Verdict(rule, suppressed, ())
    case = MESSAGE_REJECTED
    smtp, rest = "250 2.1.5 OK", "201"
    if not verdict.allowed:
        code, enhanced = case.smtp
        smtp, rest = f"{code} {enhanced} {case.text}", f"{case.status} {case.code}: {case.text}."
    answers = [("smtp", smtp)]
    if direction == "send":  # mail from outside comes by SMTP only
        answers.insert(0, ("rest", rest))
    return Verdict(rule, suppressed, tuple(answers))
