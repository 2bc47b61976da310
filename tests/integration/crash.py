"""Power cuts: kill -9 while sixteen clients deliver, and see that what was acknowledged is there.

After each kill the server is killed once more while it starts, and then starts in peace.

``python -m tests.integration.crash --rounds 20`` prints a line for each round, and ends with exit
code 1 and the data directory kept at the first promise that was broken. The promises:

- a message whose 250 or OK was read is there once, in INBOX and (if it was submitted) in Sent;
- any other message is there once or not at all, and what is there is whole;
- a UID that a client saw names the same message for good, and a flag that was acknowledged stays;
- UIDVALIDITY stays, UIDNEXT and HIGHESTMODSEQ never go back;
- SEARCH finds what is there and nothing else, however far the text index has come;
- the databases open, and SQLite finds nothing wrong with them.
"""

from __future__ import annotations

import argparse
import imaplib
import random
import re
import shutil
import smtplib
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

from .accounts import TIMEOUT, Account, until
from .program import Server, launch, start

SENDERS = 16
DOORS = ("smtp", "mx", "imap")
# Submission has limits of its own, which are not what is tried here.
NO_LIMITS = {
    f"MAILCORE_AGENTPOST_SENDS_PER_{what}": "1000000000"
    for what in ("KEY_MINUTE", "INBOX_MINUTE", "ORGANIZATION_DAY")
}
# Some are kept in memory on their way in, some in a file.
SIZES = (100, 1_000, 1_000, 1_000, 5_000, 5_000, 40_000, 400_000)
LONGEST_ROUND = 1.0
LONGEST_START = 1.0
BATCH = 100
SEARCHES = 20


@dataclass
class Seen:
    """What clients were told of one mailbox. It has to stay true."""

    name: str
    address: str = ""
    uid_validity: int = 0
    uid_next: int = 1
    modseq: int = 0
    messages: dict[int, str] = field(default_factory=dict)
    flagged: set[int] = field(default_factory=set)

    @property
    def last(self) -> int:
        """The highest UID of a message that was seen; all below it were looked at."""
        return max(self.messages, default=0)

    def look(self, client: imaplib.IMAP4_SSL) -> None:
        """Ask for what is new, and flag it."""
        self.compare_status(client)
        new = message_ids(client, self.name, f"{self.last + 1}:*")
        self.messages |= new
        self.uid_next = max(self.uid_next, self.last + 1)
        if new:
            uids = f"{min(new)}:{max(new)}"
            status, answer = client.uid("STORE", uids, "+FLAGS.SILENT", r"(\Flagged)")
            assert status == "OK", answer
            self.flagged.update(new)
        client.unselect()

    def compare_status(self, client: imaplib.IMAP4_SSL) -> None:
        """Ask how far the mailbox has come."""
        status, answer = client.status(self.name, "(UIDVALIDITY UIDNEXT HIGHESTMODSEQ)")
        assert status == "OK", answer
        told = dict(re.findall(rb"([A-Z]+) (\d+)", answer[0].rpartition(b"(")[2]))
        uid_validity = int(told[b"UIDVALIDITY"])
        uid_next, modseq = int(told[b"UIDNEXT"]), int(told[b"HIGHESTMODSEQ"])
        assert uid_validity == (self.uid_validity or uid_validity), "another UIDVALIDITY"
        assert uid_next >= self.uid_next, f"UIDNEXT went from {self.uid_next} to {uid_next}"
        assert modseq >= self.modseq, f"HIGHESTMODSEQ went from {self.modseq} to {modseq}"
        self.uid_validity, self.uid_next, self.modseq = uid_validity, uid_next, modseq

    def compare_all(self, client: imaplib.IMAP4_SSL) -> None:
        """Compare everything with what was seen before, and remember what is there now."""
        self.compare_status(client)
        there = message_ids(client, self.name, "1:*")
        changed = [uid for uid, one in self.messages.items() if there.get(uid) != one]
        assert not changed, f"UIDs {changed} of {self.name} name other messages, or none"
        _, answer = client.uid("SEARCH", "FLAGGED")
        unflagged = self.flagged - {int(uid) for uid in answer[0].split()}
        assert not unflagged, f"UIDs {unflagged} of {self.name} lost their flag"
        client.unselect()
        late = [uid for uid in there.keys() - self.messages.keys() if uid < self.last]
        assert not late, f"UIDs {late} of {self.name} came after a higher one"
        self.messages = there


