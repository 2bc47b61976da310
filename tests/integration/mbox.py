"""A made-up mailbox, the same one each time: what mail looks like when many programs wrote it.

``python -m tests.integration.mbox FILE`` writes it as an mbox, for other programs to read.
"""

from __future__ import annotations

import base64
import quopri
import random
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import format_datetime

CRLF = b"\r\n"
COUNT = 2000
ATTACHMENT = 20 * 1024 * 1024
_EPOCH = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
_TEXT = "ship the invoice before noon and tell whoever asks that it went by train"
_WORDS = _TEXT.split()
_NAMES = ("Anna Berg", "Zoë Åkesson", "山田太郎", 'Berg, Anna "the boss"', "Иван Петров", "")
_SUBJECTS = (
    "Invoice",
    "Größe und Maß",
    "会議の議事録を送付いたします。ご確認のほどよろしくお願いいたします。",
    "",
    "Re: " * 30 + "a subject that is folded",
    "🎉 party",
)


def messages(count: int = COUNT, attachment: int = ATTACHMENT) -> Iterator[bytes]:
    """Yield messages with CRLF line ends.

    Arguments:
        count: how many.
        attachment: octets of the file attached to the one in the middle; 0 for none.
    """
    for number in range(count):
        rng = random.Random(number)
        if attachment and number == count // 2:
            yield _headers(rng, number) + _mixed(
                rng, _attached("big.bin", rng.randbytes(attachment))
            )
        else:
            yield _headers(rng, number) + _KINDS[number % len(_KINDS)](rng)


