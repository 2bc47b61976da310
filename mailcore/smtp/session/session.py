"""One SMTP or LMTP connection over a backend: what its commands mean (RFC 5321, 6409, 2033)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Literal

from mailcore.backend import (
    NOTHING_HONOURED,
    Backend,
    Delivery,
    Forwarded,
    HonoursExtensions,
    Peer,
    Receives,
    ResolvesUrls,
)
from mailcore.channel import NO_CHANNEL, Channel
from mailcore.flow import CLOSE, NEED_DATA, PAUSED, START_TLS, Step
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.observer import Observer, Standing
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
    EndOfChunk,
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
from mailcore.smtp.session import names, proxied, replies
from mailcore.smtp.session.extensions import Facts, Offers, check_keywords
from mailcore.smtp.session.guard import guarded
from mailcore.smtp.session.login import Login
from mailcore.smtp.session.transaction import Transaction, for_all
from mailcore.smtp.state import State
from mailcore.smtp.types import NO_MAIL_PARAMETERS, NO_RCPT_PARAMETERS, Reply

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
        disabled: keywords of extensions to do without.
        trusted: the peer is a proxy or filter of one's own, which may say whom it speaks for
            (XCLIENT, XFORWARD).
        through: puts something between this session and where it delivers, which judges first.

    Raises:
        TypeError: the backend does not take mail that way.
        ValueError: no such extension.
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
        disabled: Collection[str] = (),
        trusted: bool = False,
        through: Callable[[Delivery], Delivery] | None = None,
    ) -> None:
        self._receiver: Receives | None = None
        self._login: Login | None = None
        if mode != "submission" and isinstance(backend, Receives):
            self._receiver = backend
        elif mode == "submission" and isinstance(backend, Backend):
            self._login = Login(backend, limits, self._account_ended)
        else:
            raise TypeError(f"{type(backend).__name__} does not take mail by {mode}")
        self._backend = backend
        self._peer = peer
        self._hostname = hostname
        self._limits = limits
        self._mode = mode
        self._starttls = starttls
        self._disabled = check_keywords(disabled)
        self._trusted = trusted
        self._through = through
        self._connection = ServerConnection(
            limits,
            lmtp=mode == "lmtp",
            logs_in=mode == "submission",
            chunking="CHUNKING" not in self._disabled,
            quirks=quirks,
        )
        self._delivery: Delivery | None = None
        self._transaction: Transaction | None = None
        self._forwarded: Forwarded | None = None
        # What is offered now; None until somebody asks.
        self._known_offers: Offers | None = None
        self._hello = ""
        self._extended = False
        self._farewell: Reply | None = None
        self._at_once = False
        self._observer: Observer | None = None
        self._last: type[Question] = Connected
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

    def tls_started(self, channel: Channel = NO_CHANNEL) -> None:
        """The handshake is done: begin again, encrypted."""
        self._connection.tls_started()
        self._begin_again(replace(self._peer, tls=True, channel=channel))

    async def step(self) -> Step:
        """Return octets to send now, or what the driver has to do before the next call."""
        self.delay = 0.0
        connection = self._connection
        out = b""
        while True:
            if self._farewell is not None:
                self._say_farewell(self._farewell)
            event = connection.next_event()
            if event is NEED_DATA or event is PAUSED or isinstance(event, ConnectionClosed):
                break
            if isinstance(event, DataChunk):
                self._write(event.data)
                continue
            self._last = type(event)
            if self._observer is not None:
                self._observer.began()
            await self._answer(event)
            said = connection.data_to_send()
            if self._observer is not None:
                self._observer.answered(names.of_event(self._last), *names.verdict(said))
            out += said
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

    # ------------------------------------------------------------------------------ to look at

    def observe(self, observer: Observer) -> None:
        """Tell an observer, from now on, what this session does."""
        self._observer = self._connection.observer = observer
        if self._login is None:
            # Nobody says a password where nobody logs in: each line need not be looked at for one.
            observer.login_changed(True)

    def standing(self) -> Standing:
        """Return where the session stands."""
        return Standing(
            state=self._connection.state.name.lower(),
            command=names.of_event(self._last),
            account=self._login and self._login.submitter,
            tls=self._peer.tls,
        )

    # ------------------------------------------------------------------------------ the commands

    async def _answer(self, event: Question) -> None:
        """Act on an event and answer it."""
        match event:
            case MailFrom():
                self._connection.send(await self._mail(event))
            case RcptTo() if self._transaction is not None:
                self._connection.send(await self._rcpt(event, self._transaction))
            case EndOfData(fault):
                await self._end_of_data(fault)
            case EndOfChunk(size, fault):
                self._connection.send(self._end_of_chunk(size, fault))
            case BadCommand(reply) | Violation(reply):
                self._connection.send(reply)
            case Burl():
                await self._burl(event)
            case Auth(mechanism, initial):
                await self._auth(mechanism, initial)
            case AuthResponse(data) if self._login is not None:
                self._finish_auth(await self._login.step(data))
            case _:
                self._connection.send(self._simple(event))

    def _simple(self, event: Question) -> Reply:
        """Answer what needs no backend."""
        always = _ALWAYS.get(type(event))
        if always is not None:
            return always
        match event:
            case Connected():
                return self._greeting()
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
                return replies.READY_FOR_TLS if "STARTTLS" in self._offers else replies.NO_TLS
            case XClient(attributes):
                return self._speak_for(attributes)
            case XForward(attributes):
                return self._forward(attributes)
        raise TypeError(f"nothing answers {event!r}")

    def _greeting(self) -> Reply:
        protocol = "LMTP" if self._mode == "lmtp" else "ESMTP"
        return Reply.of(220, None, f"{self._hostname} {protocol}")

    def _greet(self, name: str, *, extended: bool) -> Reply:
        self._reset()
        self._hello, self._extended = name, extended
        self._known_offers = None
        return Reply.of(250, None, self._hostname, *(self._offers.lines() if extended else ()))

    def _mechanisms(self) -> tuple[str, ...]:
        """Return those of SASL that may be used now."""
        if self._login is None or not self._peer.tls:
            return ()
        return tuple(self._login.mechanisms(self._peer))

    @property
    def _offers(self) -> Offers:
        if self._known_offers is None:
            self._known_offers = self._look_around()
        return self._known_offers

    def _look_around(self) -> Offers:
        """Work out what is offered now: never typed, always computed."""
        submission, honoured = self._login is not None, NOTHING_HONOURED
        if isinstance(self._backend, HonoursExtensions):
            with guarded():
                honoured = self._backend.extensions(self._peer, submission=submission)
        facts = Facts(
            limits=self._limits,
            submission=submission,
            tls=self._peer.tls,
            starttls=self._starttls,
            mechanisms=self._mechanisms(),
            honoured=honoured,
            resolves_urls=self._url_reader is not None,
            trusted=self._trusted,
        )
        return Offers(facts, self._disabled)

    @property
    def _url_reader(self) -> ResolvesUrls | None:
        account = None if self._login is None else self._login.submitter
        return account if isinstance(account, ResolvesUrls) else None

    def _begin_again(self, peer: Peer) -> None:
        """Forget all that was said: the peer is another one, or was another one before TLS."""
        self._reset()
        self._peer = peer
        self._delivery = None
        self._hello = ""
        self._known_offers = None

    def _speak_for(self, attributes: Mapping[str, str]) -> Reply:
        """XCLIENT: from here on this connection is its client's (Postfix's XCLIENT_README)."""
        if "XCLIENT" not in self._offers or self._connection.authenticated:
            return replies.NOT_IMPLEMENTED
        if not proxied.TAKEN.issuperset(attributes):
            return replies.XCLIENT_NOT_TAKEN
        self._begin_again(proxied.speak_for(self._peer, attributes))
        return self._greeting()

    def _forward(self, attributes: Mapping[str, str]) -> Reply:
        """XFORWARD: where the next message comes from (Postfix's XFORWARD_README)."""
        if "XFORWARD" not in self._offers:
            return replies.NOT_IMPLEMENTED
        self._forwarded = proxied.forwarded(attributes, self._forwarded)
        return replies.OK

    async def _auth(self, mechanism: str, initial: bytes | None) -> None:
        if self._login is None:
            self._connection.send(replies.NO_AUTH)
        elif not self._peer.tls:
            self._connection.send(replies.ENCRYPT_FIRST)
        elif "AUTH" not in self._offers:
            self._connection.send(replies.NO_AUTH)
        else:
            self._finish_auth(await self._login.start(mechanism, initial, self._peer))

    def _finish_auth(self, reply: Reply) -> None:
        if self._login is not None:
            self.delay = self._login.take_delay()
        self._connection.send(reply)
        if self._connection.authenticated:
            self._known_offers = None
            if self._observer is not None:
                self._observer.login_changed(True)

    async def _mail(self, event: MailFrom) -> Reply:
        if self._login is not None and self._login.submitter is None:
            return replies.LOGIN_FIRST
        asked = event.parameters
        # Who asks for nothing can be refused nothing; and what is offered need not be worked out.
        if asked is not NO_MAIL_PARAMETERS and (refusal := self._offers.refuse_mail(asked)):
            return refusal
        with guarded() as verdict:
            delivery = self._open_delivery()
            transaction = Transaction(delivery, event, self._limits, self._forwarded)
        if verdict.refusal is not None:
            return verdict.refusal
        reply = await transaction.begin()
        if reply.accepted:
            self._transaction = transaction
        return reply

    async def _rcpt(self, event: RcptTo, transaction: Transaction) -> Reply:
        asked = event.parameters
        if asked is not NO_RCPT_PARAMETERS and (refusal := self._offers.refuse_rcpt(asked)):
            return refusal
        return await transaction.add(event)

    def _open_delivery(self) -> Delivery:
        if self._delivery is None:
            if self._receiver is not None:
                delivery = self._receiver.receive(self._peer)
            else:
                assert self._login is not None
                assert self._login.submitter is not None
                delivery = self._login.submitter.submission(self._peer)
            self._delivery = delivery if self._through is None else self._through(delivery)
        return self._delivery

    def _write(self, data: bytes) -> None:
        assert self._transaction is not None
        self._transaction.write(data)

    def _end_of_chunk(self, size: int, fault: Reply | None) -> Reply:
        """Answer a BDAT that is not the last; a failed one ends the transaction (RFC 3030 §2)."""
        assert self._transaction is not None
        refusal = fault or self._transaction.refusal
        if refusal is None:
            return replies.chunk_taken(size)
        self._reset()
        return refusal

    async def _burl(self, event: Burl) -> None:
        transaction, account = self._transaction, self._url_reader
        assert transaction is not None
        if "BURL" not in self._offers or account is None:
            refusal: Reply | None = replies.NOT_IMPLEMENTED
        else:
            await transaction.write_url(account, event.url)
            refusal = transaction.refusal
        if event.last:
            await self._end_of_data(refusal)
        elif refusal is None:
            self._connection.send(replies.PART_TAKEN)
        else:
            self._reset()
            self._connection.send(refusal)

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
        self._forwarded = None
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

    def _say_farewell(self, farewell: Reply) -> None:
        connection = self._connection
        if connection.closed or connection.state is State.HANDSHAKE:
            return
        if connection.state in (State.MESSAGE, State.CHUNK) and not self._at_once:
            return
        if not connection.paused:
            connection.send(farewell)


def _nothing() -> None:
    """What ``wake`` does where no driver waits."""
