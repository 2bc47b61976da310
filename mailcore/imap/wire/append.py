"""The arguments of APPEND and REPLACE, cut at the literals that hold messages or parts of them.

RFC 9051 §6.3.12, RFC 3502, RFC 4469, RFC 6855 §4, RFC 8508.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mailcore.imap.commands import (
    AppendBegin,
    AppendEnd,
    CatenateText,
    CatenateUrl,
    Replace,
)
from mailcore.imap.types import STAR
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.dates import parse_date_time
from mailcore.imap.wire.flags import flag_list
from mailcore.imap.wire.framer import MessageHead
from mailcore.imap.wire.strings import astring, mailbox

AppendEvent = AppendBegin | CatenateUrl | CatenateText | AppendEnd


class _Target(NamedTuple):
    """What the first arguments say."""

    tag: str
    mailbox: str
    number: int | None = None
    uid: bool = False


class AppendParser:
    """The grammar of one APPEND or REPLACE, which comes in pieces.

    Arguments:
        tag: of the command.
        verb: APPEND, REPLACE or UID REPLACE.
        parts: the most parts that messages may be put together of.
    """

    def __init__(self, tag: str, verb: str, parts: int) -> None:
        #: Of the command.
        self.tag = tag
        self._verb = verb
        self._parts_left = parts
        self._target: _Target | None = None
        # Messages that have begun.
        self._count = 0
        # Whether the bracket of CATENATE, or that of UTF8, is open.
        self._in_catenate = False
        self._in_utf8 = False
        # Whether the part to come is the first one in its bracket.
        self._is_first_part = False

    # append          =  "APPEND" SP mailbox 1*append-message
    # replace         =  ["UID" SP] "REPLACE" SP seq-number SP mailbox append-message ; RFC 8508 §5
    def parse(self, cursor: Cursor, head: MessageHead | None) -> list[AppendEvent]:
        """Parse from behind the verb, or behind a literal, to the next literal or the end.

        Arguments:
            head: the literal that follows, or None at the end of the command.

        Returns:
            what the piece says, in order; the last one is what the literal belongs to, or the end.
        """
        events: list[AppendEvent] = []
        if self._target is None:
            self._target = self._read_target(cursor)
        elif self._in_utf8:
            _close(cursor)
            self._in_utf8 = False
        while True:
            event: AppendEvent | None
            if self._in_catenate:
                event = self._cat_part(cursor, head)
            elif self._count and head is None and cursor.pos == len(cursor.buf):
                event = AppendEnd(self.tag)
            else:
                event = self._message(cursor, head)
            if event is None:
                continue
            events.append(event)
            if isinstance(event, AppendEnd) or _has_literal(event):
                return events

    def _read_target(self, cursor: Cursor) -> _Target:
        number = None
        if self._verb != "APPEND":
            cursor.space()
            number = _number(cursor)
        cursor.space()
        return _Target(self.tag, mailbox(cursor), number, self._verb.startswith("UID "))

    # append-message  =  SP [flag-list SP] [date-time SP] append-data
    # append-data     =  literal / literal8 / utf8-literal /
    #                    "CATENATE" SP "(" cat-part *(SP cat-part) ")"
    def _message(self, cursor: Cursor, head: MessageHead | None) -> AppendBegin:
        assert self._target is not None
        if self._count and self._target.number is not None:
            raise ParseError("REPLACE takes one message")
        cursor.space()
        flags: tuple[str, ...] = ()
        if cursor.at(b"("):
            flags = flag_list(cursor)
            cursor.space()
        moment = None
        if cursor.at(b'"'):
            moment = parse_date_time(cursor)
            cursor.space()
        if cursor.skip_word("CATENATE"):
            cursor.expect(b" (", "an opening bracket")
            self._in_catenate = self._is_first_part = True
            return self._begin(flags, moment, None, binary=False)
        # A literal8 is binary, but in UTF8 (...), which there is only after ENABLE UTF8=ACCEPT.
        self._in_utf8 = _opens_utf8(cursor, head)
        cursor.end()
        if head is None:
            raise ParseError("Expected a message, which is a literal")
        return self._begin(flags, moment, head, binary=head.binary and not self._in_utf8)

    def _begin(
        self,
        flags: tuple[str, ...],
        moment: datetime | None,
        head: MessageHead | None,
        *,
        binary: bool,
    ) -> AppendBegin:
        target = self._target
        assert target is not None
        size, synchronizing = (0, False) if head is None else (head.size, head.synchronizing)
        known = (target.tag, target.mailbox, flags, moment, size, synchronizing)
        index, self._count = self._count, self._count + 1
        if target.number is None:
            return AppendBegin(*known, index, binary, head is None)
        return Replace(*known, index, binary, head is None, target.number, target.uid)

    # cat-part        =  "TEXT" SP literal / "URL" SP astring / utf8-literal
    # utf8-literal    =  "UTF8" SP "(" literal8 ")"
    def _cat_part(
        self, cursor: Cursor, head: MessageHead | None
    ) -> CatenateUrl | CatenateText | None:
        """Return the next part; None at the closing bracket."""
        if not self._is_first_part and cursor.skip(b")"):
            self._in_catenate = False
            return None
        if not self._is_first_part:
            cursor.space()
        self._is_first_part = False
        self._parts_left -= 1
        if self._parts_left < 0:
            raise ParseError("Too many parts")
        if cursor.skip_word("URL"):
            cursor.space()
            return CatenateUrl(_url(cursor))
        self._in_utf8 = _opens_utf8(cursor, head)
        if not self._in_utf8:
            if not cursor.skip_word("TEXT"):
                raise ParseError("Expected TEXT or URL")
            cursor.space()
        cursor.end()
        if head is None or head.binary is not self._in_utf8:
            raise ParseError("Expected a part of the message, which is a literal")
        return CatenateText(head.size, head.synchronizing, self._in_utf8)


# seq-number      =  nz-number / "*"
def _number(cursor: Cursor) -> int:
    if cursor.skip(b"*"):
        return STAR
    number = cursor.number("a message number")
    if number == 0:
        raise ParseError("There is no message 0")
    return number


def _url(cursor: Cursor) -> str:
    """Return a URL as it was written; what is wrong with it is the session's to say."""
    return astring(cursor).decode("utf-8", "replace")


def _opens_utf8(cursor: Cursor, head: MessageHead | None) -> bool:
    if not (cursor.utf8 and head is not None and head.binary and cursor.skip_word("UTF8")):
        return False
    cursor.expect(b" (", "an opening bracket")
    return True


def _close(cursor: Cursor) -> None:
    cursor.expect(b")", "a closing bracket")


def _has_literal(event: AppendEvent) -> bool:
    return isinstance(event, CatenateText) or (
        isinstance(event, AppendBegin) and not event.catenate
    )