def as_mbox(mail: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces of an mbox file of the "mboxrd" kind, which can be undone."""
    for message in mail:
        lines = message.replace(CRLF, b"\n").splitlines(keepends=True)
        yield b"From anna@example.test Thu Mar  4 05:06:07 2021\n"
        for line in lines:
            yield (b">" if line.lstrip(b">").startswith(b"From ") else b"") + line
        yield b"\n" if lines and lines[-1].endswith(b"\n") else b"\n\n"


# ------------------------------------------------------------------------------------- headers


def _headers(rng: random.Random, number: int) -> bytes:
    when = _EPOCH + timedelta(minutes=number * 7)
    fields = [
        f"Message-ID: <{number}.{rng.randrange(10**9)}@mbox.example.test>".encode(),
        b"Date: " + format_datetime(when).encode(),
        b"From: " + _address(rng.choice(_NAMES), "anna"),
        b"To: "
        + b",\r\n\t".join(_address(rng.choice(_NAMES), f"to{n}") for n in range(number % 4 + 1)),
        b"Subject: " + _subject(rng.choice(_SUBJECTS), number),
    ]
    if number % 9 == 0:
        fields.append(
            b"References: " + CRLF.join(b" <%d@mbox.example.test>" % n for n in range(40))
        )
    if number % 13 == 0:
        fields.append(b"X-Long: " + b"x" * 900)
    if number % 17 == 0:
        fields.append("X-Raw: ungekürzt, 未加工".encode())
    rng.shuffle(fields)
    return CRLF.join(fields) + CRLF


def _address(name: str, user: str) -> bytes:
    mailbox = f"{user}@example.test".encode()
    if not name:
        return mailbox
    if name.isascii():
        return b'"%s" <%s>' % (name.replace('"', '\\"').encode(), mailbox)
    return Header(name, "utf-8").encode().encode() + b" <" + mailbox + b">"


def _subject(text: str, number: int) -> bytes:
    folded = Header(f"{text} {number}".strip(), None if text.isascii() else "utf-8").encode()
    return folded.replace("\n", "\r\n").encode()


# ------------------------------------------------------------------------------------- bodies


def _prose(rng: random.Random, words: int) -> str:
    text = [rng.choice(_WORDS) + ("\r\n" if n % 11 == 10 else "") for n in range(words)]
    return " ".join(text) + "\r\n"


def _plain(rng: random.Random) -> bytes:
    return CRLF + _prose(rng, rng.randrange(2, 300)).encode()


def _empty(rng: random.Random) -> bytes:
    return CRLF


def _without_body(rng: random.Random) -> bytes:
    return b""


def _unfinished(rng: random.Random) -> bytes:
    return CRLF + _prose(rng, 30).encode().rstrip()


def _tricky_lines(rng: random.Random) -> bytes:
    return (
        CRLF + b".\r\n..\r\n.hidden\r\nFrom here on\r\n>From there\r\n\r\n\r\n" + b"y" * 2000 + CRLF
    )


def _quoted_printable(rng: random.Random) -> bytes:
    text = _prose(rng, 80).replace("train", "Straßenbahn = günstig")
    coded = quopri.encodestring(text.replace("\r\n", "\n").encode()).replace(b"\n", CRLF)
    kind = "text/plain; charset=utf-8"
    return b"MIME-Version: 1.0\r\n" + _part(
        kind, coded, "Content-Transfer-Encoding: quoted-printable"
    )


def _eight_bit(rng: random.Random) -> bytes:
    charset = rng.choice(("utf-8", "iso-8859-1", "koi8-r"))
    word = {"utf-8": "漢字", "iso-8859-1": "größer", "koi8-r": "письмо"}[charset].encode(charset)
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n"
    return b"MIME-Version: 1.0\r\n" + head.encode() + CRLF + (word + b" ") * 12 + CRLF


def _part(kind: str, body: bytes, *fields: str) -> bytes:
    head = "".join(f"{one}\r\n" for one in (f"Content-Type: {kind}", *fields))
    return head.encode() + CRLF + body


def _multipart(rng: random.Random, subtype: str, *parts: bytes) -> bytes:
    """Return header fields, an empty line and a body."""
    mark = f"=_{rng.randrange(10**12)}".encode()
    lines = [b"This is a message in several parts."]
    lines += [b"--" + mark + CRLF + part for part in parts]
    head = b'Content-Type: multipart/%s;\r\n\tboundary="%s"\r\n' % (subtype.encode(), mark)
    return head + CRLF + CRLF.join([*lines, b"--" + mark + b"--", b""])


def _text(rng: random.Random) -> bytes:
    return _part("text/plain; charset=us-ascii", _prose(rng, 40).encode())


def _alternative(rng: random.Random) -> bytes:
    html = f"<p>{_prose(rng, 40)}</p>\r\n".encode()
    both = _multipart(rng, "alternative", _text(rng), _part("text/html; charset=utf-8", html))
    return b"MIME-Version: 1.0\r\n" + both


def _attached(name: str, data: bytes) -> bytes:
    return _part(
        "application/octet-stream",
        base64.encodebytes(data).replace(b"\n", CRLF),
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: attachment;\r\n filename*0*=utf-8''{name};\r\n filename*1=.x",
    )


def _mixed(rng: random.Random, *parts: bytes) -> bytes:
    return b"MIME-Version: 1.0\r\n" + _multipart(rng, "mixed", _text(rng), *parts)


def _with_file(rng: random.Random) -> bytes:
    return _mixed(rng, _attached("r%C3%A9sum%C3%A9", rng.randbytes(rng.randrange(20_000))))


def _related(rng: random.Random) -> bytes:
    image = _part(
        "image/png",
        base64.encodebytes(rng.randbytes(600)).replace(b"\n", CRLF),
        "Content-Transfer-Encoding: base64",
        "Content-ID: <i@x>",
        "Content-Language: de, en",
    )
    return b"MIME-Version: 1.0\r\n" + _multipart(rng, "related", _alternative(rng), image)


def _forwarded(rng: random.Random) -> bytes:
    """A message in a message in a message."""
    message = _headers(rng, rng.randrange(1000)) + rng.choice((_plain, _alternative, _eight_bit))(
        rng
    )
    for _ in range(rng.randrange(1, 4)):
        message = _headers(rng, rng.randrange(1000)) + _mixed(rng, _part("message/rfc822", message))
    return _mixed(rng, _part("message/rfc822", message, "Content-Description: forwarded"))


def _report(rng: random.Random) -> bytes:
    status = b"Reporting-MTA: dns; mx.example.test\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\n"
    return b"MIME-Version: 1.0\r\n" + _multipart(
        rng,
        'report;\r\n report-type="delivery-status"',
        _text(rng),
        _part("message/delivery-status", status + b"Action: failed\r\nStatus: 5.1.1\r\n"),
        _part("text/rfc822-headers", _headers(rng, 7)),
    )


def _broken(rng: random.Random) -> bytes:
    """A multipart without its end, and with a part that is none."""
    kind = 'multipart/mixed; boundary="b"'
    return b"MIME-Version: 1.0\r\n" + _part(kind, b"--b\r\n\r\n--b\r\nhalf")


_KINDS: tuple[Callable[[random.Random], bytes], ...] = (
    _plain,
    _alternative,
    _quoted_printable,
    _with_file,
    _forwarded,
    _empty,
    _eight_bit,
    _related,
    _tricky_lines,
    _report,
    _unfinished,
    _without_body,
    _broken,
)


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        file.writelines(as_mbox(messages()))
