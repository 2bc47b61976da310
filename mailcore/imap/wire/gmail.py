"""Labels of X-GM-EXT-1, as Google describes them: names of mailboxes, and system labels."""

from __future__ import annotations

import re

from mailcore.imap.wire.cursor import Cursor
from mailcore.imap.wire.fragments import Fragments
from mailcore.imap.wire.quoting import astring, mailbox
from mailcore.imap.wire.strings import encoded_name

# A system label: "\Inbox", "\Starred" ...
_SYSTEM = re.compile(rb'\\[^\x00-\x20\x7f-\xff(){%*"\\\]]++')


# label           =  "\" atom / astring              ; in modified UTF-7, as names of mailboxes
def label(cursor: Cursor) -> str:
    """Return a label; a system label with its backslash."""
    system = cursor.match(_SYSTEM)
    return encoded_name(cursor) if system is None else system[0].decode("ascii")


# label-list      =  "(" [label *(SP label)] ")"
def labels(cursor: Cursor) -> tuple[str, ...]:
    """Return labels, with or without brackets."""
    if cursor.at(b"("):
        return tuple(cursor.bracketed(label, "labels", empty=True))
    found = [label(cursor)]
    while cursor.skip(b" "):
        found.append(label(cursor))
    return tuple(found)


def is_system(text: str) -> bool:
    """Tell whether a label is written as a system label is."""
    return text.isascii() and _SYSTEM.fullmatch(text.encode("ascii")) is not None


def encode_labels(some: tuple[str, ...]) -> bytes:
    """Write labels in their brackets, as a server does.

    Raises:
        LocalProtocolError: one of them cannot be a name.
    """
    return b"(%b)" % b" ".join(
        one.encode("ascii") if is_system(one) else astring(mailbox(one, utf8=False)) for one in some
    )


def write_label(out: Fragments, text: str) -> None:
    """Write a label, as a client does.

    Raises:
        LocalProtocolError: it cannot be a name.
    """
    if is_system(text):
        out.line(text.encode("ascii"))
    else:
        out.astring(mailbox(text, utf8=False))


def write_labels(out: Fragments, some: tuple[str, ...]) -> None:
    """Write labels in their brackets; raises LocalProtocolError as above."""
    out.line(b"(")
    for index, one in enumerate(some):
        if index:
            out.line(b" ")
        write_label(out, one)
    out.line(b")")
