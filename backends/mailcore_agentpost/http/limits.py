"""Every bound of the HTTP door, in one place. Nothing is unlimited."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPLimits:
    """Bounds on what an HTTP peer can make the server hold or do. Sizes are octets, times seconds.

    Arguments:
        head: request line and header fields together; beyond, 431 (RFC 6585 §5).
        body: a request body, unless its route allows more; beyond, 413.
        message_body: the body of a request that holds a message.
        upload: the octets of one attachment.
        json_depth: nesting of a JSON body.
        head_timeout: from the first octet of a request to the end of its header fields.
        idle_timeout: between two requests on one connection.
        body_timeout: for a whole body, plus the time that ``minimum_rate`` allows it.
        minimum_rate: octets a second, while a body arrives or a response leaves (slow-loris).
        send_timeout: for one chunk of a response to be taken.
        socket_message: one message of a WebSocket client.
        socket_auth_timeout: for a WebSocket client without a key in its request to show one.
        socket_ping: between two pings, and for the answer to one.
        wait: for a message, when a client asks for that.
        requests: on one connection, then it is closed so that load can move elsewhere.
    """

    head: int = 32 * KIB
    body: int = 256 * KIB
    message_body: int = 16 * MIB
    upload: int = 25 * MIB
    json_depth: int = 16
    head_timeout: float = 10.0
    idle_timeout: float = 75.0
    body_timeout: float = 30.0
    minimum_rate: int = KIB
    send_timeout: float = 30.0
    socket_message: int = 16 * KIB
    socket_auth_timeout: float = 10.0
    socket_ping: float = 30.0
    wait: float = 60.0
    requests: int = 10_000


DEFAULT_HTTP_LIMITS = HTTPLimits()
