"""``client.filter_rules``."""

from __future__ import annotations

from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import Check, CreateFilterRule, FilterRule, FilterRulePage
from mailcore_agentpost.types import MatchType, RuleAction, RuleDirection


def create(
    *, direction: RuleDirection, action: RuleAction, match_type: MatchType, value: str
) -> Request[FilterRule]:
    """Add a rule; it holds from the next recipient on, over REST and SMTP alike."""
    body = CreateFilterRule(direction=direction, action=action, match_type=match_type, value=value)
    return Request(method="POST", path=path("filter-rules"), decode=to(FilterRule), body=body)


def list_page(*, limit: int = 50, cursor: str | None = None) -> Request[FilterRulePage]:
    """Return one page of rules, oldest first."""
    return listing(FilterRulePage, path("filter-rules"), limit, cursor)


def get(rule_id: str) -> Request[FilterRule]:
    """Return one rule."""
    return Request(method="GET", path=path("filter-rules", rule_id), decode=to(FilterRule))


def delete(rule_id: str) -> Request[None]:
    """Remove a rule."""
    return Request(method="DELETE", path=path("filter-rules", rule_id), decode=nothing)


def check(direction: RuleDirection, address: str) -> Request[Check]:
    """Return what each door would say of mail to or from an address; nothing is sent."""
    return Request(
        method="GET",
        path=path("filter-rules", "check"),
        decode=to(Check),
        params={"direction": direction, "address": address},
    )
