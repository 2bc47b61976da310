"""The model backend keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mailcore.sasl.types import PlainCredentials
from mailcore.testing import MemoryBackend
from mailcore.testing.conformance import Asyncio, BackendConformance, Subject, User

ANNA = User(PlainCredentials("anna@example.test", "secret"), "anna@example.test")
BERT = User(PlainCredentials("bert@example.test", "hidden"), "bert@example.test")


class TestMemory(BackendConformance):
    @asynccontextmanager
    async def subject(self) -> AsyncIterator[Subject]:
        backend = MemoryBackend(
            {"anna@example.test": "secret", "bert@example.test": "hidden"},
            tokens={"t0ken": "anna@example.test"},
            guest="anna@example.test",
        )
        yield Subject(backend, ANNA, BERT, unknown="nobody@example.test")


class TestMemoryOnAsyncio(TestMemory):
    loop = Asyncio()
