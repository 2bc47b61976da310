"""How octets get into a line: the one place that decides between atom, quoted string and literal.

No CR, LF or NUL passes here but inside a literal.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mailcore.errors import LocalProtocolError
from mailcore.imap.types import PartialRange, SequenceSet
from mailcore.imap.wire.mutf7 import encode_mutf7
from mailcore.imap.wire.strings import ASTRING, ATOM

# QUOTED-CHAR     =  <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-...
# Longer strings travel better as literals: clients have line buffers.
_PLAIN = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-!#-\[\]-\x7f]{0,1000}")
_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]{0,1000}")
_QUOTABLE_UTF8 = re.compile(rb"[^\x00\r\n]{0,1000}")
# TEXT-CHAR       =  <any CHAR except CR and LF>
# Not in text, whatever it came from: any control, and what a client of RFC 3501 cannot read.
# tag             =  1*<any ASTRING-CHAR except "+">
_TAG = re.compile(r'[^\x00-\x20\x7f-\U0010ffff(){%*"\\+]++')
_NO_TEXT = re.compile(r"[^\x20-\x7e]")
_LINE_END = re.compile(rb"\{([0-9]{1,19}+)\+?\}\r\n|[\r\n\x00]")
_FLAG = re.compile(r'\\?[^\x00-\x20\x7f-\U0010ffff(){%*"\\\]]++|\\\*')
# objectid        =  1*255(ALPHA / DIGIT / "_" / "-")              ; RFC 8474 §7
_OBJECT_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_CODE_ARGUMENT = re.compile(r"[\x20-\x5c\x5e-\x7e]*+")


def quoted(data: bytes, *, utf8: bool = False) -> bytes | None:
    """Return a quoted string; None if it has to be a literal."""
    if _PLAIN.fullmatch(data) is not None:
        return b'"%b"' % data
    if _QUOTABLE.fullmatch(data) is None and not (utf8 and _is_quotable_utf8(data)):
        return None
    return b'"' + data.replace(b"\\", rb"\\").replace(b'"', rb"\"") + b'"'


def _is_quotable_utf8(data: bytes) -> bool:
    if _QUOTABLE_UTF8.fullmatch(data) is None:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def literal(data: bytes) -> bytes:
    """Return a literal as a server sends it."""
    return literal_head(len(data)) + data


def literal_head(size: int) -> bytes:
    """Return what stands before the octets of a literal."""
    return b"{%d}\r\n" % size


def string(data: bytes, *, utf8: bool = False) -> bytes:
    """Return a quoted string or a literal."""
    text = quoted(data, utf8=utf8)
    return literal(data) if text is None else text


def nstring(data: bytes | None) -> bytes:
    """Return a string, or NIL for None."""
    return b"NIL" if data is None else quoted(data) or literal(data)


def octets(data: bytes | None) -> bytes:
    """Return a string, a literal8 for what holds NUL (RFC 3516 §4.1), or NIL for None."""
    return b"~" + literal(data) if data is not None and b"\0" in data else nstring(data)


def astring(data: bytes, *, utf8: bool = False) -> bytes:
    """Return an atom where that is possible, else a string."""
    return data if is_plain(data) else string(data, utf8=utf8)


def is_plain(data: bytes) -> bool:
    """Tell whether octets need no quotes, and are not NIL."""
    return ASTRING.fullmatch(data) is not None and data.upper() != b"NIL"


def mailbox(name: str, *, utf8: bool) -> bytes:
    """Return the octets of a mailbox name, not quoted yet.

    Raises:
        LocalProtocolError: the name holds a lone surrogate.
    """
    try:
        return name.encode() if utf8 else encode_mutf7(name)
    except UnicodeEncodeError:
        raise LocalProtocolError("mailbox name is not Unicode") from None


def atom(text: str) -> bytes:
    """Return an atom.

    Raises:
        LocalProtocolError: it is none.
    """
    data = text.encode("ascii", "replace")
    if ATOM.fullmatch(data) is None or not text.isascii():
        raise LocalProtocolError(f"not an atom: {text!r}")
    return data


def is_keyword(text: str) -> bool:
    """Tell whether a text can be a flag of the user's own (RFC 9051 §9, flag-keyword)."""
    return not text.startswith("\\") and _FLAG.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def flag_list(flags: tuple[str, ...]) -> bytes:
    """Return flags, or mailbox attributes, in brackets.

    Raises:
        LocalProtocolError: one of them is no flag.
    """
    for flag in flags:
        if _FLAG.fullmatch(flag) is None:
            raise LocalProtocolError(f"not a flag: {flag!r}")
    return f"({' '.join(flags)})".encode("ascii")


def tag(text: str) -> bytes:
    """Return a tag.

    Raises:
        LocalProtocolError: it is none.
    """
    if not (text.isalnum() and text.isascii()) and _TAG.fullmatch(text) is None:
        raise LocalProtocolError(f"not a tag: {text!r}")
    return text.encode("ascii")


def line_text(text: str) -> bytes:
    """Return human-readable text that cannot leave its line."""
    return _NO_TEXT.sub("?", text).encode("ascii")


def code_argument(text: str) -> bytes:
    """Return the argument of a response code.

    Raises:
        LocalProtocolError: it holds "]", or what is not printable US-ASCII.
    """
    if _CODE_ARGUMENT.fullmatch(text) is None:
        raise LocalProtocolError(f"not an argument of a response code: {text!r}")
    return text.encode("ascii")


def object_id(text: str) -> bytes:
    """Return an id of RFC 8474 in its brackets.

    Raises:
        LocalProtocolError: it is none.
    """
    if _OBJECT_ID.fullmatch(text) is None:
        raise LocalProtocolError(f"not an object id: {text!r}")
    return f"({text})".encode("ascii")


def raw(data: bytes) -> bytes:
    """Return what is in wire notation already, as another connection has read it.

    Raises:
        LocalProtocolError: a CR, LF or NUL stands outside of its literals.
    """
    at = 0
    while (found := _LINE_END.search(data, at)) is not None:
        if found[1] is None or found.end() + int(found[1]) > len(data):
            raise LocalProtocolError("not in wire notation")
        at = found.end() + int(found[1])
    return data


def number(value: int) -> bytes:
    """Return a number.

    Raises:
        LocalProtocolError: it is negative.
    """
    if value < 0:
        raise LocalProtocolError(f"not a number: {value}")
    return b"%d" % value


def partial_range(wanted: PartialRange) -> bytes:
    """Return a range of results.

    Raises:
        LocalProtocolError: there is no place 0, and both count from the same end.
    """
    if wanted.first * wanted.last <= 0:
        raise LocalProtocolError(f"not a range of results: {wanted}")
    return str(wanted).encode("ascii")


def sequence_set(numbers: SequenceSet) -> bytes:
    """Return a sequence set.

    Raises:
        LocalProtocolError: it is empty.
    """
    if not numbers.ranges and not numbers.saved:
        raise LocalProtocolError("a sequence set is not empty")
    return str(numbers).encode("ascii")
