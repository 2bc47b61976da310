"""Several clients change one mailbox at once: each knows what it was told, and that is true.

Each client keeps what the untagged responses say: how many messages there are, which UID has which
number, which flags a UID has (RFC 9051 §7.4, §7.5). Every response is checked against that, and
when all is quiet every client has to know what a newcomer sees.
"""

from __future__ import annotations

import random
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Barrier

import pytest

from .accounts import TIMEOUT, Account

CLIENTS = 5
STEPS = 100
START = 12
KEYWORDS = (r"\Seen", r"\Flagged", r"\Answered", "one", "two")
MAIL = b"Subject: x\r\n\r\nText\r\n"
_UNTAGGED = re.compile(rb"\* (\d+) (EXISTS|EXPUNGE|FETCH|RECENT)(?: \((.*)\))?\r\n")
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
_UID = re.compile(rb"UID (\d+)")
# The commands during which no number may change (RFC 9051 §7.5.1).
_NUMBERED = ("FETCH", "STORE", "SEARCH")


class View:
    """A client with INBOX selected, and what it was told.

    Arguments:
        account: whose INBOX.
        seed: of what it does.
    """

    def __init__(self, account: Account, seed: int) -> None:
        self._wire = account.raw_imap()
        self._rng = random.Random(seed)
        self._tag = 0
        self.uids: list[int | None] = []
        self.flags: dict[int, frozenset[bytes]] = {}
        self.ask("SELECT INBOX")

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    def ask(self, command: str, literal: bytes = b"") -> bytes:
        """Send a command; return its tagged answer after taking note of the untagged ones."""
        self._tag += 1
        tag = f"t{self._tag} ".encode()
        self._wire.send(tag + command.encode() + b"\r\n" + (literal + b"\r\n" if literal else b""))
        while not (line := self._wire.line()).startswith(tag):
            assert line.startswith(b"* "), (command, line)
            self._note(line, command.partition(" ")[0])
        assert line.startswith((tag + b"OK", tag + b"NO")), (command, line)
        return line

    def _note(self, line: bytes, command: str) -> None:
        found = _UNTAGGED.fullmatch(line)
        if found is None:
            return
        number, kind = int(found[1]), found[2]
        if kind == b"EXISTS":
            assert number >= len(self.uids), "EXISTS made messages vanish"
            self.uids += [None] * (number - len(self.uids))
        elif kind == b"EXPUNGE":
            assert command not in _NUMBERED, f"EXPUNGE during {command}"
            assert 1 <= number <= len(self.uids)
            del self.uids[number - 1]
        elif kind == b"FETCH":
            self._note_fetch(number, found[3])

    def _note_fetch(self, number: int, items: bytes) -> None:
        assert 1 <= number <= len(self.uids), "FETCH of a number that is not there"
        known = self.uids[number - 1]
        if uid := _UID.search(items):
            assert known in (None, int(uid[1])), "a number names another message than before"
            known = self.uids[number - 1] = int(uid[1])
        if known is not None and (flags := _FLAGS.search(items)):
            self.flags[known] = frozenset(flags[1].split()) - {rb"\Recent"}

    def step(self) -> None:
        """Do something that a client does."""
        rng = self._rng
        count = len(self.uids)
        if not count or rng.random() < 0.15:
            flag = rng.choice(KEYWORDS)
            assert b" OK " in self.ask(f"APPEND INBOX ({flag}) {{{len(MAIL)}+}}", MAIL)
            return
        first = rng.randint(1, count)
        numbers = f"{first}:{rng.randint(first, min(count, first + 3))}"
        uids = rng.choice([uid for uid in self.uids if uid] or [1])
        flags = f"({' '.join(rng.sample(KEYWORDS, rng.randint(1, 3)))})"
        sign = rng.choice(("", "+", "-"))
        if rng.random() < 0.15:
            self._store_silently(first, sign, flags)
            return
        self.ask(
            rng.choice(
                (
                    "NOOP",
                    f"FETCH {numbers} (UID FLAGS)",
                    f"UID FETCH {uids}:* (FLAGS)",
                    f"STORE {numbers} {sign}FLAGS {flags}",
                    f"UID STORE {uids} {sign}FLAGS {flags}",
                    f"STORE {first} +FLAGS (\\Deleted)",
                    "EXPUNGE",
                    f"UID EXPUNGE {uids}",
                    f"UID MOVE {uids} Trash",
                    f"COPY {first} INBOX",
                    "SEARCH FLAGGED NOT SEEN",
                    f"UID SEARCH UID {uids}:* KEYWORD one",
                )
            )
        )

    def _store_silently(self, number: int, sign: str, flags: str) -> None:
        """Store what the server will not tell, unless somebody else changed these flags, too."""
        changed = frozenset(flags.strip("()").encode().split())
        uid = self.uids[number - 1]
        if uid in self.flags:
            known = self.flags[uid]
            self.flags[uid] = {"": changed, "+": known | changed, "-": known - changed}[sign]
        answer = self.ask(f"STORE {number} {sign}FLAGS.SILENT {flags}")
        if uid in self.flags and b" NO " in answer:
            del self.flags[uid]

    def learn_all(self) -> None:
        """Ask for what was never told, so that nothing is known by half."""
        self.ask("NOOP")
        unknown = [str(number) for number, uid in enumerate(self.uids, 1) if uid is None]
        silent = [str(n) for n, uid in enumerate(self.uids, 1) if uid and uid not in self.flags]
        if unknown or silent:
            self.ask(f"FETCH {','.join(unknown + silent)} (UID FLAGS)")

    def known(self) -> list[tuple[int | None, frozenset[bytes] | None]]:
        """Return what it believes, by number."""
        return [(uid, None if uid is None else self.flags.get(uid)) for uid in self.uids]


@pytest.mark.parametrize("condstore", [False, True], ids=["plain", "condstore"])
def test_what_every_client_was_told_is_true(anna: Account, condstore: bool) -> None:
    anna.fill("INBOX", [MAIL] * START)
    barrier = Barrier(CLIENTS, timeout=TIMEOUT)

    def work(view: View) -> None:
        if condstore:
            view.ask("ENABLE CONDSTORE")
        view.ask("FETCH 1:* (UID FLAGS)")
        for _ in range(STEPS):
            view.step()
        barrier.wait()
        view.learn_all()

    with ExitStack() as stack:
        views = [stack.enter_context(closing(View(anna, seed))) for seed in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            for job in [pool.submit(work, view) for view in views]:
                job.result()
        newcomer = stack.enter_context(closing(View(anna, CLIENTS)))
        newcomer.ask("FETCH 1:* (UID FLAGS)")
        for view in views:
            assert view.known() == newcomer.known()
