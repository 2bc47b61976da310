"""One SQLite file: one thread writes, one reads, and Trio tasks wait for their answers."""

from mailcore_agentpost.store.database import FILE, TEXTS, Store
from mailcore_agentpost.store.steps import Step
from mailcore_agentpost.store.writer import Queue, Transaction

__all__ = ["FILE", "TEXTS", "Queue", "Step", "Store", "Transaction"]
