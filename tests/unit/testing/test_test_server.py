"""The server that tests of others run against: inboxes, faults, and a clock put forward."""

from __future__ import annotations

import imaplib
import re
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from mailcore.backend import MailboxInfo
from mailcore.smtp.types import Reply
from mailcore.testing import Server, running

MAIL = "Subject: Welcome\r\nFrom: shop@shop.example\r\n\r\nHello Bob\r\n"
BOB = "bob@example.test"


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        server.inbox(BOB)
        yield server


def bring(server: Server, mail: str = MAIL) -> None:
    with server.smtplib() as client:
        client.sendmail("shop@shop.example", [BOB], mail)


def test_mail_comes_to_an_inbox(server: Server) -> None:
    bob = server.inbox("bob@example.test")
    bring(server)
    message = bob.wait(subject="Welcome")
    assert message.get_content() == "Hello Bob\n"
    with bob.imaplib() as client:
        assert client.select() == ("OK", [b"1"])
    assert [one["From"] for one in bob.messages] == ["shop@shop.example"]
    assert server.inbox("BOB@example.test") is bob


def test_each_message_is_given_once_and_a_timeout_says_what_came(server: Server) -> None:
    bob = server.inbox(BOB)
    bob.deliver(subject="One", text="first")
    bob.deliver(subject="Two")
    assert bob.wait(text=re.compile("^first$", re.MULTILINE))["Subject"] == "One"
    assert bob.wait()["Subject"] == "Two"
    with pytest.raises(TimeoutError) as caught:
        bob.wait("One", timeout=0.01)
    assert str(caught.value) == (
        "no such message came to bob@example.test within 0.01 s; there is 'One', 'Two'"
    )
    bob.deliver(subject="Three")
    assert bob.wait(where=lambda message: message["To"] == BOB)["Subject"] == "Three"


def test_octets_are_delivered_as_they_are(server: Server) -> None:
    bob = server.inbox(BOB)
    bob.deliver(b"no header\r\n\x80")
    with bob.imaplib() as client:
        client.select()
        assert client.fetch("1", "BODY[]")[1][0][1] == b"no header\r\n\x80"


def test_inboxes_send_to_each_other(server: Server) -> None:
    ann, bob = server.inbox("ann@example.test", "hush/@:"), server.inbox(BOB)
    sent = ann.send(BOB, "Hi", "Lunch?")
    received = bob.wait(sender="ann@")
    assert received["Message-ID"] == sent["Message-ID"]
    assert received.get_content() == "Lunch?\n"
    message = EmailMessage()
    message["Subject"] = "Own"
    bob.send([BOB, "ann@example.test"], message=message)
    assert ann.wait("Own")["To"] == "bob@example.test, ann@example.test"
    assert ann.smtp_url == (
        f"smtps://ann%40example.test:hush%2F%40%3A@localhost:{server.smtp.port}"
    )
    assert ann.imap_url.startswith("imaps://ann%40")


def test_who_is_not_there_is_refused(server: Server) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        server.inbox(BOB).send("nobody@example.test", "Hi")


def test_every_port_speaks_its_protocol(server: Server) -> None:
    bob = server.inbox(BOB)
    with smtplib.SMTP(*server.submission, timeout=5) as client:
        client.starttls(context=server.tls)
        client.login(BOB, "secret")
    assert server.lmtp is not None
    with smtplib.LMTP(*server.lmtp) as client:
        client.sendmail("x@example.com", BOB, MAIL)
    bob.wait("Welcome")
    assert server.authority.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert server.smtp_url == f"smtp://localhost:{server.mx.port}"


def test_a_backend_of_ones_own() -> None:
    class Empty:
        async def authenticate(self, credentials, peer):
            return self

        async def mailboxes(self):
            return [MailboxInfo("INBOX", "x")]

        async def open(self, name):
            raise AssertionError

    with running(Empty()) as server:
        with server.imaplib("anyone", "any") as client:
            assert client.list()[1] == [b'() "/" "INBOX"'] or client.list()[0] == "OK"
        assert server.mx is None
        with pytest.raises(LookupError):
            server.smtplib()
        with pytest.raises(TypeError):
            server.inbox(BOB)


def test_a_recipient_of_any_backend_can_be_refused() -> None:
    class Taking:
        def __init__(self):
            self.taken = []

        async def authenticate(self, credentials, peer):
            return self

        async def mailboxes(self):
            return []

        def receive(self, peer):
            return self

        submission = receive

        async def mail_from(self, sender, parameters):
            pass

        async def rcpt_to(self, recipient):
            self.taken.append(recipient.path.address)

        async def deliver(self, transaction, content):
            return [Reply.of(250, "2.0.0", "Taken")]

    backend = Taking()
    with running(backend) as server, server.faults.refuse("B@x.example", 550, "No") as fault:
        with server.smtplib() as client:
            refused = client.sendmail("a@x.example", ["b@x.example", "c@x.example"], "x")
        assert refused == {"b@x.example": (550, b"5.7.1 No")}
        with smtplib.SMTP_SSL(*server.smtp, context=server.tls) as client:
            client.login("a", "b")
            assert set(client.sendmail("a@x.example", ["b@x.example", "d@x.example"], "x")) == {
                "b@x.example"
            }
    assert backend.taken == ["c@x.example", "d@x.example"]
    assert fault.happened == 2


