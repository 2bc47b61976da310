"""The ways an embedder starts a server, with a backend of a few lines."""

from __future__ import annotations

import imaplib
import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
import trio

from mailcore.backend import (
    AuthenticationFailed,
    Changes,
    Delivery,
    Mailbox,
    MailboxInfo,
    MailTransaction,
    NoSuchMailbox,
    Peer,
    Recipient,
)
from mailcore.limits import Limits
from mailcore.live import LiveSessions
from mailcore.net import (
    Admission,
    Door,
    bind,
    imap_door,
    running,
    serve_imap,
    serve_mx,
    serve_smtp,
)
from mailcore.sasl.types import Credentials
from mailcore.serve.certificates import CertificateFiles
from mailcore.smtp.types import MailParameters, Reply, ReversePath
from mailcore.spool import Content


class Pigeonhole:
    """Whoever knows the word may send; what comes is kept in a list."""

    id = "inbox"
    uid_validity = 1

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.mail: list[bytes] = []

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Pigeonhole:
        self.peers.append(peer)
        if credentials.password != "word":
            raise AuthenticationFailed
        return self

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        return [MailboxInfo("INBOX", self.id)]

    async def open(self, name: str) -> Mailbox:
        raise NoSuchMailbox

    async def changes(self, since: int) -> Changes:
        return Changes([], complete=True)

    def submission(self, peer: Peer) -> Delivery:
        return self

    def receive(self, peer: Peer) -> Delivery:
        self.peers.append(peer)
        return self

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None: ...

    async def rcpt_to(self, recipient: Recipient) -> None: ...

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        self.mail.append(bytes(content.buffer()))
        return [Reply.of(250, "2.0.0", "OK")]


def submit(address: tuple[str, int], tls: ssl.SSLContext) -> None:
    with smtplib.SMTP_SSL(*address, context=tls, timeout=5) as client:
        client.login("anna", "word")
        client.sendmail("anna@example.org", "berta@example.org", "Subject: x\r\n\r\nHi\r\n")


def bring(address: tuple[str, int], tls: ssl.SSLContext | None) -> None:
    with smtplib.SMTP(*address, timeout=5) as stranger:
        if tls is not None:
            stranger.starttls(context=tls)
        stranger.sendmail("x@example.com", "anna@example.org", "Subject: y\r\n\r\nHo\r\n")


