"""What senders are told: delivery status notifications (RFC 3464, RFC 6522)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, make_msgid
from typing import Final, Literal

from mailcore.net.sending import describe
from mailcore.smtp import Reply

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
}
_HEADER_OCTETS: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Failure:
    """One recipient who did not get a message.

    Arguments:
        host: the server that said so; "" where it was us.
    """

    recipient: str
    reply: Reply
    host: str = ""


def notice(
    action: Literal["failed", "delayed"],
    failures: Sequence[Failure],
    *,
    to: str,
    reporter: str,
    message: str,
    original: bytes,
    arrived: float,
    now: float,
) -> bytes:
    """Make a notification. Its sender is the null path, so that nobody answers it (RFC 3464 §2).

    Arguments:
        to: who sent the message.
        reporter: our name.
        message: the id of the copy in Sent.
        original: the message; its header is returned.
        arrived, now: seconds since 1970.
    """
    subject, text = _TEXTS[action]
    boundary = f"=_{message}"
    header = original.partition(b"\r\n\r\n")[0][:_HEADER_OCTETS] + b"\r\n"
    wide = not header.isascii()
    head = [
        f"From: Mail Delivery System <postmaster@{reporter}>",
        f"To: <{to}>",
        f"Subject: {subject}",
        f"Date: {_date(now)}",
        f"Message-ID: {make_msgid(domain=reporter)}",
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
        *(f"  <{one.recipient}>: {describe(one.reply)}" for one in failures),
        "",
        f"--{boundary}",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; {reporter}",
        f"Original-Envelope-Id: {message}",
        f"Arrival-Date: {_date(arrived)}",
    ]
    for one in failures:
        head += ["", *_fields(action, one)]
    head += [
        "",
        f"--{boundary}",
        f"Content-Type: {'message/global-headers' if wide else 'text/rfc822-headers'}",
        f"Content-Transfer-Encoding: {'8bit' if wide else '7bit'}",
        "",
        "",
    ]
    return "\r\n".join(head).encode() + header + f"\r\n--{boundary}--\r\n".encode()


def _fields(action: str, failure: Failure) -> list[str]:
    """``per-recipient-fields`` of RFC 3464 §2.3."""
    reply = failure.reply
    kind = "rfc822" if failure.recipient.isascii() else "utf-8"
    status = reply.enhanced or f"{'4' if action == 'delayed' else '5'}.0.0"
    if action == "failed" and status.startswith("4"):
        status = "4.4.7"  # it expired (RFC 3463 §3.5)
    fields = [
        f"Final-Recipient: {kind}; {failure.recipient}",
        f"Action: {action}",
        f"Status: {status}",
    ]
    if failure.host:
        fields += [f"Remote-MTA: dns; {failure.host}", f"Diagnostic-Code: smtp; {describe(reply)}"]
    return fields


def _date(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(moment), UTC))
