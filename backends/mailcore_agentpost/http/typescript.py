"""Type declarations of the JavaScript client, made of its table of operations and of OpenAPI.

python -m mailcore_agentpost.http.typescript            writes js/agentpost.d.ts
python -m mailcore_agentpost.http.typescript --check    fails if that is not current
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mailcore import __version__
from mailcore_agentpost.http.api import routes
from mailcore_agentpost.http.limits import DEFAULT_HTTP_LIMITS
from mailcore_agentpost.http.openapi import openapi_document

FOLDER: Final = Path(__file__).parent.parent / "js"
MODULE: Final = FOLDER / "agentpost.js"
DECLARATIONS: Final = FOLDER / "agentpost.d.ts"

_HEAD: Final = """\
// Made by python -m mailcore_agentpost.http.typescript of the OpenAPI document: not to be edited.

/** How a client reaches the server. Times are milliseconds. */
export interface ClientOptions {
  /** An organization's key: ap_sk_… */
  apiKey: string;
  /** Where the server is; http://127.0.0.1:8025 if absent. */
  baseUrl?: string;
  /** To wait for an answer; 30 000 if absent. */
  timeout?: number;
  /** Further tries after 429, 503 or, where that is safe, a broken connection; 3 if absent. */
  maxRetries?: number;
  /** A longer Retry-After is an error at once; 30 000 if absent. */
  maxWait?: number;
  fetch?: typeof fetch;
  WebSocket?: unknown;
}

/** Of one call. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Of one call that sends. */
export interface SendOptions extends CallOptions {
  /** Repeated within 24 hours, the call sends nothing again; made for you if absent. */
  idempotencyKey?: string;
}

export class AgentPostError extends Error {}

/** The server could not be reached, or the connection broke. */
export class ConnectionFailed extends AgentPostError {}

/** The server refused a request, or failed at it. */
export class APIError extends AgentPostError {
  readonly status: number;
  /** What a program decides by. */
  readonly code: string;
  /** What to do about it. */
  readonly fix: string;
  /** Names the request in the server's log. */
  readonly requestId: string;
  /** Where in the request the mistake is: to[0].email */
  readonly field: string | null;
  /** Those that were refused. */
  readonly recipients: string[];
  /** Seconds. */
  readonly retryAfter: number | null;
}

/** Which events to be told. */
export interface Subscription {
  event_types?: Event["type"][];
  inbox_id?: string;
  /** The id of an event: those after it come first. */
  since?: string;
}
"""
# What is not an operation, but made of some.
_MORE: Final = {
    "attachments": (
        "  /** Send an attachment; messages and drafts cite it by its key, for a day. */\n"
        "  upload(filename: string, octets: BodyInit,"
        " options?: CallOptions & { mimeType?: string }): Promise<Upload>;\n"
    ),
    "events": (
        "  /** Yield events as they happen; a connection that breaks goes on where it was. */\n"
        "  subscribe(wanted?: Subscription, options?: CallOptions): AsyncGenerator<Event>;\n"
    ),
}
_NAMES: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


class _Nobody:
    """What routes are made with that nothing is asked of."""

    def __getattr__(self, name: str) -> _Nobody:
        return self


def document() -> dict[str, Any]:
    """Return the OpenAPI document of this version."""
    some: Any = _Nobody()
    table = routes(some, some, some, some, some, some, DEFAULT_HTTP_LIMITS, imap=None, smtp=None)
    return openapi_document(table, version=__version__)


def operations(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return the table of the JavaScript module."""
    found = re.search(r"^const OPERATIONS = (\{.*?^\});$", module, re.MULTILINE | re.DOTALL)
    assert found is not None
    table: dict[str, dict[str, str]] = json.loads(found[1])
    return table


