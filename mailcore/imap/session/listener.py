"""How one IMAP listener differs from another: what an operator sets for it."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.session.capability_table import CAPABILITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapListener:
    """What is special about one listener.

    Arguments:
        disable: capabilities to do without, as CAPABILITY spells them: ``COMPRESS=DEFLATE``.

    Raises:
        ValueError: no such capability.
    """

    disable: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.disable:
            if not CAPABILITIES.knows(name):
                raise ValueError(f"no such capability: {name!r}")