def message_ids(client: imaplib.IMAP4_SSL, mailbox: str, uids: str) -> dict[int, str]:
    """Select a mailbox and return the Message-IDs in it by UID."""
    status, answer = client.select(mailbox)
    assert status == "OK", answer
    first = int(uids.partition(":")[0])
    _, answer = client.uid("FETCH", uids, "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
    return {
        uid: field.decode().partition("<")[2].partition(">")[0]
        for uid, field in literals(answer)
        if uid >= first  # "n:*" always has the last message in it
    }


def literals(answer: list[Any]) -> Iterator[tuple[int, bytes]]:
    """Yield the UIDs of a FETCH with the octets of each."""
    for item in answer:
        if isinstance(item, tuple):
            uid = re.search(rb"UID (\d+)", item[0])
            assert uid is not None, item
            yield int(uid[1]), item[1]


class Traffic:
    """What clients do until the server is gone.

    Arguments:
        anna: submits.
        bert: gets all of it.
        seed: of the sizes, and of the names of the messages.
    """

    def __init__(self, anna: Account, bert: Account, seed: int) -> None:
        self._anna = anna
        self._bert = bert
        self._seed = seed
        self.sent: dict[str, bytes] = {}
        self.submitted: set[str] = set()
        self.acknowledged: set[str] = set()

    @contextmanager
    def flowing(self, inbox: Seen, sent: Seen) -> Iterator[None]:
        """Deliver, look and flag while the block runs, which ends with the end of the server."""
        jobs: list[Future[None]] = []
        with ThreadPoolExecutor(SENDERS + 1) as pool:
            jobs += [pool.submit(self._send, number) for number in range(SENDERS)]
            jobs.append(pool.submit(self._look, inbox, sent))
            yield
        for job in jobs:
            job.result()

    def _send(self, number: int) -> None:
        """Deliver one message after another by one of the doors."""
        rng = random.Random(f"{self._seed}.{number}")
        door = DOORS[number % len(DOORS)]
        sender = self._anna.address if door == "smtp" else "someone@example.org"
        try:
            deliver = self._log_in(door, sender)
            for serial in count():
                name = f"{self._seed}.{number}.{serial}@crash.example"
                self.sent[name] = letter(rng, name, sender, self._bert.address)
                if door == "smtp":
                    self.submitted.add(name)
                deliver(self.sent[name])
                self.acknowledged.add(name)
        except smtplib.SMTPResponseException:
            raise
        except (imaplib.IMAP4.abort, OSError):  # SMTPServerDisconnected is an OSError
            return

    def _log_in(self, door: str, sender: str) -> Callable[[bytes], object]:
        """Return what delivers a message, and returns when that was acknowledged."""
        if door == "imap":
            append = self._bert.imap().append
            return lambda message: _ok(append("INBOX", "", None, message))
        client = (
            self._anna.smtp()
            if door == "smtp"
            else smtplib.SMTP(*self._bert.server.mx, timeout=TIMEOUT)
        )
        return partial(client.sendmail, sender, self._bert.address)

    def _look(self, inbox: Seen, sent: Seen) -> None:
        try:
            with self._bert.imap() as receiver, self._anna.imap() as sender:
                while True:
                    inbox.look(receiver)
                    sent.look(sender)
        except (imaplib.IMAP4.abort, OSError):
            return


def _ok(answer: tuple[str, list[bytes]]) -> None:
    assert answer[0] == "OK", answer


def letter(rng: random.Random, name: str, sender: str, recipient: str) -> bytes:
    """Make a message that nobody needs to add a field to."""
    head = (
        f"Message-ID: <{name}>\r\nDate: Thu, 04 Mar 2021 05:06:07 +0000\r\n"
        f"From: {sender}\r\nTo: {recipient}\r\nSubject: {name}\r\n\r\n"
    )
    line = f"{rng.random()}\r\n".encode()
    return head.encode() + line * (rng.choice(SIZES) // len(line)) + b"The end.\r\n"


class Crashes:
    """Rounds on one data directory.

    Arguments:
        directory: exists, and is empty.
        seed: of all that is random but the timing of the machine.
    """

    def __init__(self, directory: Path, seed: int) -> None:
        self._data = directory / "data"
        self._rng = random.Random(seed)
        self._server = self._launch()
        self._key = self._server.key
        self._inbox, self._sent = Seen("INBOX"), Seen("Sent")
        self._rounds = 0

    def _launch(self) -> Server:
        return launch("--data", self._data, **NO_LIMITS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()

    def _account(self, seen: Seen) -> Account:
        return Account(self._server, seen.address, self._key)

    def round(self) -> str:
        """Kill the server amid deliveries and at its start, and look; return what happened.

        Raises:
            AssertionError: a promise was broken.
        """
        self._rounds += 1
        for seen in (self._inbox, self._sent):
            seen.address = seen.address or self._server.new_inbox(seen.name.lower())
        traffic = Traffic(self._account(self._sent), self._account(self._inbox), self._rounds)
        with traffic.flowing(self._inbox, self._sent):
            try:
                until(lambda: len(traffic.acknowledged) >= SENDERS, TIMEOUT)
                time.sleep(self._rng.uniform(0, LONGEST_ROUND))
            finally:
                self._server.kill()
        self._kill_while_it_starts()
        started = time.monotonic()
        self._server = self._launch()
        took = time.monotonic() - started
        self._compare(self._inbox, traffic.sent, traffic.acknowledged)
        self._compare(self._sent, traffic.sent, traffic.acknowledged & traffic.submitted)
        self._check_database()
        there = sum(name in traffic.sent for name in self._inbox.messages.values())
        return (
            f"{len(traffic.sent)} sent, {len(traffic.acknowledged)} acknowledged, {there} there; "
            f"UIDNEXT {self._inbox.uid_next}, HIGHESTMODSEQ {self._inbox.modseq}, "
            f"{len(self._inbox.flagged)} flagged; up again after {took:.1f} s"
        )

    def _kill_while_it_starts(self) -> None:
        with start("--data", self._data, **NO_LIMITS) as process:
            time.sleep(self._rng.uniform(0, LONGEST_START))
            process.kill()

    def _compare(self, seen: Seen, sent: dict[str, bytes], acknowledged: set[str]) -> None:
        with self._account(seen).imap() as client:
            seen.compare_all(client)
            times = Counter(seen.messages.values())
            lost = [name for name in acknowledged if not times[name]]
            assert not lost, f"{seen.name} lost what was acknowledged: {lost}"
            twice = [name for name in times if times[name] > 1]
            assert not twice, f"{seen.name} has twice: {twice}"
            new = {uid: name for uid, name in seen.messages.items() if name in sent}
            compare_octets(client, seen.name, new, sent)
            compare_searches(
                client, seen.name, self._rng.sample(sorted(new.items()), min(len(new), SEARCHES))
            )

    def _check_database(self) -> None:
        files = list(self._data.glob("*.db"))
        assert len(files) == 2, files
        for file in files:
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                answer = database.execute("PRAGMA integrity_check").fetchall()
            assert answer == [("ok",)], answer


def compare_octets(
    client: imaplib.IMAP4_SSL, mailbox: str, new: dict[int, str], sent: dict[str, bytes]
) -> None:
    """Compare messages with what was sent; before that the server has put its trace."""
    client.select(mailbox, readonly=True)
    uids = sorted(new)
    for first in range(0, len(uids), BATCH):
        some = ",".join(map(str, uids[first : first + BATCH]))
        _, answer = client.uid("FETCH", some, "(UID BODY.PEEK[])")
        for uid, octets in literals(answer):
            assert octets.endswith(sent[new[uid]]), f"UID {uid} of {mailbox} is not whole"


def compare_searches(
    client: imaplib.IMAP4_SSL, mailbox: str, some: Sequence[tuple[int, str]]
) -> None:
    """Look for messages by a text that no other has."""
    client.select(mailbox, readonly=True)
    for uid, name in some:
        for keys in (("HEADER", "Message-ID", f"<{name}>"), ("TEXT", f'": <{name}>"')):
            _, answer = client.uid("SEARCH", *keys)
            assert answer == [str(uid).encode()], f"{keys} finds {answer} and not {uid}"


def main() -> int:
    """Run rounds; return the exit code."""
    parser = argparse.ArgumentParser(description="Kill the server amid deliveries, many times.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="mailcore-crash-"))
    try:
        with Crashes(directory, arguments.seed) as crashes:
            for number in range(1, arguments.rounds + 1):
                print(f"round {number}: {crashes.round()}", flush=True)
    except AssertionError as broken:
        print(f"broken: {broken} (see {directory})")
        return 1
    shutil.rmtree(directory)
    print(f"{arguments.rounds} rounds: every promise kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
