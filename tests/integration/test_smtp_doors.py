"""Submission with STARTTLS, LMTP and the MX as an operator sets them up, with real clients."""

from __future__ import annotations

import smtplib
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .accounts import TIMEOUT, Account, need, new_mail
from .program import Server, launch
from .test_command_line_clients import output, run, swaks
from .test_node_clients import NODE
from .test_node_clients import run as run_node

CONFIGURATION = """
lmtp_socket_mode = "600"
[mx]
quirks = ["space-before-path", "path-without-brackets"]
trusted = ["127.0.0.0/8"]
disable = ["SMTPUTF8"]
[lmtp]
trusted = ["unix"]
"""
STRANGER = "someone@example.org"


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with all of its doors for SMTP."""
    directory = tmp_path_factory.mktemp("doors")
    (directory / "mail.toml").write_text(CONFIGURATION)
    server = launch(
        *("--data", directory / "data", "--config", directory / "mail.toml"),
        *("--submission-port", "0", "--lmtp-port", "0", "--lmtp-socket", directory / "lmtp"),
    )
    yield server
    assert server.stop() == 0
    server.kill()
    assert not (directory / "lmtp").exists()


@pytest.fixture
def new_account(doors: Server) -> Callable[[str], Account]:
    def make(name: str) -> Account:
        return Account(doors, doors.new_inbox(name), doors.key)

    return make


def door(server: Server, name: str) -> tuple[str, int]:
    return server.ready[name]["host"], server.ready[name]["port"]


def unix_socket(server: Server) -> Path:
    """The socket beside the data directory."""
    return Path(server.authority).parent.parent / "lmtp"


# ------------------------------------------------------------------------------------- STARTTLS


def test_smtplib_submits_after_starttls(anna: Account, bert: Account) -> None:
    with smtplib.SMTP(*door(anna.server, "submission"), timeout=TIMEOUT) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        assert not client.has_extn("auth")
        assert client.docmd("AUTH", "PLAIN AGEAYg==") == (
            538,
            b"5.7.11 Encryption required for the authentication mechanism",
        )
        client.starttls(context=anna.server.tls)
        client.ehlo()
        assert not client.has_extn("starttls")
        client.login(anna.address, anna.key)
        client.send_message(new_mail(anna.address, bert.address, "after STARTTLS"))
    (received,) = bert.bodies()
    assert b"with ESMTPSA" in received


def test_swaks_submits_after_starttls(anna: Account, bert: Account) -> None:
    output(
        swaks(
            door(anna.server, "submission"),
            *("--tls", "--tls-verify", "--tls-ca-path", anna.server.authority),
            *("--auth", "PLAIN", "--auth-user", anna.address, "--auth-password", anna.key),
            *("--from", anna.address, "--to", bert.address, "--body", "by swaks"),
        )
    )
    assert bert.count() == 1


def test_msmtp_submits_after_starttls(anna: Account, bert: Account, tmp_path: Path) -> None:
    host, port = door(anna.server, "submission")
    file = tmp_path / "msmtprc"
    file.write_text(
        f"account default\nhost {host}\nport {port}\nfrom {anna.address}\n"
        f"tls on\ntls_starttls on\ntls_trust_file {anna.server.authority}\n"
        f"auth on\nuser {anna.address}\npassword {anna.key}\n"
    )
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    output(run("msmtp", "-C", file, bert.address, stdin=b"Subject: x\r\n\r\nHello\r\n"))
    assert bert.count() == 1


def test_curl_submits_after_starttls(anna: Account, bert: Account, tmp_path: Path) -> None:
    host, port = door(anna.server, "submission")
    file = tmp_path / "mail"
    file.write_bytes(b"Subject: x\r\n\r\nHello\r\n")
    output(
        run(
            *("curl", "-sS", "--ssl-reqd", "--cacert", anna.server.authority),
            *("-u", f"{anna.address}:{anna.key}", f"smtp://{host}:{port}/", "-T", file),
            *("--mail-from", anna.address, "--mail-rcpt", bert.address),
        )
    )
    assert bert.count() == 1


def test_nodemailer_submits_after_starttls(anna: Account, bert: Account) -> None:
    need((NODE / "node_modules" / "nodemailer").exists(), "nodemailer")
    mail = {"from": anna.address, "to": bert.address, "subject": "x", "text": "Hello"}
    told = run_node("send.mjs", anna, door(anna.server, "submission"), mail=mail, starttls=True)
    assert told["accepted"] == [bert.address]
    assert bert.count() == 1


def test_what_is_pipelined_behind_starttls_is_never_obeyed(anna: Account) -> None:
    for tail in (b"RSET\r\n", b"RSE"):
        with socket.create_connection(anna.server.mx, TIMEOUT) as peer, peer.makefile("rb") as told:
            assert told.readline().startswith(b"220 ")
            peer.sendall(b"EHLO x\r\n")
            while told.readline()[3:4] == b"-":
                pass
            peer.sendall(b"STARTTLS\r\n" + tail)
            assert told.read().startswith(b"554 5.5.0 ")


# ----------------------------------------------------------------------------------------- LMTP


def test_smtplib_delivers_by_lmtp(anna: Account, bert: Account) -> None:
    host, port = door(anna.server, "lmtp")
    path = unix_socket(anna.server)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for number, address in enumerate(((host, port), (str(path), 0))):
        with smtplib.LMTP(*address, timeout=TIMEOUT) as client:
            client.ehlo()
            client.mail(STRANGER)
            nobody = "no-such-inbox@shared.localhost"
            codes = [client.rcpt(one)[0] for one in (anna.address, nobody, bert.address)]
            assert codes == [250, 550, 250]
            # One reply for each recipient that was taken.
            assert client.data(f"Subject: {number}\r\n\r\nHello\r\n")[0] == 250
            assert client.getreply()[0] == 250
    for account in (anna, bert):
        assert [b"with LMTP" in body for body in account.bodies()] == [True, True]


def test_swaks_delivers_by_lmtp(anna: Account) -> None:
    done = swaks(
        door(anna.server, "lmtp"),
        *("--protocol", "LMTP", "--from", STRANGER, "--to", anna.address, "--body", "by LMTP"),
    )
    assert b"LHLO" in output(done)
    (received,) = anna.bodies()
    assert b"by LMTP" in received


def test_nodemailer_delivers_by_lmtp(anna: Account, bert: Account) -> None:
    need((NODE / "node_modules" / "nodemailer").exists(), "nodemailer")
    mail = {"from": STRANGER, "to": [anna.address, bert.address], "subject": "x", "text": "Hi"}
    told = run_node("send.mjs", anna, door(anna.server, "lmtp"), mail=mail, lmtp=True)
    assert told["accepted"] == [anna.address, bert.address]
    assert (anna.count(), bert.count()) == (1, 1)


# ------------------------------------------------------------------------------------- the MX


def talk(account: Account, *lines: bytes) -> list[bytes]:
    """Say lines to the MX; return the last line of each answer."""
    answers: list[bytes] = []
    with socket.create_connection(account.server.mx, TIMEOUT) as peer, peer.makefile("rb") as told:
        told.readline()
        for line in (b"EHLO x\r\n", *lines):
            peer.sendall(line)
            while (answer := told.readline())[3:4] == b"-":
                pass
            answers.append(answer)
    return answers[1:]


def test_a_message_by_bdat(anna: Account) -> None:
    to = f"RCPT TO:<{anna.address}>\r\n".encode()
    half = b"Subject: chunks\r\n\r\n" + b"x" * 70 + b"\r\n"
    answers = talk(
        anna,
        *(b"MAIL FROM:<a@example.org>\r\n", to, b"BDAT %d\r\n" % len(half) + half),
        *(b"DATA\r\n", b"BDAT 3 LAST\r\n.\r\n", b"QUIT\r\n"),
    )
    assert [answer[:9] for answer in answers] == [
        b"250 2.1.0",
        b"250 2.1.5",
        b"250 2.0.0",
        b"503 5.5.1",
        b"250 2.0.0",
        b"221 2.0.0",
    ]
    (received,) = anna.bodies()
    assert received.endswith(half + b".\r\n")


def test_requiretls_is_offered_within_tls_only(anna: Account) -> None:
    with smtplib.SMTP(*anna.server.mx, timeout=TIMEOUT) as client:
        client.ehlo()
        assert not client.has_extn("requiretls")
        client.starttls(context=anna.server.tls)
        client.ehlo()
        assert client.has_extn("requiretls")
        client.sendmail(STRANGER, anna.address, "Subject: x\r\n\r\nx\r\n", ["REQUIRETLS"])
    assert anna.count() == 1


def test_old_devices_are_let_in_by_name(anna: Account) -> None:
    """Row 21 of the clients: a space before the path, or no brackets."""
    to = f"RCPT TO: {anna.address}\r\n".encode()
    answers = talk(anna, b"MAIL FROM: <scanner@example.org>\r\n", to, b"DATA\r\n", b"x\r\n.\r\n")
    assert [answer[:3] for answer in answers] == [b"250", b"250", b"354", b"250"]
    with smtplib.SMTP_SSL(*anna.server.smtp, context=anna.server.tls, timeout=TIMEOUT) as client:
        client.login(anna.address, anna.key)
        assert client.docmd("MAIL", f"FROM: <{anna.address}>")[0] == 501


def test_what_is_disabled_is_not_offered(anna: Account) -> None:
    with smtplib.SMTP(*anna.server.mx, timeout=TIMEOUT) as client:
        client.ehlo()
        assert not client.has_extn("smtputf8")
        assert client.has_extn("chunking")
    with smtplib.LMTP(*door(anna.server, "lmtp"), timeout=TIMEOUT) as client:
        client.ehlo()
        assert client.has_extn("smtputf8")
        assert not client.has_extn("xclient")


def test_swaks_speaks_for_another_by_xclient(anna: Account) -> None:
    done = swaks(
        anna.server.mx,
        *("--xclient-addr", "198.51.100.7", "--xclient-name", "client.example.org"),
        *("--from", STRANGER, "--to", anna.address, "--body", "by proxy"),
    )
    output(done)
    (received,) = anna.bodies()
    assert b"([198.51.100.7])" in received
