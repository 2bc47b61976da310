"""``python -m mailcore.serve admin``, while the server runs and while it does not."""

from __future__ import annotations

import io
import json
import mailbox
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from mailcore.serve.__main__ import main
from mailcore_agentpost.client import AgentPost, AuthenticationError

from . import mbox
from .accounts import Account, until
from .program import Server, environment, launch

StartServer = Callable[..., Server]
Admin = Callable[..., Any]

GROUPS = ["organizations", "inboxes", "keys", "rules", "suppressions", "queue", "audit"]
MAIL = b"From: a@example.org\r\nSubject: kept\r\nMessage-ID: <%d@example.org>\r\n\r\nFrom here\r\n"


@dataclass
class Done:
    """What a command has said."""

    returncode: int
    stdout: str
    stderr: str


def run(data: Path, *words: str | Path) -> Done:
    """Run a command in this process: starting one takes longer than most of what they do."""
    out, err = io.StringIO(), io.StringIO()
    ours = patch.dict(os.environ, environment(), clear=True)
    with ours, redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(["admin", "--data", str(data), *map(str, words)])
        except SystemExit as end:  # after --help
            code = int(end.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("admin") / "data"


@pytest.fixture(scope="module")
def served(data: Path) -> Iterator[Server]:
    server = launch("--data", data)
    yield server
    assert server.stop() == 0
    server.kill()


@pytest.fixture
def admin(data: Path, served: Server) -> Admin:
    """Run a command that succeeds, beside a server; return what it says."""

    def command(*words: str | Path) -> Any:
        done = run(data, *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return command


@pytest.fixture
def account(admin: Admin, served: Server) -> Account:
    inbox = admin("inboxes", "create", "anna", "--organization", "default")
    return Account(served, inbox["email"], served.key)


def test_keys_open_and_close_at_once(admin: Admin, account: Account) -> None:
    made = admin("keys", "create", "--name", "cron", "--inbox", account.address)
    with AgentPost(made["key"], account.server.url) as client:
        assert [one.email for one in client.inboxes] == [account.address]
        own = Account(account.server, account.address, made["key"])
        wire = own.raw_imap()
        wire.send(b"s SELECT INBOX\r\ni IDLE\r\n")
        assert wire.until(b"+")
        admin("keys", "revoke", made["id"])
        assert b"BYE" in wire.until(b"* BYE")
        wire.close()
        with pytest.raises(AuthenticationError):
            list(client.inboxes)
    rows = admin("audit", "list", "--action", "key.revoked")
    assert rows[0]["subject"] == made["id"]
    assert rows[0]["actor"].startswith("admin:")


def test_a_suspended_organization_is_shut_out(admin: Admin, served: Server) -> None:
    other = admin("organizations", "create", "other")
    key = admin("keys", "create", "--organization", "other")
    inbox = admin("inboxes", "create", "eve", "--organization", "other")
    wire = Account(served, inbox["email"], key["key"]).raw_imap()
    assert admin("organizations", "suspend", "other")["status"] == "suspended"
    assert b"suspended" in wire.until(b"* BYE")
    wire.close()
    assert admin("organizations", "resume", other["id"])["status"] == "active"
    Account(served, inbox["email"], key["key"]).raw_imap().close()
    admin("inboxes", "delete", inbox["email"], "--yes")


def test_rules_and_suppressions(admin: Admin, account: Account) -> None:
    where = ("--organization", "default")
    rule = admin("rules", "add", "send", "block", "*.rival.example", *where)
    admin("suppressions", "add", "gone@x.example", *where)
    with account.smtp() as client:
        client.ehlo()
        client.mail(account.address)
        assert client.rcpt("boss@mail.rival.example")[0] == 550
        assert client.rcpt("gone@x.example")[0] == 550
        admin("rules", "remove", rule["id"], *where)
        admin("suppressions", "remove", "gone@x.example", *where)
        assert client.rcpt("boss@mail.rival.example")[0] == 250
        assert client.rcpt("gone@x.example")[0] == 250


def test_the_queue_is_listed_retried_and_dropped(admin: Admin, account: Account) -> None:
    account.send("delay@simulator.test", "first")
    until(lambda: admin("queue", "list") and admin("queue", "list")[0]["attempts"] == 1, 20)
    assert admin("queue", "retry", "--all") == {"retried": 1}
    until(lambda: admin("queue", "list") == [], 20)  # the second attempt is taken
    account.send("delay@simulator.test", "second")
    until(lambda: admin("queue", "list") and admin("queue", "list")[0]["attempts"] == 1, 20)
    (row,) = admin("queue", "list")
    assert row["to"] == "delay@simulator.test"
    assert admin("queue", "drop", row["id"]) == {"dropped": 1}
    assert admin("queue", "list") == []


def test_mail_comes_in_while_a_client_idles_and_goes_out_again(
    admin: Admin, account: Account, tmp_path: Path
) -> None:
    mails = [*mbox.messages(40, attachment=0)]
    (tmp_path / "in.mbox").write_bytes(b"".join(mbox.as_mbox(iter(mails))))
    wire = account.raw_imap()
    wire.send(b"s SELECT INBOX\r\ni IDLE\r\n")
    assert wire.until(b"+")
    done = admin("import", account.address, tmp_path / "in.mbox")
    assert (done["imported"], done["known"]) == (40, 0)
    assert wire.until(b"* 40 EXISTS")
    wire.close()
    # A text file can not tell a lone CR or LF from the end of a line, or a missing one at the end.
    plain = [mail.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for mail in mails]
    whole = [mail if mail.endswith(b"\n") else mail + b"\n" for mail in plain]
    assert [body.replace(b"\r\n", b"\n") for body in account.bodies()] == whole
    again = admin("import", account.address, tmp_path / "in.mbox", "--skip-known")
    assert again["imported"] + again["known"] == 40
    assert again["known"] > 30

    with account.imap("INBOX") as client:
        client.store("1", "+FLAGS", "(\\Flagged todo)")
    exported = admin("export", account.address, tmp_path / "out", "--format", "maildir")
    box = mailbox.Maildir(str(tmp_path / "out"), create=False)
    assert len(box) == account.count()
    assert exported["exported"] == len(box)
    admin("export", account.address, tmp_path / "files", "--folder", "INBOX")
    other = admin("inboxes", "create", "copy", "--organization", "default")["email"]
    copied = admin("import", other, tmp_path / "files" / "INBOX.mbox", "--folder", "Archive/2024")
    assert copied["imported"] == len(box)
    copy = Account(account.server, other, account.key)
    assert copy.bodies('"Archive/2024"') == account.bodies()
    with copy.imap('"Archive/2024"') as client:
        _, answer = client.fetch("1", "(FLAGS)")
        assert b"\\Flagged" in answer[0]
        assert b"todo" in answer[0]


def test_a_backup_is_of_one_moment_and_is_served(
    admin: Admin, account: Account, tmp_path: Path, start_server: StartServer
) -> None:
    for number in range(5):
        account.deliver(MAIL % number)
    stop = threading.Event()

    def keep_writing() -> None:
        number = 100
        while not stop.is_set():
            account.deliver(MAIL % number)
            number += 1

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        time.sleep(0.5)
        admin("backup", tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
    with closing(sqlite3.connect(tmp_path / "backup" / "agentpost.db")) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM messages").fetchone()
        (placed,) = connection.execute("SELECT count(*) FROM placements").fetchone()
        assert stored == placed >= 5
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert run(tmp_path / "x", "backup", tmp_path / "backup").returncode == 1

    restored = tmp_path / "restored"
    assert run(restored, "restore", tmp_path / "backup").returncode == 0
    moved = tmp_path / "moved"
    assert run(moved, "restore", tmp_path / "backup", "--keep-uids").returncode == 0
    validities = []
    with account.imap("INBOX") as client:
        validities.append(client.response("UIDVALIDITY")[1][0])
    for directory in (restored, moved):
        server = start_server("--data", directory)
        there = Account(server, account.address, account.key)
        assert there.bodies()[:5] == account.bodies()[:5]
        with there.imap("INBOX") as client:
            validities.append(client.response("UIDVALIDITY")[1][0])
        busy = run(directory, "restore", tmp_path / "backup", "--replace")
        assert busy.returncode == 1
        assert "in use" in busy.stderr
        assert server.stop() == 0
    before, after, kept = validities
    assert kept == before
    assert int(after) > int(before)
    assert run(restored, "restore", tmp_path / "backup").returncode == 1
    assert run(restored, "restore", tmp_path / "backup", "--replace").returncode == 0
    assert len([*restored.glob("agentpost.db.2*")]) >= 1


def test_what_it_says_when_it_can_not(data: Path, served: Server, tmp_path: Path) -> None:
    for words, code, said in (
        (["inboxes", "list"], 1, "there is no AgentPost in"),
        (["nonsense"], 2, "invalid choice"),
        (["backup"], 2, "required"),
    ):
        done = run(tmp_path / "nowhere", *words)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
        assert done.stderr.count("\n") == 1
    run(data, "organizations", "create", "one more")
    for words, said in (
        (["inboxes", "delete", served.inbox], "--yes"),
        (["keys", "revoke", "key_none"], "no key key_none"),
        (["queue", "retry"], "--all"),
        (["import", "nobody@x.example", str(data)], "no inbox"),
        (["rules", "list"], "--organization is needed"),
        (
            ["rules", "add", "send", "block", "no domain@", "--organization", "default"],
            "an address is written",
        ),
    ):
        done = run(data, *words)
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_as_a_program(data: Path, served: Server) -> None:
    command = [sys.executable, "-m", "mailcore.serve", "admin", "inboxes", "list"]
    done = subprocess.run(
        command,
        env=environment(MAILCORE_DATA=str(data)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert served.inbox in done.stdout
    assert done.stdout.splitlines()[0].split() == [
        *("email", "id", "organization", "name", "paused", "created", "octets")
    ]


def test_every_word_explains_itself(data: Path) -> None:
    for words in ([], *([group] for group in GROUPS), ["backup"], ["restore"], ["import"]):
        done = run(data, *words, "--help")
        assert done.returncode == 0
        assert "usage:" in done.stdout
