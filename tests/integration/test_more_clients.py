"""imap-tools, mutt, fetchmail, getmail and offlineimap, each as somebody would set it up."""

from __future__ import annotations

import mailbox
import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import imap_tools

from .accounts import TIMEOUT, Account, need, until
from .test_command_line_clients import output, run

MAIL = b"From: someone@example.org\r\nSubject: %b\r\nMessage-ID: <%b@x>\r\n\r\nHello %b\r\n"


def mail(name: bytes) -> bytes:
    return MAIL % (name, name, name)


def private(file: Path, text: str) -> Path:
    """Write a file that holds a password."""
    file.touch(0o600)
    file.write_text(text)
    return file


# -------------------------------------------------------------------------------- imap-tools


def test_imap_tools(anna: Account) -> None:
    host, port = anna.server.imap
    with imap_tools.MailBox(host, port, ssl_context=anna.server.tls).login(
        anna.address, anna.key
    ) as box:
        for name in (b"one", b"two", b"three"):
            box.append(mail(name), "INBOX", flag_set=[imap_tools.MailMessageFlags.SEEN])
        found = list(box.fetch(imap_tools.AND(subject="t"), mark_seen=False))
        assert [one.subject for one in found] == ["two", "three"]
        assert found[0].text == "Hello two\r\n"
        box.flag(found[0].uid, imap_tools.MailMessageFlags.FLAGGED, True)
        assert [one.subject for one in box.fetch(imap_tools.AND(flagged=True))] == ["two"]
        box.folder.create("Kept")
        assert "Kept" in [folder.name for folder in box.folder.list()]
        box.move(found[0].uid, "Kept")
        box.copy(found[1].uid, "Kept")
        box.delete(box.uids(imap_tools.AND(subject="one")))
        assert [one.subject for one in box.fetch(bulk=True)] == ["three"]
        assert box.folder.status("Kept")["MESSAGES"] == 2
        box.idle.start()
        anna.deliver(mail(b"four"))
        told: list[bytes] = []
        until(lambda: told.extend(box.idle.poll(timeout=1)) or b"EXISTS" in b"".join(told), TIMEOUT)
        box.idle.stop()
        box.folder.delete("Kept")


# -------------------------------------------------------------------------------------- mutt

MUTTRC = """
set ssl_starttls = no ssl_force_tls = yes
set certificate_file = {ca}
set from = {user} realname = Anna use_from = yes hostname = example.org
set folder = imaps://127.0.0.1:{imap}/ spoolfile = +INBOX record = +Sent copy = yes
set imap_user = "{user}" imap_pass = "{key}" imap_authenticators = "{how}"
set smtp_url = "smtps://{quoted}@127.0.0.1:{smtp}/" smtp_pass = "{key}"
set smtp_authenticators = "{how}" delete = yes quit = yes move = no mark_old = no
set header_cache = "" message_cachedir = "" imap_check_subscribed = no sleep_time = 0
"""


def muttrc(account: Account, directory: Path, how: str) -> Path:
    text = MUTTRC.format(
        ca=account.server.authority,
        user=account.address,
        quoted=account.address.replace("@", "%40"),
        key=account.key,
        imap=account.server.imap[1],
        smtp=account.server.smtp[1],
        how=how,
    )
    return private(directory / "muttrc", text)


def test_mutt_sends_and_keeps_a_copy(anna: Account, bert: Account, tmp_path: Path) -> None:
    for how in ("scram-sha-256", "plain", "login"):
        file = muttrc(anna, tmp_path, how)
        output(run("mutt", "-F", file, "-s", how, "--", bert.address, stdin=b"Hello\n"))
    assert bert.count() == 3
    # Both keep it: the client, because it was told to; the server, because it was sent.
    assert anna.count("Sent") >= 3


def test_mutt_reads_flags_and_deletes(anna: Account, tmp_path: Path) -> None:
    need(shutil.which("mutt"), "mutt")
    anna.fill("INBOX", [mail(b"one"), mail(b"two"), mail(b"three")])
    keys = "<first-entry><flag-message><next-entry><delete-message>"
    keys += "<last-entry><display-message><exit><save-message><kill-line>=Trash<enter>"
    keys += "<sync-mailbox><exit>"
    on_a_terminal(
        *("mutt", "-F", str(muttrc(anna, tmp_path, "scram-sha-256"))),
        *("-e", "set resolve = no confirmcreate = no confirmappend = no", "-e", f"push '{keys}'"),
    )
    (left,) = anna.bodies()
    assert b"Subject: one" in left
    with anna.imap("INBOX") as client:
        assert b"\\Flagged" in client.fetch("1", "FLAGS")[1][0]


