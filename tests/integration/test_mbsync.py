"""mbsync keeps a Maildir and an inbox in step: thousands of messages, octet for octet."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import islice
from pathlib import Path

import pytest

from .accounts import Account, need
from .mbox import COUNT, messages

# Each line of a Maildir ends in LF, and mbsync adds a field to each message that it copies, by
# which it finds the copy again.
X_TUID = re.compile(rb"^X-TUID: [!-~]{12}\r?\n", re.MULTILINE)
DRAFT_ID = re.compile(rb"^X-AgentPost-Draft-Id: drf_\w+\r\n", re.MULTILINE)
PATIENCE = 100


class Maildir:
    """Anna's mail on her own disk, and mbsync's configuration for it.

    Arguments:
        directory: exists, and is empty.
    """

    def __init__(self, directory: Path, account: Account) -> None:
        self._config = directory / "mbsyncrc"
        self._folders = directory / "mail"
        self._folders.mkdir()
        # This version of mbsync compares a certificate with names only, not with addresses.
        self._config.write_text(
            f"IMAPAccount far\nHost localhost\nPort {account.server.imap[1]}\n"
            f"User {account.address}\nPass {account.key}\n"
            f"SSLType IMAPS\nCertificateFile {account.server.authority}\n\n"
            "IMAPStore far\nAccount far\n\n"
            f"MaildirStore near\nInbox {self._folders}/INBOX\nPath {self._folders}/\n"
            "SubFolders Verbatim\n\n"
            "Channel mail\nFar :far:\nNear :near:\nPatterns INBOX Drafts\n"
            "Create Near\nExpunge Both\nSyncState *\n"
        )

    def sync(self) -> None:
        """Run mbsync, which has nothing to complain of."""
        done = subprocess.run(
            ["mbsync", "-c", self._config, "mail"], capture_output=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        assert b"arning" not in done.stderr + done.stdout

    def files(self, folder: str = "INBOX") -> dict[int, Path]:
        """Return the files that mbsync knows, by UID.

        The UIDs are those of the Maildir. They start where those of a new inbox start, and rise in
        the same order, so that here both are the same.
        """
        files = [*(self._folders / folder / "cur").iterdir(), *self.new(folder).iterdir()]
        return {
            int(found[1]): file for file in files if (found := re.search(r",U=(\d+)", file.name))
        }

    def mail(self, folder: str = "INBOX") -> dict[int, bytes]:
        """Return the messages by UID, as they were before mbsync copied them."""
        return {uid: _as_sent(file.read_bytes()) for uid, file in self.files(folder).items()}

    def new(self, folder: str = "INBOX") -> Path:
        """Return where a program that delivers puts a message."""
        return self._folders / folder / "new"

    def flag(self, uid: int, letters: str) -> None:
        """Set the flags of a message, as a mail client does that has the Maildir open."""
        file = self.files()[uid]
        name = file.name.partition(":")[0]
        file.rename(file.parent.parent / "cur" / f"{name}:2,{letters}")

    def flags(self, uid: int) -> str:
        """Return the flags of a message."""
        return self.files()[uid].name.partition(":2,")[2]


def _as_sent(data: bytes) -> bytes:
    without, fields = X_TUID.subn(b"", data)
    assert fields == 1
    return without.replace(b"\n", b"\r\n")


@pytest.fixture
def maildir(tmp_path: Path, anna: Account) -> Maildir:
    """An empty Maildir for Anna."""
    need(shutil.which("mbsync"), "mbsync")
    return Maildir(tmp_path, anna)


def test_thousands_of_messages_come_octet_for_octet(anna: Account, maildir: Maildir) -> None:
    # mbsync passes over a message whose header block does not end, so those are left out.
    copied = (message for message in messages(COUNT + 300) if b"\r\n\r\n" in message)
    mail = list(islice(copied, COUNT))
    assert max(map(len, mail)) > 20 * 2**20
    uids = anna.fill("INBOX", mail)
    maildir.sync()
    assert maildir.mail() == dict(zip(uids, mail, strict=True))


def test_changes_go_both_ways(anna: Account, maildir: Maildir) -> None:
    mail = [message for message in messages(60, attachment=0) if b"\r\n\r\n" in message]
    anna.fill("INBOX", mail)
    maildir.sync()
    letter = b"From: anna@example.test\nSubject: made here\n\n.\nFrom here\n\nnot the end"

    maildir.flag(2, "FS")
    maildir.flag(3, "T")
    maildir.files()[4].unlink()
    (maildir.new("Drafts") / "1.made.here").write_bytes(letter)
    with anna.imap("INBOX") as client:
        client.store("6", "+FLAGS", r"(\Seen \Answered)")
        client.store("7", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.append("INBOX", "", None, b"Subject: made there\r\n\r\nText\r\n")
    maildir.sync()

    added = len(mail) + 1
    kept = {uid: message for uid, message in enumerate(mail, 1) if uid not in (3, 4, 7)}
    kept[added] = b"Subject: made there\r\n\r\nText\r\n"
    assert maildir.mail() == kept
    assert (maildir.flags(2), maildir.flags(6), maildir.flags(added)) == ("FS", "RS", "")
    (draft,) = anna.bodies("Drafts")
    assert DRAFT_ID.sub(b"", X_TUID.sub(b"", draft)) == letter.replace(b"\n", b"\r\n")
    with anna.imap("INBOX") as client:
        _, found = client.uid("SEARCH", "ALL")
        assert [int(uid) for uid in found[0].split()] == sorted(kept)
        assert client.uid("SEARCH", "FLAGGED", "SEEN") == ("OK", [b"2"])

    before = maildir.files()
    maildir.sync()
    assert maildir.files() == before
    assert anna.count() == len(kept)
