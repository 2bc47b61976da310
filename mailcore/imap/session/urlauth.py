"""URLs of messages that others may read: GENURLAUTH, RESETKEY, URLFETCH (RFC 4467, RFC 5524)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mailcore.backend import AuthorizesUrls, BackendError, NoSuchMailbox
from mailcore.imap import commands
from mailcore.imap.responses import (
    FetchedUrl,
    GenUrlAuthResponse,
    LiteralChunk,
    Response,
    Tagged,
    UrlFetchBegin,
    UrlFetchEnd,
    UrlFetchResponse,
)
from mailcore.imap.session.answers import bad, cannot, no, ok
from mailcore.imap.session.binary import decoded
from mailcore.imap.session.reading import BrokenLiteral
from mailcore.imap.session.url_tokens import INTERNAL, authorized, fetches, verified
from mailcore.imap.session.urls import BadUrl, Located, cut, locate
from mailcore.imap.types import ResponseCode
from mailcore.imap.url import ImapUrl, UrlError, parse_url
from mailcore.imap.wire.cursor import Cursor
from mailcore.imap.wire.parse_structure import parse_body
from mailcore.message import Part, find_part
from mailcore.spool import CHUNK, Content

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

#: What SELECT and RESETKEY tell (RFC 4467 §8).
MECHANISMS: Final = ResponseCode("URLMECH", INTERNAL)
_TOO_MANY: Final = "Too many URLs"


async def generate(session: Session, command: commands.GenUrlAuth) -> Tagged:
    """GENURLAUTH: authorize URLs of this user's own mailboxes."""
    account = session.open_account
    if not isinstance(account, AuthorizesUrls) or session.time() is None:
        return cannot(command, "GENURLAUTH")
    if len(command.urls) > session.limits.urls:
        return bad(command, _TOO_MANY)
    made = []
    for rump, mechanism in command.urls:
        if mechanism != INTERNAL:
            return no(command, f"The only mechanism is {INTERNAL}")
        try:
            made.append(authorized(rump, await account.make_url_key(_owned(account, rump))))
        except BadUrl as error:
            return bad(command, str(error))
        except NoSuchMailbox:
            return bad(command, "There is no such mailbox")
    session.send(GenUrlAuthResponse(tuple(made)))
    return ok(command, "GENURLAUTH completed")


def _owned(account: AuthorizesUrls, rump: str) -> str:
    """Return the mailbox of a URL that this account may authorize; raises BadUrl."""
    try:
        url = parse_url(rump)
    except UrlError as error:
        raise BadUrl(f"Not an IMAP URL: {error}") from None
    if url.authorization is None or url.mailbox is None:
        raise BadUrl("The URL names no message, or does not say for whom it is")
    if url.authorization.mechanism:
        raise BadUrl("The URL is authorized already")
    if url.user is None or not account.is_user(url.user):
        raise BadUrl("The URL is not one of yours")
    return url.mailbox


async def reset(session: Session, command: commands.ResetKey) -> Tagged:
    """RESETKEY: what was authorized before is worth nothing any more."""
    account = session.open_account
    if not isinstance(account, AuthorizesUrls) or session.time() is None:
        return cannot(command, "RESETKEY")
    if command.mechanisms and INTERNAL not in command.mechanisms:
        return no(command, f"The only mechanism is {INTERNAL}")
    await account.reset_url_keys(command.mailbox)
    if command.mailbox is None:
        return ok(command, "All keys removed")
    return ok(command, "RESETKEY completed", MECHANISMS)


async def fetch(
    session: Session, command: commands.UrlFetch
) -> AsyncGenerator[Tagged | None, None]:
    """URLFETCH: whatever is wrong with a URL, NIL is all that is told of it."""
    account, now = session.open_account, session.time()
    if not isinstance(account, AuthorizesUrls) or now is None:
        yield cannot(command, "URLFETCH")
        return
    if len(command.urls) > session.limits.urls:
        yield bad(command, _TOO_MANY)
        return
    for wanted in command.urls:
        async with aclosing(_told(session, account, wanted, now)) as responses:
            async for response in responses:
                session.send(response)
                if session.output_is_full:
                    yield None
    await session.tell_updates()
    yield ok(command, "URLFETCH completed")


