"""Commands on many messages: how many at a time, and how far they are (RFC 9738, RFC 9585)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mailcore.imap import commands
from mailcore.imap.responses import Tagged, Untagged
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.types import ResponseCode, Status
from mailcore.limits import Limits

# RFC 9585 §3.1 asks for no more than one in ten seconds.
_INTERVAL: Final = 10.0


def within_limit(chosen: Chosen, limits: Limits) -> tuple[Chosen, ResponseCode | None]:
    """Return those messages that a command may take at a time, the newest ones (RFC 9738 §3.1).

    Arguments:
        chosen: rising.

    Returns:
        also the response code that says where to go on, if there are more.
    """
    limit = limits.messages_per_command
    if len(chosen) <= limit:
        return chosen, None
    kept = chosen[-limit:]
    return kept, ResponseCode("MESSAGELIMIT", f"{limit} {kept[0][1]}")


def too_many(command: commands.Command, count: int, limits: Limits) -> Tagged | None:
    """Return the NO for a command that does all of it or nothing, None if it may be done."""
    limit = limits.messages_per_command
    if count <= limit:
        return None
    code = ResponseCode("MESSAGELIMIT", str(limit))
    return Tagged(command.tag, Status.NO, "Too many messages at a time", code)


class Progress:
    """How long the command in hand has taken since something was told of it.

    Arguments:
        clock: seconds that never go back; None if there is none, and nothing is ever told.
    """

    def __init__(self, clock: Callable[[], float] | None) -> None:
        self._clock = clock
        self._told = 0.0

    def begin(self) -> None:
        """A command begins."""
        if self._clock is not None:
            self._told = self._clock()

    def report(self, command: commands.Command, done: int, goal: int) -> Untagged | None:
        """Return what to tell, if it is time.

        Arguments:
            command: in hand.
            done: messages that are dealt with.
            goal: how many there are.
        """
        if self._clock is None or (now := self._clock()) - self._told < _INTERVAL:
            return None
        self._told = now
        # "]" may be in a tag, and not in a response code.
        about = f'("{command.tag}" {done} {goal})' if "]" not in command.tag else ""
        return Untagged(Status.OK, "Still at it", ResponseCode("INPROGRESS", about))
