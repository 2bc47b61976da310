"""Which optional protocols somebody implements, and which capabilities an account does without."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol, TypeGuard, TypeVar, cast, runtime_checkable

from mailcore.backend.checking import Checked

T = TypeVar("T")


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


def implements(one: object, protocol: Callable[..., T]) -> TypeGuard[T]:
    """Tell whether somebody implements an optional protocol, of methods only.

    ``isinstance`` looks at each method every time; a class remembers what it was asked.
    """
    kind = cast("type", protocol)  # no type[T]: that would have to be a concrete class
    return issubclass(type(one), kind) or isinstance(one, kind)
