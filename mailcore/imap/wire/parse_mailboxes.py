"""What a server says of mailboxes (RFC 9051 §7.3-4)."""

from __future__ import annotations

from mailcore.imap import responses as r
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.flags import flag
from mailcore.imap.wire.sets import sequence_set
from mailcore.imap.wire.strings import astring, atom, mailbox, nstring, string, text
from mailcore.imap.wire.values import any_value, object_id


# mailbox-list    =  "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
#                    [SP mbox-list-extended]
def listing(cursor: Cursor) -> r.ListResponse:
    """Return a mailbox of LIST."""
    return _listing(cursor, lsub=False)


def subscribed(cursor: Cursor) -> r.ListResponse:
    """Return a mailbox of LSUB."""
    return _listing(cursor, lsub=True)


def _listing(cursor: Cursor, *, lsub: bool) -> r.ListResponse:
    cursor.space()
    attributes = cursor.bracketed(flag, "attributes", empty=True)
    cursor.space()
    delimiter = _delimiter(cursor)
    cursor.space()
    name = mailbox(cursor)
    child_info: tuple[str, ...] = ()
    old_name = None
    extended = cursor.bracketed(_extended_item, "items", empty=True) if cursor.skip(b" ") else ()
    for item in extended:
        if isinstance(item, tuple):
            child_info = item
        elif item is not None:
            old_name = item
    return r.ListResponse(name, tuple(attributes), delimiter, lsub, child_info, old_name)


# mbox-list-extended-item = mbox-list-extended-item-tag SP tagged-ext-val
def _extended_item(cursor: Cursor) -> tuple[str, ...] | str | None:
    """Return the options of CHILDINFO, the name of OLDNAME, or None for any other."""
    name = text(astring(cursor)).upper()
    cursor.space()
    if name == "CHILDINFO":
        return tuple(cursor.bracketed(_option, "selection options"))
    if name == "OLDNAME":
        (old_name,) = cursor.bracketed(mailbox, "a name")[:1]
        return old_name
    any_value(cursor)
    return None


def _option(cursor: Cursor) -> str:
    return text(astring(cursor)).upper()


def _delimiter(cursor: Cursor) -> str | None:
    data = nstring(cursor)
    return None if data is None else text(data)


# namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace
def namespace(cursor: Cursor) -> r.NamespaceResponse:
    """Return the namespaces of the three kinds."""
    return r.NamespaceResponse(_namespace(cursor), _namespace(cursor), _namespace(cursor))


# namespace       =  nil / "(" 1*namespace-descr ")"
def _namespace(cursor: Cursor) -> tuple[tuple[str, str | None], ...] | None:
    cursor.space()
    if cursor.skip_word("NIL"):
        return None
    cursor.expect(b"(", "a namespace")
    pairs = [_description(cursor)]
    while not cursor.skip(b")"):
        cursor.skip(b" ")
        pairs.append(_description(cursor))
    return tuple(pairs)


# namespace-descr =  "(" string SP (DQUOTE QUOTED-CHAR DQUOTE / nil)
#                    [namespace-response-extensions] ")"
def _description(cursor: Cursor) -> tuple[str, str | None]:
    cursor.expect(b"(", "a namespace")
    data = string(cursor)
    prefix = Cursor(b'"%b"' % data.replace(b"\\", b"\\\\").replace(b'"', b'\\"'), utf8=cursor.utf8)
    name = mailbox(prefix) if data else ""
    cursor.space()
    delimiter = _delimiter(cursor)
    while cursor.skip(b" "):
        any_value(cursor)
    cursor.expect(b")", "a closing bracket")
    return name, delimiter


# mailbox-data    =  ... "STATUS" SP mailbox SP "(" [status-att-list] ")"
def status(cursor: Cursor) -> r.StatusResponse:
    """Return the items of STATUS."""
    cursor.space()
    name = mailbox(cursor)
    cursor.space()
    return r.StatusResponse(name, dict(cursor.bracketed(_status_item, "items", empty=True)))


def _status_item(cursor: Cursor) -> tuple[str, int | str]:
    name = atom(cursor, "a status item").upper()
    cursor.space()
    return name, object_id(cursor) if cursor.at(b"(") else cursor.number64()


# mailbox-data    =  "FLAGS" SP flag-list / ...
def flags(cursor: Cursor) -> r.FlagsResponse:
    """Return the flags of the mailbox."""
    cursor.space()
    return r.FlagsResponse(tuple(cursor.bracketed(_flag_perm, "flags", empty=True)))


# flag-perm       =  flag / "\*"
def _flag_perm(cursor: Cursor) -> str:
    # Only PERMANENTFLAGS has "\*" in the grammar; some servers tell it here, too.
    return "\\*" if cursor.skip(b"\\*") else flag(cursor)


# message-data    =  nz-number SP ("EXPUNGE" / ...)
def expunged(cursor: Cursor, number: int) -> r.Expunged:
    """Return which message is gone."""
    if number == 0:
        raise ParseError("There is no message 0")
    return r.Expunged(number)


# expunged-resp   =  "VANISHED" [SP "(EARLIER)"] SP known-uids
def vanished(cursor: Cursor) -> r.Vanished:
    """Return which UIDs are gone."""
    cursor.space()
    earlier = cursor.skip(b"(")
    if earlier:
        if not cursor.skip_word("EARLIER"):
            raise ParseError("Expected EARLIER")
        cursor.expect(b") ", "a closing bracket")
    return r.Vanished(sequence_set(cursor), earlier)
