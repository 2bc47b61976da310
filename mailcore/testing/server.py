"""A server in a thread, for tests of whatever speaks mail.

::

    with running() as server:
        bob = server.inbox("bob@example.test")
        program_under_test(server.smtp_url)
        assert bob.wait(subject="Welcome")
"""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from mailcore.backend import Backend, Peer, Receives
from mailcore.flow import Session
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.asyncio import bind, serving
from mailcore.net.asyncio_loop import ASYNCIO
from mailcore.net.doors import imap_sessions, session_door, smtp_sessions
from mailcore.testing.certificates import authority, client_context, server_context
from mailcore.testing.faults import Faults, FaultyDelivery, FaultySession, Protocol
from mailcore.testing.inbox import IMAP, Inbox
from mailcore.testing.loop_thread import Clock, LoopThread
from mailcore.testing.memory import MemoryBackend

_HOST = "localhost"


class Address(NamedTuple):
    """Where to connect to."""

    host: str
    port: int


class Server:
    """A running server; made by :func:`running`.

    Its certificate is good for localhost, and signed by an authority that was made for this
    process: :attr:`tls` trusts it, and whoever is given :attr:`authority`.
    """

    def __init__(self, thread: LoopThread, backend: Backend, clock: Clock) -> None:
        self.backend = backend
        #: The time that the server goes by.
        self.clock = clock
        #: What goes wrong.
        self.faults = Faults()
        #: IMAP with TLS from the start, as on port 993.
        self.imap = Address(_HOST, 0)
        #: Submission with TLS from the start, as on port 465.
        self.smtp = Address(_HOST, 0)
        #: Submission with STARTTLS, as on port 587.
        self.submission = Address(_HOST, 0)
        #: Mail from strangers, without TLS or with STARTTLS, as on port 25; None if the backend
        #: takes none.
        self.mx: Address | None = None
        #: LMTP; None if the backend takes no mail.
        self.lmtp: Address | None = None
        self._thread = thread
        self._inboxes: dict[str, Inbox] = {}

    @property
    def authority(self) -> Path:
        """The certificate, in PEM, of the authority that clients have to trust."""
        return authority()

    @property
    def tls(self) -> ssl.SSLContext:
        """A client's context that trusts the authority; a new one each time."""
        return client_context()

    @property
    def smtp_url(self) -> str:
        """``smtp://host:port`` of :attr:`mx`, where mail for all inboxes is taken without login.

        To send from an inbox take :attr:`Inbox.smtp_url`.
        """
        if self.mx is None:
            raise LookupError("this backend takes no mail from strangers")
        return f"smtp://{self.mx.host}:{self.mx.port}"

    def inbox(self, address: str, password: str = "secret") -> Inbox:
        """Return the inbox of an address, made when it is first asked for.

        Arguments:
            address: is the user name too.
            password: of a new one.

        Raises:
            TypeError: the backend is not a :class:`MemoryBackend`: its users are its own affair.
        """
        backend = self.backend
        if not isinstance(backend, MemoryBackend):
            raise TypeError("only a MemoryBackend can be given another inbox")
        key = address.lower()
        if key not in self._inboxes:
            user = backend.users.get(key) or self.call(backend.add_user, address, password)
            self._inboxes[key] = Inbox(self, user)
        return self._inboxes[key]

    def imaplib(self, user: str, password: str) -> imaplib.IMAP4_SSL:
        """Return a client that is connected and logged in; use it in a ``with`` block."""
        return IMAP(self.imap, self.tls, user, password)

    def smtplib(self) -> smtplib.SMTP:
        """Return a client that is connected to :attr:`mx`; use it in a ``with`` block."""
        if self.mx is None:
            raise LookupError("this backend takes no mail from strangers")
        return smtplib.SMTP(*self.mx, timeout=30)

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function in the thread of the server, and return what it returns.

        The methods of the backend run there: what they use is read and changed safely there only.
        What a coroutine function gives is awaited, on asyncio.
        """
        return self._thread.call(function, *args)


@contextmanager
def running(
    backend: Backend | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Server]:
    """Serve a backend on free ports of this machine while the block runs.

    Arguments:
        backend: None for a new :class:`MemoryBackend`. Its methods are awaited on asyncio, in the
            server's thread; for a backend that needs Trio there is :func:`mailcore.net.running`.
        limits: bounds on what peers may do.
    """
    with LoopThread() as thread:
        clock = Clock(thread)
        server = Server(thread, MemoryBackend(now=clock.now) if backend is None else backend, clock)
        doors = AsyncExitStack()
        try:
            thread.call(_open, server, limits, doors)
            yield server
        finally:
            thread.call(doors.aclose)


async def _open(server: Server, limits: Limits, doors: AsyncExitStack) -> None:
    backend, clock = server.backend, server.clock
    imap = imap_sessions(
        backend, starttls=False, limits=limits, clock=clock.monotonic, now=clock.now
    )
    smtp = partial(
        smtp_sessions,
        backend,
        hostname=_HOST,
        limits=limits,
        through=partial(FaultyDelivery, faults=server.faults),
    )

    async def serve(
        protocol: Protocol, new_session: Callable[[Peer], Session], tls: str | None = None
    ) -> Address:
        def context() -> ssl.SSLContext:
            return server_context(server.faults.certificate_now())

        def faulty_session(peer: Peer) -> Session:
            return FaultySession(new_session(peer), server.faults, protocol, ASYNCIO)

        door = session_door(
            protocol,
            await bind(_HOST, 0),
            faulty_session,
            implicit_tls=context if tls == "implicit" else None,
            starttls=context if tls == "starttls" else None,
            limits=limits,
        )
        await doors.enter_async_context(serving(door, grace=0))
        return Address(_HOST, door.addresses[0][1])

    server.imap = await serve("imap", imap, "implicit")
    server.smtp = await serve("smtp", smtp(mode="submission", starttls=False), "implicit")
    server.submission = await serve("smtp", smtp(mode="submission", starttls=True), "starttls")
    if isinstance(backend, Receives):
        server.mx = await serve("smtp", smtp(mode="mx", starttls=True), "starttls")
        server.lmtp = await serve("smtp", smtp(mode="lmtp", starttls=False))
