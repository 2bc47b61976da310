"""The JavaScript client has every operation, and its types are those of the OpenAPI document."""

from __future__ import annotations

import json

import pytest

import mailcore
from mailcore_agentpost.http import typescript

# A browser's; another protocol; what attachments.upload() does.
ELSEWHERE = {"GET /view/{ticket}", "GET /ws", "PUT /uploads/{key}"}


def test_the_declarations_are_current() -> None:
    made = typescript.declarations(typescript.document(), typescript.MODULE.read_text("utf-8"))
    assert typescript.DECLARATIONS.read_text("utf-8") == made, (
        "run python -m mailcore_agentpost.http.typescript"
    )


def test_the_package_has_the_version_of_the_server() -> None:
    package = json.loads((typescript.FOLDER / "package.json").read_text("utf-8"))
    assert package["version"] == mailcore.__version__


def test_every_operation_has_a_method() -> None:
    table = typescript.operations(typescript.MODULE.read_text("utf-8"))
    named = {" ".join(text.split()[:2]) for methods in table.values() for text in methods.values()}
    paths = typescript.document()["paths"]
    listed = {f"{verb.upper()} {path}" for path, item in paths.items() for verb in item}
    assert named | ELSEWHERE == listed


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"$ref": "#/components/schemas/Inbox"}, "Inbox"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"type": "array", "items": {"type": "integer"}}, "number[]"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({}, "unknown"),
    ],
)
def test_types(schema: dict[str, object], kind: str) -> None:
    assert typescript._type(schema) == kind


def test_a_table_that_says_too_much_is_refused() -> None:
    module = 'const OPERATIONS = {"server": {"health": "GET /healthz values"}\n};\n'
    with pytest.raises(ValueError, match="too much"):
        typescript.declarations(typescript.document(), module)
