"""How the grammar says no."""

from __future__ import annotations

from mailcore.smtp.types import Reply


class Refused(Exception):
    """A command that is not one.

    Arguments:
        reply: what the client is told.
        fatal: whether the connection can not go on.
    """

    def __init__(self, reply: Reply, *, fatal: bool = False) -> None:
        super().__init__(reply.lines[0])
        self.reply = reply
        self.fatal = fatal
