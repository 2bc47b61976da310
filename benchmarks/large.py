"""``python -m benchmarks.large``: one mailbox of a million messages, opened and asked by IMAP.

What it costs to open it in a process that has just started, what once more, and the memory that a
message takes while it is open.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from benchmarks.client import Line
from benchmarks.filling import deliver
from benchmarks.peers.agentpost import running
from benchmarks.process import pin_driver
from benchmarks.target import Target

_DELIVERED: Final = 1_000
#: What is asked once the mailbox is open, in this order.
_COMMANDS: Final = (
    b"NOOP",
    b"SEARCH UNSEEN",
    b"SORT (ARRIVAL) UTF-8 ALL",
    b"UID FETCH 1:* (FLAGS)",
    b"STORE 1:* +FLAGS.SILENT (\\Flagged)",
    b"STATUS INBOX (MESSAGES UNSEEN)",
)


def main() -> None:
    """Fill a mailbox, restart the server, and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="at least (1000000)")
    messages = parser.parse_args().messages
    pin_driver()
    with tempfile.TemporaryDirectory(prefix="large-") as name:
        directory = Path(name)
        with running(directory) as target:
            assert target.imap is not None
            with closing(Line.imap(target.imap, target.user, target.password)) as line:
                deliver(line, _DELIVERED)
        count = _multiply(directory / "agentpost.db", messages)
        print(f"{count:,} messages")
        with running(directory) as target:
            _measure(target, count)


def _multiply(path: Path, least: int) -> int:
    """Put what lies in INBOX there again and again, under UIDs of its own; return how many."""
    with closing(sqlite3.connect(path)) as connection, connection:
        folder, uid_next = connection.execute(
            "SELECT id, uid_next FROM folders WHERE name = 'INBOX' ORDER BY uid_next DESC"
        ).fetchone()
        count = uid_next - 1
        while count < least:
            connection.execute(
                "INSERT INTO placements"
                " (folder, uid, modseq, flags, message, size, date, zone, saved)"
                " SELECT folder, uid + ?, modseq, flags, message, size, date, zone, saved"
                " FROM placements WHERE folder = ?",
                (count, folder),
            )
            count *= 2
        connection.execute("UPDATE folders SET uid_next = ? WHERE id = ?", (count + 1, folder))
    return int(count)


def _measure(target: Target, count: int) -> None:
    assert target.imap is not None
    memory = target.process.memory()
    first = Line.imap(target.imap, target.user, target.password)
    _tell("SELECT INBOX, cold", first, b"SELECT INBOX")
    print(f"{'memory a message':40} {(target.process.memory() - memory) / count:10.0f} octets")
    second = Line.imap(target.imap, target.user, target.password)
    _tell("SELECT INBOX, warm", second, b"SELECT INBOX")
    for command in _COMMANDS:
        _tell(command.decode(), second, command)
    first.close()
    second.close()


def _tell(name: str, line: Line, command: bytes) -> None:
    before = time.perf_counter()
    line.ask(command)
    print(f"{name:40} {(time.perf_counter() - before) * 1000:10.1f} ms", flush=True)


if __name__ == "__main__":
    main()
