"""Accepting connections: limits, back-off, and an orderly end."""

from __future__ import annotations

import errno
import ipaddress
import itertools
import logging
import socket as stdlib_socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, Literal, Protocol

from mailcore.backend import Peer
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.binding import Listener, addresses, close, tune
from mailcore.net.failed_logins import FailedLogins
from mailcore.net.loop import Event, Loop, Socket, Tasks
from mailcore.net.proxied import read_proxy_header, told_by
from mailcore.networks import Networks
from mailcore.proxy_protocol import ProxyProtocolError

logger = logging.getLogger("mailcore.net")

#: Out of file descriptors or memory: not this listener's fault, and it passes.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BACK_OFF: Final = 0.1
#: Connections that are told why they are refused; beyond these they are closed without a word.
_POLITE_REFUSALS: Final = 32

DoorName = Literal["imap", "smtp", "lmtp", "http"]

_numbers = itertools.count(1)


class Admission:
    """Counts connections, in total and of each peer, and wrong passwords of each peer.

    One may be shared by several doors.

    Arguments:
        limits: ``connections``, ``connections_per_peer`` and ``failed_logins_per_peer``.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._peers: Counter[str] = Counter()
        self._failed_logins = FailedLogins(limits)
        self._total = 0

    @contextmanager
    def wait(self) -> Iterator[bool]:
        """Count a connection of which only the proxy is known yet; give False for no room."""
        if self._total >= self._limits.connections:
            yield False
            return
        self._total += 1
        try:
            yield True
        finally:
            self._total -= 1

    @contextmanager
    def enter(self, host: str) -> Iterator[bool]:
        """Count a connection while it lasts; give False if there is no room for it."""
        key = self._key(host)
        room = (
            self._total < self._limits.connections
            and self._peers[key] < self._limits.connections_per_peer
        )
        if not room:
            yield False
            return
        self._peers[key] += 1
        self._total += 1
        try:
            yield True
        finally:
            self._total -= 1
            self._peers[key] -= 1
            if not self._peers[key]:
                del self._peers[key]

    def login_failed(self, host: str) -> float:
        """Note a wrong password; return the seconds by which to hold back its answer."""
        return self._failed_logins.note(self._key(host))

    @staticmethod
    def _key(host: str) -> str:
        """An IPv6 subscriber has a /64 at least, so that counts as one peer."""
        if ":" not in host:
            return host
        try:
            address = ipaddress.IPv6Address(host.partition("%")[0])
        except ValueError:
            return host
        return str(ipaddress.ip_network((address, 64), strict=False))


class Connection:
    """An accepted connection, as the handler of a door gets it.

    The socket is the handler's while it runs, and is closed when it returns.
    """

    __slots__ = ("closing", "loop", "number", "on_shut_down", "peer", "socket")

    def __init__(self, socket: Socket, loop: Loop, peer: Peer, closing: Event) -> None:
        self.number = next(_numbers)
        self.socket = socket
        self.loop = loop
        self.peer = peer
        #: Set when the door drains.
        self.closing = closing
        #: Called with a reason when the door drains; set by the handler.
        self.on_shut_down: Callable[[str], None] | None = None

    def __str__(self) -> str:
        return f"{self.peer.protocol} #{self.number} {self.peer.host}:{self.peer.port}"


Handler = Callable[[Connection], Awaitable[None]]


class Started(Protocol):
    """Who is told that a door is open; ``trio.TaskStatus`` is one."""

    def started(self, door: Door, /) -> None: ...


class Door:
    """One service on its listening sockets, with all connections that came in by it.

    Arguments:
        protocol: what is spoken, for :class:`Peer` and the log.
        listeners: bound; closed by the door.
        handler: serves one connection.
        refuse: says that there is no room to a connection over the limit.
        tls: whether connections are encrypted from the start.
        limits: of connections, if no ``admission`` is given.
        admission: counts shared with other doors.
        proxies: addresses and networks whose connections begin with a header of the PROXY protocol,
            and "unix" for those of a unix socket.
    """

    def __init__(
        self,
        protocol: DoorName,
        listeners: Sequence[Listener],
        handler: Handler,
        *,
        refuse: Handler,
        tls: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        admission: Admission | None = None,
        proxies: Iterable[str] = (),
    ) -> None:
        self.addresses = addresses(listeners)
        self._protocol = protocol
        self._listeners = listeners
        self._handler = handler
        self._refuse = refuse
        self._tls = tls
        self._limits = limits
        self._admission = admission or Admission(limits)
        self._proxies = Networks(proxies)
        self._connections: set[Connection] = set()
        self._refusals = 0
        self._loop = listeners[0].loop
        self._closing = self._loop.event()
        self._empty = self._loop.event()
        self._scope = self._loop.scope()

    async def run(self, *, task_status: Started | None = None) -> None:
        """Accept and serve until :meth:`drain` is done, or cancelled; report this door."""
        with self._scope:
            try:
                async with self._loop.tasks() as tasks:
                    for listener in self._listeners:
                        tasks.start_soon(self._accept, listener.socket, tasks)
                    if task_status is not None:
                        task_status.started(self)
            finally:
                close(self._listeners)

    async def drain(self, reason: str, grace: float) -> None:
        """End in order: accept no more, say goodbye to all, wait, then cut off who is left.

        Arguments:
            reason: one line for the clients.
            grace: seconds to wait.
        """
        self._closing.set()
        close(self._listeners)
        for connection in self._connections:
            if connection.on_shut_down is not None:
                connection.on_shut_down(reason)
        if self._connections:
            with self._loop.scope(self._loop.current_time() + grace) as scope:
                await self._empty.wait()
            if scope.cancelled_caught:
                logger.warning("%d connections were cut off", len(self._connections))
        self._scope.cancel()

    async def _accept(self, listener: Socket, tasks: Tasks) -> None:
        while listener.fileno() >= 0:
            try:
                socket, address = await listener.accept()
            except self._loop.broken as error:
                if isinstance(error, OSError) and error.errno in _EXHAUSTED:
                    logger.error("cannot accept: %s; trying again", error.strerror)
                    await self._loop.sleep(_BACK_OFF)
                continue  # else the door is closed, or a peer left between SYN and accept
            if socket.family == stdlib_socket.AF_UNIX:
                address = ("", 0)
            else:
                tune(socket)
            tasks.start_soon(self._serve, socket, address)

    async def _serve(self, socket: Socket, address: tuple[str, int]) -> None:
        host = address[0].removeprefix("::ffff:")
        peer = Peer(self._protocol, host, address[1], tls=self._tls)
        connection = Connection(socket, self._loop, peer, self._closing)
        with closing(socket):
            if host in self._proxies and not await self._learn_client(connection):
                return
            await self._admit(connection)

    async def _learn_client(self, connection: Connection) -> bool:
        """Learn from a proxy for whom it speaks; return False if it does not say so properly."""
        with self._admission.wait() as room:
            if not room:
                logger.warning("%s refused: too many connections", connection)
                return False
            try:
                header = await read_proxy_header(connection.socket, self._loop, self._limits)
            except (OSError, ProxyProtocolError) as error:
                logger.warning("%s: no PROXY protocol header: %s", connection, error)
                return False
        proxy = str(connection)
        connection.peer = told_by(header, connection.peer)
        logger.info("%s speaks for %s:%d", proxy, connection.peer.host, connection.peer.port)
        return True

    async def _admit(self, connection: Connection) -> None:
        with self._admission.enter(connection.peer.host) as admitted:
            if admitted:
                await self._serve_admitted(connection)
            else:
                logger.warning("%s refused: too many connections", connection)
                await self._serve_refused(connection)

    async def _serve_admitted(self, connection: Connection) -> None:
        started = time.monotonic()
        logger.info("%s connected", connection)
        self._connections.add(connection)
        try:
            await self._handler(connection)
        except self._loop.broken as error:
            logger.info("%s broke: %s", connection, str(error) or type(error).__name__)
        except Exception:
            logger.exception("%s failed", connection)
        finally:
            self._connections.discard(connection)
            if self._closing.is_set() and not self._connections:
                self._empty.set()
            logger.info("%s closed after %.1f s", connection, time.monotonic() - started)

    async def _serve_refused(self, connection: Connection) -> None:
        if self._refusals >= _POLITE_REFUSALS:
            return
        self._refusals += 1
        try:
            await self._refuse(connection)
        except OSError:
            pass
        finally:
            self._refusals -= 1
