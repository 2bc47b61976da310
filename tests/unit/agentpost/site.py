"""AgentPost on a file of its own, and clients at each of its doors; no socket."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import trio
from trio.testing import memory_stream_pair

import mailcore_agentpost
from mailcore.backend import Peer
from mailcore.imap.session import Session as IMAPSession
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.serve.protocol import Context
from mailcore.smtp.session import Session as SMTPSession
from mailcore.testing import Link
from mailcore_agentpost.backend import AgentPost
from mailcore_agentpost.mail.keys import ALL_SCOPES
from mailcore_agentpost.settings import Settings
from mailcore_agentpost.types import InboxRow, KeyRow

from .http.wire import Answer, parse

DOMAIN = "shared.localhost"
IMAP = Peer("imap", "127.0.0.1", tls=True)
SMTP = Peer("smtp", "127.0.0.1", tls=True)
STRANGER = Peer("smtp", "192.0.2.7")


class IMAPClient(Link):
    """Knows how responses are put together."""

    async def do(self, command: str, literal: bytes | None = None) -> list[str]:
        """Send a command; return the lines of the answer, the tagged one last."""
        data = f"t {command}".encode()
        if literal is not None:
            data += b" {%d+}\r\n%b" % (len(literal), literal)
        output = (await self.exchange(data + b"\r\n")).decode()
        lines = output.removesuffix("\r\n").split("\r\n")
        assert lines[-1].startswith("t "), output
        return lines

    async def ok(self, command: str, literal: bytes | None = None) -> list[str]:
        """:meth:`do`, for what must succeed; return the untagged lines."""
        *untagged, tagged = await self.do(command, literal)
        assert tagged.startswith("t OK"), tagged
        return untagged

    async def tagged(self, command: str, literal: bytes | None = None) -> str:
        """Return the tagged response without its tag."""
        return (await self.do(command, literal))[-1].removeprefix("t ")

    async def uids(self, folder: str) -> list[int]:
        """Select a folder; return the UIDs in it."""
        await self.ok(f"SELECT {folder}")
        (line,) = await self.ok("UID SEARCH ALL")
        return [int(uid) for uid in line.removeprefix("* SEARCH").split()]

    async def flags(self, folder: str) -> list[set[str]]:
        """Select a folder; return the flags of each message, without ``\\Recent``."""
        await self.ok(f"SELECT {folder}")
        lines = await self.ok("FETCH 1:* FLAGS")
        found = [line.partition("FLAGS (")[2].partition(")")[0].split() for line in lines]
        return [set(flags) - {"\\Recent"} for flags in found]

    async def bodies(self, folder: str) -> list[str]:
        """Select a folder; return its messages, CRLF as it is."""
        found: list[str] = []
        for uid in await self.uids(folder):
            answer = await self.exchange(f"t UID FETCH {uid} BODY.PEEK[]\r\n".encode())
            head, _, rest = answer.partition(b"}\r\n")
            size = int(head.rpartition(b"{")[2])
            found.append(rest[:size].decode())
        return found


class SMTPClient(Link):
    """Sends mail, one command at a time."""

    async def say(self, line: str) -> str:  # type: ignore[override]
        """Send a line; return the reply."""
        return (await self.exchange(line.encode() + b"\r\n")).decode()

    async def envelope(self, sender: str, *recipients: str) -> str:
        """Begin a message; return the first refusal, or "" if there is none."""
        for line in (f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{one}>" for one in recipients)):
            reply = await self.say(line)
            if not reply.startswith("250"):
                return reply
        return ""

    async def send(self, sender: str, recipients: list[str], message: bytes) -> str:
        """Send a message; return the first refusal, or the last reply."""
        if refusal := await self.envelope(sender, *recipients):
            return refusal
        assert (await self.say("DATA")).startswith("354")
        stuffed = message.replace(b"\r\n.", b"\r\n..")
        return (await self.exchange(stuffed + b".\r\n")).decode()


class Site:
    """A backend, an organization with an inbox, and whoever knocks.

    Arguments:
        backend: open, and after its first minute.
        path: of the file.
        key: opens everything; ``secret`` is what it is shown by.
        inbox: the first.
    """

    def __init__(
        self, backend: AgentPost, path: Path, key: KeyRow, secret: str, inbox: InboxRow
    ) -> None:
        self.backend = backend
        self.service = backend.service
        self.path = path
        self.key = key
        self.secret = secret
        self.inbox = inbox
        self._limits = DEFAULT_LIMITS

    async def new_inbox(self, username: str = "other") -> InboxRow:
        return await self.service.create_inbox(
            self.key, username=username, display_name="", client_id=None
        )

    async def new_key(
        self,
        *scopes: str,
        inbox: InboxRow | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[KeyRow, str]:
        """Make a key; without scopes, one that may do everything."""
        return await self.service.create_key(
            self.key,
            name="",
            scopes=frozenset(scopes) or ALL_SCOPES,
            inbox_id=inbox and inbox.id,
            expires_at=expires_at,
        )

    # ---------------------------------------------------------------------------------- doors

    async def imap_door(self) -> IMAPClient:
        """Return a client that was greeted."""
        client = IMAPClient(IMAPSession(self.backend, IMAP, limits=self._limits))
        assert (await client.exchange()).startswith(b"* OK")
        return client

    async def imap(self, inbox: InboxRow | None = None, secret: str | None = None) -> IMAPClient:
        """Return a client that is logged in."""
        client = await self.imap_door()
        await client.ok(f"LOGIN {(inbox or self.inbox).address} {secret or self.secret}")
        return client

    async def smtp_door(self) -> SMTPClient:
        """Return a client at the submission door, after EHLO."""
        session = SMTPSession(self.backend, SMTP, hostname=DOMAIN, limits=self._limits)
        client = SMTPClient(session)
        assert (await client.exchange()).startswith(b"220")
        assert (await client.say("EHLO client.example")).startswith("250")
        return client

    async def smtp(self, inbox: InboxRow | None = None, secret: str | None = None) -> SMTPClient:
        """Return a client that is logged in."""
        client = await self.smtp_door()
        reply = await client.say(auth((inbox or self.inbox).address, secret or self.secret))
        assert reply.startswith("235"), reply
        return client

    async def stranger(self) -> SMTPClient:
        """Return a client at the door for everybody's mail."""
        session = SMTPSession(
            self.backend, STRANGER, hostname=DOMAIN, mode="mx", limits=self._limits
        )
        client = SMTPClient(session)
        await client.exchange()
        assert (await client.say("EHLO stranger.example")).startswith("250")
        return client

    async def rest(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        secret: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request to the HTTP door; ``secret=None`` shows no key."""
        data = b"" if body is None else json.dumps(body).encode()
        fields = {"Content-Type": "application/json", **(headers or {})}
        return await self.http(method, f"/api/v1{path}", data, secret=secret, headers=fields)

    async def http(
        self,
        method: str,
        path: str,
        data: bytes = b"",
        *,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send any octets to the HTTP door; without ``secret`` no key is shown."""
        fields = {
            "Host": "localhost",
            "Connection": "close",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }
        if secret is not None:
            fields["Authorization"] = f"Bearer {secret or self.secret}"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data
        client, server = memory_stream_pair()

        async def serve() -> None:
            async with server:
                await self.backend.handle_http(server, Peer("http", "127.0.0.1"), trio.Event())

        answer = b""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            await client.send_all(request)
            while received := await client.receive_some():
                answer += received
            await client.aclose()
        return parse(answer, method)[0]

    async def post(self, inbox: InboxRow, message: Mapping[str, Any], **options: Any) -> Answer:
        """Send a message by REST."""
        return await self.rest("POST", f"/inboxes/{inbox.id}/messages", message, **options)

    # ---------------------------------------------------------------------------------- the file

    def query(self, sql: str, *values: object) -> list[Any]:
        """Read the file as any other program does; rows of one column as plain values."""
        with closing(sqlite3.connect(self.path)) as connection:
            rows = connection.execute(sql, values).fetchall()
        return [row[0] if len(row) == 1 else row for row in rows]

    def change(self, sql: str, *values: object) -> None:
        """Change the file behind the server's back, as whoever runs it can."""
        with closing(sqlite3.connect(self.path, timeout=10)) as connection, connection:
            connection.execute(sql, values)


def auth(username: str, password: str) -> str:
    """Return AUTH PLAIN with its initial response."""
    plain = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
    return f"AUTH PLAIN {plain}"


def to(*addresses: str, **fields: Any) -> dict[str, Any]:
    """Return a message for REST."""
    return {"to": [{"email": one} for one in addresses], "text_body": "Hi.", **fields}


@asynccontextmanager
async def opening(
    directory: Path, settings: Settings | None = None, limits: Limits = DEFAULT_LIMITS
) -> AsyncIterator[Site]:
    """Open AgentPost in a directory, after its first minute."""
    context = Context(data=directory, domain=DOMAIN, limits=limits, options=settings)
    async with mailcore_agentpost.open(context) as backend:
        first = await backend.bootstrap(new_key=True)
        assert first.api_key is not None
        key = await backend.service.authenticate(first.api_key)
        inbox, *_ = await backend.service.inboxes(key, after=None, limit=1)
        site = Site(backend, directory / "agentpost.db", key, first.api_key, inbox)
        site._limits = limits
        yield site
