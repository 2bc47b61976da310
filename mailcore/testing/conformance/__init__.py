"""The contract of ``mailcore.backend`` as tests, for any backend. pytest and hypothesis run them.

Say how to make a backend, and pytest collects the rest::

    class TestMine(BackendConformance):
        @asynccontextmanager
        async def subject(self) -> AsyncIterator[Subject]:
            async with open_mine() as backend:
                yield Subject(backend, User(PlainCredentials("anna", "secret")))

Each test asks for a subject of its own, logs in, and works in INBOX or in a mailbox that it makes.
What the backend leaves out is skipped, with what it would take. The tests need no plugin: each runs
in a Trio loop of its own, or with ``loop = Asyncio()`` in the class in one of asyncio.
"""

from pkgutil import iter_modules

import pytest

# Before they are imported: then a test that fails shows the values that it compared.
pytest.register_assert_rewrite(*(f"{__name__}.{module.name}" for module in iter_modules(__path__)))

from mailcore.testing.conformance.accounts import Accounts  # noqa: E402
from mailcore.testing.conformance.annotating import Annotating  # noqa: E402
from mailcore.testing.conformance.appending import Appending  # noqa: E402
from mailcore.testing.conformance.extensions import Extending  # noqa: E402
from mailcore.testing.conformance.flags import Flags  # noqa: E402
from mailcore.testing.conformance.history import History  # noqa: E402
from mailcore.testing.conformance.identities import Identifying  # noqa: E402
from mailcore.testing.conformance.logins import Logins  # noqa: E402
from mailcore.testing.conformance.loops import Asyncio, EventLoop, Trio  # noqa: E402
from mailcore.testing.conformance.managing import Managing  # noqa: E402
from mailcore.testing.conformance.octets import Octets  # noqa: E402
from mailcore.testing.conformance.programs import Programs  # noqa: E402
from mailcore.testing.conformance.quotas import Quotas  # noqa: E402
from mailcore.testing.conformance.reading import Reading  # noqa: E402
from mailcore.testing.conformance.replacing import Replacing  # noqa: E402
from mailcore.testing.conformance.searching import Searching  # noqa: E402
from mailcore.testing.conformance.sending import Sending  # noqa: E402
from mailcore.testing.conformance.sharing import Sharing  # noqa: E402
from mailcore.testing.conformance.suite import Subject, User  # noqa: E402
from mailcore.testing.conformance.transfers import Transfers  # noqa: E402
from mailcore.testing.conformance.urls import Urls  # noqa: E402
from mailcore.testing.conformance.watching import Watching  # noqa: E402

__all__ = ["Asyncio", "BackendConformance", "EventLoop", "Subject", "Trio", "User"]


class BackendConformance(
    Accounts,
    Logins,
    Managing,
    Annotating,
    Reading,
    Octets,
    Appending,
    Flags,
    Transfers,
    History,
    Identifying,
    Replacing,
    Searching,
    Quotas,
    Sharing,
    Urls,
    Watching,
    Extending,
    Sending,
    Programs,
):
    """All of it. Subclass this as ``Test…`` and define :meth:`subject`."""
