"""Scripts: read, played as server and as client, and made from live sessions."""

from __future__ import annotations

import imaplib
import io
import smtplib
import socket
import ssl
import time
from pathlib import Path

import pytest

from mailcore.testing import (
    Script,
    ScriptedPeer,
    ScriptError,
    running,
    scripted_client,
    scripted_server,
)
from mailcore.testing.recorder import Transcript, recording

IMAP = """
# As an RFC would print it.
S: * OK [CAPABILITY IMAP4rev1] ready
C: a1 CAPABILITY
S: * CAPABILITY IMAP4rev1
S: a1 OK done
C: a2 LOGIN anna <secret>
S: a2 OK welcome
C: a3 SELECT INBOX
S: * 1 EXISTS
S: a3 OK [READ-WRITE] done
C: a4 FETCH 1 (BODY[])
S: * 1 FETCH (BODY[] {4}
S~ \u00e4b
S= Yg==
S: )
S: a4 OK done
C: a5 LOGOUT
S: * BYE
S: a5 OK
-- close
"""

SMTP = """
S: 220 here
C: EHLO <any>
S: 250-here
S: 250 STARTTLS
C: STARTTLS
S: 220 go
-- tls
C: ehlo <any>
S: 250 here
C: MAIL <any>:<a@b.example>
S: 451 4.7.1 not now
C: RSET
S: 250 fine
C: quit
S: 221 bye
"""


def test_a_client_of_imap_meets_a_scripted_server() -> None:
    with scripted_server(Script(IMAP), tls=True) as server:
        client = imaplib.IMAP4_SSL(*server.address, ssl_context=server.tls, timeout=5)
        client.login("anna", "whatever")
        client.select()
        assert client.fetch("1", "(BODY[])")[1][0][1] == "äbb".encode()
        client.logout()


def test_a_client_of_smtp_meets_a_scripted_server_with_starttls(tmp_path: Path) -> None:
    path = tmp_path / "refused.txt"
    path.write_text(SMTP)
    with scripted_server(path) as server, smtplib.SMTP(*server.address, timeout=5) as client:
        client.starttls(context=server.tls)
        with pytest.raises(smtplib.SMTPSenderRefused, match="not now"):
            client.sendmail("a@b.example", "c@d.example", "x")


def test_a_client_that_says_something_else_is_told_where() -> None:
    script = Script("S: 220 x\nC: EHLO me\nS: 250 x\nC: QUIT\nS: 221 x\n", "my.txt")

    def talk() -> None:
        with (
            scripted_server(script) as server,
            socket.create_connection(server.address, 5) as client,
        ):
            client.sendall(b"EHLO me\r\nNOOP\r\n")
            while client.recv(100):
                pass

    with pytest.raises(ScriptError) as caught:
        talk()
    assert str(caught.value) == "my.txt, line 4: 'QUIT' was expected, and there came b'NOOP\\r\\n'"


def test_a_client_that_leaves_before_the_end_is_told_where() -> None:
    with (
        pytest.raises(ScriptError, match=r"line 2: the connection ended; 'EHLO me' was expected"),
        scripted_server(Script("S: 220 x\nC: EHLO me")) as server,
    ):
        smtplib.SMTP(*server.address, timeout=5).close()


def test_nobody_who_comes_is_an_error() -> None:
    with pytest.raises(ScriptError, match="nobody connected"), scripted_server(Script("S: 220 x")):
        pass


def test_a_server_meets_a_scripted_client() -> None:
    script = Script(
        "S: * OK [<any>] <any>\nC: a LOGIN bob@example.test secret\nS: a OK [<any>] <any>\n"
        "C: b NOOP\nS: b OK <any>\n-- wait 0.01\n"
        "C: c APPEND INBOX {3}\nS: + <any>\nC: abc\nS: c OK [APPENDUID <any>] <any>\n-- close\n"
    )
    with running() as server:
        bob = server.inbox("bob@example.test")
        scripted_client(script, server.imap, tls=server.tls, security="tls")
        assert len(bob.messages) == 1
        wrong = Script("S: * OK <any>\nC: a NOOP\nS: a NO <any>")
        with pytest.raises(ScriptError, match=r"line 3: 'a NO <any>' was expected, and there came"):
            scripted_client(wrong, server.imap, tls=server.tls, security="tls")
        # Longer than the server has patience with.
        rest = Script("S: 220 <any>\nC: QUIT\nS: 221 <any>\nS: 250 more")
        with pytest.raises(ScriptError, match=r"line 4: the connection ended"):
            scripted_client(rest, server.mx)


@pytest.mark.parametrize("line", ["X: y", "-- dance", "C", "C= no base64!", "-- wait long"])
def test_what_is_no_script(line: str) -> None:
    with pytest.raises(ScriptError, match="line 2"):
        Script(f"# hello\n{line}\n")


def test_without_a_socket() -> None:
    peer = ScriptedPeer(Script("S: 220 x\nC: QUIT\n-- wait 3\nS: 221 x"), "S")
    assert peer.next_step() == b"220 x\r\n"
    peer.receive_data(b"QU")
    assert repr(peer.next_step()) == "NEED_DATA"
    peer.receive_data(b"IT\r\n")
    assert peer.next_step() == b"221 x\r\n"
    assert peer.delay == 3
    assert peer.done
    peer.receive_data(b"MORE\r\n")
    assert repr(peer.next_step()) == "CLOSE"
    with pytest.raises(ScriptError, match="nothing more was expected"):
        peer.check()


