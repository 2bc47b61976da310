"""One IMAP session: what the commands of one connection mean, over the backend contract.

The session is pulled by its driver (``mailcore.flow``). It handles all that is buffered before it
gives octets back, except that it gives them back early when there are many.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from mailcore.authentication import mechanisms_for, takes_passwords
from mailcore.backend import (
    Account,
    AccountEnded,
    Backend,
    BackendError,
    Closes,
    HasRights,
    Hint,
    MailboxMoved,
    MetadataChanged,
    Peer,
    Watchable,
    WithholdsCapabilities,
    offered_by,
)
from mailcore.channel import NO_CHANNEL, Channel
from mailcore.flow import CLOSE, NEED_DATA, PAUSED, START_TLS, Step, delay_after
from mailcore.imap import commands
from mailcore.imap.collation import DEFAULT_COLLATION
from mailcore.imap.responses import Response, Tagged, Untagged
from mailcore.imap.server import ServerConnection
from mailcore.imap.session import capabilities
from mailcore.imap.session.answers import bad, no, refused
from mailcore.imap.session.append import Append
from mailcore.imap.session.auth import Exchange
from mailcore.imap.session.capabilities import Situation
from mailcore.imap.session.capability_table import CAPABILITIES
from mailcore.imap.session.contexts import tell_changes, vanished
from mailcore.imap.session.dispatch import AT_ONCE, EVENTS, HANDLERS, STREAMS
from mailcore.imap.session.long_commands import Progress
from mailcore.imap.session.news import News
from mailcore.imap.session.notify import Watch, tell_new_messages, tell_news
from mailcore.imap.session.reading import BrokenLiteral
from mailcore.imap.session.rights import refusal
from mailcore.imap.session.saved import with_saved
from mailcore.imap.session.shared import Shared, shared_by
from mailcore.imap.session.uid_only import uses_numbers
from mailcore.imap.session.view import BadNumber, MailboxReset, NoModSequences, View
from mailcore.imap.types import ResponseCode, Status
from mailcore.imap.wire.commands import name_of
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.observer import Observer, Standing
from mailcore.sasl import SERVER_MECHANISMS

logger: Final = logging.getLogger("mailcore.imap")

#: Output is given to the driver as soon as there are this many octets of it.
FLUSH: Final = 64 * 1024
_OK: Final = Status.OK
# How often a mailbox that says nothing by itself is asked during IDLE, in seconds.
_POLL: Final = 30.0


class Session:
    """The server's side of one IMAP connection (RFC 9051, RFC 3501).

    Arguments:
        backend: whose mail it is.
        peer: who is connected; ``peer.tls`` decides whether passwords may be sent.
        limits: bounds on what the peer may do.
        shared: the registry for all sessions of the backend in this event loop; None for the one
            that belongs to the backend object.
        mechanisms: of SASL, by name; those that the backend can judge are offered.
        start_tls: offer STARTTLS.
        allow_plaintext: let peers on this machine log in without TLS.
        id_fields: what ID answers (RFC 2971).
        clock: seconds that never go back, such as ``time.monotonic``; None to tell nothing of how
            far long commands are (RFC 9585).
        now: the time, with a zone; None to do without WITHIN (RFC 5032).
        disabled: capabilities that are neither advertised nor served, as CAPABILITY spells them.
    """

    def __init__(
        self,
        backend: Backend,
        peer: Peer,
        *,
        limits: Limits = DEFAULT_LIMITS,
        shared: Shared | None = None,
        mechanisms: Collection[str] = SERVER_MECHANISMS,
        start_tls: bool = False,
        allow_plaintext: bool = False,
        id_fields: Mapping[str, str | None] | None = None,
        clock: Callable[[], float] | None = None,
        now: Callable[[], datetime] | None = None,
        disabled: Collection[str] = (),
    ) -> None:
        self.backend = backend
        self.peer = peer
        self.limits = limits
        self.shared = shared or shared_by(backend, limits)
        self._allowed_mechanisms = mechanisms
        self.takes_passwords = takes_passwords(backend)
        self.id_fields = id_fields or {"name": "mailcore"}
        self.wake: Callable[[], None] = lambda: None
        #: Seconds that the driver waits before it sends what comes next: wrong passwords.
        self.delay = 0.0
        self.failed_logins = 0
        self.account: Account | None = None
        #: The same, if its mailboxes have access control lists (RFC 4314).
        self.rights: HasRights | None = None
        self.view: View | None = None
        self.exchange: Exchange | None = None
        self.append: Append | None = None
        self.idling = False
        self.news = News(limits.queued_changes)
        #: What the client wants to be told of without asking (RFC 5465).
        self.watch: Watch | None = None
        self._progress = Progress(clock)
        self._has_clock = clock is not None
        self._now = now
        self._flush = False
        #: How SEARCH, SORT and THREAD compare (RFC 5255 §4), by name.
        self.collation = DEFAULT_COLLATION
        self._always_disabled = frozenset(name.upper() for name in disabled)
        self._disabled = self._always_disabled
        self._offers = offered_by((backend,), CAPABILITIES.protocols)
        self._allow_plaintext = allow_plaintext
        self._start_tls = start_tls
        self._handshake = False
        self._running: AsyncGenerator[Tagged | None, None] | None = None
        self._command: commands.Command | None = None
        self._observer: Observer | None = None
        self._unwatch: Callable[[], None] | None = None
        self._stale = False
        self._is_current = False
        # Whether nothing was left to do but to wait for octets when the last step ended.
        self._waits = False
        self._farewell: str | None = None
        self._silence = 0.0
        self._within_line = False
        self._gone = False
        self._greeted = False
        self.connection = ServerConnection(limits, tls_available=self._can_start_tls())
        self._refusals = CAPABILITIES.refusals(self.situation())

    # ------------------------------------------------------------------- what a driver calls

    @property
    def logged_in(self) -> bool:
        """Whether the peer has logged in: until then it has little time in all."""
        return self.account is not None

    @property
    def timeout(self) -> float:
        """Seconds that the peer now has to send something (RFC 9051 §5.4)."""
        if self.account is None:
            return self.limits.login_timeout
        if self.append is not None or self._within_line:
            return self.limits.command_timeout
        if self.idling and self._unwatch is None:
            return min(_POLL, self.limits.idle_timeout)
        return self.limits.idle_timeout

    def receive_data(self, data: bytes) -> None:
        """Take octets from the transport."""
        self._silence = 0.0
        self._waits = False
        self._within_line = not data.endswith(b"\n")
        self.connection.receive_data(data)

    def receive_eof(self) -> None:
        """Take note that the peer will send no more."""
        self._waits = False
        self.connection.receive_eof()

    def timed_out(self) -> None:
        """Say goodbye, unless it was only time to look for news (RFC 9051 §5.4)."""
        self._silence += self.timeout
        if self.idling and not self._within_line and self._silence < self.limits.idle_timeout:
            self._stale = True
        else:
            self._farewell = "Autologout: idle for too long"
            self.drop_append()

    def shut_down(self, reason: str) -> None:
        """Say BYE once the command in hand is answered. From any thread."""
        self._farewell = reason
        self.wake()

    def tls_started(self, channel: Channel = NO_CHANNEL) -> None:
        """The handshake is done: all that was known of the client is void (RFC 9051 §11.1)."""
        self._handshake = False
        self.peer = replace(self.peer, tls=True, channel=channel)
        self._refusals = CAPABILITIES.refusals(self.situation())
        self.connection.start_tls()

    async def aclose(self) -> None:
        """Release what the session holds. Harmless when repeated."""
        self._gone = True
        if self._running is not None:
            await self._running.aclose()
            self._running = None
        self.drop_append()
        self._release_account()

    def _release_account(self) -> None:
        self.view = None
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        account, self.account, self.rights = self.account, None, None
        if isinstance(account, Closes):
            account.close()

    async def step(self) -> Step:
        """Handle all that is buffered; return octets to send, or what the driver does next."""
        if self._waits and self._farewell is None and not self._has_news(between_commands=True):
            return NEED_DATA
        self._waits = False
        self._is_current = False
        if not self._greeted:
            self._greeted = True
            self._greet()
        while not self._gone:
            if self._flush or self.connection.pending_output >= FLUSH:
                self._flush = False
                break
            if self._running is not None:
                await self._advance(self._running)
            elif self._handshake and not self.connection.closed:
                return self.connection.data_to_send() or START_TLS
            elif self._farewell is not None and self.append is None:
                self.connection.close(self._farewell)
                self._gone = True
            else:
                event = self.connection.next_event()
                if event is NEED_DATA or event is PAUSED:
                    if not self._has_news(between_commands=event is NEED_DATA):
                        self._waits = event is NEED_DATA
                        break
                    await self._guard(self._tell_unasked())
                    continue
                self.delay = 0.0
                if self._observer is not None:
                    self._observer.began()
                if not isinstance(event, commands.Command):
                    await self._take(event)
                elif not self._answer_at_once(event):
                    await self._serve(event)
        if output := self.connection.data_to_send():
            return output
        return CLOSE if self._gone or self.connection.closed else NEED_DATA

    # ------------------------------------------------------------------------ what can be looked at

    def observe(self, observer: Observer) -> None:
        """Tell an observer, from now on, what this session does."""
        self._observer = observer
        self.connection.observe(observer)

    def standing(self) -> Standing:
        """Return where the session stands."""
        return Standing(
            state=self.connection.state.value,
            command="" if self._command is None else name_of(self._command),
            account=self.account,
            mailbox=None if self.view is None else self.view.name,
            idling=self.idling,
            tls=self.peer.tls,
        )

    # ----------------------------------------------------------------------- what drives a step

    def _answer_at_once(self, command: commands.Command) -> bool:
        """Begin with a command; return whether it is answered, as nothing is to be waited for."""
        self._command = command
        answer_now = AT_ONCE.get(type(command))
        answer = None if answer_now is None else answer_now(self, command)
        self._answer(answer)
        return answer is not None

    async def _take(self, event: commands.Event) -> None:
        """Deal with what is no command of its own."""
        self._is_current = False
        if isinstance(event, commands.ConnectionClosed):
            self._gone = True
        elif isinstance(event, commands.BadCommand):
            # Within AUTHENTICATE it ends the exchange.
            self.exchange = None
            logger.debug("%s: bad command: %s", self.peer.host, event.text)
            if self._observer is not None:
                self._observer.answered("", "BAD", event.code.name if event.code else "BAD")
        else:
            self._answer(await self._guard(EVENTS[type(event)](self, event)))

    async def _serve(self, command: commands.Command) -> None:
        """Answer a command, or begin to if it streams."""
        self._is_current = False
        kind = type(command)
        if kind in AT_ONCE:
            self._answer(await self._guard(HANDLERS[kind](self, command)))
            return
        refused = self._not_offered(command)
        # SELECT asks by itself: even if it is refused, no mailbox stays selected.
        if refused is None and self.rights is not None and kind is not commands.Select:
            refused = await self._guard(refusal(self, command))
        if refused is not None:
            self.drop_append()
            self._answer(refused)
            return
        if self.view is not None:
            command = self._command = with_saved(command, self.view)
        self._progress.begin()
        if kind in STREAMS:
            self._running = STREAMS[kind](self, command)
        else:
            self._answer(await self._guard(HANDLERS[kind](self, command)))

    def _not_offered(self, command: commands.Command) -> Tagged | None:
        """Return the answer to a command that uses what is not to be used here; else None."""
        if (missing := self._refusals.missing(command)) is not None:
            return bad(command, f"{missing} is not offered here")
        if "UIDONLY" in self.connection.enabled and uses_numbers(command):
            return bad(command, "Only UIDs, after ENABLE UIDONLY", "UIDREQUIRED")
        return None

    async def _advance(self, running: AsyncGenerator[Tagged | None, None]) -> None:
        """Let a command that streams run until it has filled the output or ends."""
        answer = await self._guard(anext(running))
        if answer is not None or self._gone:
            self._running = None
            await running.aclose()
            self._answer(answer)

    async def _guard(self, work: Awaitable[Tagged | None]) -> Tagged | None:
        """Run a part of a command; whatever goes wrong becomes its answer."""
        command = self._command
        assert command is not None
        try:
            return await work
        except BackendError as error:
            return refused(command, error)
        except BadNumber:
            return bad(command, "No such message number")
        except NoModSequences:
            return bad(command, "This mailbox keeps no mod-sequences")
        except MailboxReset:
            self.say_goodbye("The mailbox was replaced by another; log in again")
            return no(command, "The mailbox was replaced by another")
        except BrokenLiteral as error:
            # Octets were promised that do not exist any more: nothing that is sent now would be
            # understood.
            logger.warning(
                "%s: connection dropped: %s", self.peer.host, error, exc_info=error.__cause__
            )
            self._gone = True
            return None
        except Exception:
            logger.exception("%s: %s failed", self.peer.host, type(command).__name__)
            return no(command, "Internal error", "SERVERBUG")

    def _answer(self, answer: Tagged | None) -> None:
        # What goes wrong while the client idles has no command to be told by.
        if answer is None or self.idling:
            return
        self.connection.send(answer)
        if self._observer is not None and self._command is not None:
            name, status = name_of(self._command), answer.status
            if status is _OK:
                self._observer.answered(name, "OK", "")
            else:
                self._observer.answered(name, status.value, (answer.code or status).name)

    def _greet(self) -> None:
        code = ResponseCode("CAPABILITY", " ".join(self.capabilities()))
        self.send(Untagged(Status.OK, "mailcore ready", code))

    # ---------------------------------------------------------------------- what handlers need

    def send(self, response: Response) -> None:
        """Put a response into the output."""
        self.connection.send(response)

    @property
    def output_is_full(self) -> bool:
        """Whether a command that streams should let the output go first."""
        return self.connection.pending_output >= FLUSH

    def tell_progress(self, command: commands.Command, done: int, goal: int) -> bool:
        """Tell once in a while how far a long command is (RFC 9585).

        Returns:
            whether the command should let the output go, as when it is full.
        """
        report = self._progress.report(command, done, goal)
        if report is None or "INPROGRESS" in self._disabled:
            return False
        self.send(report)
        self._flush = True
        return True

    @property
    def selected(self) -> View:
        """The mailbox that is selected; the connection lets no command come here without one."""
        assert self.view is not None
        return self.view

    @property
    def open_account(self) -> Account:
        """The account; the connection lets no command come here that needs one before login."""
        assert self.account is not None
        return self.account

    @property
    def rev2(self) -> bool:
        """Whether the client has enabled IMAP4rev2 (RFC 9051 §6.3.1)."""
        return "IMAP4REV2" in self.connection.enabled

    def time(self) -> datetime | None:
        """Return the time, or None where the session was not told how to know it."""
        return None if self._now is None else self._now()

    def enable_condstore(self) -> None:
        """Take note of a command that only such a client sends (RFC 7162 §3.1)."""
        self.connection.enabled.add("CONDSTORE")

    def use_modseqs(self, view: View | None = None) -> None:
        """:meth:`enable_condstore` for a command on the messages of a mailbox.

        Arguments:
            view: of the mailbox; None for the one that is selected.

        Raises:
            NoModSequences: it keeps none.
        """
        if not (view or self.selected).keeps_history:
            raise NoModSequences
        self.enable_condstore()

    def mechanisms(self) -> tuple[str, ...]:
        """Return what this backend can judge of what comes by this connection, by name."""
        return mechanisms_for(self.backend, self.peer, self._allowed_mechanisms)

    def login_failed(self) -> None:
        """Count wrong credentials: their answer is held back, and too many are the end."""
        self.failed_logins += 1
        self.delay = delay_after(self.failed_logins)
        if self.failed_logins >= self.limits.failed_logins:
            self.say_goodbye("Too many failed logins")

    def may_authenticate(self) -> bool:
        """Tell whether passwords may be sent on this connection."""
        return capabilities.may_authenticate(self.peer, self._allow_plaintext)

    def situation(self) -> Situation:
        """Return what the capabilities of this connection now depend on."""
        return Situation(
            limits=self.limits,
            logged_in=self.account is not None,
            offers=self._offers,
            may_authenticate=self.may_authenticate(),
            can_start_tls=self._can_start_tls(),
            compressed=self.connection.compressed,
            has_clock=self._has_clock,
            has_time=self._now is not None,
            mechanisms=self.mechanisms(),
            takes_passwords=self.takes_passwords,
            disabled=self._disabled,
        )

    def capabilities(self) -> tuple[str, ...]:
        """Return what CAPABILITY answers now."""
        return CAPABILITIES.names(self.situation())

    def is_offered(self, name: str) -> bool:
        """Tell whether CAPABILITY tells of this capability now."""
        return name in self.capabilities()

    def _can_start_tls(self) -> bool:
        return self._start_tls and not self.peer.tls and "STARTTLS" not in self._disabled

    def begin_handshake(self) -> None:
        """Have the driver do a TLS handshake once the output is sent."""
        self._handshake = True

    def drop_append(self) -> None:
        """Give back what an unfinished APPEND holds."""
        if self.append is not None:
            self.append.close()
            self.append = None

    async def log_in(self, account: Account) -> None:
        """Serve this account from now on."""
        self.account = account
        self.rights = account if isinstance(account, HasRights) else None
        if isinstance(account, WithholdsCapabilities):
            self._disabled |= {name.upper() for name in account.disabled_capabilities}
        self._offers |= await self.shared.offers(account, CAPABILITIES.protocols)
        self._refusals = CAPABILITIES.refusals(self.situation())
        if isinstance(account, Watchable):
            self._unwatch = account.watch(self._hint)
        if self._observer is not None:
            self._observer.login_changed(True)

    def log_out(self) -> None:
        """Serve nobody from now on, until the next login (RFC 8437 §3)."""
        self._release_account()
        if self._observer is not None:
            self._observer.login_changed(False)
        self.watch = None
        self.news.take()
        self.collation = DEFAULT_COLLATION
        self._disabled = self._always_disabled
        self._offers = offered_by((self.backend,), CAPABILITIES.protocols)
        self._refusals = CAPABILITIES.refusals(self.situation())

    def say_goodbye(self, reason: str) -> None:
        """Say BYE after the answer of this command."""
        self._farewell = self._farewell or reason

    @property
    def is_current(self) -> bool:
        """Whether the mailbox was asked for changes, and all of them told, just now.

        That is: since the octets came that are being dealt with, and nothing has been done since,
        nor been heard of.
        """
        return self._is_current and not self._stale and not self.news

    def mark_current(self) -> None:
        """Take note that the mailbox was asked, and all told."""
        self._is_current = True

    def refresh(self) -> Awaitable[None]:
        """Bring what is known of the selected mailbox up to date; nothing is told yet.

        Raises:
            MailboxReset, BackendError: see :meth:`View.refresh`.
        """
        # Whatever has been hinted at by now is known then, and need not be looked for again.
        self._stale = False
        return self.selected.refresh()

    def mark_stale(self) -> None:
        """Take note that the selected mailbox has changed: updates will be looked for."""
        self._stale = True

    async def tell_updates(
        self, *, expunge: bool = True, ask: bool = False, told: Mapping[int, int] | None = None
    ) -> None:
        """Send the untagged responses for what has changed in the selected mailbox.

        Arguments:
            expunge: whether messages may vanish now.
            ask: ask the mailbox even if nothing hints at a change.
            told: see :meth:`View.updates`.
        """
        if self.news:
            await self._tell_news()
        view = self.view
        if view is None:
            self._stale = False
            return
        watch = self.watch
        if watch is not None and watch.keeps_still:
            self._stale = False
            return
        if ask or self._stale or self._unwatch is None:
            try:
                await self.refresh()
            except BackendError as error:
                # The command in hand has been done; its answer must not say otherwise.
                logger.info("%s: no updates of %s: %s", self.peer.host, view.name, error)
        last = view.last
        expunge = expunge or (watch is not None and watch.is_immediate)
        for removal in vanished(view) if view.contexts else ():
            self.send(removal)
        for response in view.updates(expunge=expunge, told=told or {}):
            self.send(response)
        if view.contexts:
            await self._tell_contexts(view)
        if watch is not None and watch.items and (new := view.after(last)):
            await tell_new_messages(self, watch, new)

    async def _tell_contexts(self, view: View) -> None:
        try:
            await tell_changes(self)
        except BackendError as error:
            logger.info("%s: no updates of searches in %s: %s", self.peer.host, view.name, error)

    async def _tell_news(self) -> None:
        try:
            await tell_news(self)
        except BackendError as error:
            logger.info("%s: no news of mailboxes: %s", self.peer.host, error)

    def _has_news(self, *, between_commands: bool) -> bool:
        """Tell whether there is something that the client is to be told without asking."""
        if self.idling:
            return self._stale or bool(self.news)
        if self.watch is None or not between_commands or self.connection.current is not None:
            return False
        return bool(self.news) or (self._stale and self._watches_selected())

    def _watches_selected(self) -> bool:
        watch = self.watch
        return (
            self.view is not None
            and watch is not None
            and watch.selected is not None
            and not watch.keeps_still
        )

    async def _tell_unasked(self) -> None:
        if self.idling:
            await self.tell_updates()
        elif self._watches_selected():
            # RFC 5465 §6.1.2: whoever counts messages is told only when it asks that some are gone.
            await self.tell_updates(expunge=False)
        else:
            await self._tell_news()

    def _hint(self, hint: Hint) -> None:
        """Take a hint, from any thread: note it and wake the driver."""
        if isinstance(hint, AccountEnded):
            self._farewell = hint.reason
            self.wake()
            return
        view, watch = self.view, self.watch
        if isinstance(hint, MailboxMoved) and (view is None or hint.mailbox_id == view.mailbox.id):
            # Without a view, a SELECT may be reading this very mailbox: its view will look again.
            self._stale = True
            if self.idling or self._watches_selected():
                self.wake()
            if view is not None:
                return
        wanted = watch is not None and watch.wants(hint)
        if isinstance(hint, MetadataChanged):
            wanted = wanted or "METADATA" in self.connection.enabled
        if wanted and self.news.note(hint) and (self.idling or watch is not None):
            self.wake()
