"""Fixtures for tests of code that speaks mail. pytest loads this by itself.

::

    def test_welcome(mail_server):
        bob = mail_server.inbox("bob@example.test")
        sign_up("bob@example.test", smtp=mail_server.smtp_url)
        assert "Hello" in bob.wait(subject="Welcome").get_content()

Nothing of mailcore is imported before a test asks for a server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mailcore.testing.server import Server


@pytest.fixture
def mail_server() -> Iterator[Server]:
    """IMAP, SMTP and LMTP on free ports, with no mail and no users yet; for this test alone."""
    from mailcore.testing.server import running

    with running() as server:
        yield server


@pytest.fixture(scope="session")
def session_mail_server() -> Iterator[Server]:
    """One ``mail_server`` for all tests of a process: what one of them leaves, the next one finds.

    For another scope, or with a backend of one's own, there is ``mailcore.testing.running``.
    """
    from mailcore.testing.server import running

    with running() as server:
        yield server
