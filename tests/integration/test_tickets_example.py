"""The first code that an embedder reads, run as printed and read with the standard library."""

from __future__ import annotations

import imaplib
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest

from .accounts import TIMEOUT, until
from .program import environment

EXAMPLE = Path(__file__).parents[2] / "examples" / "tickets.py"
TABLE = """
    CREATE TABLE tickets (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        subject TEXT NOT NULL,
        author TEXT NOT NULL,
        body TEXT NOT NULL,
        opened TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
    )"""
TICKETS = [
    ("Printer on fire", "Anna <anna@example.org>", "It burns.\n", "2024-02-29 09:30:00"),
    ("Drucker läuft wieder", "Zoë <zoe@example.org>", "Schöne Grüße\n", "2024-03-01 23:59:59"),
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "tickets.db", isolation_level=None)) as connection:
        connection.execute(TABLE)
        connection.executemany(
            "INSERT INTO tickets (subject, author, body, opened) VALUES (?, ?, ?, ?)", TICKETS
        )
        yield connection


@pytest.fixture
def port(tmp_path: Path, database: sqlite3.Connection) -> Iterator[int]:
    """Run the example; give its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]

    def answers() -> bool:
        assert process.poll() is None, "the example has ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    command = [sys.executable, str(EXAMPLE), "tickets.db", str(port)]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(PASSWORD="secret"))
    try:
        until(answers, TIMEOUT)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def client(tmp_path: Path, port: int) -> Iterator[imaplib.IMAP4_SSL]:
    tls = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    client = imaplib.IMAP4_SSL("127.0.0.1", port, ssl_context=tls, timeout=TIMEOUT)
    yield client
    client.shutdown()


@pytest.fixture
def reader(client: imaplib.IMAP4_SSL) -> imaplib.IMAP4_SSL:
    """Log in and open the mailbox."""
    client.login("anybody", "secret")
    assert client.select(readonly=True) == ("OK", [b"2"])
    return client


def fetch(client: imaplib.IMAP4_SSL, number: int, item: str) -> bytes:
    status, answer = client.fetch(str(number), f"({item})")
    assert status == "OK"
    return b"".join(b"".join(one) if isinstance(one, tuple) else one for one in answer)


def test_a_wrong_password_is_refused(client: imaplib.IMAP4_SSL) -> None:
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login("anybody", "wrong")


def test_there_is_an_inbox_and_nothing_else(reader: imaplib.IMAP4_SSL) -> None:
    assert reader.list() == ("OK", [b'(\\HasNoChildren) "/" INBOX'])
    status, answer = reader.select("Tickets", readonly=True)
    assert status == "NO"
    assert b"NONEXISTENT" in answer[0]


def test_tickets_are_found(reader: imaplib.IMAP4_SSL) -> None:
    assert reader.search(None, "FROM", "zoe") == ("OK", [b"2"])
    assert reader.search(None, "SUBJECT", "printer") == ("OK", [b"1"])
    assert reader.search(None, "SENTSINCE", "1-Mar-2024") == ("OK", [b"2"])
    assert reader.search(None, "BEFORE", "1-Mar-2024") == ("OK", [b"1"])
    reader.literal = "Schöne".encode()
    assert reader.search("UTF-8", "BODY") == ("OK", [b"2"])


def test_a_ticket_reads_as_a_message(reader: imaplib.IMAP4_SSL) -> None:
    status, answer = reader.fetch("2", "(RFC822)")
    assert status == "OK"
    octets = answer[0][1]
    mail = message_from_bytes(octets, policy=SMTP)
    assert mail["Subject"] == "Drucker läuft wieder"
    assert mail["From"] == "Zoë <zoe@example.org>"
    assert mail["Date"].datetime.isoformat() == "2024-03-01T23:59:59+00:00"
    assert mail.get_content() == "Schöne Grüße\r\n"
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert fetch(reader, 2, "RFC822.SIZE").endswith(b"RFC822.SIZE %d)" % len(octets))


def test_what_is_derived_from_a_ticket(reader: imaplib.IMAP4_SSL) -> None:
    assert b'ENVELOPE ("Thu, 29 Feb 2024 09:30:00 +0000" "Printer on fire" (("Anna" NIL "anna"' in (
        fetch(reader, 1, "ENVELOPE")
    )
    structure = fetch(reader, 1, "BODYSTRUCTURE").lower()
    assert re.search(rb'bodystructure \("text" "plain" \("charset" "utf-8"\)', structure)
    assert b'INTERNALDATE "29-Feb-2024 09:30:00 +0000"' in fetch(reader, 1, "INTERNALDATE")
    assert b"FLAGS (\\Recent)" in fetch(reader, 1, "FLAGS")


def test_new_and_closed_tickets_show(
    reader: imaplib.IMAP4_SSL, database: sqlite3.Connection
) -> None:
    database.execute(
        "INSERT INTO tickets (subject, author, body) VALUES ('New', 'a@b.example', '')"
    )
    assert reader.response("EXISTS") == ("EXISTS", [b"2"])
    assert reader.noop()[0] == "OK"
    assert reader.response("EXISTS") == ("EXISTS", [b"3"])
    database.execute("DELETE FROM tickets WHERE subject = 'Printer on fire'")
    assert reader.noop()[0] == "OK"
    assert reader.response("EXPUNGE") == ("EXPUNGE", [b"1"])
    assert b'"New"' in fetch(reader, 2, "ENVELOPE")


def test_a_change_is_refused_and_said_so(reader: imaplib.IMAP4_SSL) -> None:
    for refused in [
        reader.store("1", "+FLAGS", "\\Seen"),
        reader.expunge(),
        reader.append("INBOX", "", "", b"Subject: x\r\n\r\n"),
        reader.copy("1", "INBOX"),
        reader.create("Mine"),
        reader.delete("Mine"),
    ]:
        status, answer = refused
        assert status == "NO"
        assert re.match(rb"\[(NOPERM|CANNOT)\] \S", answer[0])
    assert fetch(reader, 1, "FLAGS")


def test_a_client_that_wants_to_write_is_told_before(client: imaplib.IMAP4_SSL) -> None:
    client.login("anybody", "secret")
    with pytest.raises(imaplib.IMAP4.readonly):
        client.select()
