"""What senders are told: delivery status notifications (RFC 3464, RFC 6522, RFC 3461 §6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, make_msgid
from typing import Final, Literal

from mailcore.limits import KIB, MIB
from mailcore.message import find_header, header_block, message_ids
from mailcore.net.sending import describe
from mailcore.smtp import Reply
from mailcore_agentpost.mail.wishes import Wishes

#: The values of the Action field (RFC 3464 §2.3.3).
Action = Literal["failed", "delayed", "delivered", "relayed"]

_TEXTS: Final = {
    "failed": (
        "Undelivered mail",
        "Your message could not be delivered to these recipients. It will not be tried again.",
    ),
    "delayed": (
        "Delayed mail",
        "Your message has not been delivered to these recipients yet. You need not send it again:"
        " it will be tried again.",
    ),
    "delivered": ("Delivered mail", "Your message was delivered to these recipients."),
    "relayed": (
        "Relayed mail",
        "Your message was handed on for these recipients. The server that has it now may not tell"
        " you what becomes of it.",
    ),
}
_HEADER_OCTETS: Final = 64 * KIB
# What is longer is not returned as a whole, even where the sender asks for it (RFC 3461 §6.2).
_WHOLE_OCTETS: Final = MIB


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the message for one recipient.

    Arguments:
        reply: what was said of it.
        host: the server that said so; "" where it was us.
        wishes: of the sender.
    """

    recipient: str
    reply: Reply
    host: str
    wishes: Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The message that a notification is about.

    Arguments:
        sender: who sent it, and is to be told.
        identifier: the id of the copy in Sent.
        octets: the message; its header is returned, or all of it.
        arrived: in seconds since 1970.
    """

    sender: str
    identifier: str
    octets: bytes
    arrived: float


def notice(
    action: Action, fates: Sequence[Fate], about: About, *, reporter: str, now: float
) -> bytes:
    """Make a notification. Its sender is the null path, so that nobody answers it (RFC 3464 §2).

    Arguments:
        fates: at least one.
        reporter: our name.
        now: seconds since 1970.
    """
    subject, text = _TEXTS[action]
    boundary = f"=_{about.identifier}"
    kind, returned = _returned(action, fates[0].wishes, about.octets)
    head = [
        f"From: Mail Delivery System <postmaster@{reporter}>",
        f"To: <{about.sender}>",
        f"Subject: {subject}",
        f"Date: {_date(now)}",
        f"Message-ID: {make_msgid(domain=reporter)}",
        *_thread(about.octets),
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f'\tboundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        text,
        "",
        *(f"  <{one.recipient}>: {describe(one.reply)}" for one in fates),
        "",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        *_message_fields(fates[0].wishes, about, reporter),
    ]
    for one in fates:
        head += ["", *_recipient_fields(action, one)]
    head += [
        "",
        f"--{boundary}",
        f"Content-Type: {kind}",
        f"Content-Transfer-Encoding: {'7bit' if returned.isascii() else '8bit'}",
        "",
        "",
    ]
    return "\r\n".join(head).encode() + returned + f"\r\n--{boundary}--\r\n".encode()


def _returned(action: Action, wishes: Wishes, octets: bytes) -> tuple[str, bytes]:
    """Return the media type and the octets of what is returned (RFC 3461 §6.2)."""
    header = octets.partition(b"\r\n\r\n")[0][:_HEADER_OCTETS] + b"\r\n"
    if action == "failed" and wishes.ret == "FULL" and len(octets) <= _WHOLE_OCTETS:
        return "message/rfc822" if header.isascii() else "message/global", octets
    return "text/rfc822-headers" if header.isascii() else "message/global-headers", header


def _thread(octets: bytes) -> list[str]:
    """Tie the notification to the message, for people and for REST."""
    field = find_header(header_block(octets, _HEADER_OCTETS), "message-id") or b""
    identifiers = [one for one in message_ids(field) if one.isascii()][:1]
    return [f"{name}: {one}" for one in identifiers for name in ("In-Reply-To", "References")]


def _message_fields(wishes: Wishes, about: About, reporter: str) -> list[str]:
    """``per-message-fields`` of RFC 3464 §2.2, and of RFC 2852 §5."""
    fields = [f"Reporting-MTA: dns; {reporter}", f"X-AgentPost-Message: {about.identifier}"]
    if wishes.envid is not None:
        # RFC 3461 §6.3 (a): where the sender gave one, and nowhere else.
        fields.insert(0, f"Original-Envelope-Id: {wishes.envid}")
    fields.append(f"Arrival-Date: {_date(about.arrived)}")
    if wishes.deliver_by is not None:
        fields.append(f"Deliver-By-Date: {_date(wishes.deliver_by)}")
    return fields


def _recipient_fields(action: Action, fate: Fate) -> list[str]:
    """``per-recipient-fields`` of RFC 3464 §2.3."""
    reply = fate.reply
    kind = "rfc822" if fate.recipient.isascii() else "utf-8"
    fields = [
        f"Final-Recipient: {kind}; {fate.recipient}",
        f"Action: {action}",
        f"Status: {_status(action, reply)}",
    ]
    if fate.wishes.orcpt is not None:
        address_type, _, address = fate.wishes.orcpt.partition(";")
        fields.insert(0, f"Original-Recipient: {address_type}; {address}")
    if fate.host:
        fields += [f"Remote-MTA: dns; {fate.host}", f"Diagnostic-Code: smtp; {describe(reply)}"]
    return fields


def _status(action: Action, reply: Reply) -> str:
    usual = {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")
    status = reply.enhanced or usual
    if action == "failed" and status.startswith("4"):
        return "4.4.7"  # it expired (RFC 3463 §3.5)
    return status if status[0] == usual[0] else usual


def _date(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(moment), UTC))