def test_running_serves_a_program_without_an_event_loop(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    backend = Pigeonhole()
    with running(backend, tls=certificate.context()) as addresses:
        assert addresses.mx is not None
        submit(addresses.smtp, client_tls)
        bring(addresses.mx, client_tls)
    assert [(peer.protocol, peer.host, peer.tls) for peer in backend.peers] == [
        ("smtp", "127.0.0.1", True),
        ("smtp", "127.0.0.1", True),
    ]
    assert [mail.partition(b"Subject: ")[2][:1] for mail in backend.mail] == [b"x", b"y"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(addresses.smtp, 1)


def test_running_on_a_taken_port_fails_in_the_caller() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"), running(Pigeonhole(), smtp_port=port):
            pass


def test_the_block_ends_the_server_when_it_fails() -> None:
    with pytest.raises(ZeroDivisionError), running(Pigeonhole()) as addresses:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(addresses.imap, 1)


async def test_services_report_their_doors(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    backend = Pigeonhole()
    tls, live = certificate.context(), LiveSessions()
    async with trio.open_nursery() as nursery:
        doors: list[Door] = [
            await nursery.start(partial(serve_imap, backend, tls=tls, live=live)),
            await nursery.start(partial(serve_smtp, backend, tls=lambda: tls, live=live)),
            await nursery.start(partial(serve_mx, backend, live=live)),
        ]
        await trio.to_thread.run_sync(submit, doors[1].addresses[0], client_tls)
        await trio.to_thread.run_sync(bring, doors[2].addresses[0], None)
        async with await trio.open_tcp_stream(*doors[0].addresses[0]) as stream:
            await trio.SSLStream(stream, client_tls, server_hostname="127.0.0.1").receive_some()
            assert [one.door for one in live] == ["imap"]
            for door in doors:
                await door.drain("done", 0)
    assert len(backend.mail) == 2
    assert [one.door for one in live.ended()] == ["submission", "mx", "imap"]


async def test_lmtp_is_served_on_a_unix_socket(tmp_path: Path) -> None:
    from mailcore.net import bind_unix, smtp_door

    path = str(tmp_path / "lmtp")
    backend = Pigeonhole()
    listeners = [bind_unix(Path(path))]
    door = smtp_door(backend, listeners, mode="lmtp", hostname="localhost")
    assert door.addresses == [(path, 0)]

    def deliver() -> None:
        with smtplib.LMTP(path) as client:
            client.sendmail("x@example.com", "anna@example.org", "Subject: z\r\n\r\nHo\r\n")

    async with trio.open_nursery() as nursery:
        await nursery.start(door.run)
        await trio.to_thread.run_sync(deliver)
        nursery.cancel_scope.cancel()
    assert backend.peers == [Peer("lmtp")]
    assert b"Subject: z" in backend.mail[0]


@pytest.mark.parametrize("protocol", ["imap", "smtp"])
async def test_who_only_talks_has_little_time_to_log_in(protocol: str) -> None:
    limits = Limits(login_timeout=0.3)
    serve = partial(serve_imap if protocol == "imap" else serve_smtp, Pigeonhole())
    async with trio.open_nursery() as nursery:
        door: Door = await nursery.start(partial(serve, tls=None, limits=limits))
        stream = await trio.open_tcp_stream(*door.addresses[0])
        said = b""
        with trio.fail_after(5):
            while piece := await stream.receive_some():
                said += piece
                await trio.sleep(0.05)
                with suppress(trio.BrokenResourceError):
                    await stream.send_all(b"a NOOP\r\n" if protocol == "imap" else b"NOOP\r\n")
        nursery.cancel_scope.cancel()
    assert said.splitlines()[-1][:5] in (b"* BYE", b"421 4")


async def test_wrong_passwords_are_counted_over_all_connections_of_an_address(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    class Noted(Admission):
        hosts: ClassVar[list[str]] = []

        def login_failed(self, host: str) -> float:
            self.hosts.append(host)
            return 0.0

    def log_in(word: str) -> str:
        with imaplib.IMAP4_SSL(*door.addresses[0], ssl_context=client_tls) as client:
            try:
                return client.login("anna", word)[0]
            except client.error:
                return "refused"

    listeners = await bind("127.0.0.1", 0)
    tls = certificate.context()
    door = imap_door(Pigeonhole(), listeners, tls=tls, admission=Noted())
    async with trio.open_nursery() as nursery:
        await nursery.start(door.run)
        for word, answer in (("word", "OK"), ("guess", "refused"), ("other", "refused")):
            assert await trio.to_thread.run_sync(log_in, word) == answer
        nursery.cancel_scope.cancel()
    assert Noted.hosts == ["127.0.0.1", "127.0.0.1"]


async def test_imap_with_starttls_and_without_what_is_disabled(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    """Nobody logs in before the handshake, and what was told before it is void."""
    backend = Pigeonhole()

    def talk(address: tuple[str, int]) -> tuple[str, ...]:
        with imaplib.IMAP4(*address, timeout=5) as client:
            assert {"STARTTLS", "LOGINDISABLED"} <= set(client.capabilities)
            assert "AUTH=PLAIN" not in client.capabilities
            with pytest.raises(imaplib.IMAP4.error, match="over TLS"):
                client.login("anna", "word")
            client.starttls(client_tls)
            assert not {"STARTTLS", "LOGINDISABLED"} & set(client.capabilities)
            client.login("anna", "word")
            return tuple(client.capability()[1][-1].decode().split())

    async with trio.open_nursery() as nursery:
        serve = partial(
            serve_imap,
            backend,
            tls=None,
            starttls=certificate.context(),
            disabled=["idle"],
        )
        door: Door = await nursery.start(serve)
        names = await trio.to_thread.run_sync(talk, door.addresses[0])
        nursery.cancel_scope.cancel()
    assert "IDLE" not in names
    assert "COMPRESS=DEFLATE" in names
    assert [peer.tls for peer in backend.peers] == [True]


async def test_octets_behind_starttls_end_the_connection(certificate: CertificateFiles) -> None:
    """limits-and-attacks: bytes buffered behind STARTTLS, whole or partial line: close."""

    def talk(address: tuple[str, int], behind: bytes) -> bytes:
        with socket.create_connection(address, 5) as client:
            client.recv(1000)
            client.sendall(b"a STARTTLS\r\n" + behind)
            heard = b""
            while data := client.recv(1000):
                heard += data
            return heard

    async with trio.open_nursery() as nursery:
        serve = partial(serve_imap, Pigeonhole(), tls=None, starttls=certificate.context())
        door: Door = await nursery.start(serve)
        for behind in (b"b NOOP\r\n", b"b LOGIN anna wo"):
            heard = await trio.to_thread.run_sync(talk, door.addresses[0], behind)
            assert heard == b"* BYE Plaintext behind STARTTLS\r\n"
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("begin", [b"DATA\r\n", b"BDAT 100000 LAST\r\n"])
async def test_a_message_in_crumbs_comes_to_an_end(begin: bytes) -> None:
    """Slow-loris: octets of a message buy no more time than the minimum rate gives for them."""
    limits = Limits(smtp_timeout=0.3, minimum_rate=1000)
    backend = Pigeonhole()
    envelope = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<anna@example.org>\r\n"
    async with trio.open_nursery() as nursery:
        door: Door = await nursery.start(partial(serve_mx, backend, limits=limits))
        stream = await trio.open_tcp_stream(*door.addresses[0])
        for line in (b"", b"EHLO x\r\n"):
            await stream.send_all(line)
            await stream.receive_some()
        await stream.send_all(envelope + begin)

        async def send_crumbs() -> None:
            with suppress(trio.BrokenResourceError):
                while True:
                    await stream.send_all(b"x")
                    await trio.sleep(0.05)

        nursery.start_soon(send_crumbs)
        said = b""
        with trio.fail_after(5):
            while piece := await stream.receive_some():
                said += piece
        nursery.cancel_scope.cancel()
    assert said.splitlines()[-1].startswith(b"421 4.4.2 ")
    assert backend.mail == []
