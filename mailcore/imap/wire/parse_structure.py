"""ENVELOPE, BODY and BODYSTRUCTURE from wire notation (RFC 9051 §7.5.2 and §9)."""

from __future__ import annotations

from typing import Any

from mailcore.imap.wire.cursor import Cursor
from mailcore.imap.wire.strings import nstring, string
from mailcore.imap.wire.values import any_value
from mailcore.message import Address, Envelope, Parameters, Part


# envelope        =  "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP
#                    env-to SP env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
def parse_envelope(cursor: Cursor) -> Envelope:
    """Return an envelope."""
    cursor.expect(b"(", "an envelope")
    date = nstring(cursor)
    cursor.space()
    subject = nstring(cursor)
    from_, sender, reply_to, to, cc, bcc = [_addresses(cursor) for _ in range(6)]
    cursor.space()
    in_reply_to = nstring(cursor)
    cursor.space()
    message_id = nstring(cursor)
    cursor.expect(b")", "the end of the envelope")
    return Envelope(date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id)


# env-from        =  "(" 1*address ")" / nil
def _addresses(cursor: Cursor) -> tuple[Address, ...]:
    cursor.space()
    if cursor.skip_word("NIL"):
        return ()
    cursor.expect(b"(", "addresses")
    addresses = []
    while not cursor.skip(b")"):
        addresses.append(_address(cursor))
        cursor.skip(b" ")  # between addresses there is none, but some servers have one
    return tuple(addresses)


# address         =  "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
def _address(cursor: Cursor) -> Address:
    cursor.expect(b"(", "an address")
    name = nstring(cursor)
    cursor.space()
    route = nstring(cursor)
    cursor.space()
    mailbox = nstring(cursor)
    cursor.space()
    host = nstring(cursor)
    cursor.expect(b")", "the end of the address")
    return Address(name, route, mailbox, host)


# body            =  "(" (body-type-1part / body-type-mpart) ")"
def parse_body(cursor: Cursor) -> Part:
    """Return a body structure.

    A server tells sizes, not places: each part begins at 0 and ends at its size. Extension data
    that it leaves out looks like extension data that is NIL.
    """
    cursor.expect(b"(", "a body structure")
    part = _multipart(cursor) if cursor.at(b"(") else _single(cursor)
    while cursor.skip(b" "):
        any_value(cursor)  # body-extension, of which there is none yet
    cursor.expect(b")", "the end of the body structure")
    return part


# body-type-mpart =  1*body SP media-subtype [SP body-ext-mpart]
# body-ext-mpart  =  body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
def _multipart(cursor: Cursor) -> Part:
    children = []
    while cursor.at(b"("):
        children.append(cursor.deeper(parse_body))
        if cursor.at(b" ("):
            cursor.space()
    cursor.space()
    fields: dict[str, Any] = {"subtype": _word(cursor)}
    if cursor.skip(b" "):
        fields["parameters"] = _parameters(cursor)
        fields |= _extension(cursor)
    return Part(0, 0, 0, 0, type="multipart", children=tuple(children), **fields)


# body-type-1part =  (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
# body-fields     =  body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
#                    body-fld-octets
def _single(cursor: Cursor) -> Part:
    kind = _word(cursor)
    cursor.space()
    subtype = _word(cursor)
    cursor.space()
    parameters = _parameters(cursor)
    cursor.space()
    content_id = nstring(cursor)
    cursor.space()
    description = nstring(cursor)
    cursor.space()
    encoding = _word(cursor)
    cursor.space()
    size = cursor.number64("the size of a part")
    fields: dict[str, Any] = {"lines": 0}
    if kind == "text":
        cursor.space()
        fields["lines"] = cursor.number64("the lines of a part")
    elif kind == "message" and subtype in ("rfc822", "global") and _has_message(cursor):
        fields = _message(cursor)
    if cursor.skip(b" "):
        fields["md5"] = nstring(cursor)
        fields |= _extension(cursor)
    return Part(
        0,
        0,
        size,
        type=kind,
        subtype=subtype,
        parameters=parameters,
        content_id=content_id,
        description=description,
        encoding=encoding,
        **fields,
    )


def _has_message(cursor: Cursor) -> bool:
    # A server that could not look into the message describes it as any other part.
    return cursor.at(b" (")


# body-type-msg   =  media-message SP body-fields SP envelope SP body SP body-fld-lines
def _message(cursor: Cursor) -> dict[str, Any]:
    cursor.space()
    envelope = parse_envelope(cursor)
    cursor.space()
    body = cursor.deeper(parse_body)
    cursor.space()
    lines = cursor.number64("the lines of a message")
    return {"envelope": envelope, "children": (body,), "lines": lines}


# body-fld-dsp    =  "(" string SP body-fld-param ")" / nil
# body-fld-lang   =  nstring / "(" string *(SP string) ")"
# body-fld-loc    =  nstring
def _extension(cursor: Cursor) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if cursor.skip(b" "):
        fields["disposition"] = _disposition(cursor)
        if cursor.skip(b" "):
            fields["language"] = _language(cursor)
            if cursor.skip(b" "):
                fields["location"] = nstring(cursor)
    return fields


def _disposition(cursor: Cursor) -> tuple[str, Parameters] | None:
    if cursor.skip_word("NIL"):
        return None
    cursor.expect(b"(", "a disposition")
    name = _word(cursor)
    cursor.space()
    parameters = _parameters(cursor)
    cursor.expect(b")", "the end of the disposition")
    return name, parameters


def _language(cursor: Cursor) -> tuple[str, ...]:
    if cursor.at(b"("):
        return tuple(cursor.bracketed(_text, "languages"))
    language = nstring(cursor)
    return () if language is None else (_decode(language),)


# body-fld-param  =  "(" string SP string *(SP string SP string) ")" / nil
def _parameters(cursor: Cursor) -> Parameters:
    if cursor.skip_word("NIL"):
        return ()
    return tuple(cursor.bracketed(_parameter, "parameters", empty=True))


def _parameter(cursor: Cursor) -> tuple[str, str]:
    name = _text(cursor)
    cursor.space()
    return name, _decode(nstring(cursor) or b"")


def _word(cursor: Cursor) -> str:
    return _text(cursor).lower()


def _text(cursor: Cursor) -> str:
    return _decode(string(cursor))


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
