"""Live connections of mail clients and servers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from mailcore_agentpost.http.types.base import Page, RequestBody, ResponseBody


class Session(ResponseBody, frozen=True):
    """One IMAP or SMTP connection. The last ones that ended are listed too.

    Arguments:
        door: which port it came in by; ``mx`` is mail from outside.
        state: of the protocol: ``selected``, ``mail`` ...
        client: address of the client, and its port where it has one: ``192.0.2.7:40000``.
        inbox_id, email, key_id: what it is logged in to, and by which key.
        mailbox: that is selected.
        idling: it waits for news (IDLE).
        command: the last one.
        commands: that were answered.
        octets_in, octets_out: of the protocol, before TLS and compression.
        last_at: when a command was answered last.
    """

    id: str
    protocol: Literal["imap", "smtp", "lmtp"]
    door: Literal["imap", "smtp", "submission", "mx", "lmtp"]
    state: str
    client: str
    tls: bool
    inbox_id: str | None
    email: str | None
    key_id: str | None
    mailbox: str | None
    idling: bool
    command: str
    commands: int
    octets_in: int
    octets_out: int
    opened_at: datetime
    last_at: datetime | None
    ended_at: datetime | None


class SessionPage(Page, frozen=True):
    """A page of connections, the youngest first."""

    data: list[Session]


class TranscriptLine(ResponseBody, frozen=True):
    """One line of what was said. Passwords and tokens are masked, long pieces cut.

    Arguments:
        number: ask for what follows with ``after``.
    """

    number: int
    at: datetime
    side: Literal["client", "server"]
    text: str


class SessionWithTranscript(Session, frozen=True):
    """A connection with what was said on it lately."""

    transcript: list[TranscriptLine]


class TranscriptQuery(RequestBody, frozen=True):
    """How much of the transcript.

    Arguments:
        after: number of the last line that is known already.
    """

    after: Annotated[int, msgspec.Meta(ge=0)] = 0
