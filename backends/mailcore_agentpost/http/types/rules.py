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


class FilterRulePage(Page, frozen=True):
    """A page of filter rules, oldest first."""

    data: list[FilterRule]
