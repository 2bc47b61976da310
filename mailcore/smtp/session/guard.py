"""The one place where a backend's exceptions become replies."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import TracebackType

from mailcore.backend import BackendError
from mailcore.errors import LocalProtocolError
from mailcore.smtp.session.replies import LOCAL_ERROR
from mailcore.smtp.types import Reply
from mailcore.smtp.wire.replies import encode_reply

log = logging.getLogger("mailcore.smtp")


class Verdict:
    """What became of a call to the backend: ``refusal`` is None if it returned.

    Arguments:
        bug: the reply to anything but a BackendError, which is logged as well.
    """

    __slots__ = ("_bug", "refusal")

    def __init__(self, bug: Reply) -> None:
        self._bug = bug
        self.refusal: Reply | None = None

    def __enter__(self) -> Verdict:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, BackendError):
            self.refusal = sendable(_reply_to(error), refusal=True, otherwise=self._bug)
        elif isinstance(error, Exception):
            log.error("the backend failed", exc_info=error)
            self.refusal = self._bug
        return self.refusal is not None


def guarded(bug: Reply = LOCAL_ERROR) -> Verdict:
    """Turn what the backend raises in the block into a refusal.

    Arguments:
        bug: the reply to anything but a BackendError, which is logged as well.
    """
    return Verdict(bug)


def _reply_to(error: BackendError) -> Reply:
    """Return the error's reply; the text that it was raised with replaces that of its class."""
    kind, reply, text = type(error), error.reply, str(error)
    by_default = (kind.__doc__ or "").split("\n", 1)[0].rstrip(".")
    if reply is not kind.reply or text in ("", by_default):
        return reply
    return replace(reply, lines=(text,))


def sendable(reply: Reply, *, refusal: bool, otherwise: Reply = LOCAL_ERROR) -> Reply:
    """Return a reply that the backend made, or ``otherwise`` if it can not be sent.

    Arguments:
        refusal: whether only 4yz and 5yz make sense here; else 2yz does too.
    """
    try:
        encode_reply(reply)
    except LocalProtocolError as error:
        log.error("the backend's reply is not one: %s", error)
        return otherwise
    if reply.accepted and (refusal or reply.code >= 300):
        log.error("the backend's reply does not answer this: %r", reply)
        return otherwise
    return reply
