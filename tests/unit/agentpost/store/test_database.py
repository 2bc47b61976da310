"""The file: who can open it, what close leaves behind, and how large its log gets."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from mailcore_agentpost.store import Store, Transaction

from .conftest import add, fill, names

MIB = 1024 * 1024


def log_size(store: Store) -> int:
    return Path(f"{store._path}-wal").stat().st_size


@contextmanager
def most_descriptors(number: int) -> Iterator[None]:
    """Let this process open so few files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# -------------------------------------------------------------------------------- opening


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    async def main(store: Store) -> list[str]:
        await store.write(add(f"row {len(await store.read(names))}"))
        return await store.read(names)

    for expected in (["row 0"], ["row 0", "row 1"]):
        store = Store(tmp_path / "agentpost.db")
        try:
            assert trio.run(main, store) == expected
        finally:
            store.close()


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "agentpost.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version + 1}")
    before = path.read_bytes()
    with pytest.raises(OSError, match="written by a later version") as refused:
        Store(path)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "agentpost.db"
    path.write_bytes(b"Dear diary,\n" * 1000)
    with pytest.raises(OSError, match="not a database"):
        Store(path)
    assert path.read_bytes() == b"Dear diary,\n" * 1000


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unable to open"):
        Store(tmp_path / "nowhere" / "agentpost.db")


def test_a_table_of_somebody_else_is_not_taken_for_ours(tmp_path: Path) -> None:
    path = tmp_path / "agentpost.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE inboxes (theirs TEXT)")
    with pytest.raises(OSError, match="inboxes"):
        Store(path)
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("inboxes",)]


def test_too_few_descriptors_are_told_and_nothing_hangs(tmp_path: Path) -> None:
    """At whichever of its files there is none left."""
    path = tmp_path / "agentpost.db"
    Store(path).close()
    outcomes: list[str] = []
    first = os.dup(0)
    os.close(first)
    for more in range(40):
        with most_descriptors(first + more):
            try:
                Store(path).close()
            except OSError as error:
                outcomes.append(str(error))
            else:
                outcomes.append("open")
                break
    *refusals, last = outcomes
    assert refusals
    assert all("cannot open" in refusal for refusal in refusals)
    assert last == "open"


_MIGRATE = """
import sys
from pathlib import Path
from mailcore_agentpost.store import Store
for line in sys.stdin:
    Store(Path(line.rstrip())).close()
    print("open", flush=True)
"""


def test_processes_that_make_the_same_file_at_once_all_succeed(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _MIGRATE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for number in range(40):
        path = tmp_path / f"{number}.db"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM inboxes").fetchone() == (0,)
            # What numbers folders was set once.
            assert connection.execute("SELECT count(*) FROM sqlite_sequence").fetchone() == (1,)
    for process in processes:
        process.communicate()
        assert process.returncode == 0


def test_the_command_line_of_sqlite_utils_opens_the_file(tmp_path: Path) -> None:
    path = tmp_path / "agentpost.db"
    store = Store(path)
    trio.run(store.write, add("row"))
    try:
        shown = subprocess.run(
            [sys.executable, "-m", "sqlite_utils", "tables", str(path), "--counts", "--csv"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    finally:
        store.close()
    assert {"organizations,1", "inboxes,0", "messages,0", "placements,0"} <= set(shown)


# -------------------------------------------------------------------------------- closing


def test_close_finishes_what_is_queued_and_leaves_one_file(tmp_path: Path) -> None:
    store = Store(tmp_path / "agentpost.db")

    async def main() -> None:
        with trio.move_on_after(0):
            async with trio.open_nursery() as nursery:
                for number in range(500):
                    nursery.start_soon(store.write, add(f"{number}"))

    trio.run(main)
    store.close()
    assert [file.name for file in tmp_path.iterdir()] == ["agentpost.db"]
    with closing(sqlite3.connect(tmp_path / "agentpost.db")) as connection:
        assert len(names(connection)) == 500


# ------------------------------------------------------------------------------ checkpoints


async def test_the_log_stays_short_while_there_is_time_to_copy_it_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "agentpost.db", durable=False)
    try:
        for number in range(60):
            await store.write(fill(f"{number}", MIB))
            await store.read(names)
        assert log_size(store) < 16 * MIB
    finally:
        store.close()


async def test_the_log_is_bounded_while_work_is_always_waiting(tmp_path: Path) -> None:
    store = Store(tmp_path / "agentpost.db", durable=False)

    async def write(numbers: range) -> None:
        for number in numbers:
            await store.write(fill(f"{number}", 4 * MIB))

    async def read(scope: trio.CancelScope) -> None:
        with scope:
            while True:
                await store.read(names)

    try:
        reading = trio.CancelScope()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(read, reading)
            async with trio.open_nursery() as writers:
                for start in range(0, 60, 15):
                    writers.start_soon(write, range(start, start + 15))
            reading.cancel()
        assert log_size(store) < 150 * MIB
    finally:
        store.close()


async def test_many_changed_rows_count_for_the_log_as_well(tmp_path: Path) -> None:
    """Flags of thousands of messages are no body, and yet they fill it."""
    store = Store(tmp_path / "agentpost.db", durable=False)

    def place(transaction: Transaction) -> None:
        transaction.connection.executemany(
            "INSERT INTO placements VALUES (1, ?, 1, '', 1, 1, 0, 0, 0)",
            [(uid,) for uid in range(1, 4001)],
        )

    def flag(transaction: Transaction, modseq: int) -> None:
        transaction.execute("UPDATE placements SET flags = 'x', modseq = ?", (modseq,))

    try:
        await store.write(place)
        for modseq in range(2, 80):
            await store.write(partial(flag, modseq=modseq))
        assert log_size(store) < 8 * MIB
    finally:
        store.close()