def test_a_recorded_session_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "session.txt"

    def talk(client: imaplib.IMAP4, password: str) -> None:
        client.login("bob@example.test", password)
        client.select()
        assert client.fetch("1", "BODY[]")[1][0][1] == b"Subject: x\r\n\r\nno end"
        client.logout()

    with running() as server:
        server.inbox("bob@example.test").deliver(b"Subject: x\r\n\r\nno end")
        with recording(path, server.imap, tls=server.tls) as at:
            # The server sees TLS, and so does not mind a password.
            talk(imaplib.IMAP4(*at, timeout=5), "secret")
            other = imaplib.IMAP4(*at, timeout=5)
            other.logout()
    text = path.read_text()
    assert "secret" not in text.replace("<secret>", "")
    assert "LOGIN bob@example.test <secret>" in text
    assert (tmp_path / "session.txt.2").read_text().startswith("S: * OK ")
    with scripted_server(path) as scripted:
        talk(imaplib.IMAP4(*scripted.address, timeout=5), "another")


def test_what_is_said_after_starttls_is_recorded_too(tmp_path: Path) -> None:
    path = tmp_path / "session.txt"

    def talk(client: smtplib.SMTP, tls: ssl.SSLContext, password: str) -> None:
        with client:
            client.starttls(context=tls)
            client.login("bob@example.test", password)
            client.sendmail("bob@example.test", "bob@example.test", "Subject: x\n\n" + "y\n" * 9999)

    with running() as server:
        box = server.inbox("bob@example.test")
        with recording(path, server.submission, starttls=server.tls) as at:
            talk(smtplib.SMTP(*at, timeout=5), at.tls, "secret")
            box.wait("x")
            stranger = smtplib.SMTP(*at, timeout=5)
            with pytest.raises(ssl.SSLCertVerificationError):
                stranger.starttls(context=ssl.create_default_context())
            stranger.close()
            told = tmp_path / "session.txt.2"
            deadline = time.monotonic() + 5
            while "no TLS with the client" not in told.read_text():
                assert time.monotonic() < deadline, told.read_text()
                time.sleep(0.01)
        with recording(tmp_path / "other.txt", server.submission) as at:
            client = smtplib.SMTP(*at, timeout=5)
            with pytest.raises(smtplib.SMTPServerDisconnected):
                client.starttls(context=at.tls)
            client.close()
    lines = path.read_text().splitlines()
    assert lines[lines.index("C: STARTTLS") + 2] == "-- tls"
    assert "secret" not in "".join(lines).replace("<secret>", "")
    assert [line[:6] for line in lines[-3:]] == ["C: QUI", "S: 221", "# the "]
    assert "no TLS with the server" in (tmp_path / "other.txt").read_text()
    with scripted_server(path) as scripted:
        talk(smtplib.SMTP(*scripted.address, timeout=5), scripted.tls, "another")


def transcript(*said: tuple[str, bytes]) -> list[str]:
    file = io.StringIO()
    recorder = Transcript(file)
    for side, octets in said:
        recorder.said(side, octets)  # type: ignore[arg-type]
    return file.getvalue().splitlines()


def test_what_mechanisms_say_is_masked() -> None:
    assert transcript(
        ("C", b"a AUTHENTICATE SCRAM-SHA-256\r\n"),
        ("S", b"+ \r\n"),
        ("C", b"bixuPQ==\r\n"),
        ("S", b"+ cj1hLHM9\r\n"),
        ("C", b"Yz1i\r\n"),
        ("S", b"a OK in\r\n"),
        ("C", b"b APPEND x {26}\r\n"),
        ("S", b"+ go\r\n"),
        ("C", b"SGVsbG8gdGhlcmUsIHdvcmxk\r\n"),
    ) == [
        "C: a AUTHENTICATE SCRAM-SHA-256",
        "S: + ",
        "C: <secret>",
        "S: + <secret>",
        "C: <secret>",
        "S: a OK in",
        "C: b APPEND x {26}",
        "S: + go",
        "C: SGVsbG8gdGhlcmUsIHdvcmxk",
    ]
    assert transcript(
        ("C", b"AUTH PLAIN AGFubmEAd29yZA==\r\n"), ("S", b"235 in\r\n"), ("C", b"NOOP\r\n")
    ) == ["C: AUTH PLAIN <secret>", "S: 235 in", "C: NOOP"]


def test_a_password_in_a_literal_is_masked() -> None:
    assert transcript(
        ("C", b"a LOGIN {4}\r\n"),
        ("S", b"+ go\r\n"),
        ("C", b"anna {4}\r\n"),
        ("S", b"+ go\r\n"),
        ("C", b"word\r\n"),
        ("S", b"a NO wrong\r\n"),
    ) == [
        "C: a LOGIN {4}",
        "S: + <secret>",
        "C: <secret>",
        "S: + <secret>",
        "C: <secret>",
        "S: a NO wrong",
    ]


def test_octets_that_are_no_text_and_where_tls_begins() -> None:
    assert transcript(
        ("S", b"* 1 FETCH (X {2}\r\n\xff"),
        ("S", b"\x00)\r\n"),
        ("C", b"half"),
        ("S", b"* OK\r\n"),
        ("C", b"a STARTTLS\r\n"),
        ("S", b"a NO not now\r\n"),
        ("C", b"b STARTTLS\r\n"),
        ("S", b"* OK not\r\n"),
        ("S", b"* OK yet\r\nb OK go\r\n"),
        ("C", b"c NOOP\r\n"),
        ("S", b"c OK done\r\n"),
    ) == [
        "S: * 1 FETCH (X {2}",
        "S= /wApDQo=",
        "C~ half",
        "S: * OK",
        "C: a STARTTLS",
        "S: a NO not now",
        "C: b STARTTLS",
        "S: * OK not",
        "S: * OK yet",
        "S: b OK go",
        "-- tls",
        "C: c NOOP",
        "S: c OK done",
    ]
