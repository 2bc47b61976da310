"""The message that a REST send makes (RFC 5322, RFC 2045)."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, SMTPUTF8

from mailcore_agentpost.http.types import Recipient, SendMessage

#: Text, or the addresses of an address field.
FieldValue = str | tuple[HeaderAddress, ...]

# Bodies in seven bits pass every relay (RFC 6152 is an extension).
_ASCII = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Context:
    """What a message goes on from.

    Arguments:
        references: the Message-IDs of the conversation, the one that is answered last.
        attached: parts that go along, each with its own header (RFC 2045).
    """

    references: Sequence[str] = ()
    attached: Sequence[bytes] = ()


_NO_CONTEXT = Context()


def compose(sender: Recipient, request: SendMessage, context: Context = _NO_CONTEXT) -> bytes:
    """Return the octets of the message; Date and Message-ID are the submission's to add.

    Bcc is in it: what is delivered loses the field, the copy in Sent keeps it.

    Arguments:
        sender: who it is from.
        context: what it answers or forwards.
    """
    fields: dict[str, FieldValue] = {
        "From": people([sender]),
        **{
            name: people(some)
            for name, some in (("To", request.to), ("Cc", request.cc), ("Bcc", request.bcc))
            if some
        },
        "Subject": request.subject,
        **reply_fields(context.references),
    }
    body = compose_body(request.text_body, request.html_body, context.attached)
    return compose_fields(fields) + b"MIME-Version: 1.0\r\n" + body


def reply_fields(references: Sequence[str]) -> dict[str, str]:
    """Return the fields that tie an answer to what it answers (RFC 5322 §3.6.4)."""
    if not references:
        return {}
    return {"In-Reply-To": references[-1], "References": " ".join(references)}


def people(some: Iterable[Recipient]) -> tuple[HeaderAddress, ...]:
    """Return the value of an address field."""
    parts = ((one.name, *one.email.rpartition("@")[::2]) for one in some)
    return tuple(HeaderAddress(name, local, domain) for name, local, domain in parts)


def compose_fields(fields: Mapping[str, FieldValue]) -> bytes:
    """Return header fields as octets, without a blank line after them."""
    # RFC 6532 header fields only where an address can not be said without.
    addresses = (one for value in fields.values() if not isinstance(value, str) for one in value)
    ascii_only = all(one.addr_spec.isascii() for one in addresses)
    header = EmailMessage(policy=_ASCII if ascii_only else SMTPUTF8)
    for name, value in fields.items():
        header[name] = value
    return header.as_bytes().removesuffix(b"\r\n") if fields else b""


def compose_body(text: str | None, html: str | None, attached: Sequence[bytes] = ()) -> bytes:
    """Return a body with the fields that describe it: text, HTML or both, and what goes along."""
    part = MIMEPart(policy=_ASCII)
    if text is not None or html is None:
        part.set_content(text or "")
        if html is not None:
            part.add_alternative(html, subtype="html")
    else:
        part.set_content(html, subtype="html")
    if not attached:
        return part.as_bytes()
    # By hand: what goes along stays as it is, octet for octet.
    boundary = secrets.token_hex(16).encode()
    pieces = (part.as_bytes(), *attached)
    return b"".join(
        (
            b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n' % boundary,
            *(b"--%b\r\n%b\r\n" % (boundary, piece) for piece in pieces),
            b"--%b--\r\n" % boundary,
        )
    )


def attached_message(octets: bytes) -> bytes:
    """Return a message as a part of another one."""
    encoding = b"7bit" if octets.isascii() else b"8bit"
    return b"".join(
        (
            b"Content-Type: message/rfc822\r\n",
            b"Content-Transfer-Encoding: %b\r\n" % encoding,
            b'Content-Disposition: attachment; filename="forwarded.eml"\r\n\r\n',
            octets,
        )
    )


def attached_file(filename: str, mime_type: str, octets: bytes) -> bytes:
    """Return a file as a part of a message."""
    part = MIMEPart(policy=_ASCII)
    part["Content-Type"] = mime_type
    part["Content-Transfer-Encoding"] = "base64"
    part.add_header("Content-Disposition", "attachment", filename=filename)
    # Not by set_content, which encodes line by line: that takes a second for each large file.
    return part.as_bytes() + base64.encodebytes(octets).replace(b"\n", b"\r\n")
