"""The reference backend keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import mailcore_agentpost
from mailcore.sasl.types import PlainCredentials
from mailcore.serve.protocol import Context
from mailcore.testing.conformance import BackendConformance, Subject, User
from mailcore_agentpost.backend import AgentPost
from mailcore_agentpost.types import KeyRow


class TestAgentPost(BackendConformance):
    @asynccontextmanager
    async def subject(self) -> AsyncIterator[Subject]:
        with TemporaryDirectory() as data:
            context = Context(data=Path(data), domain="shared.localhost")
            async with mailcore_agentpost.open(context) as backend:
                first = await backend.bootstrap(new_key=False)
                assert first.api_key is not None
                key = await backend.service.authenticate(first.api_key)
                anna, bert = [await new_user(backend, key, name) for name in ("anna", "bert")]
                yield Subject(backend, anna, bert, unknown="nobody@shared.localhost")


async def new_user(backend: AgentPost, key: KeyRow, name: str) -> User:
    """Make an inbox, and a key that opens nothing else."""
    inbox = await backend.service.create_inbox(key, username=name, display_name="", client_id=None)
    _, secret = await backend.service.create_key(
        key, name=name, scopes=key.scopes, inbox_id=inbox.id, expires_at=None
    )
    return User(PlainCredentials(inbox.address, secret), inbox.address)
