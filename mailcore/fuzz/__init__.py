"""Fuzzing of what this package promises: ``python -m mailcore.fuzz imap-server --seconds 60``.

Whatever octets come: only the documented errors are raised, every way to cut them into pieces says
the same, time and memory are bounded, what was read and is written is read the same again, and no
CR or LF gets out where it does not belong.
"""

from mailcore.fuzz.campaign import Campaign, Finding
from mailcore.fuzz.targets import TARGETS, Target

__all__ = ["TARGETS", "Campaign", "Finding", "Target"]
