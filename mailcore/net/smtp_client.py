"""A client of one SMTP or LMTP server: connect, log in, send messages, quit."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final, Self

from mailcore.channel import NO_CHANNEL
from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.message import header_block
from mailcore.net.loop import within
from mailcore.net.sending import (
    CannotConnect,
    LoginFailed,
    RecipientResult,
    Timeouts,
    TlsFailed,
    TlsMode,
    Transaction,
    outcome_of,
)
from mailcore.net.stream import Stream
from mailcore.sasl import ClientMechanism, Credentials, SaslError, choose_mechanism
from mailcore.smtp import (
    Answer,
    Auth,
    AuthResponse,
    CancelAuth,
    ClientConnection,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    Extensions,
    Helo,
    MailFrom,
    MailParameters,
    Quit,
    RcptParameters,
    RcptTo,
    Reply,
    ReversePath,
    Rset,
    StartTls,
    State,
    with_crlf,
)
from mailcore.smtp.client_state import Sent

_BLOCK: Final = 64 * 1024
#: Commands of a group (RFC 2920 §3.1): their replies must fit the buffers between us.
_GROUP: Final = 100
#: Seconds for the last words.
_GOODBYE: Final = 5.0

_NO_UTF8 = Reply.of(550, "5.6.7", "The server takes no addresses or headers in UTF-8")
_NO_8BIT = Reply.of(554, "5.6.3", "The server takes no message with 8-bit octets")
_TOO_BIG = Reply.of(552, "5.3.4", "The message is larger than the server takes")


@dataclass(frozen=True, slots=True)
class Where:
    """A server, and how to speak to it.

    Arguments:
        host: a name or an address to connect to; a path for a unix socket.
        port: 0 with a path.
        tls: when, see :data:`mailcore.net.sending.TlsMode`.
        context: how to trust the server; None for the system's authorities, or, in the
            opportunistic mode, for no questions asked.
        server_name: the name that its certificate must have; None for ``host``.
        hello: what we call ourselves.
        lmtp: speak LMTP (RFC 2033).
    """

    host: str
    port: int = 25
    tls: TlsMode = "required"
    context: ssl.SSLContext | None = None
    server_name: str | None = None
    hello: str = "localhost"
    lmtp: bool = False


class _Lost(Exception):
    """The connection is gone, or no good any more."""


class SmtpClient:
    """A connection to one server, ready to send: :func:`mailcore.net.connect_smtp` makes it."""

    def __init__(
        self,
        stream: Stream,
        where: Where,
        *,
        limits: Limits = DEFAULT_LIMITS,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._stream = stream
        self._where = where
        self._timeouts = timeouts or Timeouts()
        self._limits = limits
        self._connection = ClientConnection(limits, lmtp=where.lmtp)

    @property
    def extensions(self) -> Extensions:
        """What the server offers."""
        return self._connection.extensions

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS layer; None if there is none."""
        return self._stream.tls

    @property
    def usable(self) -> bool:
        """Whether another message can be sent."""
        return self._connection.state is State.READY

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def start(self) -> None:
        """Go from a fresh connection to one that is ready.

        Raises:
            SendError: no mail can be sent here.
        """
        where = self._where
        try:
            if where.tls == "implicit":
                await self._handshake()
            greeting = await self._hear(self._timeouts.greeting)
            if not greeting.reply.accepted:
                raise CannotConnect("the server greets with a refusal", greeting.reply)
            await self._hello()
            if where.tls == "required" and "STARTTLS" not in self.extensions:
                raise TlsFailed("the server offers no STARTTLS")
            if where.tls in ("required", "opportunistic") and "STARTTLS" in self.extensions:
                await self._start_tls()
        except (_Lost, LocalProtocolError) as error:
            raise CannotConnect(str(error)) from error

    async def log_in(self, credentials: Credentials, *, channel_binding: bool = False) -> None:
        """Authenticate by the best mechanism that is offered, on an encrypted connection only.

        Arguments:
            credentials: a password, a token, or that there is a certificate.
            channel_binding: bind SCRAM to the channel where that is offered, by the certificate of
                the server (RFC 5929 §4). A server that can only do it otherwise lets nobody in.

        Raises:
            LoginFailed: the server says no, offers no mechanism for these, or does not prove that
                it knows the password.
        """
        if self._stream.tls is None:
            raise LoginFailed("a password is not sent over a connection without TLS")
        channel = self._stream.channel if channel_binding else NO_CHANNEL
        try:
            mechanism = choose_mechanism(
                credentials, self.extensions.mechanisms, channel=channel, limits=self._limits
            )
            answer = await self._authenticate(mechanism)
            if not self._connection.authenticated:
                raise LoginFailed("the server does not let us in", answer.reply)
            mechanism.succeed()
        except SaslError as error:
            raise LoginFailed(str(error)) from error
        except _Lost as error:
            raise CannotConnect(str(error)) from error

    async def _authenticate(self, mechanism: ClientMechanism) -> Answer:
        """Go through one exchange; raises SaslError after it was given up (RFC 4954 §4)."""
        first = mechanism.step(None)
        answer = await self._ask(Auth(mechanism.name, first))
        while answer.challenge is not None:
            try:
                response = mechanism.step(answer.challenge)
            except SaslError:
                await self._ask(CancelAuth())
                raise
            answer = await self._ask(AuthResponse(response or b""))
        return answer

    async def send(
        self,
        message: bytes,
        sender: ReversePath,
        recipients: Sequence[RcptTo],
        *,
        parameters: MailParameters | None = None,
    ) -> list[RecipientResult]:
        """Send a message; return what became of it, for each recipient in order.

        Never raises for what a server does: a broken connection is a result, too.

        Arguments:
            message: its line ends are made CRLF.
            parameters: ``ret``, ``envid`` and what else the sender wants of the server; what it
                does not offer is left out, but for REQUIRETLS (RFC 8689 §4.2.1). SIZE, BODY and
                SMTPUTF8 are found out.
        """
        message = with_crlf(message)
        parameters = parameters or MailParameters()
        asked, refusal = self._parameters(message, sender, recipients, parameters)
        if refusal is not None:
            kind = outcome_of(refusal)
            return [RecipientResult(one, kind, refusal, local=True) for one in recipients]
        transaction = Transaction(recipients)
        if not self.usable:
            return transaction.results()
        try:
            await self._envelope(MailFrom(sender, asked), recipients, transaction)
            await self._message(message, transaction)
            if self._connection.state in (State.MAIL, State.RCPT):
                await self._ask(Rset())
        except (_Lost, RemoteProtocolError):
            await self._drop()
        except BaseException:
            # Cancelled: half a message was sent, and whoever cancelled closes the connection.
            self._connection.receive_eof()
            raise
        return transaction.results()

    async def aclose(self) -> None:
        """Say QUIT if that can be said, and close. Takes a few seconds at most."""
        loop = self._stream.loop
        with loop.scope(loop.current_time() + _GOODBYE, shield=True):
            if self._connection.state is not State.CLOSED:
                with suppress(_Lost, LocalProtocolError, RemoteProtocolError):
                    await self._ask(Quit(), timeout=_GOODBYE)
            await self._stream.aclose()

    def _parameters(
        self,
        message: bytes,
        sender: ReversePath,
        recipients: Sequence[RcptTo],
        wanted: MailParameters,
    ) -> tuple[MailParameters, Reply | None]:
        """Return what to ask for with MAIL, or why not to ask at all."""
        offers = self.extensions
        utf8 = not (
            sender.address.isascii()
            and all(one.path.address.isascii() for one in recipients)
            and header_block(message, self._limits.header_block).isascii()
        )
        eight_bit = not message.isascii()
        if utf8 and "SMTPUTF8" not in offers:
            return wanted, _NO_UTF8
        if eight_bit and "8BITMIME" not in offers:
            return wanted, _NO_8BIT
        if offers.size is not None and len(message) > offers.size:
            return wanted, _TOO_BIG
        dsn = "DSN" in offers
        return replace(
            wanted,
            size=len(message) if "SIZE" in offers else None,
            body="8BITMIME" if eight_bit else "7BIT",
            smtputf8=utf8,
            auth=wanted.auth if "AUTH" in offers else None,
            ret=wanted.ret if dsn else None,
            envid=wanted.envid if dsn else None,
        ), None

    async def _envelope(
        self, mail: MailFrom, recipients: Sequence[RcptTo], transaction: Transaction
    ) -> None:
        if "DSN" not in self.extensions:
            recipients = [replace(one, parameters=RcptParameters()) for one in recipients]
        together, timeouts = "PIPELINING" in self.extensions, self._timeouts
        commands: list[Sent] = [mail, *recipients, Data()]
        try:
            size = _GROUP if together else 1
            for start in range(0, len(commands), size):
                group = commands[start : start + size]
                for command in group:
                    self._connection.send(command)
                await self._flush(timeouts.command)
                for command in group:
                    data = isinstance(command, Data)
                    seconds = timeouts.data_initiation if data else timeouts.command
                    transaction.take(await self._hear(seconds))
                if not together and not transaction.worth_going_on:
                    return
        except LocalProtocolError as error:
            transaction.refuse(Reply.of(501, "5.5.4", str(error)))
            raise _Lost(str(error)) from error

    async def _message(self, message: bytes, transaction: Transaction) -> None:
        connection, timeouts = self._connection, self._timeouts
        if connection.state is not State.MESSAGE:
            return
        try:
            if connection.recipients:
                for start in range(0, len(message), _BLOCK):
                    connection.send(DataChunk(message[start : start + _BLOCK]))
                    await self._flush(timeouts.data_block)
            connection.send(EndOfData())
        except LocalProtocolError as error:  # a NUL: the one thing that with_crlf can not mend
            transaction.refuse(Reply.of(554, "5.6.0", str(error)))
            raise _Lost(str(error)) from error
        transaction.at_the_end = True
        await self._flush(timeouts.data_block)
        while connection.unanswered:
            transaction.take(await self._hear(timeouts.data_termination))

    async def _hello(self) -> None:
        answer = await self._ask(Ehlo(self._where.hello))
        # RFC 5321 §4.1.4: a server that knows no EHLO says 500, 501, 502 or 504.
        if answer.reply.permanent and not self._where.lmtp:
            answer = await self._ask(Helo(self._where.hello))
        if not answer.reply.accepted:
            raise CannotConnect("the server does not say hello", answer.reply)

    async def _start_tls(self) -> None:
        answer = await self._ask(StartTls())
        if answer.reply.accepted:
            await self._handshake()
            self._connection.tls_started()
            await self._hello()
        elif self._where.tls == "required":
            raise TlsFailed("the server has no TLS now", answer.reply)

    async def _handshake(self) -> None:
        where = self._where
        context = where.context or default_context(where.tls)
        try:
            with within(self._stream.loop, self._timeouts.connect):
                await self._stream.start_tls(
                    context, server_hostname=where.server_name or where.host
                )
        except OSError as error:  # as ssl.SSLError and TimeoutError are
            raise TlsFailed(f"no TLS with {where.host}: {error}") from error

    async def _ask(self, command: Sent, *, timeout: float | None = None) -> Answer:
        seconds = timeout or self._timeouts.command
        self._connection.send(command)
        await self._flush(seconds)
        return await self._hear(seconds)

    async def _flush(self, seconds: float) -> None:
        data = self._connection.data_to_send()
        if not data:
            return
        try:
            with within(self._stream.loop, seconds):
                await self._stream.send(data)
        except OSError as error:
            raise _Lost(f"the connection to {self._where.host} broke: {error}") from error

    async def _hear(self, seconds: float) -> Answer:
        try:
            with within(self._stream.loop, seconds):
                return await self._next_answer()
        except RemoteProtocolError as error:
            raise _Lost(f"{self._where.host} breaks the protocol: {error}") from error
        except OSError as error:
            raise _Lost(f"the connection to {self._where.host} broke: {error}") from error

    async def _next_answer(self) -> Answer:
        while True:
            event = self._connection.next_event()
            if isinstance(event, Answer):
                return event
            if event is not NEED_DATA:
                raise _Lost(f"{self._where.host} closed the connection")
            data = await self._stream.receive()
            self._connection.receive_data(data)
            if not data:
                self._connection.receive_eof()

    async def _drop(self) -> None:
        """Close without a word: the connection is no good."""
        self._connection.receive_eof()
        with suppress(RemoteProtocolError):
            while isinstance(self._connection.next_event(), Answer):
                pass
        await self._stream.aclose()


def default_context(mode: TlsMode) -> ssl.SSLContext:
    """Make the context of a mode: the system's authorities, or none at all (RFC 7435 §3)."""
    context = ssl.create_default_context()
    if mode == "opportunistic":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
