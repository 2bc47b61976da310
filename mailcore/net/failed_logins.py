"""Wrong passwords by address: a new connection is no new start for who guesses."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from mailcore.limits import DEFAULT_LIMITS, Limits

#: Seconds after the last wrong password in which an address is remembered.
_MEMORY: Final = 10 * 60.0
#: Seconds that each wrong password beyond the limit adds, and that they come to at most.
_STEP: Final = 0.5
_LONGEST: Final = 15.0
#: Addresses that are remembered; of more, the one whose last failure is the longest ago is not.
_MOST: Final = 10_000


class FailedLogins:
    """Holds back the answers to an address that has shown many wrong passwords.

    Who knows the password is never held back, however many others share the address.

    Arguments:
        limits: ``failed_logins_per_peer``.
        clock: gives seconds.
    """

    def __init__(
        self, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._free = limits.failed_logins_per_peer
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def note(self, peer: str) -> float:
        """Note a wrong password; return the seconds by which to hold back its answer."""
        now = self._clock()
        count, last = self._failures.pop(peer, (0, now))
        if now - last > _MEMORY:
            count = 0
        self._failures[peer] = (count + 1, now)
        if len(self._failures) > _MOST:
            self._failures.popitem(last=False)
        return min(max(count + 1 - self._free, 0) * _STEP, _LONGEST)
