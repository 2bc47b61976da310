"""A complete backend in memory: for tests, and as the model for a backend of one's own.

It implements every optional protocol of ``mailcore.backend``. Its users can mail each other::

    backend = MemoryBackend({"alice@example.test": "secret", "bob@example.test": "secret"})
    inbox = backend.users["alice@example.test"].inbox
    await inbox.append([new_message(b"Subject: hi\r\n\r\n")])

Nothing here awaits, so each method is a transaction by itself.
"""

from __future__ import annotations

from mailcore.testing.memory.account import (
    DEFAULT_MAILBOXES,
    MemoryAccount,
    MemoryUser,
)
from mailcore.testing.memory.backend import (
    MemoryBackend,
)
from mailcore.testing.memory.delivery import (
    MemoryDelivery,
)
from mailcore.testing.memory.mailbox import (
    MemoryMailbox,
    StoredMessage,
    new_message,
)
from mailcore.testing.memory.sharing import (
    OTHERS,
    AccessList,
    SharedMailbox,
)

__all__ = [
    "DEFAULT_MAILBOXES",
    "OTHERS",
    "AccessList",
    "MemoryAccount",
    "MemoryBackend",
    "MemoryDelivery",
    "MemoryMailbox",
    "MemoryUser",
    "SharedMailbox",
    "StoredMessage",
    "new_message",
]
