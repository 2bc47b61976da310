"""Fuzzing led by coverage: what leads to new lines is kept, and changed further."""

from __future__ import annotations

import hashlib
import math
import random
import signal
import threading
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from mailcore.fuzz.coverage import Coverage
from mailcore.fuzz.inputs import seeds, words
from mailcore.fuzz.mutation import Mutator
from mailcore.fuzz.shrinking import shrink
from mailcore.fuzz.targets import TARGETS
from mailcore.fuzz.targets.promises import promise

#: Octets of an input: enough for every bound that the targets set.
MOST: Final = 4096
#: Seconds of the processor that one input may take, with a tracer behind every line.
_PATIENCE: Final = 20.0
#: Octets of memory that one input may take at its peak, and for each of its own octets.
_MEMORY: Final = 16 << 20
_MEMORY_EACH: Final = 4096


class TooSlow(AssertionError):
    """An input took more of the processor than any of its size may."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that breaks a promise.

    Arguments:
        data: the smallest that was found.
        error: what was raised.
        where: the last line of this package on the way there.
    """

    data: bytes
    error: BaseException
    where: str

    @property
    def name(self) -> str:
        """Of a file to keep it in."""
        return f"crash-{hashlib.sha256(self.data).hexdigest()[:12]}"


@dataclass
class Campaign:
    """One run on one target.

    Arguments:
        target: of :data:`TARGETS`.
        corpus: a directory of inputs, read at first; what leads to new lines is added to it.
        seed: of the choices, for a run that can be repeated.
        found: called with each finding.
    """

    target: str
    corpus: Path | None = None
    seed: int | None = None
    found: Callable[[Finding], None] | None = None
    #: What was found, each kind of failure once.
    findings: list[Finding] = field(default_factory=list)
    #: How many inputs were tried.
    runs: int = 0

    def __post_init__(self) -> None:
        self._check = TARGETS[self.target]
        self._chance = random.Random(self.seed)
        self._mutator = Mutator(words(self.target), self._chance)
        self._kept: list[bytes] = []
        self.coverage = Coverage()

    def run(
        self,
        seconds: float = math.inf,
        progress: Callable[[Campaign], None] | None = None,
        *,
        runs: float = math.inf,
    ) -> None:
        """Fuzz for a time, or for a number of inputs.

        Arguments:
            progress: called now and then.
        """
        end = time.monotonic() + seconds
        told = time.monotonic()
        try:
            for data in self._inputs():
                if time.monotonic() >= end or self.runs >= runs:
                    break
                self._try(data)
                if progress is not None and time.monotonic() - told > 5:
                    told = time.monotonic()
                    progress(self)
        finally:
            self.coverage.close()

    def _inputs(self) -> Iterator[bytes]:
        yield from seeds(self.target)
        if self.corpus is not None and self.corpus.is_dir():
            for path in sorted(self.corpus.iterdir()):
                yield path.read_bytes()[:MOST]
        while True:
            # Later ones have more behind them, and more in front of them.
            at = max(self._chance.randrange(len(self._kept) or 1) for _ in range(2))
            data = self._kept[at] if self._kept else b""
            other = self._chance.choice(self._kept) if self._kept else b""
            yield self._mutator.mutate(data, other, MOST)

    def _try(self, data: bytes) -> None:
        self.runs += 1
        try:
            with _time_bounded():
                new = self.coverage.run(self._check, data)
        except Exception as error:
            self._found(data, error)
            return
        if new:
            self._kept.append(data)
            self._keep(data)
            try:
                check_memory(self._check, data)
            except Exception as error:
                self._found(data, error)

    def _keep(self, data: bytes) -> None:
        if self.corpus is not None:
            self.corpus.mkdir(parents=True, exist_ok=True)
            name = hashlib.sha256(data).hexdigest()[:16]
            (self.corpus / name).write_bytes(data)

    def _found(self, data: bytes, error: Exception) -> None:
        where = _where(error)
        if any(known.where == where for known in self.findings):
            return

        def fails(candidate: bytes) -> bool:
            try:
                with _time_bounded():
                    self._check(candidate)
            except Exception as other:
                return _where(other) == where
            return False

        finding = Finding(shrink(data, fails), error, where)
        self.findings.append(finding)
        if self.found is not None:
            self.found(finding)


def check_memory(check: Callable[[bytes], None], data: bytes) -> None:
    """Call a target; raise if it takes more memory than any input of this size may."""
    tracemalloc.start()
    try:
        check(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    most = _MEMORY + _MEMORY_EACH * len(data)
    promise(peak <= most, f"{len(data)} octets took {peak >> 20} MiB")


def _where(error: BaseException) -> str:
    """Return the kind of an error and the place that it comes from: what makes two the same."""
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if "mailcore" in frame.filename]
    last = inside[-1] if inside else frames[-1]
    # Of a broken promise the line that asked for it says more than the one that raised.
    if last.name in ("promise", "whole_lines", "emit") and len(inside) > 1:
        last = inside[-2]
    cause = f" from {_where(error.__cause__)}" if error.__cause__ is not None else ""
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}{cause}"


@contextmanager
def _time_bounded() -> Iterator[None]:
    """Raise TooSlow for what takes too long; where there is a signal for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {_PATIENCE:g} s")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, _PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
