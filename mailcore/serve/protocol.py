"""What a backend package offers so that ``python -m mailcore.serve`` can serve it.

A *provider* is found through the entry-point group ``mailcore.backends`` (or named as
``module:attribute``); a module with these names at its top level is one. The server binds its
sockets, opens the provider, asks for the first minute's facts, serves, and closes the provider
after the last connection is gone::

    title = "Tickets"
    options = None

    @asynccontextmanager
    async def open(context: Context) -> AsyncIterator[Backend]:
        yield TicketBackend(context.data)

A backend itself, or a class that makes one, will do where nothing is to be opened or configured.

What is given is a :class:`mailcore.backend.Backend`. If it is also a
:class:`mailcore.backend.Receives`, the MX door opens; :class:`Bootstraps` and
:class:`ServesHTTP` are optional in the same manner. A provider that is a
:class:`mailcore.serve.admin.Administers` has words for ``python -m mailcore.serve admin``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import trio

from mailcore.backend import Backend, Peer
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live import LiveSessions


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one door is reached from outside, with the port that was really bound.

    A unix socket has its path for ``host``, and the port 0.
    """

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The doors of this server as clients are told of them; None for one that is shut."""

    imap: Endpoint | None = None
    smtp: Endpoint | None = None
    mx: Endpoint | None = None
    http: Endpoint | None = None
    submission: Endpoint | None = None
    imap_starttls: Endpoint | None = None
    lmtp: Endpoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the server tells a provider.

    Arguments:
        data: the data directory, which exists and is locked for this process; None if nothing is
            to be kept (``--memory``).
        domain: the shared mail domain, for instance ``shared.localhost``.
        endpoints: the bound doors; what a credential export shows.
        limits: the bounds of the engine; the same ones that the protocol doors have.
        options: an instance of the provider's ``options`` class, read from its own table of the
            configuration; None if the provider has none.
        live: the connections of this server, as they come and go.
    """

    data: Path | None
    domain: str
    endpoints: Endpoints = field(default_factory=Endpoints)
    limits: Limits = DEFAULT_LIMITS
    options: Any = None
    live: LiveSessions = field(default_factory=LiveSessions, compare=False)


@runtime_checkable
class Provider(Protocol):
    """The object behind an entry point of the group ``mailcore.backends``; a module may be one."""

    @property
    def title(self) -> str:
        """A product name for the banner: ``AgentPost``."""
        ...

    @property
    def options(self) -> type[Any] | None:
        """A frozen dataclass of what can be configured, or None for nothing.

        Its fields are ``bool``, ``int``, ``float``, ``str``, ``Path``, ``Literal[...]`` of
        strings, any of these ``| None``, or another such dataclass; each has a default. They are
        read from the table of the configuration file that is named like the entry point
        (``[agentpost]``, nested ``[agentpost.relay]``) and from ``MAILCORE_AGENTPOST_…``
        (``MAILCORE_AGENTPOST_RELAY_MODE``). A ``ValueError`` of its ``__post_init__`` is told to
        the operator as a bad setting.
        """
        ...

    def open(self, context: Context) -> AbstractAsyncContextManager[Backend]:
        """Give the backend, and close it on leaving: commits included.

        Raises:
            OSError, ValueError: one clear line for the operator, who gets exit code 2.
        """
        ...


class OpenBackend:
    """Provides a backend that needs no opening, and has nothing to configure.

    Arguments:
        title: for the banner.
        backend: there already.
    """

    options = None

    def __init__(self, title: str, backend: Backend) -> None:
        self.title = title
        self._backend = backend

    @asynccontextmanager
    async def open(self, context: Context) -> AsyncIterator[Backend]:
        """Give the backend."""
        yield self._backend


def provider_of(name: str, found: object) -> Provider | None:
    """Return the provider that an object is or stands for; None if it is no such thing.

    Arguments:
        name: under which it was found.
        found: a provider, a backend, or a class whose instances are backends.
    """
    if isinstance(found, type) and not isinstance(found, Provider) and issubclass(found, Backend):
        found = found()
    if isinstance(found, Provider):
        return found
    return OpenBackend(name, found) if isinstance(found, Backend) else None


@dataclass(frozen=True, slots=True)
class FirstMinute:
    """What the banner and ``--ready json`` tell whoever started the server.

    Arguments:
        inboxes: addresses to log in as, at least one that the key opens first.
        api_key: the password, if it was made just now; None if it was shown on an earlier start.
        try_it: further shell commands for the banner, each on one line; what needs the key when it
            is not known says ``"$API_KEY"``.
    """

    inboxes: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    try_it: tuple[str, ...] = field(default=(), repr=False)


@runtime_checkable
class Bootstraps(Protocol):
    """Optional: on an empty store it makes what a newcomer needs; later it tells what there is."""

    async def bootstrap(self, new_key: bool) -> FirstMinute:
        """Make an inbox and a key if there are none, and another key if ``new_key``."""
        ...


@runtime_checkable
class ServesHTTP(Protocol):
    """Optional: it speaks HTTP."""

    async def handle_http(self, stream: trio.abc.Stream, peer: Peer, closing: trio.Event) -> None:
        """Serve one accepted connection until it ends; the caller closes the stream.

        When ``closing`` is set, the server drains: finish the response in hand (close a WebSocket
        with 1001) and return. After the grace period the task is cancelled.
        """
        ...
