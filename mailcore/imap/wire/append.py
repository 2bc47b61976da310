"""The arguments of APPEND before and after a message (RFC 9051 §6.3.12, RFC 3502, RFC 6855 §4)."""

from __future__ import annotations

from datetime import datetime

from mailcore.imap.commands import AppendBegin, Replace
from mailcore.imap.types import STAR
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.dates import parse_date_time
from mailcore.imap.wire.flags import flag_list
from mailcore.imap.wire.framer import MessageHead
from mailcore.imap.wire.strings import mailbox


# append          =  "APPEND" SP mailbox 1*append-message
# append-message  =  SP [flag-list SP] [date-time SP] append-data
# append-data     =  literal / literal8 / "UTF8" SP "(" literal8 ")"
# replace         =  ["UID" SP] "REPLACE" SP seq-number SP mailbox append-message  ; RFC 8508 §5
def parse_first_message(cursor: Cursor, tag: str, verb: str, head: MessageHead) -> AppendBegin:
    """Parse from behind the verb up to the first message.

    Arguments:
        verb: APPEND, REPLACE or UID REPLACE.
    """
    number = None
    if verb != "APPEND":
        cursor.space()
        number = _number(cursor)
    cursor.space()
    name = mailbox(cursor)
    flags, moment, binary = _message(cursor, head)
    known = (tag, name, flags, moment, head.size, head.synchronizing, 0, binary)
    if number is None:
        return AppendBegin(*known)
    return Replace(*known, number=number, uid=verb.startswith("UID "))


# seq-number      =  nz-number / "*"
def _number(cursor: Cursor) -> int:
    if cursor.skip(b"*"):
        return STAR
    number = cursor.number("a message number")
    if number == 0:
        raise ParseError("There is no message 0")
    return number


def parse_next_message(
    cursor: Cursor, before: AppendBegin, head: MessageHead, *, utf8: bool
) -> AppendBegin:
    """Parse from behind a message up to the next one.

    Arguments:
        before: the message that came last.
        utf8: whether that one stood in ``UTF8 (...)``.
    """
    if isinstance(before, Replace):
        raise ParseError("REPLACE takes one message")
    _close(cursor, utf8)
    flags, moment, binary = _message(cursor, head)
    index = before.index + 1
    return AppendBegin(
        before.tag, before.mailbox, flags, moment, head.size, head.synchronizing, index, binary
    )


def check_end(cursor: Cursor, *, utf8: bool) -> None:
    """Make sure that nothing follows the last message."""
    _close(cursor, utf8)
    cursor.end()


def _close(cursor: Cursor, utf8: bool) -> None:
    if utf8:
        cursor.expect(b")", "a closing bracket")


def _message(cursor: Cursor, head: MessageHead) -> tuple[tuple[str, ...], datetime | None, bool]:
    """Return flags, date, and whether it is the literal8 of RFC 3516."""
    cursor.space()
    flags: tuple[str, ...] = ()
    if cursor.at(b"("):
        flags = flag_list(cursor)
        cursor.space()
    moment = None
    if cursor.at(b'"'):
        moment = parse_date_time(cursor)
        cursor.space()
    # A literal8 is binary, but in UTF8 (...), which there is only after ENABLE UTF8=ACCEPT.
    in_utf8 = cursor.utf8 and head.binary and cursor.skip_word("UTF8")
    if in_utf8:
        cursor.expect(b" (", "an opening bracket")
    cursor.end()
    return flags, moment, head.binary and not in_utf8
