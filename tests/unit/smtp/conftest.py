"""What the tests of the session share."""

from __future__ import annotations

import pytest

from .post_office import Store


@pytest.fixture
def store() -> Store:
    return Store()
