"""For those whose code speaks mail.

A server in a thread with its inboxes and faults, scripted peers, a backend in memory, a suite that
tests any backend, and strategies for hypothesis. In pytest there is the fixture ``mail_server``.
"""

from typing import TYPE_CHECKING

from mailcore.lazy import lazily

if TYPE_CHECKING:
    from mailcore.testing.faults import Faults as Faults
    from mailcore.testing.inbox import Inbox as Inbox
    from mailcore.testing.link import Link as Link
    from mailcore.testing.link import run as run
    from mailcore.testing.memory import MemoryBackend as MemoryBackend
    from mailcore.testing.memory import MemoryMailbox as MemoryMailbox
    from mailcore.testing.memory import new_message as new_message
    from mailcore.testing.pair import Pair as Pair
    from mailcore.testing.script import Script as Script
    from mailcore.testing.script import ScriptedPeer as ScriptedPeer
    from mailcore.testing.script import ScriptError as ScriptError
    from mailcore.testing.scripted import scripted_client as scripted_client
    from mailcore.testing.scripted import scripted_server as scripted_server
    from mailcore.testing.server import Server as Server
    from mailcore.testing.server import running as running

# Where a name is defined. pytest imports this package in every run, for its plugin: so nothing
# else is imported before it is asked for.
_HOMES = {
    "Faults": "faults",
    "Inbox": "inbox",
    "Link": "link",
    "MemoryBackend": "memory",
    "MemoryMailbox": "memory",
    "Pair": "pair",
    "Script": "script",
    "ScriptError": "script",
    "ScriptedPeer": "script",
    "Server": "server",
    "new_message": "memory",
    "run": "link",
    "running": "server",
    "scripted_client": "scripted",
    "scripted_server": "scripted",
}

__all__ = list(_HOMES)
__getattr__ = lazily(__name__, _HOMES)
