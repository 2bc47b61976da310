"""Many FETCH responses at once: a column for each attribute, a line for each message.

What a line costs by itself (an object for the response and for each attribute, a look-up of its
encoder) is most of what FETCH 1:* costs; in a table it is paid once for each column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from mailcore.errors import LocalProtocolError
from mailcore.imap import responses as r
from mailcore.imap.types import in_order
from mailcore.imap.wire.dates import format_timestamp
from mailcore.imap.wire.encode_fetch import encode_item
from mailcore.imap.wire.quoting import flag_list, literal

#: How a value is written, and what makes that form of it; None for a number, or octets, as it is.
_Form = tuple[bytes, Callable[[Any], bytes] | None]


@lru_cache(maxsize=4096)
def _flags(flags: frozenset[str]) -> bytes:
    return flag_list(in_order(flags))


_FORMS: Final[dict[r.FetchColumn, _Form]] = {
    r.FetchColumn.UID: (b"UID %d", None),
    r.FetchColumn.FLAGS: (b"FLAGS %b", _flags),
    r.FetchColumn.INTERNALDATE: (b"INTERNALDATE %b", lambda date: format_timestamp(*date)),
    r.FetchColumn.SIZE: (b"RFC822.SIZE %d", None),
    r.FetchColumn.MODSEQ: (b"MODSEQ (%d)", None),
    r.FetchColumn.ENVELOPE: (b"ENVELOPE %b", None),
    r.FetchColumn.BODYSTRUCTURE: (b"BODYSTRUCTURE %b", None),
    r.FetchColumn.BODY: (b"BODY %b", None),
}


def _form(column: r.FetchColumn | r.SectionColumn) -> _Form:
    if isinstance(column, r.FetchColumn):
        return _FORMS[column]
    # The name stands in a format.
    name = encode_item(column.section, column.origin).replace(b"%", b"%%")
    return name + b" %b", _literal


def _literal(data: bytes | None) -> bytes:
    return b"NIL" if data is None else literal(data)


def encode_fetch_table(table: r.FetchTable) -> bytes:
    """Write all lines of a table.

    Raises:
        LocalProtocolError: a value cannot be written, or columns are not of one length.
    """
    word = b"UIDFETCH" if table.uid_only else b"FETCH"
    forms = [_form(column) for column in table.columns]
    line = b"* %%d %b (%b)\r\n" % (word, b" ".join(form for form, _ in forms))
    columns: list[Iterable[object]] = [table.numbers]
    for (_, encode), values in zip(forms, table.columns.values(), strict=True):
        columns.append(values if encode is None else map(encode, values))
    try:
        return b"".join([line % row for row in zip(*columns, strict=True)])
    except ValueError:
        raise LocalProtocolError("columns of different lengths") from None
