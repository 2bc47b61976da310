"""FETCH of what the snapshot and the summaries know: many messages in one table."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from typing import Any, Final

from mailcore.imap.responses import FetchColumn, FetchTable, SectionColumn
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.fetch_octets import Sections
from mailcore.imap.session.view import View
from mailcore.imap.snapshot import Rows
from mailcore.imap.summary import Summary
from mailcore.imap.types import FetchAtt, FetchBody, FetchItem

_COLUMNS: Final = {
    "UID": FetchColumn.UID,
    "FLAGS": FetchColumn.FLAGS,
    "INTERNALDATE": FetchColumn.INTERNALDATE,
    "RFC822.SIZE": FetchColumn.SIZE,
    "MODSEQ": FetchColumn.MODSEQ,
    "ENVELOPE": FetchColumn.ENVELOPE,
    "BODYSTRUCTURE": FetchColumn.BODYSTRUCTURE,
    "BODY": FetchColumn.BODY,
}


#: A section is a column of what it names.
Column = FetchColumn | FetchBody


def columns_of(items: Sequence[FetchItem]) -> tuple[Column, ...] | None:
    """Return the columns that tell these items, or None if one of them has none."""
    found: list[Column] = []
    for item in items:
        column: Column | None = item if isinstance(item, FetchBody) else None
        if isinstance(item, FetchAtt):
            column = _COLUMNS.get(item.name)
        if column is None:
            return None
        found.append(column)
    columns = tuple(dict.fromkeys(found))
    sections = [_told_as(column) for column in columns if isinstance(column, FetchBody)]
    # Two parts that begin at one octet have one name: a table has room for only one of them.
    return columns if len(set(sections)) == len(sections) else None


def _told_as(body: FetchBody) -> SectionColumn:
    return SectionColumn(body.section, None if body.partial is None else body.partial[0])


async def fetch_tables(
    view: View,
    columns: Sequence[Column],
    batch: Chosen,
    summaries: Mapping[int, Summary],
) -> AsyncGenerator[FetchTable | Chosen, None]:
    """Yield tables of some messages, of which none is gone, in their order.

    Arguments:
        summaries: by UID, where a column needs them.

    Yields:
        Chosen for those that are better told one by one: large, or not known, or gone by now.
    """
    bodies = [column for column in columns if isinstance(column, FetchBody)]
    if not bodies:
        yield fetch_table(view, columns, batch, summaries) or batch
        return
    sizes = _sizes(view.snapshot.rows(batch.uids))
    sections = Sections.find(bodies, batch.uids, sizes, summaries)
    if sections is None:
        yield batch
        return
    for run, together in sections.runs():
        part = batch[run]
        read = await sections.read(view.mailbox, run) if together else None
        if read is None or len(view.snapshot.still(part.uids)) < len(part):
            yield part
        else:
            yield fetch_table(view, columns, part, summaries, read) or part


def fetch_table(
    view: View,
    columns: Sequence[Column],
    there: Chosen,
    summaries: Mapping[int, Summary],
    sections: Iterable[list[bytes | None]] = (),
) -> FetchTable | None:
    """Make the table of some messages, of which none is gone; None if something is not known.

    Arguments:
        summaries: by UID, where a column needs them.
        sections: octets of each section that is a column.
    """
    given = iter(sections)
    rows = view.snapshot.rows(there.uids)
    made: dict[FetchColumn | SectionColumn, Sequence[Any]] = {}
    for column in columns:
        if isinstance(column, FetchBody):
            made[_told_as(column)] = next(given)
            continue
        values = _values(view, column, rows, summaries)
        if values is None:
            return None
        made[column] = values
    return FetchTable(there.uids if view.uid_only else there.numbers, made, view.uid_only)


def _values(
    view: View, column: FetchColumn, rows: Rows, summaries: Mapping[int, Summary]
) -> Sequence[Any] | None:
    match column:
        case FetchColumn.UID:
            return rows.uids
        case FetchColumn.FLAGS:
            return view.flags_of(rows)
        case FetchColumn.INTERNALDATE:
            return list(zip(rows.dates, rows.zones, strict=True))
        case FetchColumn.SIZE:
            return _sizes(rows)
        case FetchColumn.MODSEQ:
            return rows.modseqs
    try:
        known = [summaries[uid] for uid in rows.uids]
    except KeyError:
        return None
    match column:
        case FetchColumn.ENVELOPE:
            return [summary.envelope for summary in known]
        case FetchColumn.BODYSTRUCTURE:
            return [summary.bodystructure for summary in known]
        case _:
            return [summary.body for summary in known]


def _sizes(rows: Rows) -> Sequence[int] | None:
    """Return the octets of each, or None if one is not known."""
    sizes = rows.sizes
    return sizes if min(sizes, default=0) >= 0 else None
