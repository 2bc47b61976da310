"""curl, msmtp and swaks, as a shell runs them, with the server's certificate verified."""

from __future__ import annotations

import csv
import imaplib
import shutil
import smtplib
import stat
import subprocess
from pathlib import Path

import pytest

from .accounts import TIMEOUT, Account, need, new_mail
from .program import Server

MAIL = b"Subject: hello\r\nFrom: someone@example.org\r\n\r\n.\r\nThe invoice.\r\n"
ELSE = b"Subject: other\r\n\r\nNothing in it.\r\n"


def run(*words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a client to its end, or skip or fail the test if there is no such client."""
    need(shutil.which(str(words[0])), str(words[0]))
    return subprocess.run(
        [str(word) for word in words], input=stdin, capture_output=True, timeout=TIMEOUT
    )


def output(done: subprocess.CompletedProcess[bytes]) -> bytes:
    """Return what a client said that was content."""
    assert done.returncode == 0, done
    return done.stdout


# ---------------------------------------------------------------------------------------- curl


def curl(account: Account, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    """Run curl; a word that starts with ``imaps:`` or ``smtps:`` is a path on that door."""
    doors = {
        "imaps:": "imaps://{}:{}".format(*account.server.imap),
        "smtps:": "smtps://{}:{}".format(*account.server.smtp),
    }
    urls = [doors.get(str(word)[:6], str(word)[:6]) + str(word)[6:] for word in words]
    login = f"{account.address}:{account.key}"
    return run("curl", "-sS", "--cacert", account.server.authority, "-u", login, *urls)


def test_curl_lists_and_reads(anna: Account) -> None:
    anna.fill("INBOX", [MAIL, ELSE])
    folders = output(curl(anna, "imaps:/"))
    for name in (b"INBOX", b"Sent", b"Drafts", b"Trash"):
        assert any(line.endswith(name) for line in folders.splitlines()), folders
    assert output(curl(anna, "imaps:/INBOX;UID=1")) == MAIL
    assert output(curl(anna, "imaps:/INBOX;MAILINDEX=2;SECTION=TEXT")) == b"Nothing in it.\r\n"
    assert output(curl(anna, "imaps:/INBOX;UID=1;SECTION=HEADER.FIELDS%20(SUBJECT)")) == (
        b"Subject: hello\r\n\r\n"
    )


def test_curl_searches_and_commands(anna: Account) -> None:
    anna.fill("INBOX", [MAIL, ELSE])
    assert output(curl(anna, "imaps:/INBOX?TEXT%20invoice")) == b"* SEARCH 1\r\n"
    assert output(curl(anna, "imaps:/INBOX?SUBJECT%20nowhere")) == b"* SEARCH\r\n"
    store = curl(anna, "imaps:/INBOX", "-X", "STORE 2 +FLAGS (\\Flagged)")
    assert b"\\Flagged" in output(store)
    assert output(curl(anna, "imaps:/INBOX?FLAGGED")) == b"* SEARCH 2\r\n"


def test_curl_appends(anna: Account, tmp_path: Path) -> None:
    file = tmp_path / "mail"
    file.write_bytes(MAIL * 3000)
    output(curl(anna, "imaps:/Drafts", "-T", file))
    (draft,) = anna.bodies("Drafts")
    assert draft.startswith(b"X-AgentPost-Draft-Id: drf_")
    assert draft.endswith(MAIL * 3000)


def test_curl_sends(anna: Account, bert: Account, tmp_path: Path) -> None:
    file = tmp_path / "mail"
    file.write_bytes(b"From: %s\r\n" % anna.address.encode() + ELSE)
    done = curl(
        anna, "smtps:/", "--mail-from", anna.address, "--mail-rcpt", bert.address, "-T", file
    )
    output(done)
    (received,) = bert.bodies()
    assert received.endswith(file.read_bytes())


def test_curl_is_refused_with_a_wrong_key(anna: Account) -> None:
    intruder = Account(anna.server, anna.address, "ap_sk_wrong")
    login_denied = 67
    assert curl(intruder, "imaps:/INBOX").returncode == login_denied


def test_the_credential_export_is_what_opens_the_doors(
    anna: Account, bert: Account, tmp_path: Path
) -> None:
    file = tmp_path / "credentials.csv"
    url = f"{anna.server.url}/api/v1/inboxes/credentials/export"
    output(run("curl", "-sSf", url, "-H", f"Authorization: Bearer {anna.key}", "-o", file))
    with file.open(encoding="utf-8", newline="") as lines:
        rows = {row["email"]: row for row in csv.DictReader(lines)}
    for account in (anna, bert):
        row = rows[account.address]
        assert ",".join(row) == ("email,imap_host,imap_port,smtp_host,smtp_port,username,password")
        with imaplib.IMAP4_SSL(
            row["imap_host"], int(row["imap_port"]), ssl_context=anna.server.tls, timeout=TIMEOUT
        ) as imap:
            imap.login(row["username"], row["password"])
            assert imap.select("INBOX")[0] == "OK"
        with smtplib.SMTP_SSL(
            row["smtp_host"], int(row["smtp_port"]), context=anna.server.tls, timeout=TIMEOUT
        ) as smtp:
            smtp.login(row["username"], row["password"])
            smtp.send_message(new_mail(row["email"], anna.address, "exported"))


def test_the_credential_export_needs_a_key(agentpost: Server) -> None:
    url = f"{agentpost.url}/api/v1/inboxes/credentials/export"
    for header in ("X-Nothing: 1", "Authorization: Bearer ap_sk_wrong"):
        done = run("curl", "-sS", "-w", "%{http_code} %{content_type}", url, "-H", header)
        assert output(done).endswith(b"401 application/problem+json")


# --------------------------------------------------------------------------------------- msmtp


@pytest.fixture
def msmtp_config(anna: Account, tmp_path: Path) -> Path:
    """An ``msmtprc`` for Anna, which msmtp wants to be nobody else's to read."""
    host, port = anna.server.smtp
    file = tmp_path / "msmtprc"
    file.write_text(
        f"account default\nhost {host}\nport {port}\nfrom {anna.address}\n"
        f"tls on\ntls_starttls off\ntls_trust_file {anna.server.authority}\n"
        f"auth on\nuser {anna.address}\npassword {anna.key}\n"
    )
    file.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return file


def test_msmtp_sends_what_sendmail_would(anna: Account, bert: Account, msmtp_config: Path) -> None:
    mail = (
        f"From: {anna.address}\nTo: {bert.address}\nBcc: {anna.address}\n"
        "Subject: from a script\n\n.hidden\n\nGrüße\n"
    ).encode()
    output(run("msmtp", "-C", msmtp_config, "-t", stdin=mail))
    (received,), (blind,) = bert.bodies(), anna.bodies()
    for octets in (received, blind):
        assert octets.endswith("\r\n\r\n.hidden\r\n\r\nGrüße\r\n".encode())
        assert b"\r\nBcc:" not in octets


@pytest.mark.parametrize("method", ["plain", "login"])
def test_msmtp_authenticates(anna: Account, bert: Account, msmtp_config: Path, method: str) -> None:
    done = run("msmtp", "-C", msmtp_config, f"--auth={method}", bert.address, stdin=ELSE)
    output(done)
    assert bert.count() == 1


def test_msmtp_says_why_a_recipient_is_refused(anna: Account, msmtp_config: Path) -> None:
    nobody = f"no-such-inbox@{anna.address.partition('@')[2]}"
    done = run("msmtp", "-C", msmtp_config, nobody, stdin=ELSE)
    assert done.returncode != 0
    assert b"550 5.1.1" in done.stderr


# --------------------------------------------------------------------------------------- swaks


def swaks(door: tuple[str, int], *words: str) -> subprocess.CompletedProcess[bytes]:
    host, port = door
    need(b"=== TLS supported" in run("swaks", "--support").stdout, "TLS in swaks (Net::SSLeay)")
    return run("swaks", "--server", host, "--port", str(port), "--timeout", "10", *words)


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
def test_swaks_submits(anna: Account, bert: Account, method: str) -> None:
    output(
        swaks(
            anna.server.smtp,
            *("--tlsc", "--tls-verify", "--tls-ca-path", anna.server.authority),
            *("--auth", method, "--auth-user", anna.address, "--auth-password", anna.key),
            *("--from", anna.address, "--to", bert.address, "--body", "by swaks"),
        )
    )
    (received,) = bert.bodies()
    assert b"by swaks" in received


def test_swaks_with_a_wrong_password(anna: Account) -> None:
    done = swaks(
        anna.server.smtp,
        *("--tlsc", "--auth", "PLAIN", "--auth-user", anna.address, "--auth-password", "wrong"),
        *("--from", anna.address, "--to", anna.address),
    )
    not_authenticated = 28
    assert done.returncode == not_authenticated
    assert b"535 5.7.8" in done.stdout


def test_swaks_delivers_to_the_mx(anna: Account) -> None:
    output(
        swaks(
            anna.server.mx,
            *("--tls", "--tls-verify", "--tls-ca-path", anna.server.authority),
            *("--from", "someone@example.org", "--to", anna.address, "--body", "by MX"),
        )
    )
    (received,) = anna.bodies()
    assert b"by MX" in received
    assert b"with ESMTPS" in received


def test_swaks_is_told_that_nobody_is_there(anna: Account) -> None:
    nobody = f"no-such-inbox@{anna.address.partition('@')[2]}"
    done = swaks(anna.server.mx, "--from", "someone@example.org", "--to", nobody)
    no_recipient_taken = 24
    assert done.returncode == no_recipient_taken
    assert b"550 5.1.1" in done.stdout
