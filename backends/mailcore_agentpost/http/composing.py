"""The message that a REST send makes (RFC 5322, RFC 2045)."""

from __future__ import annotations

from collections.abc import Iterable
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from mailcore_agentpost.http.types import Recipient, SendMessage

# Bodies in seven bits pass every relay (RFC 6152 is an extension).
_ASCII = SMTP.clone(cte_type="7bit")


def compose(sender: Recipient, request: SendMessage) -> bytes:
    """Return the octets of the message; Date and Message-ID are the submission's to add.

    Bcc is in it: what is delivered loses the field, the copy in Sent keeps it.

    Arguments:
        sender: who it is from.
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
    if request.text_body is not None or request.html_body is None:
        message.set_content(request.text_body or "")
        if request.html_body is not None:
            message.add_alternative(request.html_body, subtype="html")
    else:
        message.set_content(request.html_body, subtype="html")
    return message.as_bytes()


def _header(people: Iterable[Recipient]) -> tuple[HeaderAddress, ...]:
    parts = ((one.name, *one.email.rpartition("@")[::2]) for one in people)
    return tuple(HeaderAddress(name, local, domain) for name, local, domain in parts)
