"""kill -9 while mail leaves: what was accepted arrives, and twice only where a 250 was lost.

The peer knows of a 250 that was heard: whoever hears it says QUIT. That is said when the message is
off the queue, so that one whose 250 is known to be heard never comes again.

``python -m tests.integration.test_queue_kill --rounds 100`` is the long form.
"""

from __future__ import annotations

import argparse
import random
import smtplib
import socketserver
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .accounts import TIMEOUT, Account, until
from .program import launch

MESSAGES = 12
AT_A_TIME = 4


@dataclass
class Arrival:
    """A message that the peer has taken."""

    identifier: str
    heard: bool = False


@dataclass(frozen=True)
class Figures:
    """What came of a run.

    Arguments:
        silent: arrivals after which the peer heard nothing: the server was killed before.
        again: arrivals of what had come before; each followed a silent one.
    """

    accepted: int
    arrived: int
    silent: int
    again: int


class Peer(socketserver.ThreadingTCPServer):
    """A smarthost that takes everything, in its own time, and remembers when it said so."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.arrived: list[Arrival] = []


class Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    arrival: Arrival | None = None

    def handle(self) -> None:
        assert isinstance(self.server, Peer)
        self.say(b"220 peer")
        while line := self.rfile.readline():
            if self.arrival is not None:
                self.arrival.heard = True
            verb = line[:4].upper()
            if verb == b"DATA":
                self.say(b"354 go")
                self.take(self.server)
            elif verb == b"QUIT":
                self.say(b"221 bye")
                return
            else:
                self.say(b"250 ok")

    def take(self, peer: Peer) -> None:
        identifier = ""
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            if line.lower().startswith(b"message-id:"):
                identifier = line.partition(b":")[2].strip().decode()
        time.sleep(random.uniform(0, 0.1))
        self.arrival = Arrival(identifier)
        peer.arrived.append(self.arrival)
        self.say(b"250 taken")

    def say(self, line: bytes) -> None:
        try:
            self.wfile.write(line + b"\r\n")
        except OSError:
            self.rfile.close()
            raise ConnectionAbortedError from None


@contextmanager
def listening() -> Iterator[Peer]:
    with Peer() as peer:
        # A killed client is no news here.
        peer.handle_error = lambda request, address: None  # type: ignore[method-assign]
        threading.Thread(target=peer.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield peer
        finally:
            peer.shutdown()


def run(directory: Path, rounds: int) -> Figures:
    """Accept, kill, start again; then look."""
    accepted: list[str] = []
    with listening() as peer:
        settings = {
            "MAILCORE_AGENTPOST_RELAY_MODE": "smarthost",
            "MAILCORE_AGENTPOST_RELAY_HOST": "127.0.0.1",
            "MAILCORE_AGENTPOST_RELAY_PORT": str(peer.server_address[1]),
            "MAILCORE_AGENTPOST_RELAY_TLS": "none",
            "MAILCORE_AGENTPOST_RELAY_PER_DESTINATION": str(AT_A_TIME),
        }
        key = ""
        for number in range(rounds + 1):
            server = launch("--data", str(directory / "data"), **settings)
            try:
                key = key or server.key
                account = Account(server, server.inbox, key)
                if number < rounds:
                    submit(account, number, accepted)
                    time.sleep(random.uniform(0, 0.3))
                else:
                    until(lambda: not queued(directory), TIMEOUT)
            finally:
                server.kill()
            # Nobody waits for the next attempt, seven minutes from now.
            with (
                closing(sqlite3.connect(directory / "data" / "agentpost.db")) as database,
                database,
            ):
                database.execute("UPDATE queue SET next_at = 0")
        return check(peer, accepted)


def submit(account: Account, number: int, accepted: list[str]) -> None:
    """Send messages to the outside; remember those that were accepted."""
    with account.smtp() as client:
        for message in range(MESSAGES):
            identifier = f"<{number}.{message}@{account.address.rpartition('@')[2]}>"
            text = f"From: {account.address}\r\nMessage-ID: {identifier}\r\n\r\nHi.\r\n"
            try:
                client.sendmail(account.address, [f"bert{message}@far.example"], text)
            except smtplib.SMTPException:
                continue
            accepted.append(identifier)


def queued(directory: Path) -> int:
    with closing(sqlite3.connect(directory / "data" / "agentpost.db", timeout=10)) as database:
        (count,) = database.execute("SELECT count(*) FROM queue").fetchone()
        return int(count)


def check(peer: Peer, accepted: list[str]) -> Figures:
    counts = Counter(one.identifier for one in peer.arrived)
    assert not set(accepted) - counts.keys(), "accepted, and never arrived"
    heard: set[str] = set()
    for one in peer.arrived:
        assert one.identifier not in heard, "its 250 was heard, and it came again"
        if one.heard:
            heard.add(one.identifier)
    return Figures(
        len(accepted),
        len(counts),
        sum(not one.heard for one in peer.arrived),
        len(peer.arrived) - len(counts),
    )


def test_what_was_accepted_arrives(tmp_path: Path) -> None:
    run(tmp_path, rounds=3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    with tempfile.TemporaryDirectory() as name:
        print(run(Path(name), parser.parse_args().rounds))
