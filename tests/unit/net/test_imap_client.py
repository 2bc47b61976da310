"""The IMAP client against our server, over real sockets."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import pytest

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys as keys
from mailcore.imap.types import FetchAtt, FetchBody, PartialRange, Section, SequenceSet
from mailcore.net import CommandRefused, ImapClient, ImapError
from mailcore.net.loop import within
from mailcore.serve.certificates import CertificateFiles
from mailcore.testing import MemoryBackend

from .worlds import World, on_both_loops

USER, PASSWORD = "alice@example.test", "secret"
MESSAGE = b"From: A <a@x.test>\r\nSubject: =?utf-8?q?h=C3=BC?=\r\n\r\nhello\r\n"
Connect = Callable[[], AbstractAsyncContextManager[ImapClient]]


@pytest.fixture
def serve(
    world: World, certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> Callable[[], AbstractAsyncContextManager[Connect]]:
    """Serve an account, and give what connects to it."""

    @asynccontextmanager
    async def serve() -> AsyncIterator[Connect]:
        async with world.imap(MemoryBackend({USER: PASSWORD}), tls=certificate.context()) as door:
            yield partial(world.net.connect_imap, *door.addresses[0], context=client_tls, timeout=5)

    return serve


@pytest.fixture
def inbox(serve: Callable[[], AbstractAsyncContextManager[Connect]]) -> Connect:
    """Serve an account, and give a client that has opened its INBOX."""

    @asynccontextmanager
    async def inbox() -> AsyncIterator[ImapClient]:
        async with serve() as connect, connect() as client:
            await client.login(USER, PASSWORD)
            await client.select()
            yield client

    return inbox


@on_both_loops
async def test_append_search_fetch_store_expunge(world, inbox):
    async with inbox() as client:
        assert await client.append("INBOX", MESSAGE, ["\\Flagged"]) == 1
        assert await client.append("INBOX", MESSAGE + b"x" * 300_000) == 2
        await client.run(c.Noop(""))
        assert client.exists == 2
        assert await client.search() == (1, 2)
        assert await client.search(keys.HasFlag("\\Flagged")) == (1,)
        assert await client.search(partial=PartialRange(-1, -1)) == (2,)
        assert await client.search(partial=PartialRange(5, 9)) == ()
        assert await client.search_mailboxes(keys.HasFlag("\\Flagged")) == {"INBOX": (1,)}
        assert (
            await client.search_mailboxes(keys.All(), c.MailboxFilter("subtree", ("Sent",))) == {}
        )
        [first, second] = [message async for message in client.fetch([1, 2])]
        assert (first.number, first.uid, second.uid) == (1, 1, 2)
        assert first.envelope is not None
        assert first.envelope.subject == b"=?utf-8?q?h=C3=BC?="
        items = (
            FetchAtt("RFC822.SIZE"),
            FetchBody(Section(), peek=True),
            FetchAtt("BODYSTRUCTURE"),
        )
        fetched = {message.uid: message async for message in client.fetch([1, 2], *items)}
        assert fetched[1].body == MESSAGE
        assert fetched[2].body == MESSAGE + b"x" * 300_000
        assert fetched[2].size == len(MESSAGE) + 300_000
        assert fetched[1].structure is not None
        assert fetched[1].structure.size == 7
        await client.store([1], "+FLAGS", "\\Deleted")
        await client.run(c.Expunge(""))
        assert client.exists == 1
        assert [message async for message in client.fetch([])] == []


@on_both_loops
async def test_a_message_is_put_together(world, inbox):
    async with inbox() as client:
        await client.append("INBOX", MESSAGE + b"x" * 300_000)
        url = "/INBOX/;UID=1/;SECTION="
        assert (
            await client.catenate("Drafts", [url + "HEADER", b"new ", url + "TEXT"], ["\\Draft"])
            == 1
        )
        await client.select("Drafts")
        item = FetchBody(Section(), peek=True)
        [message] = [one async for one in client.fetch([1], item)]
        assert message.body == MESSAGE[:-7] + b"new hello\r\n" + b"x" * 300_000
        for parts in (
            ["/INBOX/;UID=9"],
            ["/INBOX/;UID=9", b"x"],
            [b"x", "/nowhere/;UID=1", b"y", b"z"],
        ):
            with pytest.raises(CommandRefused) as caught:
                await client.catenate("Drafts", parts)
            assert caught.value.response.code.name == "BADURL"
        assert await client.search() == (1,)


@on_both_loops
async def test_mailboxes(world, inbox):
    async with inbox() as client:
        await client.run(c.Create("", "Entwürfe"))
        assert {mailbox.name for mailbox in await client.list()} >= {"INBOX", "Entwürfe"}
        assert await client.status("Entwürfe") == {"MESSAGES": 0, "UNSEEN": 0}
        selected = await client.select("Entwürfe", read_only=True)
        assert (selected.exists, selected.read_only, selected.uid_next) == (0, True, 1)
        assert selected.uid_validity
        with pytest.raises(CommandRefused) as caught:
            await client.select("nowhere")
        assert caught.value.response.code is not None


@on_both_loops
async def test_a_loop_that_is_left_does_not_harm_the_next_command(world, inbox):
    async with inbox() as client:
        for _ in range(3):
            await client.append("INBOX", MESSAGE)
        async for message in client.fetch(SequenceSet(((1, 0),))):
            assert message.uid == 1
            break
        assert await client.search() == (1, 2, 3)


@on_both_loops
async def test_a_cancelled_wait_does_not_harm_the_next_command(world, inbox):
    async with inbox() as client:
        with world.loop.scope(world.loop.current_time() + 0.05) as scope:
            async for _ in client.idle():
                pass
        assert scope.cancelled_caught
        assert await client.search() == ()


@on_both_loops
async def test_idle_tells_at_once_and_is_said_anew(world, serve):
    async with serve() as connect, connect() as client:
        await client.login(USER, PASSWORD)
        await client.select()
        async with connect() as other:
            await other.login(USER, PASSWORD)
            heard = []
            with within(world.loop, 5):
                await other.append("INBOX", MESSAGE)
                async for response in client.idle(renew=0.02):
                    heard.append(response)
                    if r.Exists(2) in heard:
                        break
                    if response == r.Exists(1):
                        await world.loop.sleep(0.05)
                        await other.append("INBOX", MESSAGE)
        assert client.exists == 2


@on_both_loops
async def test_a_wrong_password(world, serve):
    async with serve() as connect, connect() as client:
        with pytest.raises(CommandRefused):
            await client.login(USER, "wrong")
        with pytest.raises(LocalProtocolError):
            await client.select()
        await client.login(USER, PASSWORD)


class TwoSteps:
    """LOGIN, as a client does it: the server asks for both."""

    name = "LOGIN"

    def __init__(self, password: str) -> None:
        self.challenges: list[bytes | None] = []
        self.password = password
        self.succeeded = False

    def step(self, challenge: bytes | None) -> bytes | None:
        self.challenges.append(challenge)
        if len(self.challenges) == 4:
            raise ValueError("no more of that")
        return [None, USER.encode(), self.password.encode()][len(self.challenges) - 1]

    def succeed(self) -> None:
        self.succeeded = True


class OneStep(TwoSteps):
    """PLAIN, with an initial response."""

    name = "PLAIN"

    def step(self, challenge: bytes | None) -> bytes | None:
        assert challenge is None
        return f"\0{USER}\0{self.password}".encode()


@pytest.mark.parametrize("kind", [OneStep, TwoSteps])
@on_both_loops
async def test_mechanisms_log_in(world, serve, kind):
    async with serve() as connect, connect() as client:
        wrong, right = kind("wrong"), kind(PASSWORD)
        with pytest.raises(CommandRefused):
            await client.authenticate(wrong)
        await client.authenticate(right)
        assert (wrong.succeeded, right.succeeded) == (False, True)
        assert (await client.select()).exists == 0


@on_both_loops
async def test_a_mechanism_that_is_not_offered_or_gives_up(world, serve):
    async with serve() as connect, connect() as client:
        other = TwoSteps(PASSWORD)
        other.name = "X-OWN"
        with pytest.raises(ImapError, match="does not offer"):
            await client.authenticate(other)
        tired = TwoSteps(PASSWORD)
        tired.challenges = [None, None]
        with pytest.raises(ValueError, match="no more"):
            await client.authenticate(tired)
        await client.login(USER, PASSWORD)


@pytest.mark.parametrize(
    ("script", "security", "error", "text"),
    [
        (b"* BYE full\r\n", "plain", ImapError, "full"),
        (b"SSH-2.0-OpenSSH\r\n", "plain", RemoteProtocolError, None),
        (b"", "plain", ImapError, "0.2 seconds"),
        (b"* OK hi\r\n", "plain", ImapError, "said nothing"),
        (b"* OK [CAPABILITY IMAP4rev1] hi\r\n", "starttls", ImapError, "does not offer"),
        (b"* PREAUTH hi\r\n", "starttls", ImapError, "without TLS"),
        (
            b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\na1 OK go\r\n* OK x\r\n",
            "starttls",
            RemoteProtocolError,
            None,
        ),
        (b"* OK hi\r\n", "tls", ssl.SSLError, None),
    ],
)
@on_both_loops
async def test_servers_that_are_none(world, peer, script, security, error, text):
    # Only who waits for what never comes is to wait shortly.
    timeout = 0.2 if text == "0.2 seconds" else 1 if text == "said nothing" else 30
    host, port = peer([(b"", script), (b"what never comes", b"")])
    with pytest.raises(error, match=text):
        async with world.net.connect_imap(host, port, security=security, timeout=timeout) as client:
            await client.capabilities()
