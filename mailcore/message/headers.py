"""Header fields of a message or a part, by offsets within their header block (RFC 5322 §2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailcore.message.buffer import Buffer, find_all

# optional-field =  field-name ":" unstructured CRLF
# field-name     =  1*ftext                 ; printable US-ASCII except ":"
# obs-optional   =  field-name *WSP ":" unstructured CRLF
# A line feed alone ends a line as well; the quantifiers are possessive, so that a line that is no
# field costs one look at each octet.
_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?+", re.MULTILINE)
_LINE_ENDS = b"\r\n\0"
BLANK_LINE = re.compile(rb"\n\r?\n")
LONGEST_BLANK_LINE = 3


@dataclass(frozen=True, slots=True)
class Header:
    """One header field.

    Arguments:
        name: the field name as written.
        value: what follows the colon and white space, with its folding, without the last line end.
        start: offset of the first octet of the field in its block.
        end: one past its last octet, line end included.
    """

    name: bytes
    value: bytes
    start: int
    end: int

    @property
    def unfolded(self) -> bytes:
        """The value on one line, without white space around it; see :func:`unfold`."""
        return unfold(self.value)


def headers(block: bytes) -> Iterator[Header]:
    """Yield the fields of a header block in order.

    Lines that are no header field are passed over.

    Arguments:
        block: the octets of a header, with or without its blank line.
    """
    for match in _FIELD.finditer(block):
        value = match[2]
        yield Header(match[1], value.removesuffix(b"\r"), match.start(), match.end())


def field_values(block: bytes) -> dict[bytes, list[bytes]]:
    """Return the raw values of each field in order, by its name in lower case.

    For whoever wants several fields: the block is looked at once.

    Arguments:
        block: as for :func:`headers`.
    """
    found: dict[bytes, list[bytes]] = {}
    for name, value in _FIELD.findall(block):
        found.setdefault(name.lower(), []).append(value.removesuffix(b"\r"))
    return found


def header_block(data: Buffer, most: int = 1 << 20) -> bytes:
    """Return the header of a message with its blank line, cut where it is too long.

    Arguments:
        data: the octets of the message.
        most: octets to return, at most.
    """
    most = min(len(data), most)
    for blank in (b"\n", b"\r\n"):
        if data[: len(blank)] == blank:
            return data[: len(blank)]
    found = next(find_all(BLANK_LINE, data, 0, most, LONGEST_BLANK_LINE), None)
    return data[: most if found is None else found.end()]


def unfold(value: bytes) -> bytes:
    """Unfold a raw value (RFC 5322 §2.2.3) and strip it.

    CR, LF and NUL are removed wherever they stand: a stray one must not reach a protocol line.
    """
    return value.translate(None, _LINE_ENDS).strip(b" \t")


def find_header(block: bytes, name: str | bytes) -> bytes | None:
    """Return the unfolded value of the first field of that name, or None.

    Arguments:
        block: the octets of a header.
        name: a field name, in any case.
    """
    wanted = _folded(name)
    for match in _FIELD.finditer(block):
        if match[1].lower() == wanted:
            return unfold(match[2])
    return None


def header_fields(block: bytes, names: Iterable[str | bytes], exclude: bool = False) -> bytes:
    """Return the subset of a header that BODY[HEADER.FIELDS (...)] asks for (RFC 9051 §6.4.5.1).

    The fields keep their order, case and folding. The blank line of the block is part of the
    subset; a block without one (a message without a body) yields none.

    Arguments:
        block: the octets of the whole header, blank line included.
        names: field names, in any case.
        exclude: HEADER.FIELDS.NOT: everything but these.
    """
    wanted = {_folded(name) for name in names}
    pieces: list[bytes] = []
    rest = 0
    for match in _FIELD.finditer(block):
        if match[1].lower() in wanted:
            pieces.append(block[rest : match.start()] if exclude else match[0])
            rest = match.end()
    pieces.append(block[rest:] if exclude else _blank_line(block))
    return b"".join(pieces)


def _blank_line(block: bytes) -> bytes:
    for blank in (b"\r\n", b"\n"):
        if block == blank or block.endswith(b"\n" + blank):
            return blank
    return b""


def _folded(name: str | bytes) -> bytes:
    return (name.encode("utf-8", "replace") if isinstance(name, str) else name).lower()
