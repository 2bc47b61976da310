"""Send mail: one message by one call, or a connection for several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import trio

from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.loop import Socket
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
from mailcore.net.trio_loop import TRIO, take_socket
from mailcore.sasl import Credentials
from mailcore.smtp import MailParameters, RcptTo, ReversePath


async def send_mail(
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
    client = await connect_smtp(to, credentials=credentials, limits=limits, timeouts=timeouts)
    async with client:
        return await client.send(message, path, everybody, parameters=parameters)


async def connect_smtp(
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
        client = await _connect(where, limits, timeouts or Timeouts())
    except TlsFailed:
        if where.tls != "opportunistic":
            raise
        client = await _connect(replace(where, tls="none"), limits, timeouts or Timeouts())
    if credentials is not None:
        try:
            await client.log_in(credentials)
        except BaseException:
            await client.aclose()
            raise
    return client


async def _connect(where: Where, limits: Limits, timeouts: Timeouts) -> SmtpClient:
    try:
        with trio.fail_after(timeouts.connect):
            socket = await _dial(where)
    except (OSError, trio.TooSlowError) as error:
        raise CannotConnect(f"no connection to {where.host}: {error}") from error
    client = SmtpClient(Stream(socket, TRIO), where, limits=limits, timeouts=timeouts)
    try:
        await client.start()
    except BaseException:
        await client.aclose()
        raise
    return client


async def _dial(where: Where) -> Socket:
    if where.host.startswith("/"):
        return take_socket(await trio.open_unix_socket(where.host))
    return take_socket(await trio.open_tcp_stream(where.host, where.port))
