"""SEARCH keys in wire notation (RFC 9051 §6.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailcore.errors import LocalProtocolError
from mailcore.imap import searchkeys as keys
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.wire.cursor import MAX_32
from mailcore.imap.wire.dates import format_date
from mailcore.imap.wire.fragments import Fragments
from mailcore.imap.wire.gmail import write_label
from mailcore.imap.wire.quoting import atom, number, sequence_set

_SYSTEM_FLAGS = {
    f"\\{name}": name.upper().encode("ascii")
    for name in ("Answered", "Deleted", "Draft", "Flagged", "Seen", "Recent")
}
_FIELDS = {keys.INTERNAL: "", keys.SENT: "SENT", keys.SAVED: "SAVED"}
_OBJECT_IDS = frozenset({"EMAILID", "THREADID"})
_GMAIL_IDS = frozenset({"X-GM-MSGID", "X-GM-THRID"})
_RELATIONS = frozenset({"BEFORE", "ON", "SINCE"})
_AGES = frozenset({"OLDER", "YOUNGER"})


def write_search_key(out: Fragments, key: SearchKey, codec: str) -> None:
    """Write a key.

    Arguments:
        out: where to.
        key: what.
        codec: in which strings are written.

    Raises:
        LocalProtocolError: it cannot be written.
    """
    _WRITERS[type(key)](out, key, codec)


def write_search_keys(out: Fragments, key: SearchKey, codec: str) -> None:
    """Write the keys of a whole SEARCH, where those of an And need no brackets."""
    parts = key.keys if isinstance(key, keys.And) else (key,)
    if not parts:
        raise LocalProtocolError("And needs a key")
    for index, part in enumerate(parts):
        if index:
            out.line(b" ")
        write_search_key(out, part, codec)


def _and(out: Fragments, key: keys.And, codec: str) -> None:
    out.line(b"(")
    write_search_keys(out, key, codec)
    out.line(b")")


def _or(out: Fragments, key: keys.Or, codec: str) -> None:
    out.line(b"OR ")
    write_search_key(out, key.left, codec)
    out.line(b" ")
    write_search_key(out, key.right, codec)


def _not(out: Fragments, key: keys.Not, codec: str) -> None:
    out.line(b"NOT ")
    write_search_key(out, key.key, codec)


def _fuzzy(out: Fragments, key: keys.Fuzzy, codec: str) -> None:
    out.line(b"FUZZY ")
    write_search_key(out, key.key, codec)


def _like(out: Fragments, key: keys.Like, codec: str) -> None:
    raise LocalProtocolError("Like is for searching; Fuzzy can be said")


def _has_flag(out: Fragments, key: keys.HasFlag, codec: str) -> None:
    out.line(_SYSTEM_FLAGS.get(key.flag) or b"KEYWORD " + atom(key.flag))


def _in_set(out: Fragments, key: keys.InSet, codec: str) -> None:
    out.line(b"UID " * key.uid + sequence_set(key.numbers))


def _header(out: Fragments, key: keys.Header, codec: str) -> None:
    out.line(b"HEADER ")
    out.text(key.name)
    out.line(b" ")
    out.text(key.value, codec)


def _string(word: bytes) -> Callable[[Fragments, Any, str], None]:
    def write(out: Fragments, key: keys.Body | keys.Text, codec: str) -> None:
        out.line(word)
        out.text(key.value, codec)

    return write


def _object_id(out: Fragments, key: keys.ObjectIdKey, codec: str) -> None:
    if key.name not in _OBJECT_IDS:
        raise LocalProtocolError(f"not a name of an id: {key.name!r}")
    out.line(key.name.encode("ascii") + b" " + atom(key.value))


def _gmail_id(out: Fragments, key: keys.GmailId, codec: str) -> None:
    if key.name not in _GMAIL_IDS:
        raise LocalProtocolError(f"not a name of an id: {key.name!r}")
    out.line(key.name.encode("ascii") + b" " + number(key.value))


def _gmail_label(out: Fragments, key: keys.GmailLabel, codec: str) -> None:
    out.line(b"X-GM-LABELS ")
    write_label(out, key.label)


def _gmail_raw(out: Fragments, key: keys.GmailRaw, codec: str) -> None:
    out.line(b"X-GM-RAW ")
    out.text(key.query, codec)


def _of_queries(out: Fragments, key: keys.HasAttachment | keys.InMailbox, codec: str) -> None:
    raise LocalProtocolError(f"SEARCH has no such key: {key}")


def _date(out: Fragments, key: keys.DateKey, codec: str) -> None:
    if key.relation not in _RELATIONS:
        raise LocalProtocolError(f"not a relation of dates: {key.relation!r}")
    out.line(f"{_FIELDS[key.field]}{key.relation} ".encode("ascii") + format_date(key.day))


def _age(out: Fragments, key: keys.Age, codec: str) -> None:
    if key.relation not in _AGES:
        raise LocalProtocolError(f"not a relation of ages: {key.relation!r}")
    if not 0 < key.seconds <= MAX_32:
        raise LocalProtocolError(f"not an interval: {key.seconds}")
    out.line(f"{key.relation} {key.seconds}".encode("ascii"))


_WRITERS: dict[type[SearchKey], Callable[[Fragments, Any, str], None]] = {
    keys.All: lambda out, key, codec: out.line(b"ALL"),
    keys.And: _and,
    keys.Or: _or,
    keys.Not: _not,
    keys.Fuzzy: _fuzzy,
    keys.Like: _like,
    keys.HasFlag: _has_flag,
    keys.InSet: _in_set,
    keys.Header: _header,
    keys.Body: _string(b"BODY "),
    keys.Text: _string(b"TEXT "),
    keys.DateKey: _date,
    keys.Age: _age,
    keys.SaveDatesKept: lambda out, key, codec: out.line(b"SAVEDATESUPPORTED"),
    keys.ObjectIdKey: _object_id,
    keys.GmailId: _gmail_id,
    keys.GmailLabel: _gmail_label,
    keys.GmailRaw: _gmail_raw,
    keys.HasAttachment: _of_queries,
    keys.InMailbox: _of_queries,
    keys.Larger: lambda out, key, codec: out.line(b"LARGER " + number(key.size)),
    keys.Smaller: lambda out, key, codec: out.line(b"SMALLER " + number(key.size)),
    keys.ModSeq: lambda out, key, codec: out.line(b"MODSEQ " + number(key.value)),
}
