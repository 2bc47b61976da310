"""Which optional protocols somebody implements, and which capabilities an account does without."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked


@runtime_checkable
class WithholdsCapabilities(Protocol, metaclass=Checked):
    """Optional, on an account: capabilities of IMAP that its connections do without."""

    @property
    def disabled_capabilities(self) -> Collection[str]:
        """Names as CAPABILITY spells them, in any letter case: not advertised, and not served."""
        ...


def offered_by(things: Iterable[object], protocols: Iterable[type]) -> frozenset[type]:
    """Return those of the optional protocols that one of the things implements."""
    some = tuple(things)
    return frozenset(
        protocol for protocol in protocols if any(isinstance(one, protocol) for one in some)
    )
