"""Sessions over the memory backend, driven by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mailcore.backend import Account, Backend, Mailbox, Peer
from mailcore.imap.session import Session
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.sasl import Credentials
from mailcore.testing import Link, MemoryBackend, MemoryMailbox, new_message, run

USER, PASSWORD = "alice@example.test", "secret"


class Client(Link):
    """A client that knows how responses are put together."""

    def do(self, command: str) -> list[str]:
        """Send one command; return the lines of the answer, literals in place, tagged one last."""
        output = self.say(b"t " + command.encode() + b"\r\n").decode()
        assert output.endswith("\r\n"), output
        lines = output[:-2].split("\r\n")
        assert lines[-1].startswith("t "), output
        return lines

    def ok(self, command: str) -> list[str]:
        """:meth:`do`, for a command that must succeed; returns the untagged lines."""
        *untagged, tagged = self.do(command)
        assert tagged.startswith("t OK"), tagged
        return untagged

    def tagged(self, command: str) -> str:
        """Send one command; return its tagged response without the tag."""
        return self.do(command)[-1].removeprefix("t ")


@pytest.fixture
def backend() -> MemoryBackend:
    return MemoryBackend({USER: PASSWORD})


@pytest.fixture
def inbox(backend: MemoryBackend) -> MemoryMailbox:
    return backend.users[USER].inbox


@pytest.fixture
def deliver(inbox: MemoryMailbox) -> Callable[..., None]:
    """Put messages into INBOX."""

    def put(*messages: bytes) -> None:
        for data in messages:
            run(inbox.append([new_message(data)]))

    return put


PEER = Peer("imap", host="127.0.0.1", tls=True)


@pytest.fixture
def connect(backend: MemoryBackend) -> Iterator[Callable[..., Client]]:
    """Make clients: greeted, logged in and with INBOX selected unless told otherwise."""
    clients: list[Client] = []

    def new_client(
        *,
        login: bool = True,
        select: str | None = "INBOX",
        limits: Limits = DEFAULT_LIMITS,
        over: Backend | None = None,
        peer: Peer = PEER,
        **options: object,
    ) -> Client:
        session = Session(over or backend, peer, limits=limits, **options)  # type: ignore[arg-type]
        client = Client(session)
        clients.append(client)
        assert client.say().startswith(b"* OK [CAPABILITY IMAP4rev1 ")
        if login:
            client.ok(f"LOGIN {USER} {PASSWORD}")
        if login and select is not None:
            client.ok(f"SELECT {select}")
        return client

    yield new_client
    for client in clients:
        client.close()


class OneMailbox:
    """A backend and account with a single mailbox, whatever that can do."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Account:
        return self  # type: ignore[return-value]

    async def mailboxes(self) -> list[object]:
        return []

    async def open(self, name: str) -> Mailbox:
        return self.mailbox


@pytest.fixture
def one_mailbox() -> Callable[[Mailbox], OneMailbox]:
    return OneMailbox
