"""Group commit: what pieces of work share, and what they never do."""

from __future__ import annotations

import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import trio

from mailcore.backend import NoSuchMailbox, Unavailable
from mailcore_agentpost.store import Store, Transaction

from .conftest import Moved, add, fill, names

MIB = 1024 * 1024


class Gate:
    """A piece of work that the writer is stuck in until it is opened."""

    def __init__(self) -> None:
        self.reached = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._open = threading.Event()

    def __call__(self, transaction: Transaction) -> None:
        self._token.run_sync_soon(self.reached.set)
        assert self._open.wait(10)

    def open(self) -> None:
        self._open.set()


@contextmanager
def held(store: Store, nursery: trio.Nursery) -> Iterator[Gate]:
    """Keep the writer busy, so that all that is asked for meanwhile waits."""
    gate = Gate()
    nursery.start_soon(store.write, gate)
    try:
        yield gate
    finally:
        gate.open()


@contextmanager
def full_disk(octets: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many octets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_what_waits_shares_a_commit(store: Store) -> None:
    before = store._writer.commits.count
    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            for number in range(300):
                nursery.start_soon(store.write, add(f"{number}"))
            await trio.testing.wait_all_tasks_blocked()
    assert len(await store.read(names)) == 300
    assert store._writer.commits.count - before == 1  # the gate wrote nothing
    assert store._writer.commits.calls >= 300


async def test_who_only_looks_holds_up_no_index(tmp_path: Path) -> None:
    told: list[set[int]] = []
    store = Store(tmp_path / "agentpost.db", tell_texts=lambda messages: told.append({*messages}))
    try:
        await store.write(lambda transaction: transaction.execute("PRAGMA data_version").fetchone())
        assert told == []
        await store.write(add("something"))
        assert told == [set()]
    finally:
        store.close()


async def test_a_batch_is_bounded(store: Store) -> None:
    before = store._writer.commits.count
    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            for number in range(1200):
                nursery.start_soon(store.write, add(f"{number}"))
            await trio.testing.wait_all_tasks_blocked()
    assert store._writer.commits.count - before == 3  # 500, 500, 200


async def test_work_is_done_in_the_order_in_which_it_was_asked_for(store: Store) -> None:
    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            for number in range(50):
                nursery.start_soon(store.write, add(f"{number}"))
                await trio.testing.wait_all_tasks_blocked()
    assert await store.read(names) == [f"{number}" for number in range(50)]


async def test_a_piece_that_fails_harms_no_other(store: Store) -> None:
    failed: list[Exception] = []

    async def fail(error: Exception) -> None:
        def work(transaction: Transaction) -> None:
            add(f"half of {error}")(transaction)
            raise error

        with pytest.raises(type(error)) as caught:
            await store.write(work)
        assert caught.value is error
        failed.append(error)

    before = store._writer.commits.count
    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            nursery.start_soon(store.write, add("first"))
            nursery.start_soon(fail, NoSuchMailbox())
            nursery.start_soon(fail, ValueError("of ours"))
            nursery.start_soon(store.write, add("last"))
            await trio.testing.wait_all_tasks_blocked()
    assert len(failed) == 2
    assert sorted(await store.read(names)) == ["first", "last"]
    assert store._writer.commits.count - before == 1


async def test_what_the_database_refuses_fails_that_piece_alone(store: Store) -> None:
    await store.write(add("there"))
    answers: list[str] = []

    async def again(name: str) -> None:
        try:
            await store.write(add(name))
        except Unavailable:
            answers.append(f"{name} refused")
        else:
            answers.append(f"{name} done")

    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            nursery.start_soon(again, "there")
            nursery.start_soon(again, "new")
            await trio.testing.wait_all_tasks_blocked()
    assert sorted(answers) == ["new done", "there refused"]
    assert await store.read(names) == ["there", "new"]


async def test_hooks_run_after_the_commit(store: Store, tmp_path: Path, moved: Moved) -> None:
    seen: list[object] = []
    other = sqlite3.connect(tmp_path / "agentpost.db", check_same_thread=False)

    def work(transaction: Transaction) -> None:
        add("row")(transaction)
        transaction.moved.add(("inb", 7))
        seen.append(("in work", names(other)))
        transaction.after.append(lambda: seen.append(("first hook", names(other), list(moved))))
        transaction.after.append(lambda: seen.append("second hook"))

    await store.write(work)
    other.close()
    assert seen == [
        ("in work", []),
        ("first hook", ["row"], [frozenset({("inb", 7)})]),
        "second hook",
    ]


async def test_a_piece_that_fails_tells_nobody(store: Store, moved: Moved) -> None:
    told: list[str] = []

    def work(transaction: Transaction) -> None:
        transaction.moved.add(("inb", 7))
        transaction.after.append(lambda: told.append("of a piece that failed"))
        raise NoSuchMailbox

    def neighbour(transaction: Transaction) -> None:
        transaction.moved.add(("inb", 8))
        transaction.after.append(lambda: told.append("of a piece that is done"))

    async def failing() -> None:
        with pytest.raises(NoSuchMailbox):
            await store.write(work)

    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            nursery.start_soon(failing)
            nursery.start_soon(store.write, neighbour)
            await trio.testing.wait_all_tasks_blocked()
    assert moved == [frozenset({("inb", 8)})]
    assert told == ["of a piece that is done"]


async def test_folders_are_told_once_for_a_commit(store: Store, moved: Moved) -> None:
    def touch(transaction: Transaction) -> None:
        transaction.moved.add(("inb", 1))

    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            for _ in range(20):
                nursery.start_soon(store.write, touch)
            await trio.testing.wait_all_tasks_blocked()
    assert moved == [frozenset({("inb", 1)})]


async def test_who_gives_up_waiting_leaves_the_write_done(store: Store) -> None:
    async with trio.open_nursery() as nursery:
        with held(store, nursery) as gate:
            await gate.reached.wait()
            with trio.CancelScope() as scope:
                scope.cancel()
                await store.write(add("abandoned"))
            assert scope.cancelled_caught
            nursery.start_soon(store.write, add("next"))
            await trio.testing.wait_all_tasks_blocked()
    assert await store.read(names) == ["abandoned", "next"]


async def test_a_full_disk_fails_all_that_shared_the_commit(store: Store, moved: Moved) -> None:
    await store.write(add("before"))
    refused = 0

    async def try_to(number: int) -> None:
        nonlocal refused

        def work(transaction: Transaction) -> None:
            fill(f"{number}", MIB)(transaction)
            transaction.moved.add(("inb", number))

        with pytest.raises(Unavailable):
            await store.write(work)
        refused += 1

    with full_disk(5 * MIB):
        async with trio.open_nursery() as nursery:
            with held(store, nursery) as gate:
                await gate.reached.wait()
                for number in range(1, 21):
                    nursery.start_soon(try_to, number)
                await trio.testing.wait_all_tasks_blocked()
    assert refused == 20
    assert moved == []
    assert await store.read(_bodies) == (0, 0)
    await store.write(fill("21", 20 * MIB))
    assert await store.read(_bodies) == (1, 1)
    assert await store.read(names) == ["before"]


async def test_a_full_database_refuses_and_lives_on(store: Store) -> None:
    """What SQLite itself calls full: there is room for the log, but not for a page more."""
    pages = await store.write(lambda one: one.execute("PRAGMA page_count").fetchone()[0])
    await store.write(lambda one: one.execute(f"PRAGMA max_page_count = {pages + 10}"))
    with pytest.raises(Unavailable):
        await store.write(fill("1", MIB))
    await store.write(add("small"))
    assert await store.read(names) == ["small"]
    assert await store.read(_bodies) == (0, 0)
    await store.write(lambda one: one.execute("PRAGMA max_page_count = 1000000"))
    await store.write(fill("1", MIB))
    assert await store.read(_bodies) == (1, 1)


async def test_a_disk_too_full_to_copy_the_log_back_stops_nobody(
    store: Store, tmp_path: Path
) -> None:
    """The log is reused while the file grows, so it is the copying that finds no room first."""
    file = tmp_path / "agentpost.db"
    for number in range(1, 7):
        await store.write(fill(f"{number}", 3 * MIB))
    with closing(sqlite3.connect(file)) as other:
        # Busy while the writer does it itself.
        while other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            await trio.sleep(0.01)
    with full_disk(file.stat().st_size + 1024):
        await store.write(fill("7", 5 * MIB))
        await store.write(add("while it is full"))
    await store.write(fill("8", 5 * MIB))
    assert await store.read(_bodies) == (8, 8)
    assert await store.read(names) == ["while it is full"]


async def test_an_error_that_ends_the_transaction_harms_no_later_one(store: Store) -> None:
    """SQLite rolls all of it back by itself when the disk fails in the middle."""

    def fail(transaction: Transaction) -> None:
        add("lost")(transaction)
        transaction.execute("ROLLBACK")
        raise ValueError("of the disk")

    with pytest.raises(Unavailable):
        await store.write(fail)
    await store.write(add("later"))
    assert await store.read(names) == ["later"]


def _bodies(connection: sqlite3.Connection) -> tuple[int, int]:
    (bodies,) = connection.execute("SELECT count(*) FROM bodies").fetchone()
    (chunks,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    return bodies, chunks
