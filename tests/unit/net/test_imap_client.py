"""The IMAP client against our server, over real sockets."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
import trio

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys as keys
from mailcore.imap.types import FetchAtt, FetchBody, PartialRange, Section, SequenceSet
from mailcore.net import CommandRefused, ImapClient, ImapError, bind, connect_imap, imap_door
from mailcore.net.imap_program import PASSWORD_VARIABLE
from mailcore.serve.certificates import CertificateFiles
from mailcore.testing import MemoryBackend

USER, PASSWORD = "alice@example.test", "secret"
MESSAGE = b"From: A <a@x.test>\r\nSubject: =?utf-8?q?h=C3=BC?=\r\n\r\nhello\r\n"
Connect = Callable[[], AbstractAsyncContextManager[ImapClient]]


@pytest.fixture
async def connect(
    nursery: trio.Nursery, certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> Connect:
    backend = MemoryBackend({USER: PASSWORD})
    door = imap_door(backend, await bind("127.0.0.1", 0), tls=certificate.context())
    await nursery.start(door.run)
    host, port = door.addresses[0]
    return partial(connect_imap, host, port, context=client_tls, timeout=5)


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[ImapClient]:
    async with connect() as client:
        await client.login(USER, PASSWORD)
        await client.select()
        yield client


async def test_append_search_fetch_store_expunge(client):
    assert await client.append("INBOX", MESSAGE, ["\\Flagged"]) == 1
    assert await client.append("INBOX", MESSAGE + b"x" * 300_000) == 2
    await client.run(c.Noop(""))
    assert client.exists == 2
    assert await client.search() == (1, 2)
    assert await client.search(keys.HasFlag("\\Flagged")) == (1,)
    assert await client.search(partial=PartialRange(-1, -1)) == (2,)
    assert await client.search(partial=PartialRange(5, 9)) == ()
    assert await client.search_mailboxes(keys.HasFlag("\\Flagged")) == {"INBOX": (1,)}
    assert await client.search_mailboxes(keys.All(), c.MailboxFilter("subtree", ("Sent",))) == {}
    [first, second] = [message async for message in client.fetch([1, 2])]
    assert (first.number, first.uid, second.uid) == (1, 1, 2)
    assert first.envelope is not None
    assert first.envelope.subject == b"=?utf-8?q?h=C3=BC?="
    items = (FetchAtt("RFC822.SIZE"), FetchBody(Section(), peek=True), FetchAtt("BODYSTRUCTURE"))
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


async def test_a_message_is_put_together(client):
    await client.append("INBOX", MESSAGE + b"x" * 300_000)
    url = "/INBOX/;UID=1/;SECTION="
    assert (
        await client.catenate("Drafts", [url + "HEADER", b"new ", url + "TEXT"], ["\\Draft"]) == 1
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


async def test_mailboxes(client):
    await client.run(c.Create("", "Entwürfe"))
    assert {mailbox.name for mailbox in await client.list()} >= {"INBOX", "Entwürfe"}
    assert await client.status("Entwürfe") == {"MESSAGES": 0, "UNSEEN": 0}
    selected = await client.select("Entwürfe", read_only=True)
    assert (selected.exists, selected.read_only, selected.uid_next) == (0, True, 1)
    assert selected.uid_validity
    with pytest.raises(CommandRefused) as caught:
        await client.select("nowhere")
    assert caught.value.response.code is not None


async def test_a_loop_that_is_left_does_not_harm_the_next_command(client):
    for _ in range(3):
        await client.append("INBOX", MESSAGE)
    async for message in client.fetch(SequenceSet(((1, 0),))):
        assert message.uid == 1
        break
    assert await client.search() == (1, 2, 3)


async def test_a_cancelled_wait_does_not_harm_the_next_command(client):
    with trio.move_on_after(0.05) as scope:
        async for _ in client.idle():
            pass
    assert scope.cancelled_caught
    assert await client.search() == ()


async def test_idle_tells_at_once_and_is_said_anew(client, connect):
    async with connect() as other:
        await other.login(USER, PASSWORD)
        heard = []
        with trio.fail_after(5):
            await other.append("INBOX", MESSAGE)
            async for response in client.idle(renew=0.02):
                heard.append(response)
                if r.Exists(2) in heard:
                    break
                if response == r.Exists(1):
                    await trio.sleep(0.05)
                    await other.append("INBOX", MESSAGE)
    assert client.exists == 2


async def test_a_wrong_password(connect):
    async with connect() as client:
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
async def test_mechanisms_log_in(connect, kind):
    async with connect() as client:
        wrong, right = kind("wrong"), kind(PASSWORD)
        with pytest.raises(CommandRefused):
            await client.authenticate(wrong)
        await client.authenticate(right)
        assert (wrong.succeeded, right.succeeded) == (False, True)
        assert (await client.select()).exists == 0


async def test_a_mechanism_that_is_not_offered_or_gives_up(connect):
    async with connect() as client:
        other = TwoSteps(PASSWORD)
        other.name = "X-OWN"
        with pytest.raises(ImapError, match="does not offer"):
            await client.authenticate(other)
        tired = TwoSteps(PASSWORD)
        tired.challenges = [None, None]
        with pytest.raises(ValueError, match="no more"):
            await client.authenticate(tired)
        await client.login(USER, PASSWORD)


async def speak(script: bytes, client: partial[object]) -> None:
    """Be a server that says this and no more, until its client is gone."""
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")

    async def serve(stream: trio.SocketStream) -> None:
        await stream.send_all(script)
        while await stream.receive_some(1000):
            pass
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        try:
            port = listener.socket.getsockname()[1]
            async with client(port=port) as connected:  # type: ignore[attr-defined]
                await connected.capabilities()
        finally:
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("script", "security", "error", "text"),
    [
        (b"* BYE full\r\n", "plain", ImapError, "full"),
        (b"SSH-2.0-OpenSSH\r\n", "plain", RemoteProtocolError, ""),
        (b"", "plain", ImapError, "0.2 seconds"),
        (b"* OK hi\r\n", "plain", ImapError, "said nothing"),
        (b"* OK [CAPABILITY IMAP4rev1] hi\r\n", "starttls", ImapError, "does not offer"),
        (b"* PREAUTH hi\r\n", "starttls", ImapError, "without TLS"),
        (
            b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\na1 OK go\r\n* OK x\r\n",
            "starttls",
            RemoteProtocolError,
            "",
        ),
        (b"* OK hi\r\n", "tls", ssl.SSLError, ""),
    ],
)
async def test_servers_that_are_none(script, security, error, text):
    # Only who waits for what never comes is to wait shortly.
    timeout = 0.2 if "0.2" in text else 2 if text == "said nothing" else 30
    client = partial(connect_imap, "127.0.0.1", security=security, timeout=timeout)
    with pytest.raises(BaseExceptionGroup) as caught:
        await speak(script, client)
    [found] = caught.value.exceptions
    assert isinstance(found, error), found
    assert text in str(found)


# ---------------------------------------------------------------------- programs that use it

EXAMPLE = Path(__file__).parents[3] / "examples" / "unread.py"


async def test_the_example_says_what_is_unread(client, connect, certificate):
    await client.append("INBOX", MESSAGE, ["\\Seen"])
    await client.append("INBOX", MESSAGE)
    host, port = connect.args
    trust = {"SSL_CERT_FILE": str(certificate.authority), "PASSWORD": PASSWORD}
    result = await trio.run_process(
        [sys.executable, str(EXAMPLE), USER, host, str(port)],
        capture_stdout=True,
        env=os.environ | trust,
    )
    assert result.stdout.decode() == "2 hü\n"


def run_program(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILCORE_")}
    return subprocess.run(
        [sys.executable, "-m", "mailcore.imap", *words],
        capture_output=True,
        text=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
        env=clean | environment,
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("list", "localhost"), "who logs in"),
        (("list", "http://anna@localhost"), "not a URL of IMAP"),
        (("list", "imaps://anna@localhost:x"), "not a port"),
        (("list", "anna@localhost"), f"set {PASSWORD_VARIABLE}"),
        (("list", "anna@localhost", "--ca", "/nowhere"), "can not read certificates"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(words, text):
    result = run_program(*words)
    assert result.returncode == 2
    assert text in result.stderr
    assert result.stderr.count("\n") == 1


def test_help_teaches():
    result = run_program("--help")
    assert result.returncode == 0
    assert PASSWORD_VARIABLE in result.stdout
    assert "watch imaps://" in result.stdout


async def test_list_and_fetch(client, connect, certificate):
    host, port = connect.args
    server = f"imaps://{USER.replace('@', '%40')}@{host}:{port}"
    run = partial(
        trio.to_thread.run_sync,
        partial(run_program, **{PASSWORD_VARIABLE: PASSWORD}),  # type: ignore[arg-type]
    )
    trust = ("--ca", str(certificate.authority))
    await client.append("INBOX", MESSAGE)
    listed = await run("list", server, *trust)
    assert (listed.returncode, listed.stdout.split()[:3]) == (0, ["1", "1", "INBOX"]), listed.stderr
    fetched = await run("fetch", server, *trust)
    assert fetched.stdout.split() == ["1", "*", str(len(MESSAGE)), "A", "hü"]
    message = await run("fetch", server, "--uid", "1", *trust)
    assert message.stdout.encode() == MESSAGE.replace(b"\r\n", b"\n")
    missing = await run("fetch", server, "--uid", "9", *trust)
    assert (missing.returncode, missing.stderr) == (
        1,
        "mailcore: there is no message 9 in INBOX\n",
    )
    untrusted = await run("list", server)
    assert untrusted.returncode == 1
    assert "can not be trusted" in untrusted.stderr


async def test_watch_shows_what_comes(client, connect, certificate):
    host, port = connect.args
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILCORE_")}
    words = ("watch", f"{host}:{port}", "--user", USER, "--ca", str(certificate.authority))
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "mailcore.imap", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean | {PASSWORD_VARIABLE: PASSWORD},
    )
    try:
        with trio.fail_after(20):
            assert process.stderr is not None
            assert process.stdout is not None
            assert b"watching" in await process.stderr.receive_some()
            await client.append("INBOX", MESSAGE)
            assert "hü" in (await process.stdout.receive_some()).decode()
    finally:
        process.kill()
        await process.wait()
