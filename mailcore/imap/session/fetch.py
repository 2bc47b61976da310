"""FETCH (RFC 9051 §6.4.5): flags from the snapshot, structure from summaries, octets by ranges."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mailcore.backend import BackendError, FlagAction, Flaggable, Mailbox
from mailcore.imap import commands
from mailcore.imap.responses import (
    BinarySection,
    BinarySize,
    BodySection,
    Encoded,
    FetchAttribute,
    FetchBegin,
    FetchEnd,
    FetchResponse,
    FetchTable,
    Flags,
    InternalDate,
    LiteralBegin,
    LiteralChunk,
    ModSequence,
    Preview,
    Response,
    Rfc822,
    Rfc822Size,
    Tagged,
    Uid,
)
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.binary import decoded
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.fetch_octets import chosen_fields, octets_of
from mailcore.imap.session.fetch_table import Column, columns_of, fetch_tables
from mailcore.imap.session.gmail import labels_of
from mailcore.imap.session.identities import IDENTITY_ITEMS, Identities
from mailcore.imap.session.long_commands import within_limit
from mailcore.imap.session.reading import BrokenLiteral, message_size
from mailcore.imap.session.resync import vanished_since
from mailcore.imap.session.view import View
from mailcore.imap.summary import Summary
from mailcore.imap.types import (
    FetchAtt,
    FetchBinary,
    FetchBinarySize,
    FetchBody,
    FetchItem,
    FetchPreview,
    ResponseCode,
    Section,
    SequenceSet,
)
from mailcore.limits import MIB, Limits
from mailcore.spool import CHUNK, Content

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# Messages whose summaries are asked for, and whose \Seen is set, at a time.
_BATCH: Final = 100
# Messages of which only the snapshot is asked.
_LONG_BATCH: Final = 1000
#: Octets of a large section that are read, and held, at a time. Each reading has its price.
PIECE: Final = MIB
_SUMMARY_KINDS: Final = (FetchPreview, FetchBinary, FetchBinarySize)
_SUMMARY_ITEMS: Final = frozenset({"ENVELOPE", "BODY", "BODYSTRUCTURE"})
# RFC 822 items are sections by another name (RFC 3501 §6.4.5).
_RFC822: Final = {
    "RFC822": FetchBody(Section()),
    "RFC822.HEADER": FetchBody(Section(text="HEADER"), peek=True),
    "RFC822.TEXT": FetchBody(Section(text="TEXT")),
}


async def fetch(session: Session, command: commands.Fetch) -> AsyncGenerator[Tagged | None, None]:
    """FETCH and UID FETCH. Of messages that are gone nothing is told."""
    view = session.selected
    if command.vanished and not view.tells_vanished:
        yield bad(command, "ENABLE QRESYNC first")
        return
    plan = _Plan.of(session, command)
    chosen = view.select(command.numbers, command.uid)
    if command.partial is not None:
        # RFC 9394 §3.4: first the range, then those of it that have changed.
        chosen = chosen[command.partial.span(len(chosen))]
    if command.changed_since is not None:
        if command.vanished:
            for earlier in await vanished_since(view, command.changed_since, command.numbers):
                session.send(earlier)
        snapshot, since = view.snapshot, command.changed_since
        chosen = chosen.only(
            [uid for uid in snapshot.still(chosen.uids) if snapshot.modseq(uid) > since]
        )
    chosen, limited = within_limit(chosen, session.limits)
    told = _Told()
    size = _BATCH if plan.columns is None or plan.reads else _LONG_BATCH
    for start in range(0, len(chosen), size):
        if session.tell_progress(command, start, len(chosen)):
            yield None
        batch = chosen[start : start + size]
        uids = view.snapshot.still(batch.uids)
        told.newly_seen = await _mark_seen(view, uids) if plan.sets_seen else set()
        summaries: dict[int, Summary] = {}
        if plan.needs_summary:
            summaries = await session.shared.summaries(view.mailbox, uids)
        alone = plan.columns is None or told.newly_seen
        answers = _one_by_one if alone else _in_tables
        async with aclosing(answers(session, plan, batch, summaries, told)) as telling:
            async for _ in telling:
                yield None
    await session.tell_updates(expunge=command.uid, ask=told.missing, told=told.modseqs)
    code = ResponseCode("EXPUNGEISSUED") if told.missing and not command.uid else None
    yield ok(command, code=limited or code)


async def _in_tables(
    session: Session, plan: _Plan, batch: Chosen, summaries: dict[int, Summary], told: _Told
) -> AsyncGenerator[None, None]:
    """Send many messages at a time; yield when the output should go."""
    assert plan.columns is not None
    there = batch.only(session.selected.snapshot.still(batch.uids))
    told.missing = told.missing or len(there) < len(batch)
    tables = fetch_tables(session.selected, plan.columns, there, summaries)
    async with aclosing(tables):
        async for table in tables:
            if isinstance(table, FetchTable):
                session.send(table)
                if session.output_is_full:
                    yield None
                continue
            async with aclosing(_one_by_one(session, plan, table, summaries, told)) as telling:
                async for _ in telling:
                    yield None


async def _one_by_one(
    session: Session, plan: _Plan, batch: Chosen, summaries: dict[int, Summary], told: _Told
) -> AsyncGenerator[None, None]:
    """Send messages; yield when the output should go."""
    view = session.selected
    identities = Identities()
    if plan.needs_identities:
        uids = view.snapshot.still(batch.uids)
        identities = await Identities.of(view.mailbox, uids, plan.items)
    for number, uid in batch:
        message = _Message(view, number, uid, summaries.get(uid), identities, session.limits)
        try:
            await message.prepare(plan, uid in told.newly_seen)
        except KeyError:
            await message.aclose()
            told.missing = True
            continue
        except BaseException:
            await message.aclose()
            raise
        if uid in told.newly_seen:
            told.modseqs[uid] = message.told_modseq
        async with aclosing(message), aclosing(message.responses()) as responses:
            async for response in responses:
                session.send(response)
                if session.output_is_full:
                    yield None


@dataclass(slots=True)
class _Told:
    """What becomes known while messages are told.

    Arguments:
        missing: whether one of them was gone.
        newly_seen: those of the batch in hand that reading has made ``\\Seen``.
        modseqs: of such messages, the mod-sequence of the flags that were told.
    """

    missing: bool = False
    newly_seen: set[int] = field(default_factory=set)
    modseqs: dict[int, int] = field(default_factory=dict)


async def fetch_unasked(
    session: Session, uids: Sequence[int], items: Sequence[FetchItem], *, by_uid: bool = False
) -> None:
    """Send of messages what the client has asked for before they came; no flag is set.

    Arguments:
        session, uids, items: whose, and what.
        by_uid: the client counts no messages, so that it may be told at the end what is gone.
    """
    view = session.selected
    by_uid = by_uid or view.uid_only
    numbers = uids
    if not by_uid:
        numbers = [number for uid in uids if (number := view.number(uid)) is not None]
    peeks = tuple(
        replace(item, peek=True) if isinstance(item, FetchBody | FetchBinary) else item
        for item in items
    )
    command = commands.Fetch("*", SequenceSet.of(numbers), peeks, uid=by_uid)
    async for _ in fetch(session, command):
        pass


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a FETCH asks for, looked at once."""

    items: tuple[FetchItem, ...]
    needs_summary: bool
    reads: bool
    needs_identities: bool
    sets_seen: bool
    condstore: bool
    columns: tuple[Column, ...] | None

    @classmethod
    def of(cls, session: Session, command: commands.Fetch) -> _Plan:
        items = list(command.items)
        uid_only = session.selected.uid_only
        if command.uid and FetchAtt("UID") not in items and not uid_only:
            items.insert(0, FetchAtt("UID"))
        if command.changed_since is not None and FetchAtt("MODSEQ") not in items:
            items.append(FetchAtt("MODSEQ"))
        if FetchAtt("MODSEQ") in items:
            session.use_modseqs()
        elif session.selected.condstore and FetchAtt("FLAGS") in items:
            # RFC 7162 §3.2: whoever is told flags is told which state of them that is.
            items.append(FetchAtt("MODSEQ"))
        bodies = [body for item in items if (body := _as_body(item)) is not None]
        summary = any(
            isinstance(item, _SUMMARY_KINDS)
            or (isinstance(item, FetchAtt) and item.name in _SUMMARY_ITEMS)
            for item in items
        )
        needs_summary = summary or any(body.section != Section() for body in bodies)
        return cls(
            tuple(items),
            needs_summary=needs_summary,
            reads=needs_summary or bool(bodies),
            needs_identities=not IDENTITY_ITEMS.isdisjoint(items),
            sets_seen=any(not body.peek for body in bodies)
            or any(isinstance(item, FetchBinary) and not item.peek for item in items),
            condstore=session.selected.condstore,
            columns=columns_of(items),
        )


