"""A site for tests that need nothing special of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .site import Site, opening


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with opening(tmp_path) as opened:
        yield opened
