"""What IMAP URLs name, read from mailboxes: for CATENATE (RFC 4469) and URLAUTH (RFC 4467)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from mailcore.backend import Account, Mailbox, NoSuchMailbox, NotPermitted
from mailcore.imap.session.shared import Shared
from mailcore.imap.url import ImapUrl, UrlError, is_absolute, parse_url
from mailcore.message import header_fields
from mailcore.spool import CHUNK

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# What a response code can hold of a URL as it was written (RFC 4469 §5, url-resp-text).
_PRINTABLE: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "]")
# RFC 4469 §3: relative URLs are resolved on this server, whatever it is called.
_HERE: Final = "localhost"


class BadUrl(Exception):
    """A URL names nothing that can be read here; its text is for the client."""


def own_url(session: Session, text: str) -> ImapUrl:
    """Read a URL that names a message of the account that is logged in (RFC 4469 §3).

    Raises:
        BadUrl: it does not.
    """
    if is_absolute(text):
        raise BadUrl("Only relative URLs are taken here")
    base = ImapUrl(_HERE, mailbox=session.view.name if session.view else None)
    try:
        url = parse_url(text, base)
    except UrlError as error:
        raise BadUrl(f"Not an IMAP URL: {error}") from None
    if url.uid is None or url.authorization is not None:
        raise BadUrl("This URL names no message")
    return url


async def open_own(account: Account, url: ImapUrl) -> Mailbox:
    """Return the mailbox that a URL names.

    Raises:
        BadUrl: there is none, or it is not the one that the URL was made for.
    """
    try:
        mailbox = await account.open(url.mailbox or "")
    except (NoSuchMailbox, NotPermitted):
        raise BadUrl("There is no such mailbox") from None
    if url.uid_validity not in (None, mailbox.uid_validity):
        raise BadUrl("The mailbox has another UIDVALIDITY")
    return mailbox


async def octets(url: ImapUrl, mailbox: Mailbox, shared: Shared) -> AsyncGenerator[bytes, None]:
    """Yield what a URL names, in pieces: what FETCH BODY.PEEK[...] would give (RFC 5092 §6).

    Raises:
        BadUrl: there is no such message, or it has no such part.
    """
    uid, section = url.uid or 0, url.section
    summary = (await shared.summaries(mailbox, [uid])).get(uid)
    if summary is None:
        raise BadUrl("There is no such message")
    found = summary.resolve(section)
    if found is None:
        raise BadUrl("The message has no such part")
    start, end = found
    first, count = url.partial or (0, None)
    if section.fields:
        block = await _read(mailbox, uid, start, end)
        data = header_fields(block, section.fields, section.text == "HEADER.FIELDS.NOT")
        yield data[first : None if count is None else first + count]
        return
    start = min(start + first, end)
    end = end if count is None else min(start + count, end)
    for at in range(start, end, CHUNK):
        yield await _read(mailbox, uid, at, min(at + CHUNK, end))


async def _read(mailbox: Mailbox, uid: int, start: int, end: int) -> bytes:
    try:
        data = await mailbox.read(uid, start, end)
    except KeyError:
        data = b""
    if len(data) != end - start:
        raise BadUrl("There is no such message any more")
    return data


def in_response_code(url: str) -> str:
    """Return a URL in a form that stands in a response code, whatever was in it."""
    return quote(url, safe=_PRINTABLE, errors="replace")
