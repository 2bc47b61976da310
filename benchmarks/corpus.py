"""The mail that every server is filled with: the same octets in each run."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

#: Octets of an ordinary message, about.
SIZE: Final = 8 * 1024
#: Stands in one message of a thousand, in the text.
RARE: Final = "quagga"
_WORDS: Final = str.split(
    "the of and to in is that it was for on are with as they be at one have this from or had "
    "by hot word but what some we can out other were all there when up use your how said an "
    "each she which do their time if will way about many then them write would like so these "
    "her long make thing see him two has look more day could go come did number sound no most "
    "people my over know water than call first who may down side been now find any new work "
    "part take get place made live where "
)
_START: Final = datetime(2024, 1, 1, tzinfo=UTC)


def message(number: int, size: int = SIZE, sender: str = "") -> bytes:
    """Return message ``number``: plain text and HTML, in threads of five, CRLF line ends."""
    dice = random.Random(number)
    first = number - number % 5
    # The order of dates is not the order of arrival, or sorting would have nothing to do.
    date = format_datetime(_START + timedelta(minutes=dice.randrange(1_000_000)))
    head = [
        f"From: Sender {number % 97} <{sender or f'sender{number % 97}@example.com'}>",
        f"To: reader{number % 31}@example.org, Other Reader <other@example.org>",
        f"Subject: {'Re: ' if number % 5 else ''}Report {first} of the {_WORDS[first % 90]}",
        f"Date: {date}",
        f"Message-ID: <{number}@mail.example.com>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/alternative; boundary="=-boundary"',
        "X-Mailer: benchmark",
    ]
    if number % 5:
        head.append(f"In-Reply-To: <{number - 1}@mail.example.com>")
        head.append(
            "References: " + " ".join(f"<{n}@mail.example.com>" for n in range(first, number))
        )
    text = _text(dice, size // 2)
    if number % 1000 == 500:
        text = f"A {RARE} came by.\r\n" + text
    return "\r\n".join(
        [
            *head,
            "",
            "--=-boundary",
            "Content-Type: text/plain; charset=utf-8",
            "",
            text,
            "--=-boundary",
            "Content-Type: text/html; charset=utf-8",
            "",
            f"<html><body><p>{_text(dice, size // 2)}</p></body></html>",
            "--=-boundary--",
            "",
        ]
    ).encode()


def big_message(size: int) -> bytes:
    """Return a message of about ``size`` octets, all in lines of text."""
    line = b"A line of seventy-six octets, as base64 has them, so that nothing is odd.....\r\n"
    head = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: big\r\n\r\n"
    return head + line * (size // len(line))


def _text(dice: random.Random, size: int) -> str:
    lines = []
    while size > 0:
        line = " ".join(dice.choices(_WORDS, k=12))
        lines.append(line)
        size -= len(line) + 2
    return "\r\n".join(lines)
