"""One request and its response, as the application sees them."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import trio

from mailcore.backend import Peer

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request whose header fields are complete; its body may still be on its way.

    Arguments:
        id: names it in the log and in the response.
        method: as sent; methods are case-sensitive (RFC 9110 §9.1).
        path: as sent, percent-encoded, without the query.
        query: what follows "?", or "".
        fields: header fields in order, names in lower case.
        peer: who sent it.
        read_body: reads the body, up to so many octets; raises Problem 413 and 408.
        receive_body: the same, piece by piece as it comes.
    """

    id: str
    method: str
    path: str
    query: str
    fields: Sequence[tuple[bytes, bytes]] = field(repr=False)
    peer: Peer
    read_body: Callable[[int], Awaitable[bytes]] = field(repr=False)
    receive_body: Callable[[int], AsyncIterator[bytes]] = field(repr=False)

    @property
    def origin(self) -> str:
        """What the client calls this server: scheme, host and port."""
        scheme = "https" if self.peer.tls else "http"
        return f"{scheme}://{self.header('host') or 'localhost'}"

    def header(self, name: str) -> str | None:
        """Return a header field by its lower-case name; several are joined (RFC 9110 §5.3)."""
        wanted = name.encode("ascii")
        values = [value for field_name, value in self.fields if field_name == wanted]
        return b", ".join(values).decode("latin-1") if values else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What is sent back.

    Arguments:
        status: 200 to 599.
        body: all of it, or chunks of it; chunks come with ``length``.
        headers: besides Date, Content-Length, X-Request-Id and Connection, which the server adds.
        length: octets of the body, where it comes in chunks.
    """

    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None

    @property
    def content_length(self) -> int:
        """Octets of the body."""
        if isinstance(self.body, bytes):
            return len(self.body)
        if self.length is None:
            raise ValueError("a body in chunks needs its length")
        return self.length


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Instead of a response: another protocol takes the connection over (RFC 9110 §7.8).

    Arguments:
        run: is given a stream that begins with the request once more, and the event that says
            that the server drains.
    """

    run: Callable[[trio.abc.Stream, trio.Event], Awaitable[None]]


Application = Callable[[Request], Awaitable[Response | Upgrade]]


def request_id(offered: bytes | None) -> str:
    """Return the client's own id if it is harmless in a log, or a fresh one."""
    if offered is not None:
        text = offered.decode("latin-1")
        if _REQUEST_ID.fullmatch(text):
            return text
    return f"req_{secrets.token_hex(12)}"
