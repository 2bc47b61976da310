"""One SMTP or LMTP connection over a backend: what its commands mean (RFC 5321, 6409, 2033)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from mailcore.backend import Backend, Delivery, Peer, Receives
from mailcore.flow import CLOSE, NEED_DATA, PAUSED, START_TLS, Step
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.sasl import SERVER_MECHANISMS
from mailcore.smtp.commands import (
    Auth,
    AuthResponse,
    BadCommand,
    Burl,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    Expn,
    Helo,
    Help,
    MailFrom,
    Noop,
    Question,
    Quit,
    RcptTo,
    Rset,
    StartTls,
    Violation,
    Vrfy,
    XClient,
    XForward,
)
from mailcore.smtp.connection import ServerConnection
from mailcore.smtp.quirks import Quirk
from mailcore.smtp.session import replies
from mailcore.smtp.session.guard import guarded
from mailcore.smtp.session.login import Login
from mailcore.smtp.session.transaction import Transaction, for_all
from mailcore.smtp.state import State
from mailcore.smtp.types import Reply

#: ``submission``: users send, after AUTH (RFC 6409). ``mx``: strangers deliver to users here.
#: ``lmtp``: a mail server of one's own delivers, and hears about each recipient.
Mode = Literal["submission", "mx", "lmtp"]

# The replies to these may be sent together (RFC 2920 §3.2); any other is sent at once.
_GROUPED = (Rset, MailFrom, RcptTo)
_FLUSH = 16 * 1024

_ALWAYS: Mapping[type[Question], Reply] = {
    Data: replies.START_MAIL,
    Noop: replies.OK,
    Vrfy: replies.CANNOT_VERIFY,
    Expn: replies.NOT_IMPLEMENTED,
    Help: replies.HELP,
    Burl: replies.NOT_IMPLEMENTED,
    XClient: replies.NOT_IMPLEMENTED,
    XForward: replies.NOT_IMPLEMENTED,
}


class Session:
    """The server's side of one connection, for a driver to pull (:class:`mailcore.flow.Session`).

    Arguments:
        backend: a :class:`Backend` for submission, one that :class:`Receives` otherwise.
        peer: the client, and whether the transport is encrypted already.
        hostname: what the server calls itself.
        limits: bounds on what the peer may do.
        mode: which door this is.
        starttls: offer STARTTLS while the transport is not encrypted (RFC 3207).
        quirks: breaches of the protocol that pass.

    Raises:
        TypeError: the backend does not take mail that way.
    """

    def __init__(
        self,
        backend: Backend | Receives,
        peer: Peer,
        *,
        hostname: str,
        limits: Limits = DEFAULT_LIMITS,
        mode: Mode = "submission",
        starttls: bool = False,
        quirks: Quirk = Quirk.NONE,
    ) -> None:
        self._receiver: Receives | None = None
        self._login: Login | None = None
        if mode != "submission" and isinstance(backend, Receives):
            self._receiver = backend
        elif mode == "submission" and isinstance(backend, Backend):
            self._login = Login(backend, limits, self._account_ended)
        else:
            raise TypeError(f"{type(backend).__name__} does not take mail by {mode}")
        self._peer = peer
        self._hostname = hostname
        self._limits = limits
        self._mode = mode
        self._starttls = starttls
        self._connection = ServerConnection(
            limits, lmtp=mode == "lmtp", logs_in=mode == "submission", quirks=quirks
        )
        self._delivery: Delivery | None = None
        self._transaction: Transaction | None = None
        self._hello = ""
        self._extended = False
        self._farewell: Reply | None = None
        self._at_once = False
        #: Seconds that the driver waits before it sends what the last step returned: a wrong
        #: password is answered slowly, and more slowly each time.
        self.delay = 0.0
        self.wake: Callable[[], None] = _nothing

    # ------------------------------------------------------------------------------ the driver's

    @property
    def timeout(self) -> float:
        """Seconds that the peer now has to send something (RFC 5321 §4.5.3.2.7).

        Less once it has begun a command, which then has to come to its end.
        """
        limits = self._limits
        longest = limits.smtp_timeout if self.logged_in else limits.login_timeout
        return min(longest, limits.command_timeout) if self._connection.mid_command else longest

    @property
    def logged_in(self) -> bool:
        """Whether the peer has done what this door asks for: AUTH, for submission."""
        return self._login is None or self._connection.authenticated

    def receive_data(self, data: bytes) -> None:
        """Take octets from the transport."""
        self._connection.receive_data(data)

    def receive_eof(self) -> None:
        """Take note that the peer will send no more."""
        self._connection.receive_eof()

    def timed_out(self) -> None:
        """The peer was silent: 421, even in the middle of a message."""
        self._farewell, self._at_once = replies.TIMED_OUT, True

    def shut_down(self, reason: str) -> None:
        """Say 421 once the command in hand, or the message on its way, is answered."""
        self._leave(Reply.of(421, "4.3.2", reason))

    def tls_started(self) -> None:
        """The handshake is done: begin again, encrypted."""
        self._connection.tls_started()
        self._peer = replace(self._peer, tls=True)
        self._reset()
        self._delivery = None
        self._hello = ""

    async def step(self) -> Step:
        """Return octets to send now, or what the driver has to do before the next call."""
        self.delay = 0.0
        connection = self._connection
        out = b""
        while True:
            self._say_farewell()
            event = connection.next_event()
            if event is NEED_DATA or event is PAUSED or isinstance(event, ConnectionClosed):
                break
            if isinstance(event, DataChunk):
                self._write(event.data)
                continue
            await self._answer(event)
            out += connection.data_to_send()
            if not isinstance(event, _GROUPED) or len(out) >= _FLUSH:
                break
        out += connection.data_to_send()
        if out:
            return out
        if connection.state is State.HANDSHAKE:
            return START_TLS
        return CLOSE if connection.closed else NEED_DATA

    async def aclose(self) -> None:
        """Release the message and the account. Harmless when repeated."""
        self._reset()
        if self._login is not None:
            self._login.close()

    # ------------------------------------------------------------------------------ the commands

    async def _answer(self, event: Question) -> None:
        """Act on an event and answer it."""
        match event:
            case BadCommand(reply) | Violation(reply):
                self._connection.send(reply)
            case EndOfData(fault):
                await self._end_of_data(fault)
            case MailFrom():
                self._connection.send(await self._mail(event))
            case RcptTo() if self._transaction is not None:
                self._connection.send(await self._transaction.add(event))
            case Auth(mechanism, initial):
                await self._auth(mechanism, initial)
            case AuthResponse(data) if self._login is not None:
                self._finish_auth(await self._login.step(data, self._peer))
            case _:
                self._connection.send(self._simple(event))

    def _simple(self, event: Question) -> Reply:
        """Answer what needs no backend."""
        match event:
            case Connected():
                protocol = "LMTP" if self._mode == "lmtp" else "ESMTP"
                return Reply.of(220, None, f"{self._hostname} {protocol}")
            case Ehlo(name):
                return self._greet(name, extended=True)
            case Helo(name):
                return self._greet(name, extended=False)
            case Rset():
                self._reset()
                return replies.OK
            case Quit():
                return Reply.of(221, "2.0.0", f"{self._hostname} closes the connection")
            case StartTls():
                return replies.READY_FOR_TLS if self._offers_tls else replies.NO_TLS
            case _:
                return _ALWAYS[type(event)]

    def _greet(self, name: str, *, extended: bool) -> Reply:
        self._reset()
        self._hello, self._extended = name, extended
        keywords = self._keywords() if extended else ()
        return Reply.of(250, None, self._hostname, *keywords)

    def _keywords(self) -> list[str]:
        """What EHLO offers: never typed, always computed."""
        keywords = [
            "PIPELINING",
            f"SIZE {self._limits.message_size}",
            "8BITMIME",
            "SMTPUTF8",
            "ENHANCEDSTATUSCODES",
        ]
        if self._offers_tls:
            keywords.append("STARTTLS")
        if self._login is not None and self._peer.tls:
            keywords.append("AUTH " + " ".join(SERVER_MECHANISMS))
        return [*keywords, "HELP"]

    @property
    def _offers_tls(self) -> bool:
        return self._starttls and not self._peer.tls

    async def _auth(self, mechanism: str, initial: bytes | None) -> None:
        if self._login is None:
            self._connection.send(replies.NO_AUTH)
        elif not self._peer.tls:
            self._connection.send(replies.ENCRYPT_FIRST)
        else:
            self._finish_auth(await self._login.start(mechanism, initial, self._peer))

    def _finish_auth(self, reply: Reply) -> None:
        if not reply.accepted and self._login is not None:
            self.delay = self._login.delay
        self._connection.send(reply)

    async def _mail(self, event: MailFrom) -> Reply:
        if self._login is not None and self._login.submitter is None:
            return replies.LOGIN_FIRST
        if self._login is None and event.parameters.auth is not None:
            return replies.AUTH_PARAMETER
        if (event.parameters.size or 0) > self._limits.message_size:
            return replies.TOO_BIG
        with guarded() as verdict:
            transaction = Transaction(self._open_delivery(), event, self._limits)
        if verdict.refusal is not None:
            return verdict.refusal
        reply = await transaction.begin()
        if reply.accepted:
            self._transaction = transaction
        return reply

    def _open_delivery(self) -> Delivery:
        if self._delivery is None:
            if self._receiver is not None:
                self._delivery = self._receiver.receive(self._peer)
            else:
                assert self._login is not None
                assert self._login.submitter is not None
                self._delivery = self._login.submitter.submission(self._peer)
        return self._delivery

    def _write(self, data: bytes) -> None:
        assert self._transaction is not None
        self._transaction.write(data)

    async def _end_of_data(self, fault: Reply | None) -> None:
        transaction = self._transaction
        assert transaction is not None
        try:
            if fault is not None:
                answers = [fault]
            else:
                answers = list(await transaction.deliver(self._hello, self._protocol))
        finally:
            self._reset()
        if self._mode == "lmtp":
            self._connection.send(*transaction.for_each(answers))
        else:
            self._connection.send(for_all(answers))

    @property
    def _protocol(self) -> str:
        """The ``with`` of the Received field (RFC 3848)."""
        if self._mode == "lmtp":
            name = "LMTP"
        else:
            name = "ESMTP" if self._extended else "SMTP"
        if self._extended:
            name += "S" * self._peer.tls + "A" * self._connection.authenticated
        return name

    def _reset(self) -> None:
        """Forget the transaction, and with it what has come of a message."""
        if self._transaction is not None:
            self._transaction.close()
            self._transaction = None

    # ------------------------------------------------------------------------------ the end

    def _account_ended(self, reason: str) -> None:
        self._leave(Reply.of(421, "4.7.0", reason))

    def _leave(self, farewell: Reply) -> None:
        """Have the farewell said by the next step. From any thread: the last write wins."""
        self._farewell = farewell
        self.wake()

    def _say_farewell(self) -> None:
        connection = self._connection
        if self._farewell is None or connection.closed or connection.state is State.HANDSHAKE:
            return
        if connection.state is State.MESSAGE and not self._at_once:
            return
        if not connection.paused:
            connection.send(self._farewell)


def _nothing() -> None:
    """What ``wake`` does where no driver waits."""
