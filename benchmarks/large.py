"""``python -m benchmarks.large``: mailboxes of up to a million messages, opened and asked by IMAP.

What it costs to open one in a process that has just started, what once more, the memory that a
message takes while it is open, and what changes and looks through all of it. Of several sizes, to
show how the cost grows.
"""

from __future__ import annotations

import argparse
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.client import Line
from benchmarks.filling import deliver
from benchmarks.peers.agentpost import running
from benchmarks.process import become_driver
from benchmarks.report import large_markdown, machine, write_large
from benchmarks.target import Target
from benchmarks.writing import writable_directory

_DELIVERED: Final = 1_000
_COPIED: Final = 10_000
#: What is asked once the mailbox is open, in this order.
_COMMANDS: Final = (
    "NOOP",
    "SEARCH UNSEEN",
    "SORT (DATE) UTF-8 ALL",
    "SORT (DATE) UTF-8 ALL",
    "THREAD REFERENCES UTF-8 ALL",
    "UID FETCH 1:* (FLAGS)",
    "STORE 1:* +FLAGS.SILENT (\\Flagged)",
    f"UID COPY 1:{_COPIED} Copies",
    "STATUS INBOX (MESSAGES UNSEEN)",
)

#: What was asked, and in milliseconds: how long it took, what the server used of the processor.
_Figure = tuple[str, float, float]


def main() -> None:
    """Fill mailboxes, start a server on each, and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument(
        "--messages",
        type=lambda text: [int(number) for number in text.split(",")],
        default=[100_000, 1_000_000],
        metavar="NUMBER,…",
        help="at least, in each mailbox (100000,1000000)",
    )
    parser.add_argument(
        "--write",
        type=writable_directory,
        metavar="DIRECTORY",
        help="write large.json and RESULTS.md there",
    )
    arguments = parser.parse_args()
    become_driver()
    sizes: list[int] = []
    memory: list[float] = []
    rows: dict[str, list[list[float]]] = {}
    for least in arguments.messages:
        with tempfile.TemporaryDirectory(prefix="large-") as name:
            directory = Path(name)
            _deliver(directory)
            sizes.append(_multiply(directory / "agentpost.db", least))
            with running(directory) as target:
                for what, *figure in _measure(target, sizes[-1], memory):
                    rows.setdefault(what, []).append(figure)
                    print(f"{sizes[-1]:>10,}  {what:56} {figure[0]:12.1f} ms", file=sys.stderr)
    figures = {"made": machine(), "sizes": sizes, "memory": memory, "rows": rows}
    if arguments.write is not None:
        write_large(arguments.write, figures)
    print(large_markdown(figures))


def _deliver(directory: Path) -> None:
    with running(directory) as target:
        assert target.imap is not None
        with closing(Line.imap(target.imap, target.user, target.password)) as line:
            line.ask(b"CREATE Copies")
            deliver(line, _DELIVERED)


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


def _measure(target: Target, count: int, memory: list[float]) -> Iterator[_Figure]:
    assert target.imap is not None
    before = target.process.memory()
    with (
        closing(Line.imap(target.imap, target.user, target.password)) as first,
        closing(Line.imap(target.imap, target.user, target.password)) as second,
        closing(Line.imap(target.imap, target.user, target.password)) as third,
    ):
        asked = partial(_asked, target)
        yield asked("SELECT INBOX, cold", first, "SELECT INBOX")
        memory.append((target.process.memory() - before) / count)
        yield asked("SELECT INBOX, warm", second, "SELECT INBOX")
        seen = set()
        for command in _COMMANDS:
            again = ", again" if command in seen else ""
            seen.add(command)
            yield asked(f"`{command}`{again}", second, command)
        known = _known(third)
        second.ask(b"STORE %d +FLAGS.SILENT (\\Answered)" % (count // 2))
        yield asked("SELECT INBOX (QRESYNC …), one flag has changed", third, known)


def _known(line: Line) -> str:
    """Return the SELECT of a client that knows all that is in the mailbox now (RFC 7162)."""
    line.ask(b"ENABLE QRESYNC")
    codes = dict(re.findall(r"\[(\w+) (\d+)\]", line.read(b"EXAMINE INBOX").decode()))
    line.ask(b"UNSELECT")
    return f"SELECT INBOX (QRESYNC ({codes['UIDVALIDITY']} {codes['HIGHESTMODSEQ']}))"


def _asked(target: Target, what: str, line: Line, command: str) -> _Figure:
    used, before = target.process.cpu_seconds(), time.perf_counter()
    line.ask(command.encode())
    seconds = time.perf_counter() - before
    return what, seconds * 1000, (target.process.cpu_seconds() - used) * 1000


if __name__ == "__main__":
    main()
