"""Reading: what was acknowledged is seen, and nothing can be written by it."""

from __future__ import annotations

import sqlite3

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from mailcore.backend import Unavailable
from mailcore_agentpost.store import Store

from .conftest import add, names


def count(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("SELECT count(*) FROM organizations").fetchone()
    return int(found)


async def test_what_was_acknowledged_is_read(store: Store) -> None:
    async def write_and_read(number: int) -> None:
        for turn in range(20):
            await store.write(add(f"{number}.{turn}"))
            assert f"{number}.{turn}" in await store.read(names)

    async with trio.open_nursery() as nursery:
        for number in range(8):
            nursery.start_soon(write_and_read, number)
    assert await store.read(count) == 160


async def test_one_piece_of_reading_sees_one_state(store: Store) -> None:
    """Whatever is written while it reads, its second look agrees with its first."""
    done = False

    def look_twice(connection: sqlite3.Connection) -> tuple[int, int]:
        return count(connection), count(connection)

    async def write() -> None:
        nonlocal done
        for number in range(200):
            await store.write(add(f"{number}"))
        done = True

    seen: set[int] = set()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        while not done:
            first, second = await store.read(look_twice)
            assert first == second
            seen.add(first)
    assert len(seen) > 1


async def test_reading_can_not_write(store: Store) -> None:
    with pytest.raises(Unavailable):
        await store.read(lambda one: one.execute("DELETE FROM organizations"))
    assert await store.read(names) == []


async def test_a_reader_that_fails_harms_no_other(store: Store) -> None:
    await store.write(add("row"))
    answers: list[object] = []

    def fail(connection: sqlite3.Connection) -> None:
        raise KeyError(7)

    async def failing() -> None:
        with pytest.raises(KeyError):
            await store.read(fail)
        answers.append("failed")

    async def broken() -> None:
        with pytest.raises(Unavailable):
            await store.read(lambda one: one.execute("SELECT * FROM nowhere").fetchall())
        answers.append("broken")

    async def fine() -> None:
        answers.extend(await store.read(names))

    async with trio.open_nursery() as nursery:
        for task in (failing, broken, fine):
            nursery.start_soon(task)
    assert sorted(map(str, answers)) == ["broken", "failed", "row"]


async def test_who_gives_up_waiting_leaves_the_reader_alive(store: Store) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await store.read(count)
    assert scope.cancelled_caught
    await wait_all_tasks_blocked()
    assert await store.read(count) == 0
