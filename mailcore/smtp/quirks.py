"""Known breaches of RFC 5321 that a server may be told to let pass. All are off by default."""

from __future__ import annotations

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
