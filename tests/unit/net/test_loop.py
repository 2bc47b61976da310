"""What both event loops promise: sockets that can be interrupted, alarms, and turns for others."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import trio

from mailcore.flow import CLOSE, Step
from mailcore.net.alarm import Alarm
from mailcore.net.asyncio_loop import ASYNCIO
from mailcore.net.driver import drive
from mailcore.net.loop import Interrupted, Loop, Timer
from mailcore.net.stream import Stream
from mailcore.net.trio_loop import TRIO

Main = Callable[[Loop], Awaitable[None]]
Run = Callable[[Main], None]


def _on_trio(main: Main) -> None:
    trio.run(main, TRIO)


def _on_asyncio(main: Any) -> None:
    asyncio.run(main(ASYNCIO))


@pytest.fixture(params=[_on_trio, _on_asyncio], ids=["trio", "asyncio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run an async function, which gets the loop that it runs in."""
    chosen: Run = request.param
    return chosen


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def test_a_receive_that_waits_is_interrupted(run: Run, pair: Pair) -> None:
    async def main(loop: Loop) -> None:
        ours = loop.wrap(pair[0])
        loop.call_at(loop.current_time() + 0.01, ours.interrupt)
        with pytest.raises(Interrupted):
            await ours.recv(100)
        # Once: the next one waits.
        loop.call_at(loop.current_time() + 0.01, lambda: pair[1].send(b"octets"))
        assert await ours.recv(100) == b"octets"

    run(main)


def test_an_interruption_is_kept_for_the_next_receive(run: Run, pair: Pair) -> None:
    async def main(loop: Loop) -> None:
        ours = loop.wrap(pair[0])
        ours.interrupt()
        with pytest.raises(Interrupted):
            await ours.recv(100)

    run(main)


def test_octets_come_before_an_interruption(run: Run, pair: Pair) -> None:
    async def main(loop: Loop) -> None:
        ours = loop.wrap(pair[0])
        pair[1].send(b"octets")
        ours.interrupt()
        assert await ours.recv(100) == b"octets"
        ours_waits = loop.current_time() + 0.02
        loop.call_at(ours_waits, lambda: pair[1].send(b"more"))
        assert await ours.recv(100) == b"more"

    run(main)


def test_one_who_waits_on_a_closed_socket_is_told(run: Run, pair: Pair) -> None:
    async def main(loop: Loop) -> None:
        ours = loop.wrap(pair[0])
        loop.call_at(loop.current_time() + 0.01, ours.close)
        with pytest.raises(loop.broken):
            await ours.recv(100)

    run(main)


def test_calls_come_in_the_order_of_their_times(run: Run) -> None:
    async def main(loop: Loop) -> None:
        calls: list[str] = []
        now = loop.current_time()
        loop.call_at(now + 0.03, lambda: calls.append("third"))
        loop.call_at(now + 0.01, lambda: calls.append("first"))
        never = loop.call_at(now + 0.015, lambda: calls.append("cancelled"))
        loop.call_at(now + 0.02, lambda: calls.append("second"))
        never.cancel()
        never.cancel()  # harmless
        while len(calls) < 3:
            await loop.sleep(0.001)
        assert calls == ["first", "second", "third"]
        assert loop.current_time() >= now + 0.03

    run(main)


def test_calls_that_were_cancelled_are_not_kept(run: Run) -> None:
    async def main(loop: Loop) -> None:
        hour = loop.current_time() + 3600
        rung: list[None] = []
        for _ in range(1000):
            loop.call_at(hour, lambda: rung.append(None)).cancel()
        loop.call_at(loop.current_time(), lambda: rung.append(None))
        while not rung:
            await loop.sleep(0.001)
        assert len(rung) == 1

    run(main)


class _Counting:
    """A loop that counts the timers it starts, and has a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[tuple[float, Callable[[], object]]] = []

    def current_time(self) -> float:
        return self.now

    def call_at(self, deadline: float, function: Callable[[], object]) -> Timer:
        entry = (deadline, function)
        self.timers.append(entry)
        timers = self.timers

        class Handle:
            def cancel(self) -> None:
                timers.remove(entry)

        return Handle()

    def advance(self, now: float) -> None:
        self.now = now
        for entry in [one for one in self.timers if one[0] <= now]:
            self.timers.remove(entry)
            entry[1]()


def test_putting_an_alarm_off_starts_no_timer() -> None:
    loop = _Counting()
    rings: list[float] = []
    alarm = Alarm(loop, lambda: rings.append(loop.now))  # type: ignore[arg-type]
    for number in range(100):
        alarm.set(10.0 + number)
    assert [when for when, _ in loop.timers] == [10.0]
    loop.advance(10.0)
    assert not rings
    assert [when for when, _ in loop.timers] == [109.0]
    loop.advance(109.0)
    assert rings == [109.0]
    assert not loop.timers


def test_an_alarm_that_is_brought_forward_rings_then() -> None:
    loop = _Counting()
    rings: list[float] = []
    alarm = Alarm(loop, lambda: rings.append(loop.now))  # type: ignore[arg-type]
    alarm.set(100.0)
    alarm.set(5.0)
    loop.advance(5.0)
    assert rings == [5.0]
    alarm.set(math.inf)
    alarm.set(20.0)
    alarm.cancel()
    loop.advance(200.0)
    assert rings == [5.0]


class _Endless:
    """A session that has something to send, again and again."""

    delay = 0.0
    timeout = 60.0
    logged_in = True
    wake = staticmethod(lambda: None)

    def __init__(self, pieces: int) -> None:
        self._pieces = pieces

    async def step(self) -> Step:
        self._pieces -= 1
        return bytes(64 * 1024) if self._pieces else CLOSE

    async def aclose(self) -> None:
        pass


def test_a_peer_that_reads_as_fast_as_it_is_sent_to_leaves_turns_to_others(
    run: Run, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(loop: Loop) -> None:
        stream = Stream(loop.wrap(pair[0]), loop)
        monkeypatch.setattr(type(stream._socket), "send", lambda self, data: len(data))
        turns = 0

        async def other() -> None:
            nonlocal turns
            with scope:
                while True:
                    turns += 1
                    await loop.sleep(0)

        async with loop.tasks() as tasks:
            scope = loop.scope()
            tasks.start_soon(other)
            await drive(_Endless(160), stream)  # type: ignore[arg-type]
            scope.cancel()
        assert turns >= 20

    run(main)
