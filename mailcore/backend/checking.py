"""How it is found out what a backend implements: ``isinstance`` of optional protocols, quickly."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from abc import ABCMeta as _ProtocolMeta
else:
    _ProtocolMeta = type(Protocol)


class Checked(_ProtocolMeta):
    """A protocol that is asked for by ``isinstance`` with each command.

    Before Python 3.12 the metaclass of ``Protocol`` gathers the members from all bases each time,
    which takes longer than all else that some commands do. The answer is the same: an object has
    to have each member, and none of the methods may be None.
    """

    def __instancecheck__(cls, instance: object) -> bool:
        if not getattr(cls, "_is_protocol", False):  # a class that implements one
            return super().__instancecheck__(instance)
        for name, is_method in _members(cls):
            if getattr(instance, name, None) is None and (is_method or not hasattr(instance, name)):
                return False
        return True


@cache
def _members(protocol: type) -> tuple[tuple[str, bool], ...]:
    """Return the names that a protocol asks for, each with whether it is a method."""
    names = {
        name: callable(getattr(protocol, name, None))
        for base in reversed(protocol.__mro__)
        if getattr(base, "_is_protocol", False) and base is not Protocol
        for name in (*vars(base).get("__annotations__", ()), *vars(base))
        if not name.startswith("_")
    }
    return tuple(names.items())
