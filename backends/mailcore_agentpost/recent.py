"""What the last commits did to folders, so that whoever asks what is new need not read it.

A file that only this process writes says nothing that is not known here: each commit tells its
steps, and the mod-sequences of a folder rise by one with each. Where one is missing, another
process has written; where one is not told, nobody says what it did. Then the log begins anew behind
it, and whoever knows no more than what was before must read.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailcore.backend import Changes, FlagsChanged, MessageColumns, unchanged
from mailcore.limits import KIB, MIB
from mailcore_agentpost.store import Step

# Octets, about: of a step, of a UID in it, and of a new message.
_STEP: Final = 512
_UID: Final = 4
_NEW: Final = 40
# What is kept of one folder, and of all.
_FOLDER: Final = 512 * KIB
_ALL: Final = 16 * MIB


@dataclass(slots=True)
class _Log:
    """The steps of one folder in a row: that of mod-sequence ``start + 1`` first."""

    start: int
    steps: list[Step] = field(default_factory=list)
    size: int = _STEP

    @property
    def end(self) -> int:
        return self.start + len(self.steps)

    def add(self, step: Step) -> None:
        self.steps.append(step)
        self.size += _size(step)
        surplus = 0
        while self.size > _FOLDER and surplus < len(self.steps):
            self.size -= _size(self.steps[surplus])
            surplus += 1
        del self.steps[:surplus]
        self.start += surplus


def _size(step: Step) -> int:
    changed = len(step.gone) + sum(len(one.uids) for one in step.flagged)
    came = 0 if step.new is None else len(step.new)
    return _STEP + _UID * changed + _NEW * came


class RecentChanges:
    """The logs of the folders that were changed last. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logs: OrderedDict[int, _Log] = OrderedDict()
        self._size = 0
        #: Another number once anything known was dropped.
        self.losses = 0

    def add(self, steps: Iterable[Step]) -> None:
        """Take what has been committed, in order, by the thread that commits."""
        with self._lock:
            for step in steps:
                log = self._logs.pop(step.folder, None)
                self._size -= 0 if log is None else log.size
                if not step.told:
                    self.losses += 1
                    continue
                if log is None or log.end != step.modseq - 1:
                    log = _Log(step.modseq - 1)
                log.add(step)
                self._logs[step.folder] = log
                self._size += log.size
            while self._size > _ALL:
                self._drop_oldest()

    def begin(self, folder: int, modseq: int, losses: int) -> None:
        """Take what was just read: nothing has happened in a folder after a mod-sequence.

        Arguments:
            losses: :attr:`losses` before it was read. What has come since then is known, or that
                number is another one now, and what was read may be old.
        """
        with self._lock:
            if folder in self._logs or losses != self.losses:
                return
            self._logs[folder] = log = _Log(modseq)
            self._size += log.size
            while self._size > _ALL:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, oldest = self._logs.popitem(last=False)
        self._size -= oldest.size
        self.losses += 1

    def forget(self) -> None:
        """Drop everything: another process has written, nobody knows what."""
        with self._lock:
            self._logs.clear()
            self._size = 0
            self.losses += 1

    def since(self, folder: int, modseq: int) -> Changes | None:
        """Return what happened in a folder after a mod-sequence; None if that must be read."""
        with self._lock:
            log = self._logs.get(folder)
            if log is None or not log.start <= modseq <= log.end:
                return None
            steps = log.steps[modseq - log.start :]
        return _changes(steps) if steps else unchanged(modseq)


def _changes(steps: Sequence[Step]) -> Changes:
    new = MessageColumns()
    flagged: list[FlagsChanged] = []
    gone: dict[int, None] = {}
    for step in steps:
        if step.new is not None:
            new.add(step.new)
        flagged += step.flagged
        gone.update(dict.fromkeys(step.gone))
    if gone:
        # What came and went meanwhile was never there for whoever asks.
        came = frozenset(new.uids)
        new = new.picked(place for place, uid in enumerate(new.uids) if uid not in gone)
        flagged = [
            one._replace(uids=[uid for uid in one.uids if uid not in gone]) for one in flagged
        ]
        gone = dict.fromkeys(uid for uid in gone if uid not in came)
    last = steps[-1]
    return Changes(
        new,
        [*gone],
        highest_modseq=last.modseq,
        uid_next=last.uid_next,
        flagged=flagged,
    )
