"""How a program comes to a client that is ready to be used, on either event loop."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Final, Literal

from mailcore.errors import LocalProtocolError
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.dialling import dial
from mailcore.net.imap_client import ImapClient
from mailcore.net.imap_results import ImapError
from mailcore.net.loop import Loop, within
from mailcore.net.sending import (
    CannotConnect,
    RecipientResult,
    Timeouts,
    TlsFailed,
    recipient_of,
    sender_of,
)
from mailcore.net.smtp_client import SmtpClient, Where
from mailcore.net.stream import Stream
from mailcore.sasl import Credentials
from mailcore.smtp import MailParameters, RcptTo, ReversePath

Security = Literal["tls", "starttls", "plain"]
PORTS: Final[Mapping[Security, int]] = {"tls": 993, "starttls": 143, "plain": 143}


class Clients:
    """The clients for programs on one event loop.

    Arguments:
        loop: in which they are used.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    @asynccontextmanager
    async def connect_imap(
        self,
        host: str,
        port: int | None = None,
        *,
        security: Security = "tls",
        context: ssl.SSLContext | None = None,
        timeout: float = 60.0,
        limits: Limits = DEFAULT_LIMITS,
    ) -> AsyncIterator[ImapClient]:
        """Connect to an IMAP server, and log out at the end of the block.

        ::

            async with connect_imap("imap.example.org") as client:
                await client.login("anna", password)
                await client.select("INBOX")
                async for message in client.fetch(await client.search(HasFlag("\\\\Flagged"))):
                    print(message.uid, message.envelope.subject)

        Arguments:
            host: its name, which the certificate has to be for.
            port: None for 993, or 143 without TLS from the start.
            security: "starttls" fails if the server does not offer it; "plain" sends passwords as
                they are, for tests on this machine.
            context: None: verify as the system does.
            timeout: seconds that the server may say nothing while it is asked for something.
            limits: bounds on what the server may send, and of one message.

        Raises:
            ImapError: the server does not greet, or offers no STARTTLS.
            OSError: no connection. ssl.SSLError: no trust.
            RemoteProtocolError: this is not IMAP.
        """
        loop = self._loop
        with loop.scope(loop.current_time() + timeout) as scope:
            socket = await dial(loop, host, PORTS[security] if port is None else port)
        if scope.cancelled_caught:
            raise ImapError(f"no connection within {timeout:g} seconds")
        stream = Stream(socket, loop)
        client = ImapClient(stream, timeout=timeout, limits=limits)
        try:
            trust = context or ssl.create_default_context()
            with loop.scope(loop.current_time() + timeout) as scope:
                if security == "tls":
                    await stream.start_tls(trust, server_hostname=host)
                await client.greet()
                if security == "starttls":
                    await client.start_tls(trust, host)
            if scope.cancelled_caught:
                raise ImapError(f"no greeting within {timeout:g} seconds")
            yield client
            with suppress(ImapError, OSError, LocalProtocolError):
                await client.logout()
        finally:
            with loop.scope(shield=True):
                await stream.aclose()

    async def send_mail(
        self,
        message: bytes,
        *,
        sender: str | ReversePath,
        recipients: Sequence[str | RcptTo],
        to: Where,
        credentials: Credentials | None = None,
        parameters: MailParameters | None = None,
        limits: Limits = DEFAULT_LIMITS,
        timeouts: Timeouts | None = None,
    ) -> list[RecipientResult]:
        """Send one message; return what became of it, for each recipient in order.

        ::

            server = Where("mail.example.org", 465, tls="implicit")
            login = PlainCredentials("anna@example.org", "secret")
            results = await send_mail(
                b"Subject: hello\\r\\n\\r\\nHello!\\r\\n",
                sender="anna@example.org", recipients=["bert@example.net"],
                to=server, credentials=login,
            )

        Arguments:
            message: header and body; its line ends are made CRLF.
            sender: for MAIL FROM; "" for the null path.
            recipients: for RCPT TO, at least one; Bcc fields are the caller's to remove.
            credentials: to log in with, on an encrypted connection.
            parameters: DSN and the like, see :meth:`SmtpClient.send`.
            timeouts: those of RFC 5321 §4.5.3.2 by default.

        Raises:
            ValueError: an address is none.
            SendError: nothing was sent to anybody: no connection, no TLS, no login.
        """
        if not recipients:
            raise ValueError("nobody to send to")
        path, everybody = sender_of(sender), [recipient_of(one) for one in recipients]
        client = await self.connect_smtp(
            to, credentials=credentials, limits=limits, timeouts=timeouts
        )
        async with client:
            return await client.send(message, path, everybody, parameters=parameters)

    async def connect_smtp(
        self,
        where: Where,
        *,
        credentials: Credentials | None = None,
        limits: Limits = DEFAULT_LIMITS,
        timeouts: Timeouts | None = None,
    ) -> SmtpClient:
        """Connect to a server, up to where a message can be sent.

        In the opportunistic mode a server whose TLS does not work is asked again without.

        Raises:
            SendError: that can not be done.
        """
        try:
            client = await self._open_smtp(where, limits, timeouts or Timeouts())
        except TlsFailed:
            if where.tls != "opportunistic":
                raise
            plain = replace(where, tls="none")
            client = await self._open_smtp(plain, limits, timeouts or Timeouts())
        if credentials is not None:
            try:
                await client.log_in(credentials)
            except BaseException:
                await client.aclose()
                raise
        return client

    async def _open_smtp(self, where: Where, limits: Limits, timeouts: Timeouts) -> SmtpClient:
        try:
            with within(self._loop, timeouts.connect):
                socket = await dial(self._loop, where.host, where.port)
        except OSError as error:
            raise CannotConnect(f"no connection to {where.host}: {error}") from error
        stream = Stream(socket, self._loop)
        client = SmtpClient(stream, where, limits=limits, timeouts=timeouts)
        try:
            await client.start()
        except BaseException:
            await client.aclose()
            raise
        return client
