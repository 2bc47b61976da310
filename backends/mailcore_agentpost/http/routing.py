"""The route table: what can be asked, by whom, with which types. Dispatch and OpenAPI read it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

import msgspec

from mailcore_agentpost.http.exchange import Request, Response, Upgrade
from mailcore_agentpost.http.problems import Problem, not_found

#: What the paths of this version of the API begin with.
V1 = "/api/v1"

KeyT = TypeVar("KeyT")

# Longer paths are nobody's; the bound keeps matching cheap.
_MAX_SEGMENTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[KeyT]):
    """One request, decoded and authorized, as a handler sees it.

    Arguments:
        request: what was sent.
        key: whose key was shown; None for a route that asks for none.
        path: the values of the template's names.
        query: an instance of the route's ``query`` type.
        body: an instance of the route's ``body`` type.
        fields: header fields that the handler adds to the answer, whatever it will be.
    """

    request: Request
    key: KeyT
    path: Mapping[str, str]
    query: Any = None
    body: Any = None
    fields: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Call[Any]], Awaitable[msgspec.Struct | Response | Upgrade | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One thing that can be asked.

    Arguments:
        method: the HTTP method.
        path: a template: ``/api/v1/inboxes/{inbox_id}``.
        handler: answers with a ``response`` instance, with None for 204, or with a whole Response.
        summary: one line for people.
        scope: what the key must allow; None for what any key may do.
        public: True if no key is asked for.
        query: the type of the query parameters, or None for no parameters.
        body: the type of the JSON body, or None for no body.
        octets: True if the body is any octets, which the handler reads as they come.
        body_limit: octets of the body, where it is not the general bound.
        response: the type of the JSON answer, or None.
        status: of a success.
        media_type: of a success without ``response`` type.
        nothing: True if it may also answer 204, with nothing.
        refuses: statuses that its handler refuses with, besides those that follow from the rest.
        idempotent: True if it heeds ``Idempotency-Key``, as all that send do.
        listed: False for what is no part of the API: the files of the page.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scope: str | None = None
    public: bool = False
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    octets: bool = False
    body_limit: int | None = None
    response: type[msgspec.Struct] | None = None
    status: int = 200
    media_type: str | None = None
    nothing: bool = False
    refuses: Sequence[int] = ()
    idempotent: bool = False
    listed: bool = True


@dataclass(slots=True)
class _Node:
    """One level of the path tree: literal segments win over a name."""

    literals: dict[str, _Node] = field(default_factory=dict)
    named: _Node | None = None
    routes: dict[str, tuple[Route, Sequence[str]]] = field(default_factory=dict)


class Router:
    """Finds the route of a request.

    Arguments:
        routes: the table. Two routes with the same method and shape are an error.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = tuple(routes)
        self._root = _Node()
        for route in routes:
            self._add(route)

    def _add(self, route: Route) -> None:
        node, names = self._root, []
        for segment in filter(None, route.path.split("/")):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.named = node = node.named or _Node()
            else:
                node = node.literals.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is declared twice")
        node.routes[route.method] = (route, names)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the route and the values of its names. HEAD is answered by GET (RFC 9110 §9.3.2).

        Raises:
            Problem: 404, or 405 with ``Allow``.
        """
        node, values = self._walk(path)
        match = node.routes.get("GET" if method == "HEAD" else method)
        if match is None:
            raise _not_allowed(method, allowed(node.routes))
        route, names = match
        return route, dict(zip(names, values, strict=True))

    def name(self, method: str, path: str) -> str:
        """Return what a request is counted as: its route, or "" if it has none."""
        try:
            return f"{method} {self.find(method, path)[0].path}"
        except Problem:
            return ""

    def allowed(self, path: str) -> str:
        """Return what ``Allow`` says of a path (RFC 9110 §10.2.1).

        Raises:
            Problem: 404.
        """
        return allowed(self._walk(path)[0].routes)

    def _walk(self, path: str) -> tuple[_Node, list[str]]:
        node = self._root
        values = []
        for segment in path[1:].split("/", _MAX_SEGMENTS) if path != "/" else ():
            # Decoded after the split: an encoded slash is part of a value, never of the path.
            text = unquote(segment)
            child = node.literals.get(text)
            if child is None:
                values.append(text)
                child = node.named
            if child is None or not text:
                raise not_found("resource")
            node = child
        if not node.routes:
            raise not_found("resource")
        return node, values


def allowed(methods: Mapping[str, object]) -> str:
    """Return the value of ``Allow`` for a resource with these methods."""
    names = {*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return ", ".join(sorted(names))


def _not_allowed(method: str, allow: str) -> Problem:
    return Problem(
        405,
        "method_not_allowed",
        f"This resource can not be asked to {method}.",
        fix=f"Use one of {allow}.",
        headers={"Allow": allow},
    )
