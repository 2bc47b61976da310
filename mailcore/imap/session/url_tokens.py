"""What makes a URL one that others may read, and who they are (RFC 4467 §2.4.1, §3, §6)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final

from mailcore.backend import (
    AuthorizesUrls,
    BackendError,
    Mailbox,
    NoSuchMailbox,
    NotPermitted,
    TooBig,
    UrlRole,
)
from mailcore.imap.session.shared import Shared
from mailcore.imap.session.urls import BadUrl, locate
from mailcore.imap.url import ImapUrl, UrlAuthorization, UrlError, parse_url
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.smtp.types import Reply
from mailcore.spool import Content

#: The one mechanism (RFC 4467 §2.4.1).
INTERNAL: Final = "INTERNAL"
# RFC 4467 §2.4.1: a token says by which algorithm it was made. This is HMAC-SHA256.
_ALGORITHM: Final = "01"
_KEY_OCTETS: Final = 32
_FAILED: Final = Reply.of(554, "5.7.0", "IMAP URL authorization failed")
_NOTHING: Final = Reply.of(554, "5.6.6", "IMAP URL resolution failed")

#: Tells whether whoever asks is among those that a URL is for.
Judge = Callable[[UrlAuthorization], bool]


class UrlRefused(BadUrl):
    """A URL is not authorized, or not for whoever asks, or not any more."""


def authorized(rump: str, key: bytes) -> str:
    """Return a URL with its proof (RFC 4467 §5).

    Arguments:
        rump: it ends in ``;URLAUTH=`` and who may read it.
        key: its owner's, for its mailbox.
    """
    return f"{rump}:{INTERNAL.lower()}:{_token(rump, key)}"


def _token(rump: str, key: bytes) -> str:
    return _ALGORITHM + hmac.digest(key, rump.encode(), "sha256").hex()


async def verified(
    account: AuthorizesUrls, text: str, now: datetime, judge: Judge
) -> tuple[ImapUrl, Mailbox]:
    """Return a URL and the mailbox that it names, if it may be read (RFC 4467 §6).

    Arguments:
        account: of whoever asks.
        text: the URL, octet for octet as it was made.
        now: the time, with a zone.
        judge: whether whoever asks is among those that it is for.

    Raises:
        UrlRefused: it may not.
    """
    try:
        url = parse_url(text)
    except UrlError as error:
        raise UrlRefused(f"Not an IMAP URL: {error}") from None
    proof = url.authorization
    if proof is None or not proof.mechanism or url.user is None or url.mailbox is None:
        raise UrlRefused("Not a URL that somebody has authorized")
    try:
        key = await account.url_key(url.user, url.mailbox)
    except NoSuchMailbox:
        key = None
    # It takes as long as with a wrong token: nobody learns which mailboxes there are.
    key = key or secrets.token_bytes(_KEY_OCTETS)
    rump = text.rsplit(":", 2)[0]
    genuine = hmac.compare_digest(_token(rump, key), proof.token.lower())
    expired = proof.expire is not None and proof.expire < now
    if not genuine or proof.mechanism != INTERNAL or expired or not judge(proof):
        raise UrlRefused("This URL is not authorized")
    try:
        return url, await account.open_for_url(url.user, url.mailbox)
    except (NoSuchMailbox, NotPermitted):
        raise UrlRefused("This URL is not authorized any more") from None


def fetches(account: AuthorizesUrls) -> Judge:
    """Return who an IMAP session is, in the eyes of a URL (RFC 4467 §3)."""
    role = account.url_role

    def judge(proof: UrlAuthorization) -> bool:
        match proof.access:
            case "submit+":
                return role is UrlRole.SUBMISSION
            case "user+":
                return role is UrlRole.USER and account.is_user(proof.user)
            case "authuser":
                return role is not UrlRole.ANONYMOUS
            case _:
                return True

    return judge


def submits(account: AuthorizesUrls) -> Judge:
    """Return who submits, in the eyes of a URL: "submit+" is for its user only (RFC 4468 §3.3)."""
    return lambda proof: not proof.user or account.is_user(proof.user)


async def read_authorized(
    account: AuthorizesUrls, url: str, now: datetime, limits: Limits = DEFAULT_LIMITS
) -> Content:
    """Return what a URL names, for BURL: all of :meth:`mailcore.backend.ResolvesUrls.read_url`.

    Arguments:
        account: of whoever submits.
        url: as the client gave it.
        now: the time, with a zone.
        limits: bounds on what is read.

    Raises:
        BackendError: with the reply 554 5.7.0 or 554 5.6.6 (RFC 4468 §6).
        TooBig: it is more than a message may have.
    """
    content = Content(memory=limits.spool_memory)
    try:
        found, mailbox = await verified(account, url, now, submits(account))
        located = await locate(found, mailbox, Shared(limits))
        if located.size > limits.message_size:
            raise TooBig
        async for data in located.chunks():
            content.write(data)
    except BadUrl as error:
        content.close()
        reply = _FAILED if isinstance(error, UrlRefused) else _NOTHING
        raise BackendError(str(error), reply=reply) from None
    except BaseException:
        content.close()
        raise
    return content
