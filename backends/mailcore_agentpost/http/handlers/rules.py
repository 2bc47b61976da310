"""Filter rules."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    CreateFilterRule,
    FilterRule,
    FilterRulePage,
    PageQuery,
)
from mailcore_agentpost.types import KeyRow, RuleRow


class RuleHandlers:
    """Answers ``/filter-rules``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create_rule(self, call: Call[KeyRow]) -> FilterRule:
        """Add a rule; it holds from the next recipient on."""
        row = await self._service.create_rule(
            call.key,
            direction=call.body.direction,
            action=call.body.action,
            match_type=call.body.match_type,
            value=call.body.value,
        )
        return rule_body(row)

    async def list_rules(self, call: Call[KeyRow]) -> FilterRulePage:
        """Return a page of rules, oldest first."""
        limit = call.query.limit
        rows = await self._service.rules(
            call.key, after=decode_cursor(call.query.cursor), limit=limit + 1
        )
        page = cut(rows, limit, lambda row: row.id)
        return FilterRulePage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[rule_body(row) for row in page.rows],
        )

    async def get_rule(self, call: Call[KeyRow]) -> FilterRule:
        """Return a rule."""
        return rule_body(await self._service.rule(call.key, call.path["rule_id"]))

    async def delete_rule(self, call: Call[KeyRow]) -> None:
        """Remove a rule."""
        await self._service.delete_rule(call.key, call.path["rule_id"])


def rule_body(row: RuleRow) -> FilterRule:
    """Make what is shown of a rule."""
    return FilterRule(
        id=row.id,
        direction=row.direction,
        action=row.action,
        match_type=row.match_type,
        value=row.value,
        created_at=row.created_at,
    )


def routes(rules: RuleHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="POST",
            path=f"{V1}/filter-rules",
            handler=rules.create_rule,
            summary="Add a filter rule",
            scope="rules:write",
            body=CreateFilterRule,
            response=FilterRule,
            status=201,
        ),
        Route(
            method="GET",
            path=f"{V1}/filter-rules",
            handler=rules.list_rules,
            summary="List filter rules",
            scope="rules:read",
            query=PageQuery,
            response=FilterRulePage,
        ),
        Route(
            method="GET",
            path=f"{V1}/filter-rules/{{rule_id}}",
            handler=rules.get_rule,
            summary="Return a filter rule",
            scope="rules:read",
            response=FilterRule,
        ),
        Route(
            method="DELETE",
            path=f"{V1}/filter-rules/{{rule_id}}",
            handler=rules.delete_rule,
            summary="Remove a filter rule",
            scope="rules:write",
            status=204,
        ),
    )
