"""What a call can fail with."""

from __future__ import annotations

from collections.abc import Sequence


class AgentPostError(Exception):
    """Base of all errors of this client."""


class ConnectionFailed(AgentPostError):
    """The server could not be reached, or the connection broke."""


class APIError(AgentPostError):
    """The server refused a request, or failed at it.

    Arguments:
        detail: what was wrong, for a person.
        status: the HTTP status.
        code: what a program decides by: ``missing_scope``.
        fix: what to do about it, or "".
        request_id: names the request in the server's log, or "".
        field: where in the request the mistake is: ``to[0].email``; or None.
        retry_after: seconds to wait before the next try, or None.
        recipients: those that it is about; empty if it is not about recipients.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int,
        code: str = "",
        fix: str = "",
        request_id: str = "",
        field: str | None = None,
        retry_after: float | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code
        self.fix = fix
        self.request_id = request_id
        self.field = field
        self.retry_after = retry_after
        self.recipients = tuple(recipients)

    def __str__(self) -> str:
        parts = [f"{self.status} {self.code}: {self.detail}", self.fix]
        if self.request_id:
            parts.append(f"(request {self.request_id})")
        return " ".join(filter(None, parts))


class InvalidRequest(APIError):
    """The request was malformed, too large, or held a value that it may not (400, 413, 422)."""


class AuthenticationError(APIError):
    """The key is missing, wrong, expired or revoked (401)."""


class PermissionDenied(APIError):
    """The key, a rule or the inbox does not allow this (403)."""


class NotFound(APIError):
    """There is no such object in this organization (404)."""


class Conflict(APIError):
    """The request contradicts what is there (409)."""


class RateLimited(APIError):
    """Too many requests or messages (429); see ``retry_after``."""


class ServerError(APIError):
    """The server failed or is not available (5xx)."""


_BY_STATUS: dict[int, type[APIError]] = {
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}


def error_class(status: int) -> type[APIError]:
    """Return the kind of error for an HTTP status."""
    return _BY_STATUS.get(status, ServerError if status >= 500 else InvalidRequest)