def on_a_terminal(*words: str) -> None:
    """Run a program that wants a screen, and swallow what it draws."""
    child, screen = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(words[0], words)
    drawn, deadline = b"", time.monotonic() + TIMEOUT
    try:
        while time.monotonic() < deadline:
            if not select.select([screen], [], [], 0.5)[0]:
                continue
            try:
                drawn += os.read(screen, 65536)
            except OSError:  # it has ended
                break
        else:
            os.kill(child, 9)
    finally:
        os.close(screen)
        _, status = os.waitpid(child, 0)
    assert status == 0, drawn[-5000:]


# -------------------------------------------------------------------- fetchmail and getmail


def test_fetchmail(anna: Account, tmp_path: Path) -> None:
    anna.fill("INBOX", [mail(b"one"), mail(b"two")])
    spool = tmp_path / "spool"
    file = private(
        tmp_path / "fetchmailrc",
        f"poll localhost protocol IMAP port {anna.server.imap[1]} auth password"
        f' username "{anna.address}" password "{anna.key}"'
        f' ssl sslcertck sslcertfile "{anna.server.authority}" no fetchall mda "cat >> {spool}"\n',
    )
    need(shutil.which("fetchmail"), "fetchmail")
    for expected in (0, 1):  # 1: there is no new mail
        done = subprocess.run(
            ["fetchmail", "-f", file, "--nosyslog", "--nodetach"],
            env=os.environ | {"FETCHMAILHOME": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            timeout=TIMEOUT,
        )
        assert done.returncode == expected, done
    told = spool.read_bytes()
    assert told.count(b"Hello one\n") == told.count(b"Hello two\n") == 1
    assert anna.count() == 0


def test_getmail(anna: Account, tmp_path: Path) -> None:
    anna.fill("INBOX", [mail(b"one"), mail(b"two")])
    host, port = anna.server.imap
    spool = tmp_path / "spool"
    private(
        tmp_path / "getmailrc",
        f"[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = {host}\nport = {port}\n"
        f"username = {anna.address}\npassword = {anna.key}\nca_certs = {anna.server.authority}\n"
        # Root may run the tests, and getmail wants to be told that this is meant.
        "[destination]\ntype = MDA_external\npath = /bin/sh\nallow_root_commands = true\n"
        f"arguments = ('-c', 'cat >> {spool}')\n"
        "[options]\nread_all = false\ndelete = true\n",
    )
    for _ in range(2):
        output(run("getmail", "--getmaildir", tmp_path, "--rcfile", "getmailrc"))
    told = spool.read_bytes()
    assert told.count(b"Hello one\n") == told.count(b"Hello two\n") == 1
    assert anna.count() == 0


# ------------------------------------------------------------------------------- offlineimap


def test_offlineimap_goes_both_ways(anna: Account, tmp_path: Path) -> None:
    anna.fill("INBOX", [mail(b"one"), mail(b"two")])
    anna.append("Drafts", mail(b"draft"))
    file = private(
        tmp_path / "offlineimaprc",
        f"[general]\naccounts = a\nmetadata = {tmp_path / 'metadata'}\n"
        "[Account a]\nlocalrepository = here\nremoterepository = there\n"
        f"[Repository here]\ntype = Maildir\nlocalfolders = {tmp_path / 'mail'}\n"
        f"[Repository there]\ntype = IMAP\nremotehost = localhost\n"
        f"remoteport = {anna.server.imap[1]}\nremoteuser = {anna.address}\n"
        f"remotepass = {anna.key}\nssl = yes\n"
        f"sslcacertfile = {anna.server.authority}\n",
    )
    words = ("offlineimap", "-o", "-u", "basic", "-c", file)
    output(run(*words))
    inbox = mailbox.Maildir(tmp_path / "mail" / "INBOX", create=False)
    assert sorted(message["Subject"] for message in inbox) == ["one", "two"]
    (first,) = [key for key, message in inbox.items() if message["Subject"] == "one"]
    message = inbox[first]
    message.set_subdir("cur")
    message.add_flag("F")
    inbox[first] = message
    inbox.add(mail(b"three"))
    output(run(*words))
    with anna.imap("INBOX") as client:
        (flagged,) = client.search(None, "FLAGGED")[1]
        assert len(flagged.split()) == 1
    assert sorted(body.split(b"Hello ")[1].strip() for body in anna.bodies()) == [
        b"one",
        b"three",
        b"two",
    ]
