"""The one place where a backend's exceptions become replies."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from mailcore.backend import BackendError
from mailcore.errors import LocalProtocolError
from mailcore.smtp.session.replies import LOCAL_ERROR
from mailcore.smtp.types import Reply
from mailcore.smtp.wire.replies import encode_reply

log = logging.getLogger("mailcore.smtp")


class Verdict:
    """What became of a call to the backend: ``refusal`` is None if it returned."""

    __slots__ = ("refusal",)

    def __init__(self) -> None:
        self.refusal: Reply | None = None


@contextmanager
def guarded(bug: Reply = LOCAL_ERROR) -> Iterator[Verdict]:
    """Turn what the backend raises into a refusal.

    Arguments:
        bug: the reply to anything but a BackendError, which is logged as well.
    """
    verdict = Verdict()
    try:
        yield verdict
    except BackendError as error:
        verdict.refusal = sendable(_reply_to(error), refusal=True, otherwise=bug)
    except Exception:
        log.exception("the backend failed")
        verdict.refusal = bug


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
