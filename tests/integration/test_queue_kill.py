"""kill -9 while mail leaves: what was accepted arrives, twice only where the last word was lost.

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
from pathlib import Path

from .accounts import TIMEOUT, Account, until
from .program import launch

MESSAGES = 12
#: An attempt that was going on when the server was killed may be made once more.
AT_A_TIME = 4


class Peer(socketserver.ThreadingTCPServer):
    """A smarthost that takes everything, in its own time, and remembers when it said so."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.arrived: list[tuple[str, float]] = []


class Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    def handle(self) -> None:
        assert isinstance(self.server, Peer)
        self.say(b"220 peer")
        while line := self.rfile.readline():
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
        peer.arrived.append((identifier, time.monotonic()))
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


def run(directory: Path, rounds: int) -> None:
    """Accept, kill, start again; then look."""
    accepted: list[str] = []
    kills: list[float] = []
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
                kills.append(time.monotonic())
            # Nobody waits for the next attempt, seven minutes from now.
            with (
                closing(sqlite3.connect(directory / "data" / "agentpost.db")) as database,
                database,
            ):
                database.execute("UPDATE queue SET next_at = 0")
        check(peer, accepted, kills)


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


def check(peer: Peer, accepted: list[str], kills: list[float]) -> None:
    counts = Counter(identifier for identifier, _ in peer.arrived)
    assert not set(accepted) - counts.keys(), "accepted, and never arrived"
    again = [identifier for identifier, count in counts.items() if count > 1]
    assert len(again) <= AT_A_TIME * len(kills)
    for identifier in again:
        first = min(at for name, at in peer.arrived if name == identifier)
        assert any(abs(at - first) < 1.0 for at in kills), "twice, and the first was not cut off"


def test_what_was_accepted_arrives(tmp_path: Path) -> None:
    run(tmp_path, rounds=3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    with tempfile.TemporaryDirectory() as name:
        run(Path(name), parser.parse_args().rounds)
    print("every message arrived")