def declarations(described: Mapping[str, Any], module: str) -> str:
    """Return the type declarations of the client.

    Raises:
        KeyError: an operation of the table is none of the document.
        ValueError: the table says something else of it.
    """
    parts = [_HEAD]
    for name, schema in sorted(described["components"]["schemas"].items()):
        parts.append(_interface(name, schema))
    table = operations(module)
    for resource, methods in table.items():
        lines: list[str] = []
        for name, text in methods.items():
            operation = _operation(described, text)
            query = f"{resource[0].upper()}{resource[1:]}{name[0].upper()}{name[1:]}Query"
            if fields := _query(operation):
                parts.append(f"export interface {query} {{\n{fields}}}\n")
            lines += _method(operation, name, text, query)
        lines.append(_MORE.get(resource, ""))
        parts.append(f"export interface {_title(resource)} {{\n{''.join(lines)}}}\n")
    fields = "".join(f"  readonly {name}: {_title(name)};\n" for name in table)
    parts.append(
        "/** A client of the AgentPost REST API. */\n"
        f"export class AgentPost {{\n  constructor(options: ClientOptions);\n{fields}}}\n"
    )
    return "\n".join(parts)


def _title(resource: str) -> str:
    return f"{resource[0].upper()}{resource[1:]}API"


def _comment(text: str, indent: str = "") -> str:
    line = text.partition("\n")[0].strip().replace("*/", "* /")
    return f"{indent}/** {line} */\n" if line else ""


def _interface(name: str, schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    fields = "".join(
        f"  {field}{'' if field in required else '?'}: {_type(one)};\n"
        for field, one in schema.get("properties", {}).items()
    )
    return f"{_comment(schema.get('description', ''))}export interface {name} {{\n{fields}}}\n"


def _type(schema: Mapping[str, Any]) -> str:
    """Return a JSON schema as a type."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema["items"])
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if kind == "object":
        return "Record<string, unknown>"
    return "null" if kind == "null" else _NAMES.get(str(kind), "unknown")


def _operation(described: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    verb, path, *_ = text.split()
    operation: Mapping[str, Any] = described["paths"][path][verb.lower()]
    takes = "requestBody" in operation or bool(_query(operation))
    once = any(one["name"] == "Idempotency-Key" for one in operation["parameters"])
    if (takes, once) != ("values" in text.split(), "once" in text.split()):
        raise ValueError(f"the table of the JavaScript client says too much or too little: {text}")
    return operation


def _method(operation: Mapping[str, Any], name: str, text: str, query: str) -> Iterator[str]:
    arguments = [f"{one}: string" for one in re.findall(r"\{(\w+)\}", text)]
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        arguments.append(f"body: {_type(schema)}")
    elif "values" in text.split():
        arguments.append(f"query?: {query}")
    arguments.append(f"options?: {'SendOptions' if 'once' in text.split() else 'CallOptions'}")
    answer = _answer(operation)
    signature = f"({', '.join(arguments)})"
    comment = _comment(operation["description"], "  ")
    yield f"{comment}  {name}{signature}: Promise<{answer}>;\n"
    if name.startswith("list"):
        row = f'{answer}["data"][number]'
        yield f"  {name.replace('list', 'iterate')}{signature}: AsyncGenerator<{row}>;\n"


def _query(operation: Mapping[str, Any]) -> str:
    """Return the fields of a query."""
    return "".join(
        f"  {one['name']}{'' if one['required'] else '?'}: {_query_type(one['schema'])};\n"
        for one in operation["parameters"]
        if one["in"] == "query"
    )


def _query_type(schema: Mapping[str, Any]) -> str:
    kind = _type(schema)
    return f"{kind} | Date" if "date-time" in json.dumps(schema) else kind


def _answer(operation: Mapping[str, Any]) -> str:
    """Return what an operation answers with."""
    kinds: list[str] = []
    for status, answer in operation["responses"].items():
        if not status.startswith("2") or status == "2XX":
            continue
        for media, content in answer.get("content", {"": {}}).items():
            if not media:
                kinds.append("null")
            elif media == "application/json":
                kinds.append(_type(content.get("schema", {"type": "object"})))
            else:
                kinds.append("string" if media.startswith("text/") else "Uint8Array")
    return " | ".join(dict.fromkeys(kinds))


def main() -> int:
    """Write the declarations, or check that they are current."""
    made = declarations(document(), MODULE.read_text("utf-8"))
    if sys.argv[1:] == ["--check"]:
        return 0 if DECLARATIONS.read_text("utf-8") == made else 1
    DECLARATIONS.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
