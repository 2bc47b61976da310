"""Access control lists on the wire, both ways (RFC 4314 §7)."""

from __future__ import annotations

from mailcore.errors import LocalProtocolError
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.wire.cursor import Cursor
from mailcore.imap.wire.fragments import Fragments
from mailcore.imap.wire.strings import mailbox, text_astring

_SIGNS = ("+", "-")


# setacl          =  "SETACL" SP mailbox SP identifier SP mod-rights
# mod-rights      =  astring             ; +rights to add, -rights to remove, rights to replace
def set_acl(cursor: Cursor, tag: str) -> c.SetAcl:
    """Parse from behind the word."""
    name, identifier = _mailbox(cursor), _text(cursor)
    rights = _text(cursor)
    action = rights[:1] if rights.startswith(_SIGNS) else ""
    return c.SetAcl(tag, name, identifier, rights.removeprefix(action), action)


# deleteacl       =  "DELETEACL" SP mailbox SP identifier
def delete_acl(cursor: Cursor, tag: str) -> c.DeleteAcl:
    """Parse from behind the word."""
    return c.DeleteAcl(tag, _mailbox(cursor), _text(cursor))


# listrights      =  "LISTRIGHTS" SP mailbox SP identifier
def list_rights(cursor: Cursor, tag: str) -> c.ListRights:
    """Parse from behind the word."""
    return c.ListRights(tag, _mailbox(cursor), _text(cursor))


# getacl          =  "GETACL" SP mailbox
def get_acl(cursor: Cursor, tag: str) -> c.GetAcl:
    """Parse from behind the word."""
    return c.GetAcl(tag, _mailbox(cursor))


# myrights        =  "MYRIGHTS" SP mailbox
def my_rights(cursor: Cursor, tag: str) -> c.MyRights:
    """Parse from behind the word."""
    return c.MyRights(tag, _mailbox(cursor))


def _mailbox(cursor: Cursor) -> str:
    cursor.space()
    return mailbox(cursor)


def _text(cursor: Cursor) -> str:
    cursor.space()
    return text_astring(cursor)


def write_set_acl(out: Fragments, command: c.SetAcl) -> None:
    """Write SETACL behind the tag."""
    if command.action not in ("", *_SIGNS) or command.rights.startswith(_SIGNS):
        raise LocalProtocolError("rights are replaced, or added with +, or taken away with -")
    _write(out, b"SETACL ", command)
    out.line(b" ")
    out.text(command.action + command.rights)


def write_delete_acl(out: Fragments, command: c.DeleteAcl) -> None:
    """Write DELETEACL behind the tag."""
    _write(out, b"DELETEACL ", command)


def write_list_rights(out: Fragments, command: c.ListRights) -> None:
    """Write LISTRIGHTS behind the tag."""
    _write(out, b"LISTRIGHTS ", command)


def _write(out: Fragments, word: bytes, command: c.SetAcl | c.DeleteAcl | c.ListRights) -> None:
    out.line(word)
    out.mailbox(command.mailbox)
    out.line(b" ")
    out.text(command.identifier)


# acl-data        =  "ACL" SP mailbox *(SP identifier SP rights)
def acl(cursor: Cursor) -> r.AclResponse:
    """Return an ACL response."""
    name = _mailbox(cursor)
    entries = []
    while cursor.at(b" "):
        entries.append((_text(cursor), _text(cursor)))
    return r.AclResponse(name, tuple(entries))


# listrights-data =  "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
def rights_list(cursor: Cursor) -> r.ListRightsResponse:
    """Return a LISTRIGHTS response."""
    name, identifier, always = _mailbox(cursor), _text(cursor), _text(cursor)
    optional = []
    while cursor.at(b" "):
        optional.append(_text(cursor))
    return r.ListRightsResponse(name, identifier, always, tuple(optional))


# myrights-data   =  "MYRIGHTS" SP mailbox SP rights
def own_rights(cursor: Cursor) -> r.MyRightsResponse:
    """Return a MYRIGHTS response."""
    return r.MyRightsResponse(_mailbox(cursor), _text(cursor))
