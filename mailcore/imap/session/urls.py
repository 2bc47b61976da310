"""What IMAP URLs name, read from mailboxes: for CATENATE (RFC 4469) and URLAUTH (RFC 4467)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from mailcore.backend import Mailbox, NoSuchMailbox, NotPermitted
from mailcore.imap.session.rights import check_readable
from mailcore.imap.session.shared import Shared
from mailcore.imap.summary import Summary
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


@dataclass(frozen=True, slots=True)
class Located:
    """Octets of a message that a URL names: a range of it, or some of its header fields.

    Arguments:
        mailbox, uid: where the message is.
        summary: of the message.
        start, end: the range, if ``data`` is None.
        data: the header fields.
    """

    mailbox: Mailbox
    uid: int
    summary: Summary
    start: int
    end: int
    data: bytes | None = None

    @property
    def size(self) -> int:
        """Octets in all."""
        return self.end - self.start if self.data is None else len(self.data)

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield them; raises BadUrl if the message is gone."""
        if self.data is not None:
            yield self.data
            return
        for at in range(self.start, self.end, CHUNK):
            yield await self.read(at, min(at + CHUNK, self.end))

    async def read(self, start: int, end: int) -> bytes:
        """Return octets of the message; raises BadUrl if it is gone."""
        return await _read(self.mailbox, self.uid, start, end)


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


async def open_own(session: Session, url: ImapUrl) -> Mailbox:
    """Return the mailbox that a URL names; raises BadUrl if there is none to be read."""
    name = url.mailbox or ""
    try:
        await check_readable(session, name)
        return await session.open_account.open(name)
    except (NoSuchMailbox, NotPermitted):
        raise BadUrl("There is no such mailbox") from None


async def locate(url: ImapUrl, mailbox: Mailbox, shared: Shared) -> Located:
    """Find what a URL names: what FETCH BODY.PEEK[...] would give (RFC 5092 §6).

    Raises:
        BadUrl: there is no such message, or it has no such part; or the mailbox is not the one
            that the URL was made for.
    """
    if url.uid_validity not in (None, mailbox.uid_validity):
        raise BadUrl("The mailbox has another UIDVALIDITY")
    uid, section = url.uid or 0, url.section
    summary = (await shared.summaries(mailbox, [uid])).get(uid)
    if summary is None:
        raise BadUrl("There is no such message")
    found = summary.resolve(section)
    if found is None:
        raise BadUrl("The message has no such part")
    start, end = found
    if section.fields:
        block = await _read(mailbox, uid, start, end)
        data = header_fields(block, section.fields, section.text == "HEADER.FIELDS.NOT")
        first, last = cut(url, 0, len(data))
        return Located(mailbox, uid, summary, start, end, data[first:last])
    return Located(mailbox, uid, summary, *cut(url, start, end))


def cut(url: ImapUrl, start: int, end: int) -> tuple[int, int]:
    """Return the part of a range that PARTIAL leaves; behind the end there is nothing."""
    first, count = url.partial or (0, None)
    start = min(start + first, end)
    return start, end if count is None else min(start + count, end)


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
