"""Many FETCH responses at once: a column for each attribute, a line for each message.

What a line costs by itself (an object for the response and for each attribute, a look-up of its
encoder) is most of what FETCH 1:* costs; in a table it is paid once for each column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from mailcore.errors import LocalProtocolError
from mailcore.imap import responses as r
from mailcore.imap.types import in_order
from mailcore.imap.wire.dates import format_timestamp
from mailcore.imap.wire.encode_fetch import encode_item
from mailcore.imap.wire.quoting import flag_list, literal_head

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


def _section_name(column: r.SectionColumn) -> bytes:
    # The name stands in a format.
    return encode_item(column.section, column.origin).replace(b"%", b"%%")


def _head(data: bytes | None) -> bytes:
    return b"NIL" if data is None else literal_head(len(data))


def encode_fetch_table(table: r.FetchTable) -> bytes:
    """Write all lines of a table.

    Raises:
        LocalProtocolError: a value cannot be written, or columns are not of one length.
    """
    # Octets are pieces by themselves: a body is copied once, into the answer.
    pieces: list[Sequence[bytes]] = []
    # What stands in each line up to the next octets: a format, and the columns that it takes.
    text = b"* %%d %b (" % (b"UIDFETCH" if table.uid_only else b"FETCH")
    taken: list[Iterable[object]] = [table.numbers]
    separator = b""
    try:
        for column, values in table.columns.items():
            if isinstance(column, r.FetchColumn):
                form, encode = _FORMS[column]
                text += separator + form
                taken.append(values if encode is None else map(encode, values))
            else:
                text += separator + _section_name(column) + b" %b"
                taken.append(map(_head, values))
                pieces.append([text % row for row in zip(*taken, strict=True)])
                pieces.append([data or b"" for data in values])
                text, taken = b"", []
            separator = b" "
        text += b")\r\n"
        if taken:
            pieces.append([text % row for row in zip(*taken, strict=True)])
        else:
            pieces.append([text] * len(table.numbers))
        if len(pieces) == 1:
            return b"".join(pieces[0])
        return b"".join(chain.from_iterable(zip(*pieces, strict=True)))
    except ValueError:
        raise LocalProtocolError("columns of different lengths") from None
