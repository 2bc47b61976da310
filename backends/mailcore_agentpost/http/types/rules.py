"""Filter rules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from mailcore_agentpost.http.types.base import Page, RequestBody, ResponseBody


class CreateFilterRule(RequestBody, frozen=True):
    """Allow or block an address, a domain, or all domains below one; the most specific rule wins.

    Arguments:
        direction: which mail it judges.
        value: ``a@b.example``, ``b.example``; for ``subdomain_wildcard``: ``*.b.example``.
    """

    direction: Literal["send", "receive"]
    action: Literal["allow", "block"]
    match_type: Literal["address", "domain", "subdomain_wildcard"]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]


class FilterRule(ResponseBody, frozen=True):
    """A filter rule."""

    id: str
    direction: Literal["send", "receive"]
    action: Literal["allow", "block"]
    match_type: Literal["address", "domain", "subdomain_wildcard"]
    value: str
    created_at: datetime


class CheckQuery(RequestBody, frozen=True):
    """What to judge, as if a message came.

    Arguments:
        direction: whether mail is sent to the address, or received from it.
    """

    direction: Literal["send", "receive"]
    address: Annotated[str, msgspec.Meta(min_length=3, max_length=320, pattern="^[^@]+@[^@]+$")]


class DoorAnswer(ResponseBody, frozen=True):
    """What one door would say.

    Arguments:
        says: the answer to the recipient, in the words of that door.
    """

    door: Literal["rest", "smtp"]
    says: str


class Check(ResponseBody, frozen=True):
    """How the policy judges an address.

    Arguments:
        rule: the one that decides; null if none does.
        suppressed: nothing is sent there since it bounced, complained, or was added by hand.
        answers: of each door that would carry such a message.
    """

    allowed: bool
    rule: FilterRule | None
    suppressed: bool
    answers: list[DoorAnswer]


class FilterRulePage(Page, frozen=True):
    """A page of filter rules, oldest first."""

    data: list[FilterRule]
