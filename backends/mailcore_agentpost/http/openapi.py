"""The OpenAPI 3.1 document, made from the same table and types that requests are answered by."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from mailcore_agentpost.http.problems import MEDIA_TYPE, ProblemDocument
from mailcore_agentpost.http.routing import V1, Route

_REF: Final = "#/components/schemas/{name}"
_PROBLEMS: Final = {
    400: "The request is malformed",
    401: "The request shows no key, or none that is valid",
    403: "The key may not do this, or a rule forbids it",
    404: "There is no such object in this organization",
    409: "The request contradicts what is there, or what was asked before",
    413: "The body is too large",
    415: "The body is of another type",
    422: "A value is not one that the request may have",
    426: "The request asks for no WebSocket",
    429: "Too many; Retry-After says how long to wait",
    503: "Temporarily unavailable",
}
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeated within 24 hours, the request sends nothing and has the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
_RATE_FIELDS: Final = {
    "RateLimit-Policy": "How many messages a key, an inbox and the organization may send",
    "RateLimit": "How many of them may follow this one",
}


def openapi_document(routes: Sequence[Route], *, version: str) -> dict[str, Any]:
    """Describe these routes.

    Arguments:
        version: of the API's implementation, for ``info.version``.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.listed:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    types = {kind for route in routes for kind in (route.body, route.response) if kind}
    ordered = sorted(types | {ProblemDocument}, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "AgentPost", "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    described: dict[str, Any] = _for_everybody(document)
    return described


def _for_everybody(value: Any) -> Any:
    """Write the patterns of Python as all other dialects read them too (ECMA 262)."""
    if isinstance(value, dict):
        return {
            name: one.replace(r"\A", "^").replace(r"\Z", "$")
            if name == "pattern" and isinstance(one, str)
            else _for_everybody(one)
            for name, one in value.items()
        }
    return [_for_everybody(one) for one in value] if isinstance(value, list) else value


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": operation_id(route),
        "tags": [_tag(route)],
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": dict(_responses(route)),
    }
    if route.idempotent:
        operation["parameters"].append(_IDEMPOTENCY_KEY)
    text = inspect.getdoc(route.handler) or ""
    if route.scope is not None:
        text += f"\n\nNeeds a key with the scope `{route.scope}`."
    operation["description"] = text.strip()
    if not route.public:
        operation["security"] = [{"key": []}]
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(route.body)}},
        }
    elif route.octets:
        operation["requestBody"] = {"content": {"application/octet-stream": {}}}
    return operation


def operation_id(route: Route) -> str:
    """Return what programs call an operation: the name of its handler."""
    name = getattr(route.handler, "__name__", "")
    return name or re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}")


def _tag(route: Route) -> str:
    """Return which part of the API a route belongs to."""
    if not route.path.startswith(V1):
        return "server"
    words = [word for word in route.path.removeprefix(V1).split("/") if word and word[0] != "{"]
    inner = len(words) > 1 and words[0] == "inboxes" and words[1] != "credentials"
    return words[1] if inner else words[0]


def _responses(route: Route) -> Iterator[tuple[str, dict[str, Any]]]:
    yield str(route.status), _success(route)
    if route.nothing:
        yield "204", {"description": "Nothing, by then"}
    for status in sorted(_refusals(route)):
        yield str(status), _problem(_PROBLEMS[status])
    yield "5XX", _problem("The server fails, or is not available")


def _refusals(route: Route) -> set[int]:
    """Return the statuses that follow from what a route asks for, and those of its own."""
    found = {422, *route.refuses}
    if not route.public:
        found.add(401)
    if route.scope is not None:
        found.add(403)
    if "{" in route.path:
        found.add(404)
    if route.body is not None:
        found |= {400, 413, 415}
    if route.octets:
        found |= {400, 413}
    return found


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _ref(ProblemDocument)}}}


def _success(route: Route) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "Success"}
    if route.response is not None:
        answer["content"] = {"application/json": {"schema": _ref(route.response)}}
    elif route.media_type is not None:
        answer["content"] = {route.media_type: {}}
    if route.idempotent:
        answer["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in _RATE_FIELDS.items()
        }
    return answer


def _path_parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(route: Route) -> Iterable[dict[str, Any]]:
    if route.query is None:
        return
    _, schemas = msgspec.json.schema_components([route.query], ref_template=_REF)
    schema = schemas[route.query.__name__]
    required = set(schema.get("required", ()))
    for name, property_schema in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": property_schema,
        }


def _ref(kind: type) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}
