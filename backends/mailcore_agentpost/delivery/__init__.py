"""Mail that leaves: the queue is worked off, what fails is tried again, and senders are told."""

from __future__ import annotations

from mailcore_agentpost.delivery.courier import Courier

__all__ = ["Courier"]
