"""What a piece of work does to a folder, told once it is on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.backend import FlagsChanged, MessageColumns


@dataclass(slots=True)
class Step:
    """One rise of the mod-sequence of a folder, by one, and what has happened with it.

    Arguments:
        folder: which one.
        modseq: its mod-sequence now.
        uid_next: likewise.
        told: whether all that happened stands here; else, as when the folder was removed, whoever
            wants to know must read.
        new: messages that were put into the folder, if any were.
        flagged: messages whose flags were changed.
        gone: UIDs of those that were taken out.
    """

    folder: int
    modseq: int
    uid_next: int
    told: bool = False
    new: MessageColumns | None = None
    flagged: Sequence[FlagsChanged] = ()
    gone: Sequence[int] = ()
