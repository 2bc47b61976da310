"""Octets and query strings to typed values, with the path of whatever is wrong."""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qsl

import msgspec

from mailcore_agentpost.http.problems import Problem, invalid

StructT = TypeVar("StructT", bound=msgspec.Struct)

# Strings are skipped whole. The possessive quantifiers (Python 3.11) keep no way back, so that a
# long string costs neither memory nor a second look.
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_MESSAGE = re.compile(r"(?P<detail>.*?)(?: - at (?:key in )?`\$?\.?(?P<path>.*)`)?", re.DOTALL)
_FIELD = re.compile(r"field `(?P<name>[^`]*)`")
_MAX_PARAMETERS = 64


def decode_json(body: bytes, kind: type[StructT], *, depth: int) -> StructT:
    """Decode a JSON body, strictly.

    Raises:
        Problem: 400 for what is not JSON or nests deeper than ``depth``, 422 for another shape.
    """
    if nesting(body, depth + 1) > depth:
        raise Problem(
            400,
            "json_too_deep",
            f"The JSON nests deeper than {depth} levels.",
            fix="Send the shape that the API documents.",
        )
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(
            400, "malformed_json", f"The body is not JSON: {error}", fix="Send valid JSON in UTF-8."
        ) from error


def nesting(body: bytes, enough: int) -> int:
    """Return how deep brackets nest outside of strings, counting no further than ``enough``."""
    deepest = level = 0
    for match in _BRACKETS.finditer(body):
        octet = body[match.start()]
        if octet in b"[{":
            level += 1
            deepest = max(deepest, level)
            if deepest >= enough:
                break
        elif octet in b"]}":
            level -= 1
    return deepest


def decode_query(query: str, kind: type[StructT] | None) -> StructT | None:
    """Decode the query of a target; text becomes numbers and booleans where ``kind`` asks for them.

    Raises:
        Problem: 422 for a parameter that is unknown, repeated, or not of its type.
    """
    try:
        pairs = parse_qsl(
            query,
            keep_blank_values=True,
            strict_parsing=bool(query),
            max_num_fields=_MAX_PARAMETERS,
            errors="strict",
        )
    except ValueError as error:
        raise invalid(f"The query can not be read: {error}.", "the query") from error
    if kind is None:
        if pairs:
            raise invalid("This resource takes no parameters.", pairs[0][0])
        return None
    lists = {item.encode_name for item in msgspec.structs.fields(kind) if _is_list(item.type)}
    values: dict[str, Any] = {}
    for name, text in pairs:
        if name in lists:
            values.setdefault(name, []).append(text)
        elif name in values:
            raise invalid("This parameter can be given only once.", name)
        else:
            values[name] = text
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(error) from error


def _is_list(kind: Any) -> bool:
    return get_origin(kind) in (list, tuple)


def _invalid(error: msgspec.ValidationError) -> Problem:
    """Turn msgspec's words into a problem that names the field: ``to[0].email``."""
    match = _MESSAGE.fullmatch(str(error))
    detail, path = (match["detail"], match["path"] or "") if match else (str(error), "")
    named = _FIELD.search(detail)
    if named is not None:
        path = f"{path}.{named['name']}" if path else named["name"]
    return invalid(f"{detail}.", path or "the body")
