from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailcore.backend import Peer
from mailcore.live import LiveSessions
from mailcore_agentpost.http.exchange import Request, Response
from mailcore_agentpost.http.handlers.monitoring import MonitoringHandlers
from mailcore_agentpost.http.problems import Problem
from mailcore_agentpost.http.routing import Call
from mailcore_agentpost.http.types import Readiness
from mailcore_agentpost.operations import Monitoring
from mailcore_agentpost.settings import MetricsFor
from mailcore_agentpost.store import Store


async def no_body(limit: int) -> bytes:
    return b""


async def no_pieces(limit: int) -> AsyncIterator[bytes]:
    for piece in ():
        yield piece


def asked_by(host: str) -> Call[None]:
    request = Request(
        id="r",
        method="GET",
        path="/metrics",
        query="",
        fields=[],
        peer=Peer("http", host),
        read_body=no_body,
        receive_body=no_pieces,
    )
    return Call(request=request, key=None, path={})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.db")


@pytest.mark.parametrize(
    ("metrics_for", "host", "status"),
    [
        ("loopback", "127.0.0.1", None),
        ("loopback", "::1", None),
        ("loopback", "192.0.2.1", 403),
        ("loopback", "", 403),
        ("anybody", "192.0.2.1", None),
        ("nobody", "127.0.0.1", 404),
    ],
)
async def test_who_may_read_metrics(
    store: Store, metrics_for: MetricsFor, host: str, status: int | None
) -> None:
    handlers = MonitoringHandlers(Monitoring(LiveSessions(), store), metrics_for)
    if status is None:
        answer = await handlers.metrics(asked_by(host))
        assert b"agentpost_queue_depth" in bytes(answer.body)  # type: ignore[arg-type]
    else:
        with pytest.raises(Problem) as refused:
            await handlers.metrics(asked_by(host))
        assert refused.value.status == status
    store.close()


async def test_a_store_that_fails_is_not_ready_and_is_still_measured(store: Store) -> None:
    handlers = MonitoringHandlers(Monitoring(LiveSessions(), store), "loopback")
    assert await handlers.readiness(asked_by("127.0.0.1")) == Readiness()

    def broken(_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    store.read = lambda work, read=store.read: read(broken)  # type: ignore[method-assign,misc]
    answer = await handlers.readiness(asked_by("127.0.0.1"))
    assert isinstance(answer, Response)
    assert answer.status == 503
    metrics = await handlers.metrics(asked_by("127.0.0.1"))
    assert b"mailcore_sessions" in bytes(metrics.body)  # type: ignore[arg-type]
    store.close()