def _as_body(item: FetchItem) -> FetchBody | None:
    if isinstance(item, FetchAtt):
        return _RFC822.get(item.name)
    return item if isinstance(item, FetchBody) else None


async def _mark_seen(view: View, uids: Sequence[int]) -> set[int]:
    """Set ``\\Seen`` where it is missing; return where it is now set, so that it is told."""
    mailbox = view.mailbox
    if view.read_only or "s" not in view.rights or not isinstance(mailbox, Flaggable):
        return set()
    unseen = [
        uid for uid in uids if uid in view.snapshot and "\\Seen" not in view.snapshot.flags(uid)
    ]
    if not unseen or "\\Seen" not in mailbox.permanent_flags:
        return set()
    try:
        await mailbox.store_flags(unseen, FlagAction.ADD, frozenset({"\\Seen"}))
        await view.refresh()
    except BackendError:
        # Reading goes on without it: the client asked for octets.
        return set()
    return set(unseen)


@dataclass(frozen=True, slots=True)
class _Octets:
    """Octets that an item stands for: in memory, or a range still to be read."""

    item: FetchAtt | FetchBody
    origin: int | None
    data: bytes | None = None
    start: int = 0
    end: int = 0

    @property
    def attribute(self) -> FetchAttribute:
        if isinstance(self.item, FetchAtt):
            return Rfc822(self.item.name, self.data or b"")
        return BodySection(self.item.section, self.data, self.origin)

    @property
    def begin(self) -> LiteralBegin:
        item = self.item.name if isinstance(self.item, FetchAtt) else self.item.section
        return LiteralBegin(item, self.end - self.start, self.origin)

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Yield where to read them one after the other.

        They end where whole pieces of the message do, so that a mailbox that keeps it in rows or
        blocks reads each of these once.
        """
        start = self.start
        while start < self.end:
            end = min(start - start % PIECE + PIECE, self.end)
            yield start, end
            start = end


@dataclass(frozen=True, slots=True)
class _DecodedOctets:
    """What BINARY stands for, decoded into a spool."""

    item: FetchBinary
    content: Content
    start: int
    end: int
    has_nul: bool

    @property
    def begin(self) -> LiteralBegin:
        origin = None if self.item.partial is None else self.item.partial[0]
        return LiteralBegin(self.item.part, self.end - self.start, origin, self.has_nul)

    def chunks(self) -> Iterator[bytes]:
        data = self.content.buffer()
        for start in range(self.start, self.end, CHUNK):
            yield data[start : min(start + CHUNK, self.end)]


class _Message:
    """One message on its way out."""

    def __init__(
        self,
        view: View,
        number: int,
        uid: int,
        summary: Summary | None,
        identities: Identities,
        limits: Limits,
    ) -> None:
        self._view = view
        self._mailbox: Mailbox = view.mailbox
        self._number = uid if view.uid_only else number
        self._uid = uid
        self._summary = summary
        self._identities = identities
        self._attributes: list[FetchAttribute] = []
        self._large: list[_Octets | _DecodedOctets] = []
        self._spools: list[Content] = []
        self._limits = limits
        self._first = b""
        #: The mod-sequence at which the flags were that are told.
        self.told_modseq = 0

    async def prepare(self, plan: _Plan, newly_seen: bool) -> None:
        """Read all that is not large; KeyError if the message is gone."""
        for item in plan.items:
            if isinstance(item, FetchBinary):
                if self._known().part(item.part.path) is None:
                    origin = None if item.partial is None else item.partial[0]
                    self._attributes.append(BinarySection(item.part, None, origin))
                    continue
                self._large.append(await self._decoded(item))
                continue
            body = _as_body(item)
            if body is None:
                self._attributes.append(await self._attribute(item))
                continue
            assert isinstance(item, FetchAtt | FetchBody)
            octets = await self._octets(item, body)
            if octets.end > octets.start:
                self._large.append(octets)
            else:
                self._attributes.append(octets.attribute)
        with_uid = FetchAtt("UID") in plan.items or self._view.uid_only
        if newly_seen and plan.condstore and not with_uid:
            # RFC 7162 §3.2.4: flags that nobody asked for come with UID and mod-sequence.
            self._attributes.append(Uid(self._uid))
        if newly_seen and FetchAtt("FLAGS") not in plan.items:
            self._attributes.append(self._flags())
            if plan.condstore and FetchAtt("MODSEQ") not in plan.items:
                self._attributes.append(ModSequence(self._view.snapshot.modseq(self._uid)))
        if self._large and isinstance(self._large[0], _Octets):
            # A message that is gone is noticed before anything is promised.
            self._first = await self._read(*next(self._large[0].pieces()))

    async def responses(self) -> AsyncGenerator[Response, None]:
        """Yield the FETCH response, in pieces if it is large.

        Raises:
            BrokenLiteral: octets that were promised are not to be had.
        """
        if not self._large:
            yield FetchResponse(self._number, tuple(self._attributes), self._view.uid_only)
            return
        yield FetchBegin(self._number, tuple(self._attributes), self._view.uid_only)
        for octets in self._large:
            yield octets.begin
            if isinstance(octets, _DecodedOctets):
                for data in octets.chunks():
                    yield LiteralChunk(data)
                continue
            for start, end in octets.pieces():
                yield LiteralChunk(await self._promised(start, end))
        yield FetchEnd()

    async def _promised(self, start: int, end: int) -> bytes:
        data, self._first = self._first, b""
        try:
            data = data or await self._read(start, end)
        except KeyError:
            data = b""
        except Exception as error:
            # Any answer to the command would be read as octets of the message.
            raise BrokenLiteral(
                f"message {self._uid} of {self._view.name} is unreadable"
            ) from error
        if len(data) != end - start:
            raise BrokenLiteral(f"message {self._uid} of {self._view.name} ends too early")
        return data

    async def _attribute(self, item: FetchItem) -> FetchAttribute:
        if isinstance(item, FetchPreview):
            return Preview(self._known().preview)
        if isinstance(item, FetchBinarySize):
            return BinarySize(item.part, await self._decoded_size(item.part.path))
        assert isinstance(item, FetchAtt)
        name = item.name
        snapshot, uid = self._view.snapshot, self._uid
        match name:
            case "UID":
                # Nothing is told of a message that is gone.
                snapshot.modseq(uid)
                return Uid(uid)
            case "FLAGS":
                return self._flags()
            case "INTERNALDATE":
                return InternalDate(snapshot.internal_date(uid))
            case "MODSEQ":
                return ModSequence(snapshot.modseq(uid))
            case "RFC822.SIZE":
                return Rfc822Size(await self._size())
            case "X-GM-LABELS":
                return labels_of(snapshot.flags(uid))
            case "EMAILID" | "THREADID" | "SAVEDATE" | "X-GM-MSGID" | "X-GM-THRID":
                snapshot.modseq(uid)
                return self._identities.attribute(name, uid)
            case "ENVELOPE":
                return Encoded(b"ENVELOPE " + self._known().envelope)
            case "BODYSTRUCTURE":
                return Encoded(b"BODYSTRUCTURE " + self._known().bodystructure)
            case _:
                return Encoded(b"BODY " + self._known().body)

    def _flags(self) -> Flags:
        self.told_modseq = self._view.snapshot.modseq(self._uid)
        return Flags(self._view.flags(self._uid))

    def _known(self) -> Summary:
        if self._summary is None:
            raise KeyError(self._uid)
        return self._summary

    async def _size(self) -> int:
        if self._summary is not None:
            return self._summary.size
        size = await message_size(self._mailbox, self._view.snapshot, self._uid)
        if size is None:
            raise KeyError(self._uid)
        return size

    async def _octets(self, item: FetchAtt | FetchBody, body: FetchBody) -> _Octets:
        """Return the octets of a section if they are few, or the range where they lie."""
        origin = body.partial[0] if body.partial is not None else None
        size = await self._size() if body.section == Section() else None
        found = octets_of(body, size, self._summary)
        if found is None:
            return _Octets(item, origin)
        start, end = found
        if body.section.fields:
            return _Octets(item, origin, chosen_fields(body, await self._read(start, end)))
        if end - start > CHUNK:
            return _Octets(item, origin, start=start, end=end)
        return _Octets(item, origin, await self._read(start, end) if end > start else b"")

    async def _decoded(self, item: FetchBinary) -> _DecodedOctets:
        content = Content(memory=self._limits.spool_memory)
        self._spools.append(content)
        has_nul = False
        async for piece in decoded(self._read, self._known(), item.part.path, self._limits):
            content.write(piece)
            has_nul = has_nul or b"\0" in piece
        start, end = 0, content.size
        if item.partial is not None:
            start = min(item.partial[0], end)
            end = min(start + item.partial[1], end)
        return _DecodedOctets(item, content, start, end, has_nul)

    async def _decoded_size(self, path: tuple[int, ...]) -> int:
        size = 0
        async for piece in decoded(self._read, self._known(), path, self._limits):
            size += len(piece)
        return size

    async def aclose(self) -> None:
        """Give back what decoded octets took."""
        for content in self._spools:
            content.close()

    async def _read(self, start: int, end: int) -> bytes:
        return await self._mailbox.read(self._uid, start, end)
