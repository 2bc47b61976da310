"""``python -m benchmarks.large``: mailboxes of up to a million messages, opened and asked by IMAP.

What it costs to open one in a process that has just started, what once more, the memory that a
message takes while it is open, and what changes and looks through all of it. Of several sizes, to
show how the cost grows.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
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

#: What was asked, the unit of the figure, and the figure.
_Figure = tuple[str, str, float]


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
    rows: dict[str, tuple[str, list[float]]] = {}
    for least in arguments.messages:
        with tempfile.TemporaryDirectory(prefix="large-") as name:
            directory = Path(name)
            _deliver(directory)
            sizes.append(_multiply(directory / "agentpost.db", least))
            with running(directory) as target:
                for what, unit, figure in _measure(target, sizes[-1]):
                    print(f"{sizes[-1]:>10,}  {what:56} {figure:12.1f} {unit}", file=sys.stderr)
                    rows.setdefault(what, (unit, []))[1].append(figure)
    figures = {"made": machine(), "sizes": sizes, "rows": rows}
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


def _measure(target: Target, count: int) -> Iterator[_Figure]:
    assert target.imap is not None
    memory = target.process.memory()
    with (
        closing(Line.imap(target.imap, target.user, target.password)) as first,
        closing(Line.imap(target.imap, target.user, target.password)) as second,
        closing(Line.imap(target.imap, target.user, target.password)) as third,
    ):
        yield _asked("SELECT INBOX, cold", first, "SELECT INBOX")
        yield "memory that it takes", "octets a message", (target.process.memory() - memory) / count
        yield _asked("SELECT INBOX, warm", second, "SELECT INBOX")
        seen = set()
        for command in _COMMANDS:
            again = ", again" if command in seen else ""
            seen.add(command)
            yield _asked(f"`{command}`{again}", second, command)
        known = _known(third)
        second.ask(b"STORE %d +FLAGS.SILENT (\\Answered)" % (count // 2))
        yield _asked("SELECT INBOX (QRESYNC …), one flag has changed", third, known)


def _known(line: Line) -> str:
    """Return the SELECT of a client that knows all that is in the mailbox now (RFC 7162)."""
    line.ask(b"ENABLE QRESYNC")
    said = line.read(b"EXAMINE INBOX").decode()
    line.ask(b"UNSELECT")
    validity, modseq = (
        said.partition(f"[{name} ")[2].partition("]")[0]
        for name in ("UIDVALIDITY", "HIGHESTMODSEQ")
    )
    return f"SELECT INBOX (QRESYNC ({validity} {modseq}))"


def _asked(what: str, line: Line, command: str) -> _Figure:
    before = time.perf_counter()
    line.ask(command.encode())
    return what, "ms", (time.perf_counter() - before) * 1000


if __name__ == "__main__":
    main()