def test_a_recipient_can_be_refused(server: Server) -> None:
    fault = server.faults.refuse("Bob@example.test", 451, "Greylisted", times=1)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        bring(server)
    assert caught.value.recipients[BOB] == (451, b"4.7.1 Greylisted")
    bring(server)
    assert server.inbox(BOB).wait("Welcome")
    assert fault.happened == 1


@pytest.mark.parametrize("stored", [True, False])
def test_a_message_can_be_lost_before_its_reply(server: Server, stored: bool) -> None:
    with (
        server.faults.lose_message(stored=stored) as fault,
        pytest.raises(smtplib.SMTPServerDisconnected),
    ):
        bring(server)
    assert fault.happened == 1
    assert len(server.inbox(BOB).messages) == stored
    bring(server)
    assert len(server.inbox(BOB).messages) == stored + 1


@pytest.mark.parametrize("after", [False, True])
def test_the_server_can_hang_up_at_a_command(server: Server, after: bool) -> None:
    server.faults.hang_up("rcpt", after=after)
    with socket.create_connection(server.mx, 5) as client:
        heard = client.recv(1000)
        for line in (b"EHLO x", b"MAIL FROM:<>", b"RCPT TO:<bob@example.test>"):
            assert heard[:3] in (b"220", b"250")
            client.sendall(line + b"\r\n")
            heard = client.recv(1000)
        assert heard.startswith(b"250 2.1.5 " if after else b"")
        assert client.recv(1000) == b""
    assert bool(heard) == after


def test_a_literal_can_be_cut(server: Server) -> None:
    bob = server.inbox(BOB)
    bob.deliver(b"Subject: x\r\n\r\n" + b"y" * 100)
    with bob.imaplib() as client:
        client.select()
        server.faults.cut_literal(20)
        with pytest.raises(imaplib.IMAP4.abort):
            client.fetch("1", "BODY[]")
    server.faults.clear()
    with bob.imaplib() as client:
        client.select()
        assert client.fetch("1", "BODY[]")[0] == "OK"


@pytest.mark.parametrize("octets", [b"* BYE full\r\n", b"SSH-2.0-x\r\n"])
def test_a_greeting_can_be_wrong(server: Server, octets: bytes) -> None:
    server.faults.greet(octets, protocol="imap")
    with pytest.raises(imaplib.IMAP4.error):
        server.inbox(BOB).imaplib()
    with server.smtplib() as client:
        assert client.noop()[0] == 250


@pytest.mark.parametrize("bad", ["expired", "wrong name", "unknown authority"])
def test_a_certificate_can_be_bad(server: Server, bad: str) -> None:
    reasons = {"expired": "expired", "wrong name": "mismatch", "unknown authority": "signed|issuer"}
    with (
        server.faults.certificate(bad, times=1),
        pytest.raises(ssl.SSLCertVerificationError, match=reasons[bad]),
    ):
        server.inbox(BOB).imaplib()
    server.inbox(BOB).imaplib().logout()


def test_an_answer_can_be_late_by_the_clock_of_the_server(server: Server) -> None:
    server.faults.delay(3600, "NOOP")
    with socket.create_connection(server.mx, 5) as client:
        reader = client.makefile("rb")
        assert reader.readline().startswith(b"220 ")
        client.sendall(b"HELP\r\n")
        assert reader.readline().startswith(b"214 ")
        client.sendall(b"NOOP\r\n")
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        server.clock.advance(hours=1)
        client.settimeout(5)
        assert client.recv(100).startswith(b"250 ")


def test_half_an_hour_of_idling_takes_no_time(server: Server) -> None:
    bob = server.inbox(BOB)
    started = time.monotonic()
    with bob.imaplib() as client:
        client.select()
        client.send(b"x IDLE\r\n")
        assert client.readline().startswith(b"+ ")
        server.clock.advance(minutes=31)
        assert client.readline().startswith(b"* BYE ")
        client.shutdown()
    assert time.monotonic() - started < 60
    message = bob.deliver(subject="later")
    with bob.imaplib() as client:
        client.select()
        assert client.search(None, "YOUNGER 60")[1] == [b"1"]
    assert message["Date"]


def test_it_needs_no_trio() -> None:
    program = "import sys; from mailcore.testing import running; sys.exit('trio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_time_does_not_go_back(server: Server) -> None:
    with pytest.raises(ValueError, match="back"):
        server.clock.advance(-1)
