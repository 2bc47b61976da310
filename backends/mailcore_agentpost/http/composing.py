"""The message that a REST send makes (RFC 5322, RFC 2045)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, SMTPUTF8

from mailcore_agentpost.http.types import Recipient, SendMessage

# Bodies in seven bits pass every relay (RFC 6152 is an extension).
_ASCII = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Context:
    """What a message goes on from.

    Arguments:
        references: the Message-IDs of the conversation, the one that is answered last.
        forwarded: the octets of a message that goes along, or None.
    """

    references: Sequence[str] = ()
    forwarded: bytes | None = None


_NO_CONTEXT = Context()


def compose(sender: Recipient, request: SendMessage, context: Context = _NO_CONTEXT) -> bytes:
    """Return the octets of the message; Date and Message-ID are the submission's to add.

    Bcc is in it: what is delivered loses the field, the copy in Sent keeps it.

    Arguments:
        sender: who it is from.
        context: what it answers or forwards.
    """
    everybody = [sender, *request.to, *request.cc, *request.bcc]
    # RFC 6532 header fields only where an address can not be said without.
    ascii_only = all(one.email.isascii() for one in everybody)
    message = EmailMessage(policy=_ASCII if ascii_only else SMTPUTF8)
    message["From"] = _header([sender])
    for name, people in (("To", request.to), ("Cc", request.cc), ("Bcc", request.bcc)):
        if people:
            message[name] = _header(people)
    message["Subject"] = request.subject
    if context.references:
        message["In-Reply-To"] = context.references[-1]
        message["References"] = " ".join(context.references)
    if context.forwarded is None:
        _set_text(message, request)
        return message.as_bytes()
    text = MIMEPart(policy=message.policy)
    _set_text(text, request)
    return _with_forwarded(message.as_bytes(), text.as_bytes(), context.forwarded)


def _set_text(part: MIMEPart, request: SendMessage) -> None:
    if request.text_body is not None or request.html_body is None:
        part.set_content(request.text_body or "")
        if request.html_body is not None:
            part.add_alternative(request.html_body, subtype="html")
    else:
        part.set_content(request.html_body, subtype="html")


def _with_forwarded(header: bytes, text: bytes, forwarded: bytes) -> bytes:
    """Put a message together by hand: what is forwarded stays as it is, octet for octet."""
    boundary = secrets.token_hex(16).encode()
    encoding = b"7bit" if forwarded.isascii() else b"8bit"
    return b"".join(
        (
            header.removesuffix(b"\r\n"),
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n' % boundary,
            b"--%b\r\n%b\r\n" % (boundary, text),
            b"--%b\r\nContent-Type: message/rfc822\r\n" % boundary,
            b"Content-Transfer-Encoding: %b\r\n" % encoding,
            b'Content-Disposition: attachment; filename="forwarded.eml"\r\n\r\n',
            forwarded,
            b"\r\n--%b--\r\n" % boundary,
        )
    )


def _header(people: Iterable[Recipient]) -> tuple[HeaderAddress, ...]:
    parts = ((one.name, *one.email.rpartition("@")[::2]) for one in people)
    return tuple(HeaderAddress(name, local, domain) for name, local, domain in parts)
