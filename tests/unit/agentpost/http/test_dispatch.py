"""Routes, keys, scopes and types, over a real socket."""

from __future__ import annotations

import pytest

from mailcore_agentpost.http.openapi import openapi_document
from mailcore_agentpost.http.problems import Problem
from mailcore_agentpost.http.routing import Route, Router

from .wire import BEARER, HEAD, ROUTES, Answer, hello, serving

LAST = "Connection: close\r\n"
JSON = "Content-Type: application/json\r\n"


async def ask(line: str, head: str = BEARER, body: str | bytes = b"") -> Answer:
    octets = body.encode() if isinstance(body, str) else body
    length = f"Content-Length: {len(octets)}\r\n" if octets else ""
    text = f"{line} HTTP/1.1\r\n{head}{LAST}{length}\r\n".encode() + octets
    async with serving() as server:
        [answer] = await server.roundtrip(text, line.split()[0])
    return answer


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/hello/", "//hello", "/hello/a/b", "/hello%2Fa", "/" + "a/" * 500]
)
async def test_unknown_paths_are_404(path: str) -> None:
    answer = await ask(f"GET {path}")
    assert (answer.status, answer.json["code"]) == (404, "not_found")


async def test_a_name_in_the_path_is_decoded_once() -> None:
    assert (await ask("GET /hello/a%2Fb%2520c")).json["name"] == "a/b%20c"


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    answer = await ask("PUT /items")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    options = await ask("OPTIONS /items")
    assert (options.status, options.headers["allow"]) == (204, answer.headers["allow"])
    assert (await ask("OPTIONS *")).status == 204
    assert (await ask("OPTIONS /nowhere")).status == 404


async def test_keys_and_scopes() -> None:
    answer = await ask("GET /items", head=HEAD)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    reader = HEAD + "Authorization: Bearer reader\r\n" + JSON
    answer = await ask("POST /items", head=reader, body='{"name": "x"}')
    assert (answer.status, answer.json["code"]) == (403, "missing_scope")
    assert "items:write" in answer.json["fix"]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ('{"name": "x"}', 201, None, None),
        ('{"name": "x", "tags": ["a"]}', 201, None, None),
        ('{"name": 1}', 422, "invalid_request", "name"),
        ('{"name": "x", "tags": ["a", 2]}', 422, "invalid_request", "tags[1]"),
        ('{"name": "x", "more": 1}', 422, "invalid_request", "more"),
        ("{}", 422, "invalid_request", "name"),
        ("[]", 422, "invalid_request", "the body"),
        ("{", 400, "malformed_json", None),
        ('{"name": "x"} {}', 400, "malformed_json", None),
        (b'{"name": "\xff"}', 400, "malformed_json", None),
        ('{"name": "\\ud800"}', 400, "malformed_json", None),
        ("", 400, "malformed_json", None),
        ("[" * 100_000, 400, "json_too_deep", None),
        ('{"name": "[[[[[[[[[[[[[[[[[[[[[[[[["}', 201, None, None),
        ('{"name": "\\"[[[[[[[[[[[[[[[[[[[[[[["}', 201, None, None),
    ],
)
async def test_bodies(body: str | bytes, status: int, code: str | None, field: str | None) -> None:
    answer = await ask("POST /items", head=BEARER + JSON, body=body)
    assert answer.status == status
    assert answer.json.get("code") == code
    assert answer.json.get("field") == field


async def test_a_body_of_another_type_is_415() -> None:
    answer = await ask(
        "POST /items", head=BEARER + "Content-Type: text/plain\r\n", body='{"name": "x"}'
    )
    assert answer.status == 415


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("", 200, None),
        ("?limit=3&tag=a&tag=b%20c", 200, None),
        ("?limit=x", 422, "limit"),
        ("?limit=1&limit=2", 422, "limit"),
        ("?colour=red", 422, "colour"),
        ("?unread=maybe", 422, "unread"),
        ("?limit", 422, "the query"),
        ("?tag=%ff", 422, "the query"),
        ("?" + "tag=a&" * 1000, 422, "the query"),
    ],
)
async def test_queries(query: str, status: int, field: str | None) -> None:
    answer = await ask(f"GET /items{query}")
    assert answer.status == status
    if field:
        assert answer.json["field"] == field
    elif query:
        assert answer.json == {"name": "a,b c", "limit": 3}


def test_a_route_declared_twice_is_an_error() -> None:
    routes = [
        Route(method="GET", path=f"/a/{{{name}}}", handler=hello, summary="s")
        for name in ("x", "y")
    ]
    with pytest.raises(ValueError, match="twice"):
        Router(routes)


def test_a_literal_wins_over_a_name_and_the_name_over_nothing() -> None:
    routes = [
        Route(method="GET", path=path, handler=hello, summary=path)
        for path in ("/a/{x}/c", "/a/b/export", "/a/{x}")
    ]
    router = Router(routes)
    assert router.find("GET", "/a/b/export")[0].path == "/a/b/export"
    assert router.find("GET", "/a/z/c") == (routes[0], {"x": "z"})
    assert router.find("GET", "/a/b%2Fc") == (routes[2], {"x": "b/c"})
    with pytest.raises(Problem):
        router.find("GET", "/a")


def test_openapi_has_every_route_with_its_types() -> None:
    document = openapi_document(ROUTES, version="1")
    assert {(path, method) for path, item in document["paths"].items() for method in item} == {
        (route.path, route.method.lower()) for route in ROUTES
    }
    make = document["paths"]["/items"]["post"]
    assert make["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Item"
    }
    assert document["components"]["schemas"]["Item"]["required"] == ["name"]
    names = [parameter["name"] for parameter in document["paths"]["/items"]["get"]["parameters"]]
    assert names == ["limit", "tag", "unread"]
