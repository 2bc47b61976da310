"""ENVELOPE, BODY and BODYSTRUCTURE in wire notation (RFC 9051 §7.5.2 and §9)."""

from __future__ import annotations

from mailcore.imap.wire.quoting import nstring
from mailcore.message import Address, Envelope, Parameters, Part

# RFC 9051 §9: body-type-mpart and body-type-msg hold at least one body.
_EMPTY = Part(0, 0, 0, 0)


# envelope        =  "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP
#                    env-to SP env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
def encode_envelope(envelope: Envelope) -> bytes:
    """Write an envelope, brackets and all; good for every session, so it may be kept."""
    from_ = _addresses(envelope.from_)
    # Sender and Reply-To are From in most messages.
    sender = from_ if envelope.sender is envelope.from_ else _addresses(envelope.sender)
    reply_to = from_ if envelope.reply_to is envelope.from_ else _addresses(envelope.reply_to)
    return b"(%b)" % b" ".join(
        (
            nstring(envelope.date),
            nstring(envelope.subject),
            from_,
            sender,
            reply_to,
            _addresses(envelope.to),
            _addresses(envelope.cc),
            _addresses(envelope.bcc),
            nstring(envelope.in_reply_to),
            nstring(envelope.message_id),
        )
    )


# env-from        =  "(" 1*address ")" / nil
# address         =  "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
def _addresses(addresses: tuple[Address, ...]) -> bytes:
    if not addresses:
        return b"NIL"
    return b"(%b)" % b"".join(
        b"(%b %b %b %b)"
        % (
            nstring(address.name),
            nstring(address.route),
            nstring(address.mailbox),
            nstring(address.host),
        )
        for address in addresses
    )


# body            =  "(" (body-type-1part / body-type-mpart) ")"
def encode_body(part: Part, extended: bool) -> bytes:
    """Write a body structure, brackets and all.

    Arguments:
        part: the message.
        extended: BODYSTRUCTURE, with extension data; else BODY.
    """
    body, structure = encode_bodies(part)
    return structure if extended else body


def encode_bodies(part: Part) -> tuple[bytes, bytes]:
    """Write BODY and BODYSTRUCTURE of a message: what they have in common once."""
    return _multipart(part) if part.type == "multipart" else _single(part)


# body-type-mpart =  1*body SP media-subtype [SP body-ext-mpart]
# body-ext-mpart  =  body-fld-param [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
def _multipart(part: Part) -> tuple[bytes, bytes]:
    children = [encode_bodies(child) for child in part.children or (_EMPTY,)]
    bodies = b"".join([body for body, _ in children])
    structures = b"".join([structure for _, structure in children])
    subtype = _text(part.subtype)
    extension = b" ".join((_parameters(part.parameters), *_extension(part)))
    return b"(%b %b)" % (bodies, subtype), b"(%b %b %b)" % (structures, subtype, extension)


# body-type-1part =  (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
# body-type-msg   =  media-message SP body-fields SP envelope SP body SP body-fld-lines
# body-type-text  =  media-text SP body-fields SP body-fld-lines
# body-fields     =  body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
#                    body-fld-octets
# body-ext-1part  =  body-fld-md5 [SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc]]]
def _single(part: Part) -> tuple[bytes, bytes]:
    body = structure = b"%b %b %b %b %b %b %d" % (
        _text(part.type),
        _text(part.subtype),
        _parameters(part.parameters),
        nstring(part.content_id),
        nstring(part.description),
        _text(part.encoding),
        part.size,
    )
    if part.type == "message" and part.subtype in ("rfc822", "global"):
        inner = encode_bodies(part.children[0] if part.children else _EMPTY)
        envelope = encode_envelope(part.envelope or Envelope())
        body, structure = (
            b"%b %b %b %d" % (fields, envelope, encoded, part.lines)
            for fields, encoded in zip((body, structure), inner, strict=True)
        )
    elif part.type == "text":
        body = structure = b"%b %d" % (body, part.lines)
    extension = b" ".join((nstring(part.md5), *_extension(part)))
    return b"(%b)" % body, b"(%b %b)" % (structure, extension)


# body-fld-dsp    =  "(" string SP body-fld-param ")" / nil
# body-fld-lang   =  nstring / "(" string *(SP string) ")"
# body-fld-loc    =  nstring
def _extension(part: Part) -> tuple[bytes, bytes, bytes]:
    disposition = language = b"NIL"
    if part.disposition is not None:
        name, parameters = part.disposition
        disposition = b"(%b %b)" % (_text(name), _parameters(parameters))
    if part.language:
        language = b"(%b)" % b" ".join(map(_text, part.language))
    return disposition, language, nstring(part.location)


# body-fld-param  =  "(" string SP string *(SP string SP string) ")" / nil
def _parameters(parameters: Parameters) -> bytes:
    if not parameters:
        return b"NIL"
    return b"(%b)" % b" ".join(_text(word) for pair in parameters for word in pair)


def _text(text: str) -> bytes:
    return nstring(text.encode("utf-8", "surrogateescape"))
