"""The OpenAPI 3.1 document, made from the same table and types that requests are answered by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from mailcore_agentpost.http.problems import MEDIA_TYPE, ProblemDocument
from mailcore_agentpost.http.routing import Route

_REF = "#/components/schemas/{name}"


def openapi_document(routes: Sequence[Route], *, version: str) -> dict[str, Any]:
    """Describe these routes.

    Arguments:
        version: of the API's implementation, for ``info.version``.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    types = {kind for route in routes for kind in (route.body, route.response) if kind}
    ordered = sorted(types | {ProblemDocument}, key=lambda kind: kind.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "AgentPost", "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "parameters": [*_path_parameters(route), *_query_parameters(route)],
        "responses": {
            str(route.status): _success(route),
            "default": {
                "description": "A problem (RFC 9457)",
                "content": {MEDIA_TYPE: {"schema": _ref(ProblemDocument)}},
            },
        },
    }
    if not route.public:
        operation["security"] = [{"key": []}]
    if route.scope is not None:
        operation["description"] = f"Needs a key with the scope `{route.scope}`."
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(route.body)}},
        }
    return operation


def _success(route: Route) -> dict[str, Any]:
    if route.response is not None:
        schema = {"application/json": {"schema": _ref(route.response)}}
        return {"description": "Success", "content": schema}
    if route.media_type is not None:
        return {"description": "Success", "content": {route.media_type: {}}}
    return {"description": "Success"}


def _operation_id(route: Route) -> str:
    name = getattr(route.handler, "__name__", "")
    return name or re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}")


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
