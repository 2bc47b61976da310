"""A mailbox of a test server, from the side of the test."""

from __future__ import annotations

import asyncio
import imaplib
import re
import smtplib
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mailcore.testing.memory import MemoryUser, new_message

if TYPE_CHECKING:
    from mailcore.testing.server import Address, Server

#: What a part of a message is compared with: it holds this text, or the pattern is found in it.
Wanted = str | re.Pattern[str]

#: Seconds that a client may wait for an answer; a test fails rather than hang.
_PATIENCE: Final = 30.0


class IMAP(imaplib.IMAP4_SSL):
    """``imaplib`` that comes to an end: at the end of its block even where the server is gone."""

    def __init__(self, address: Address, tls: ssl.SSLContext, user: str, password: str) -> None:
        super().__init__(*address, ssl_context=tls, timeout=_PATIENCE)
        try:
            self.login(user, password)
        except BaseException:
            self.shutdown()
            raise

    def __exit__(self, *args: Any) -> None:
        with suppress(OSError, self.abort):
            super().__exit__(*args)


class Inbox:
    """One user of a server: what comes to the address, and how it is used.

    Made by :meth:`mailcore.testing.Server.inbox`.
    """

    def __init__(self, server: Server, user: MemoryUser) -> None:
        self._server = server
        self._user = user
        self._given: set[int] = set()
        self._giving = threading.Lock()

    @property
    def address(self) -> str:
        """The address, which is the user name too."""
        return self._user.name

    @property
    def password(self) -> str:
        """The password."""
        return self._user.password

    def __repr__(self) -> str:
        return f"<Inbox {self.address}>"

    @property
    def imap_url(self) -> str:
        """``imaps://user:password@host:port``"""
        return self._url("imaps", self._server.imap)

    @property
    def smtp_url(self) -> str:
        """``smtps://user:password@host:port``, to send from this address."""
        return self._url("smtps", self._server.smtp)

    def _url(self, scheme: str, address: Address) -> str:
        login = f"{quote(self.address, safe='')}:{quote(self.password, safe='')}"
        return f"{scheme}://{login}@{address.host}:{address.port}"

    def imaplib(self) -> imaplib.IMAP4_SSL:
        """Return a client that is connected and logged in; use it in a ``with`` block."""
        return IMAP(self._server.imap, self._server.tls, self.address, self.password)

    def smtplib(self) -> smtplib.SMTP_SSL:
        """Return a client that is connected and logged in; use it in a ``with`` block."""
        client = smtplib.SMTP_SSL(*self._server.smtp, context=self._server.tls, timeout=_PATIENCE)
        try:
            client.login(self.address, self.password)
        except BaseException:
            client.close()
            raise
        return client

    def send(
        self,
        to: str | Iterable[str],
        subject: str = "",
        text: str = "",
        *,
        message: EmailMessage | None = None,
    ) -> EmailMessage:
        """Send from this address, through the server, and return what was sent.

        Arguments:
            to: an address or several.
            subject, text: of the message, if there is none.
            message: to be sent; what it lacks of From, To, Date and Message-ID is added.

        Raises:
            smtplib.SMTPException: the server refused it.
        """
        recipients = [to] if isinstance(to, str) else list(to)
        if message is None:
            message = EmailMessage()
            message["Subject"] = subject
            message.set_content(text)
        self._complete(message, recipients)
        with self.smtplib() as client:
            client.send_message(message, self.address, recipients)
        return message

    def deliver(
        self, message: EmailMessage | bytes | None = None, *, subject: str = "", text: str = ""
    ) -> EmailMessage:
        """Put a message into the mailbox as if it had come, and return it.

        Arguments:
            message: octets as they are, or a message; None to make one.
            subject, text: of the message, if there is none.
        """
        if message is None:
            message = EmailMessage()
            message["Subject"], message["From"] = subject, "somebody@elsewhere.example"
            message.set_content(text)
        if isinstance(message, EmailMessage):
            self._complete(message, [self.address])
            octets = message.as_bytes(policy=policy.SMTP)
        else:
            octets = message
        self._server.call(self._append, octets)
        return _read(octets)

    async def _append(self, octets: bytes) -> None:
        new = new_message(octets, internal_date=self._server.clock.now())
        with new.content:
            await self._user.inbox.append([new])

    def _complete(self, message: EmailMessage, recipients: list[str]) -> None:
        for name, value in (
            ("From", self.address),
            ("To", ", ".join(recipients)),
            ("Date", formatdate(self._server.clock.now().timestamp())),
            ("Message-ID", make_msgid(domain="mailcore.test")),
        ):
            if name not in message:
                message[name] = value

    @property
    def messages(self) -> list[EmailMessage]:
        """All that is in INBOX, in order."""
        return [_read(octets) for _, octets in self._contents()]

    def _contents(self) -> list[tuple[int, bytes]]:
        def read() -> list[tuple[int, bytes]]:
            return [(uid, one.data) for uid, one in self._user.inbox.messages.items()]

        contents: list[tuple[int, bytes]] = self._server.call(read)
        return contents

    def wait(
        self,
        subject: Wanted | None = None,
        *,
        sender: Wanted | None = None,
        text: Wanted | None = None,
        where: Callable[[EmailMessage], object] | None = None,
        timeout: float = 10.0,
    ) -> EmailMessage:
        """Return the first message that fits, as soon as it is there; each message but once.

        Arguments:
            subject, sender, text: what its subject, its From field and its text have in them.
            where: what else it has to fulfil.
            timeout: seconds, real ones.

        Raises:
            TimeoutError: none came; the text says what did.
        """
        deadline = time.monotonic() + timeout
        moved = threading.Event()
        unwatch = self._server.call(self._user.watch, lambda hint: moved.set())
        try:
            while True:
                moved.clear()
                for uid, message in self._new():
                    fits = _fits(message, subject, sender, text)
                    if fits and (where is None or where(message)) and self._give(uid):
                        return message
                if not moved.wait(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError(self._what_came(timeout))
        finally:
            self._server.call(unwatch)

    def _new(self) -> list[tuple[int, EmailMessage]]:
        """Return what has not been given yet."""
        return [(uid, _read(data)) for uid, data in self._contents() if uid not in self._given]

    def _give(self, uid: int) -> bool:
        """Return whether nobody else was faster."""
        with self._giving:
            fresh = uid not in self._given
            self._given.add(uid)
            return fresh

    async def wait_async(
        self,
        subject: Wanted | None = None,
        *,
        sender: Wanted | None = None,
        text: Wanted | None = None,
        where: Callable[[EmailMessage], object] | None = None,
        timeout: float = 10.0,
    ) -> EmailMessage:
        """:meth:`wait` in a test on asyncio or Trio, whose other tasks go on meanwhile."""

        def wait() -> EmailMessage:
            return self.wait(subject, sender=sender, text=text, where=where, timeout=timeout)

        trio = sys.modules.get("trio")
        if trio is not None and trio.lowlevel.in_trio_run():
            message: EmailMessage = await trio.to_thread.run_sync(wait)
            return message
        return await asyncio.to_thread(wait)

    def _what_came(self, timeout: float) -> str:
        subjects = [str(message["Subject"]) for message in self.messages]
        there = ", ".join(map(repr, subjects)) or "nothing"
        return f"no such message came to {self.address} within {timeout:g} s; there is {there}"


def _read(octets: bytes) -> EmailMessage:
    # With the line ends of Python, for those who compare what is in it.
    message: Any = message_from_bytes(octets.replace(b"\r\n", b"\n"), policy=policy.default)
    return message  # type: ignore[no-any-return]


def _fits(
    message: EmailMessage, subject: Wanted | None, sender: Wanted | None, text: Wanted | None
) -> bool:
    return (
        _has(message.get("Subject", ""), subject)
        and _has(message.get("From", ""), sender)
        and (text is None or _has(_text(message), text))
    )


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    return "" if body is None else body.get_content()


def _has(value: str, wanted: Wanted | None) -> bool:
    if wanted is None:
        return True
    return wanted in value if isinstance(wanted, str) else wanted.search(value) is not None