async def _told(
    session: Session, account: AuthorizesUrls, wanted: commands.WantedUrl, now: datetime
) -> AsyncGenerator[Response, None]:
    """Yield what is told of a URL, in pieces if it is much.

    Raises:
        BackendError: it can not be read now.
        BrokenLiteral: octets that were promised are not to be had.
    """
    with Content(memory=session.limits.spool_memory) as spool:
        try:
            url, mailbox = await verified(account, wanted.url, now, fetches(account))
            located = await locate(url, mailbox, session.shared)
            answer = await _Answer.of(session, wanted, url, located, spool)
            chunks = answer.chunks()
            first = await anext(chunks, b"")
        except BadUrl:
            yield UrlFetchResponse((FetchedUrl(wanted.url),))
            return
        if answer.size is None or answer.size <= CHUNK:
            data = None if answer.size is None else first
            yield UrlFetchResponse((FetchedUrl(wanted.url, data, answer.item, answer.structure),))
            return
        yield UrlFetchBegin(wanted.url, answer.size, answer.item, answer.structure, answer.has_nul)
        yield LiteralChunk(first)
        try:
            async for data in chunks:
                yield LiteralChunk(data)
        except (BadUrl, BackendError) as error:
            # Any answer to the command would be read as octets of the message.
            raise BrokenLiteral(f"message {located.uid} is unreadable") from error
        yield UrlFetchEnd()


class _Answer:
    """What is told of one URL that may be read."""

    def __init__(self, item: str, structure: Part | None, located: Located) -> None:
        self.item = item
        self.structure = structure
        self._located = located
        self._decoded: Content | None = None
        #: Octets, or None for NIL.
        self.size: int | None = located.size
        self.has_nul = False
        self._cut = (0, 0)

    @classmethod
    async def of(
        cls,
        session: Session,
        wanted: commands.WantedUrl,
        url: ImapUrl,
        located: Located,
        spool: Content,
    ) -> _Answer:
        item = next((one for one in wanted.items if one != "BODYPARTSTRUCTURE"), "")
        structure = None
        if "BODYPARTSTRUCTURE" in wanted.items:
            structure = _structure(session, url, located)
        answer = cls(item, structure, located)
        if wanted.items and not item:
            answer.size = None
        # Header and text of a message have no encoding to be undone.
        if item == "BINARY" and url.section.text is None:
            await answer._decode(session, url, spool)
        return answer

    async def _decode(self, session: Session, url: ImapUrl, spool: Content) -> None:
        located, lines = self._located, 0
        try:
            async for data in decoded(
                located.read, located.summary, url.section.path, session.limits
            ):
                spool.write(data)
                lines += data.count(b"\n")
                self.has_nul = self.has_nul or b"\0" in data
        except BackendError as error:
            if error.code != "UNKNOWN-CTE":
                raise
            # RFC 5524 §3.2: the structure shows which encoding it is.
            self.size = None
            return
        self._decoded, self._cut = spool, cut(url, 0, spool.size)
        self.size = self._cut[1] - self._cut[0]
        if self.structure is not None and not self.structure.children:
            # RFC 5524 §3.2: it describes what is told.
            self.structure = self.structure._replace(
                encoding="binary", body=0, end=spool.size, lines=lines
            )

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the octets."""
        if self.size is None:
            return
        if self._decoded is None:
            async for data in self._located.chunks():
                yield data
            return
        start, end = self._cut
        octets = self._decoded.buffer()
        for at in range(start, end, CHUNK):
            yield octets[at : min(at + CHUNK, end)]


def _structure(session: Session, url: ImapUrl, located: Located) -> Part | None:
    """Return the structure of a part, or None of what is none (RFC 5524 §3.1)."""
    if url.section.text is not None:
        return None
    whole = parse_body(Cursor(located.summary.bodystructure, depth=session.limits.mime_depth))
    return find_part(whole, url.section.path) if url.section.path else whole
