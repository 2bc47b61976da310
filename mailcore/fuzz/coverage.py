"""Which lines of the package have run: what tells an input that leads somewhere new."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

_PACKAGE: Final = str(Path(__file__).parents[1])
#: Not what is tested, but what tests.
_OURS: Final = str(Path(__file__).parent)
#: Calls in which a function has shown nothing new before some go by unseen; one in so many that
#: it is a share of those calls. And what is as good as never.
_OFTEN: Final = 64
_SELDOM: Final = 5
_NEVER: Final = 1 << 60


def _counts(code: CodeType) -> bool:
    return code.co_filename.startswith(_PACKAGE) and not code.co_filename.startswith(_OURS)


class Coverage:
    """Steps from one line to the next that were taken for the first time.

    With ``sys.monitoring`` (Python 3.12) only lines, each reported once: that costs next to
    nothing. Before that a function is looked at ever less often while it shows nothing new.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[CodeType, int, int]] = set()
        self._new = 0
        self._calls: dict[CodeType, int] = {}
        self._monitoring = getattr(sys, "monitoring", None)
        if self._monitoring is not None:
            monitoring = self._monitoring
            monitoring.use_tool_id(monitoring.COVERAGE_ID, "mailcore.fuzz")
            monitoring.register_callback(monitoring.COVERAGE_ID, monitoring.events.LINE, self._line)

    def __len__(self) -> int:
        return len(self._seen)

    def run(self, function: Callable[[bytes], None], data: bytes) -> int:
        """Call a function; return how much was new. What it raises passes through."""
        self._new = 0
        if self._monitoring is not None:
            monitoring = self._monitoring
            monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)
            try:
                function(data)
            finally:
                monitoring.set_events(monitoring.COVERAGE_ID, 0)
            return self._new
        before = sys.gettrace()
        sys.settrace(self._call)
        try:
            function(data)
        finally:
            sys.settrace(before)
        return self._new

    def close(self) -> None:
        """Give back what the interpreter has only one of."""
        if self._monitoring is not None:
            self._monitoring.free_tool_id(self._monitoring.COVERAGE_ID)

    def _line(self, code: CodeType, line: int) -> Any:
        if _counts(code):
            self._add(code, 0, line)
        assert self._monitoring is not None
        return self._monitoring.DISABLE

    def _call(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        calls = self._calls.get(code)
        if calls is None:
            calls = 0 if _counts(code) else _NEVER
        self._calls[code] = calls + 1
        if calls > _OFTEN and calls % (calls >> _SELDOM or 1):
            return None
        last = 0

        def line(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal last
            if event == "line":
                self._add(code, last, frame.f_lineno)
                last = frame.f_lineno
            return line

        return line

    def _add(self, code: CodeType, last: int, line: int) -> None:
        step = (code, last, line)
        if step not in self._seen:
            self._seen.add(step)
            self._new += 1
            self._calls[code] = 0
