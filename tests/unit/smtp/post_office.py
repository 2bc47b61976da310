"""A backend that keeps its mail in a list, and a driver without loop or socket."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from mailcore.backend import (
    NOTHING_HONOURED,
    Account,
    AuthenticationFailed,
    BackendError,
    Delivery,
    Hint,
    Honoured,
    Mailbox,
    MailboxInfo,
    MailTransaction,
    NoSuchMailbox,
    Peer,
    Recipient,
)
from mailcore.sasl import Credentials
from mailcore.smtp import MailParameters, Reply, ReversePath
from mailcore.smtp.session import Session
from mailcore.spool import Content

QUEUED = Reply.of(250, "2.6.0", "Queued")
LATER = Reply.of(451, "4.2.0", "Later")
NEVER = Reply.of(550, "5.1.1", "Never")


class Store:
    """A backend for both doors. ``trouble`` maps an address or a step to what is raised there."""

    def __init__(self) -> None:
        self.mail: list[tuple[MailTransaction, bytes]] = []
        self.contents: list[Content] = []
        self.peers: list[Peer] = []
        self.answers: Sequence[Reply] = (QUEUED,)
        self.trouble: dict[str, Exception] = {}
        self.callbacks: list[Callable[[Hint], None]] = []
        self.closed = 0
        self.honoured = NOTHING_HONOURED
        self.urls: dict[str, bytes] = {}

    def judge(self, what: str) -> None:
        if what in self.trouble:
            raise self.trouble[what]

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Account:
        self.judge(credentials.username)
        if credentials.password != "secret":
            raise AuthenticationFailed
        kinds = {"reader": Reader, "simple": Submitter, "composer": Composer}
        return kinds.get(credentials.username, Writer)(self)

    def extensions(self, peer: Peer, *, submission: bool) -> Honoured:
        self.judge("extensions")
        return self.honoured

    def receive(self, peer: Peer) -> Delivery:
        self.judge("receive")
        self.peers.append(peer)
        return Drop(self)


class Reader:
    """An account that only reads."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        return []

    async def open(self, name: str) -> Mailbox:
        raise NoSuchMailbox

    def close(self) -> None:
        self.store.closed += 1
        self.store.judge("close")


class Submitter(Reader):
    """An account that submits."""

    def submission(self, peer: Peer) -> Delivery:
        return self.store.receive(peer)


class Writer(Submitter):
    """An account that submits, and may end."""

    def watch(self, callback: Callable[[Hint], None]) -> Callable[[], None]:
        self.store.judge("watch")
        self.store.callbacks.append(callback)
        return lambda: self.store.callbacks.remove(callback)


class Composer(Submitter):
    """An account that submits what URLs name."""

    async def read_url(self, url: str) -> Content:
        self.store.judge(url)
        if url not in self.store.urls:
            raise BackendError("No such URL", reply=Reply.of(554, "5.6.6", "No such URL"))
        return Content(self.store.urls[url])


class Drop:
    """A delivery into the list."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        self.store.judge(sender.address)

    async def rcpt_to(self, recipient: Recipient) -> None:
        self.store.judge(recipient.path.address)

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        self.store.contents.append(content)
        self.store.judge("deliver")
        self.store.mail.append((transaction, b"".join(content.chunks())))
        return self.store.answers


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that waits for nothing."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value


class Line:
    """A driver in one thread: what is sent is answered with all that comes back."""

    def __init__(self, store: Store, mode: Any = "mx", *, tls: bool = False, **more: Any) -> None:
        protocol: Any = "lmtp" if mode == "lmtp" else "smtp"
        peer = Peer(protocol, "192.0.2.1", 1, tls=tls)
        self.session = Session(store, peer, hostname="mail.example", mode=mode, **more)
        self.delays: list[float] = []
        self.step: Any = None
        self.greeting = self.read()

    def read(self) -> str:
        out = b""
        while isinstance(step := finish(self.session.step()), bytes):
            out += step
            self.delays.append(self.session.delay)
        self.step = step
        return out.decode()

    def say(self, *lines: str | bytes) -> str:
        data = b"".join(
            line if isinstance(line, bytes) else line.encode() + b"\r\n" for line in lines
        )
        self.session.receive_data(data)
        return self.read()

    def codes(self, *lines: str | bytes) -> list[str]:
        """Reply codes with their enhanced codes, one for each reply."""
        replies = self.say(*lines).splitlines()
        return [" ".join(line.split(" ")[:2]) for line in replies if line[3] == " "]


def plain(username: str, password: str = "secret") -> str:
    return "AUTH PLAIN " + base64.b64encode(f"\0{username}\0{password}".encode()).decode()


def submission(store: Store, **more: Any) -> Line:
    line = Line(store, "submission", tls=True, **more)
    line.say("EHLO client.example")
    return line


ENVELOPE = ("MAIL FROM:<a@b>", "RCPT TO:<c@d>")
