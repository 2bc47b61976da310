"""Refusals as RFC 9457 problem documents."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from mailcore_agentpost.http.exchange import Response

MEDIA_TYPE = "application/problem+json"


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem as a client reads it (RFC 9457 §3.1), with this API's own members.

    Arguments:
        title: the phrase of the status.
        status: the HTTP status.
        code: what a program decides by; it never changes once published.
        detail: what was wrong in this request.
        fix: what to do about it.
        request_id: the ``X-Request-Id`` of the response, as in the server's log.
        field: where in the body or the query the mistake is: ``to[0].email``.
        recipients: the recipients that were refused.
    """

    title: str
    status: int
    code: str
    detail: str
    fix: str
    request_id: str
    field: str | None = None
    recipients: list[str] | None = None


class Problem(Exception):
    """A request is refused.

    Arguments:
        status: the HTTP status.
        code: one snake_case word that programs decide by.
        detail: one line for a person.
        fix: one line: what to do about it.
        headers: further response header fields (``Retry-After``, ``Allow``).
        members: extension members of the document (``field``).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        fix: str,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fix = fix
        self.headers = dict(headers or {})
        self.members = members

    def response(self, request_id: str) -> Response:
        """Return it as a response to the request with that id."""
        document = ProblemDocument(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            code=self.code,
            detail=self.detail,
            fix=self.fix,
            request_id=request_id,
            **self.members,
        )
        return Response(
            status=self.status,
            body=msgspec.json.encode(document),
            headers={"Content-Type": MEDIA_TYPE, **self.headers},
        )


def not_found(what: str) -> Problem:
    """Make the answer for what is not there, or is somebody else's: nobody can tell which."""
    return Problem(
        404,
        "not_found",
        f"There is no such {what}.",
        fix="Check the id, and that the key belongs to the organization that owns it.",
    )


def invalid(detail: str, field: str) -> Problem:
    """Make the answer for a value that the request may not have, and where it stands."""
    return Problem(
        422,
        "invalid_request",
        detail,
        fix=f"Correct {field} and send the request again.",
        field=field,
    )


def unauthorized(detail: str, code: str = "unauthorized") -> Problem:
    """Make the answer for a request without a valid key (RFC 6750 §3)."""
    return Problem(
        401,
        code,
        detail,
        fix="Send 'Authorization: Bearer ap_sk_…' with a valid API key.",
        headers={"WWW-Authenticate": 'Bearer realm="AgentPost"'},
    )


def missing_scope(scope: str) -> Problem:
    """Make the answer for a valid key that may not do this (RFC 6750 §3.1)."""
    return Problem(
        403,
        "missing_scope",
        f"This key lacks the scope {scope}.",
        fix=f"Use a key that has the scope {scope}.",
        headers={
            "WWW-Authenticate": f'Bearer realm="AgentPost", error="insufficient_scope", '
            f'scope="{scope}"'
        },
    )
