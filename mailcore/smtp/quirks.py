"""Known breaches of RFC 5321 that a server may be told to let pass. All are off by default."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Flag, auto


class Quirk(Flag):
    """One leniency each; combine them with ``|``."""

    NONE = 0
    #: Command lines that end in a bare LF. Never within a message: that is how mail is smuggled.
    BARE_LF_COMMANDS = auto()
    #: ``MAIL FROM: <a@example.org>``, as some printers and cameras send it.
    SPACE_BEFORE_PATH = auto()
    #: ``MAIL FROM:a@example.org``, from the same family.
    PATH_WITHOUT_BRACKETS = auto()


def parse_quirks(names: Iterable[str]) -> Quirk:
    """Return the quirks of these names: ``space-before-path`` and the like.

    Raises:
        ValueError: there is no such quirk.
    """
    known = {str(one.name).lower().replace("_", "-"): one for one in Quirk}
    quirks = Quirk.NONE
    for name in names:
        if name not in known:
            raise ValueError(f"{name} is no quirk: {', '.join(known)}")
        quirks |= known[name]
    return quirks
