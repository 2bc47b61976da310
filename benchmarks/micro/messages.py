"""Describing messages: the summary that IMAP needs, against the standard library's parser."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from benchmarks.micro.timing import side_by_side
from mailcore.imap.summary import summarize

_MESSAGES = 200


def _message(number: int) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Sender {number} <sender{number}@example.com>"
    message["To"] = ", ".join(f"reader{n}@example.com" for n in range(5))
    message["Subject"] = f"Número {number}: a subject of the usual length"
    message["Message-ID"] = f"<{number}@example.com>"
    message["Date"] = "Mon, 24 Nov 2025 10:00:00 +0100"
    message.set_content("A line of text that somebody wrote.\n" * 40)
    message.add_alternative("<p>A line of text that somebody wrote.</p>\n" * 40, subtype="html")
    if number % 4 == 0:
        message.add_attachment(
            bytes(range(256)) * 200, maintype="application", subtype="pdf", filename="a.pdf"
        )
    return message.as_bytes()


def run() -> None:
    """Print the rates."""
    messages = [_message(number) for number in range(_MESSAGES)]

    def with_email() -> int:
        for data in messages:
            parsed = message_from_bytes(data)
            for part in parsed.walk():
                part.get_content_type()
        return len(messages)

    def with_mailcore() -> int:
        for data in messages:
            summarize(data).to_bytes()
        return len(messages)

    side_by_side(
        "A message described",
        "messages",
        {
            "email.message_from_bytes (structure only)": with_email,
            "mailcore: ENVELOPE and BODYSTRUCTURE": with_mailcore,
        },
    )
