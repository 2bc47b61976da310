"""From a request to its handler and back: route, key, scope, types, in that order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from mailcore_agentpost.http.decoding import decode_json, decode_query
from mailcore_agentpost.http.exchange import Request, Response, Upgrade
from mailcore_agentpost.http.limits import DEFAULT_HTTP_LIMITS, HTTPLimits
from mailcore_agentpost.http.problems import Problem
from mailcore_agentpost.http.routing import Call, Route, Router

Authorize = Callable[[Request, Route], Awaitable[Any]]

# An answer is for whoever showed the key, and is never to be taken for something else than it is.
_SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Dispatcher:
    """The application behind the connections: answers requests by a route table.

    Arguments:
        router: the table.
        authorize: returns the key of a request, or raises Problem 401 or 403.
        translate: turns what a handler raised into a Problem; None if it was a fault.
    """

    def __init__(
        self,
        router: Router,
        authorize: Authorize,
        translate: Callable[[Exception], Problem | None] = lambda error: None,
        limits: HTTPLimits = DEFAULT_HTTP_LIMITS,
    ) -> None:
        self._router = router
        self._authorize = authorize
        self._translate = translate
        self._limits = limits

    async def __call__(self, request: Request) -> Response | Upgrade:
        """Answer one request.

        Raises:
            Problem: it is refused.
        """
        if request.method == "OPTIONS":
            allow = "OPTIONS" if request.path == "*" else self._router.allowed(request.path)
            return Response(status=204, headers={"Allow": allow})
        route, path = self._router.find(request.method, request.path)
        fields: dict[str, str] = {}
        try:
            key = None if route.public else await self._authorize(request, route)
            call = Call(
                request=request,
                key=key,
                path=path,
                query=decode_query(request.query, route.query),
                body=await self._body(request, route),
                fields=fields,
            )
            return _response(route, await route.handler(call), fields)
        except Problem as refusal:
            refusal.headers.update(fields)
            raise
        except Exception as error:
            problem = self._translate(error)
            if problem is None:
                raise
            problem.headers.update(fields)
            raise problem from error

    async def _body(self, request: Request, route: Route) -> msgspec.Struct | None:
        if route.body is None:
            return None
        kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem(
                415,
                "unsupported_media_type",
                "The body of this request is JSON.",
                fix="Send 'Content-Type: application/json'.",
                headers={"Accept": "application/json"},
            )
        body = await request.read_body(route.body_limit or self._limits.body)
        return decode_json(body, route.body, depth=self._limits.json_depth)


def _response(
    route: Route, answer: msgspec.Struct | Response | Upgrade | None, fields: Mapping[str, str]
) -> Response | Upgrade:
    if isinstance(answer, Upgrade):
        return answer
    if isinstance(answer, Response):
        return Response(
            status=answer.status,
            body=answer.body,
            headers={**_SAFE, **fields, **answer.headers},
            length=answer.length,
        )
    if answer is None:
        return Response(status=204, headers={**_SAFE, **fields})
    return Response(
        status=route.status,
        body=msgspec.json.encode(answer),
        headers={"Content-Type": "application/json", **_SAFE, **fields},
    )
