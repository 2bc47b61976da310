"""Addresses that behave as they are called: to see one's program meet a bounce, at no risk."""

from __future__ import annotations

from typing import Final

from mailcore.smtp import Reply

#: Nothing to this domain leaves the machine, whatever the relay mode.
DOMAIN: Final = "simulator.test"

_BOUNCE: Final = Reply.of(550, "5.1.1", "The simulator has no such user")
_LATER: Final = Reply.of(451, "4.7.1", "The simulator takes it the second time")
_TAKEN: Final = Reply.of(250, "2.0.0", "The simulator took it")


def is_simulated(address: str) -> bool:
    """Tell whether an address is one of the simulator's."""
    return address.rpartition("@")[2].lower() == DOMAIN


def reply_of(address: str, attempt: int) -> Reply:
    """Return what the simulator says to a message.

    Arguments:
        attempt: its number, from 1.
    """
    name = address.partition("@")[0].lower()
    if name == "bounce":
        return _BOUNCE
    return _LATER if name == "delay" and attempt == 1 else _TAKEN


def complains(address: str) -> bool:
    """Tell whether whoever reads this mail calls it spam."""
    return is_simulated(address) and address.partition("@")[0].lower() == "complain"
