"""What is tested, and what all tests of it share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial, wraps
from inspect import iscoroutinefunction
from time import monotonic
from types import coroutine
from typing import Any, Final, TypeVar
from uuid import uuid4

import pytest

from mailcore.backend import Account, Backend, Closes, ManagesMailboxes, Peer
from mailcore.sasl.types import PlainCredentials
from mailcore.testing.conformance.box import Box, left_out
from mailcore.testing.conformance.loops import EventLoop, Trio

T = TypeVar("T")

IMAP: Final = Peer("imap", "127.0.0.1", 50143, tls=True)
SMTP: Final = Peer("smtp", "127.0.0.1", 50465, tls=True)
STRANGER: Final = Peer("smtp", "127.0.0.1", 50025)
#: Where tests of mailboxes are done: a mailbox that is always there, and one of their own.
PLACES: Final = ("INBOX", "a new mailbox")
#: Places within one call at which it is cancelled, at most.
CANCELLATIONS: Final = 50
_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class User:
    """One who can log in.

    Arguments:
        credentials: right ones.
        address: where mail reaches this user's INBOX, and what the user may send as; None to leave
            sending and receiving untested.
    """

    credentials: PlainCredentials
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A backend, ready to be tested. What is in its mailboxes does no harm.

    Arguments:
        backend: the tests change it.
        user: whose mailboxes are used.
        other: another user, who may write to the first; None if there is only one.
        unknown: an address that is refused as a recipient of mail from strangers; None if every
            address is taken.
    """

    backend: Backend
    user: User
    other: User | None = None
    unknown: str | None = None


class Suite:
    """What all parts of the suite share.

    Its async tests are made plain ones, so that no plugin is needed to run them, nor its settings.
    """

    #: Where the backend runs.
    loop: EventLoop = Trio()

    def subject(self) -> AbstractAsyncContextManager[Subject]:
        """Give a backend for one test. Decorate yours with ``@asynccontextmanager``."""
        raise NotImplementedError

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, test in list(vars(cls).items()):
            if name.startswith("test_") and iscoroutinefunction(test):
                setattr(cls, name, _in_event_loop(test))

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine function; what it raises comes out as it was, of whatever nursery."""
        try:
            self.loop.run(main)
        except BaseExceptionGroup as group:
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
                error = error.exceptions[0]
            raise error from None

    async def until(self, true: Callable[[], Awaitable[object]]) -> None:
        """Wait until something becomes true, and fail if it does not."""
        deadline = monotonic() + _PATIENCE
        while not await true():
            assert monotonic() < deadline, "waited in vain"
            await self.loop.sleep(0.005)

    async def cancelled_at(self, number: int, work: Awaitable[T]) -> bool:
        """Cancel some work where it waits for the ``number``-th time; tell whether it got there."""
        reached = False

        def reach() -> None:
            nonlocal reached
            reached = True
            cancel()

        with self.loop.cancelling() as cancel:
            await _interrupted(work, number, reach)
        return reached

    # ------------------------------------------------------------------------------ subject

    @pytest.fixture(params=PLACES)
    def place(self, request: pytest.FixtureRequest) -> str:
        """One of :data:`PLACES`."""
        return str(request.param)

    @asynccontextmanager
    async def account(
        self, subject: Subject, user: User | None = None, peer: Peer = IMAP
    ) -> AsyncIterator[Account]:
        """Log in: one connection of a user, the first one if none is named."""
        credentials = (user or subject.user).credentials
        account = await subject.backend.authenticate(credentials, peer)
        try:
            yield account
        finally:
            if isinstance(account, Closes):
                account.close()

    @asynccontextmanager
    async def opened(self, place: str = "INBOX") -> AsyncIterator[tuple[Account, Box]]:
        """Log in to a fresh subject and open a mailbox; what is in it has been told."""
        async with self.subject() as subject, self.account(subject) as account:
            name = "INBOX" if place == "INBOX" else await new_mailbox(account)
            yield account, await open_box(account, name)

    @asynccontextmanager
    async def box(self, place: str = "INBOX") -> AsyncIterator[Box]:
        """:meth:`opened`, without the account."""
        async with self.opened(place) as (_, box):
            yield box


async def open_box(account: Account, name: str) -> Box:
    """Open a mailbox; what is in it has been told."""
    box = Box(name, await account.open(name))
    await box.news()
    return box


def new_name() -> str:
    """Return a name that no mailbox has."""
    return f"Conformance-{uuid4().hex[:12]}"


async def new_mailbox(account: Account) -> str:
    """Make a mailbox; return its name."""
    name = new_name()
    await managing(account).create(name)
    return name


def managing(account: Account) -> ManagesMailboxes:
    """Return the account, if it can make and unmake mailboxes."""
    if not isinstance(account, ManagesMailboxes):
        left_out("Account is ManagesMailboxes")
    return account


def _in_event_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a plain test of an async one."""

    @wraps(test)
    def plain(self: Suite, **arguments: Any) -> None:
        self.run(partial(test, self, **arguments))

    return plain


@coroutine
def _interrupted(
    work: Awaitable[T], number: int, interrupt: Callable[[], None]
) -> Generator[Any, Any, T]:
    """Await some work; call ``interrupt`` just before it waits for the ``number``-th time."""
    steps = work.__await__()
    resume: Callable[[], Any] = partial(next, steps)
    while True:
        try:
            request = resume()
        except StopIteration as stop:
            result: T = stop.value
            return result
        number -= 1
        if number == 0:
            interrupt()
        try:
            answer = yield request
        except BaseException as error:
            resume = partial(steps.throw, error)
        else:
            resume = partial(steps.send, answer)
