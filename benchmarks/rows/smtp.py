"""Rows that hand messages to a server; a 250 is for a message on the disk."""

from __future__ import annotations

import base64
import itertools
from functools import partial
from typing import Final

from benchmarks import corpus
from benchmarks.client import Line, Step, Swarm, Tally
from benchmarks.rows.mailbox import BIG
from benchmarks.rows.row import SECONDS, Row, crowd, port, repeat
from benchmarks.target import Target

_CONNECTIONS: Final = 16
_EACH: Final = 100


def _envelope(target: Target, sender: str) -> Step:
    lines = f"MAIL FROM:<{sender}>\r\nRCPT TO:<{target.recipient}>\r\nDATA\r\n"
    return lines.encode(), 3


def _data(message: bytes) -> Step:
    return message.replace(b"\r\n.", b"\r\n..") + b".\r\n", 1


def _greeted(target: Target, door: str) -> Line:
    line = Line(port(target, door), tls=door == "smtps")
    line.take((b"HELO client.example.org\r\n", 1))
    return line


def _messages(target: Target, rate: float | None = None) -> Tally:
    """Connections that send a hundred each, then a new connection takes their place."""
    work = (_envelope(target, "sender@example.com"), _data(corpus.message(1)))
    total = Tally()
    while total.seconds < SECONDS:
        lines = [_greeted(target, "smtp") for _ in range(_CONNECTIONS)]
        swarm = Swarm((line.socket for line in lines), lambda _: itertools.repeat(work, _EACH))
        found = swarm.run() if rate is None else swarm.run_at(rate, SECONDS - total.seconds)
        swarm.close()
        total.count += found.count
        total.seconds += found.seconds
        total.latencies += found.latencies
    return total


def _connection_each(target: Target, rate: float | None = None, *, door: str) -> Tally:
    sender = target.user if door == "smtps" and "@" in target.user else "sender@example.com"
    envelope, data = _envelope(target, sender), _data(corpus.message(1, sender=sender))
    plain = b"\0" + target.user.encode() + b"\0" + target.password.encode()
    login = b"AUTH PLAIN " + base64.b64encode(plain) + b"\r\n"

    def one() -> None:
        line = Line(port(target, door), tls=door == "smtps")
        if door == "smtps":
            line.ehlo()
            line.take((login, 1))
        else:
            line.take((b"HELO client.example.org\r\n", 1))
        line.take(envelope)
        line.take(data)
        line.take((b"QUIT\r\n", 1))
        line.close()

    return crowd(one, _CONNECTIONS, rate)


def _big(target: Target, rate: float | None = None) -> Tally:
    envelope, data = _envelope(target, "sender@example.com"), _data(corpus.big_message(BIG))
    line = _greeted(target, "smtp")

    def send() -> None:
        line.take(envelope)
        line.take(data)

    try:
        return repeat(send, rate)
    finally:
        line.close()


ROWS: Final = (
    Row(
        "smtp",
        f"{_EACH} messages a connection, {_CONNECTIONS} connections",
        _messages,
        "smtp",
        paced=True,
    ),
    Row(
        "smtp connect",
        f"a connection for each message, {_CONNECTIONS} at a time",
        partial(_connection_each, door="smtp"),
        "smtp",
        paced=True,
    ),
    Row(
        "smtp connect tls",
        "a connection for each message, with TLS and AUTH",
        partial(_connection_each, door="smtps"),
        "smtps",
        paced=True,
    ),
    Row("smtp big", f"messages of {BIG // 1_000_000} MB", _big, "smtp"),
)
