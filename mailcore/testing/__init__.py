"""For those whose code speaks mail: a backend in memory, and a suite that tests any backend."""

from mailcore.testing.link import Link, run
from mailcore.testing.memory import MemoryBackend, MemoryMailbox, new_message
from mailcore.testing.pair import Pair

__all__ = ["Link", "MemoryBackend", "MemoryMailbox", "Pair", "new_message", "run"]
