"""The clients that Node programs use: nodemailer sends, imapflow reads and waits."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .accounts import TIMEOUT, Account, need

NODE = Path(__file__).parent / "node"
MAIL = (
    b"Subject: first\r\n\r\nText\r\n",
    b"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\n\r\nText\r\n--b\r\nContent-Type: image/png\r\n\r\n\xff\x00\r\n--b--\r\n",
    b"Subject: third\r\n\r\nNo line end",
)


@pytest.fixture(autouse=True)
def _clients() -> None:
    need(shutil.which("node"), "node")
    for package in ("nodemailer", "imapflow"):
        need((NODE / "node_modules" / package).exists(), package)


def start(script: str, account: Account, door: tuple[str, int], **more: Any) -> Any:
    """Start a script that trusts the server's authority, with what it needs to log in."""
    host, port = door
    settings = {"host": host, "port": port, "user": account.address, "pass": account.key} | more
    return subprocess.Popen(
        ["node", str(NODE / script), json.dumps(settings)],
        env=os.environ | {"NODE_EXTRA_CA_CERTS": account.server.authority},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(script: str, account: Account, door: tuple[str, int], **more: Any) -> Any:
    """Run a script to its end; return what it says."""
    process = start(script, account, door, **more)
    output, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, errors
    return json.loads(output)


def test_nodemailer_sends(anna: Account, bert: Account) -> None:
    octets = bytes(range(256)) * 40
    mail = {
        "from": {"name": "Zoë", "address": anna.address},
        "to": bert.address,
        "bcc": anna.address,
        "subject": "Größe und 会議 🎉",
        "text": ".\r\n..\r\nGrüße\r\n",
        "html": "<p>Grüße</p>",
        "attachments": [
            {
                "filename": "Übersicht.bin",
                "content": base64.b64encode(octets).decode(),
                "encoding": "base64",
            }
        ],
    }
    told = run("send.mjs", anna, anna.server.smtp, mail=mail)
    assert told["accepted"] == [bert.address, anna.address]
    assert told["response"].startswith("250 2.")
    (received,) = bert.bodies()
    message = email.message_from_bytes(received, policy=email.policy.default)
    assert message["Subject"] == mail["subject"]
    assert message["Message-ID"] == told["messageId"]
    assert message["From"].addresses[0].display_name == "Zoë"
    assert message["Bcc"] is None
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == [".", "..", "Grüße"]
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "Übersicht.bin"
    assert attachment.get_content() == octets
    assert len(anna.bodies()) == 1


def test_imapflow_walks_through_a_mailbox(anna: Account) -> None:
    with anna.imap() as client:
        for message, flags in zip(MAIL, (r"(\Seen)", "", ""), strict=True):
            client.append("INBOX", flags, None, message)
    seen = run("walk.mjs", anna, anna.server.imap)
    folders = dict(seen["folders"])
    assert folders.items() >= {
        ("INBOX", "\\Inbox"),
        ("Sent", "\\Sent"),
        ("Drafts", "\\Drafts"),
        ("Trash", "\\Trash"),
    }
    assert seen["status"] == {"path": "INBOX", "messages": 3, "unseen": 2, "uidNext": 4}
    assert seen["exists"] == 3
    fetched = seen["fetched"]
    assert [base64.b64decode(one["source"]) for one in fetched] == list(MAIL)
    assert [one["uid"] for one in fetched] == [1, 2, 3]
    assert [one["subject"] for one in fetched] == ["first", "Größe", "third"]
    assert [one["type"] for one in fetched] == ["text/plain", "multipart/mixed", "text/plain"]
    assert "\\Seen" in fetched[0]["flags"]
    assert seen["part"] == "Text\r\n"
    assert seen["flagged"] == [2]
    assert seen["later"] == [2]
    assert seen["unseen"] == [1, 2, 3]
    assert seen["subject"] == [2]
    assert seen["moved"] == [[3, 1]]
    assert seen["left"] == [1, 2]
    assert seen["copied"] == 1
    assert anna.bodies("Trash") == [MAIL[2]]
    assert anna.count("&ANw-bersicht") == 1


@pytest.fixture
def idling(anna: Account) -> Iterator[subprocess.Popen[str]]:
    """A client that idles in Anna's INBOX."""
    process: subprocess.Popen[str] = start("idle.mjs", anna, anna.server.imap)
    assert process.stdout is not None
    assert process.stdout.readline() == "idling\n"
    yield process
    process.kill()
    process.communicate()


def test_imapflow_is_told_while_it_idles(
    anna: Account, bert: Account, idling: subprocess.Popen[str]
) -> None:
    assert idling.stdout is not None
    for number in (1, 2):
        bert.send(anna.address, f"number {number}")
        assert idling.stdout.readline() == f"{number}\n"
    output, errors = idling.communicate("leave\n", timeout=TIMEOUT)
    assert (idling.returncode, output, errors) == (0, "", "")


def test_imapflow_learns_what_it_has_missed(anna: Account) -> None:
    """QRESYNC over COMPRESS=DEFLATE (clients.md row 17)."""
    anna.fill("INBOX", [b"Subject: %d\r\n\r\n" % number for number in range(1, 6)])
    process = start("resync.mjs", anna, anna.server.imap)
    assert process.stdin is not None
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert first["exists"] == 5
    assert {"CONDSTORE", "QRESYNC"} <= set(first["enabled"])
    assert first["compressed"]
    with anna.imap("INBOX") as client:
        client.store("2,4", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.store("2", "+FLAGS", r"(\Flagged)")
    output, errors = process.communicate("go on\n", timeout=TIMEOUT)
    assert process.returncode == 0, errors
    missed, deleted = map(json.loads, output.splitlines())
    assert missed["gone"] == [[2, True, True], [4, True, True]]
    assert missed["flags"] == [[3, ["\\Flagged"]]]
    assert (missed["exists"], missed["qresync"]) == (3, True)
    assert deleted["gone"] == [[1, True, False], [3, True, False], [5, True, False]]
