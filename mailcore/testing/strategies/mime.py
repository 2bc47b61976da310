"""Hypothesis strategies for messages: as they should be, and as they come.

For parsers of one's own: ``torture`` has what has broken them, boundaries within boundaries, parts
that never end, fields that go on forever, and every kind of line end.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from hypothesis import strategies as st

#: Lines that matter to whoever takes a message apart.
LINES = [
    b"Content-Type: multipart/mixed; boundary=b",
    b"Content-Type: multipart/digest; boundary=bb",
    b"Content-Type: message/rfc822",
    b"Content-Type: text/html; charset=utf-7",
    b"Content-Transfer-Encoding: base64",
    b"Subject: =?utf-8?q?x?=",
    b"From: g: a@b, <@c:d@e>;",
    b"--b",
    b"--b--",
    b"--bb",
    b"--bb--",
    b"--",
    b"text",
    b" folded",
    b"",
    b"",
]
_ENDS = [b"\r\n", b"\r\n", b"\n", b"\r", b"", b" \n"]

#: Octets that are hardly a message.
torture = st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(_ENDS)), max_size=40).map(
    lambda lines: b"".join(text + end for text, end in lines)
)

_SPECIALS = [bytes([octet]) for octet in b"()<>,;:@.\\\"[]= \t\r\n?*'%aQ1\0\xff"]
_WORDS = [b"=?utf-8?q?", b"?=", b"a@b", b"utf-8''", b"1 Jan 2020 00:00", b"\xc3\xa9"]
#: The value of a field, or what claims to be one.
fields = st.lists(st.sampled_from(_SPECIALS + _WORDS), max_size=40).map(b"".join)

_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=60
)


def _message(subject: str, text: str, html: str | None, attachment: bytes | None) -> bytes:
    message = EmailMessage(SMTP)
    message["From"], message["To"] = "Ann <ann@example.com>", "bob@example.test"
    message["Subject"], message["Message-ID"] = subject.strip(), "<1@example.com>"
    message.set_content(text)
    if html is not None:
        message.add_alternative(f"<p>{html}</p>", subtype="html")
    if attachment is not None:
        message.add_attachment(
            attachment, maintype="application", subtype="octet-stream", filename="ä.bin"
        )
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            # Otherwise the standard library rolls dice, and no example could be repeated.
            part.set_boundary(f"=_boundary-{number}_=")
    return message.as_bytes()


#: Messages that any parser takes: text, perhaps as HTML too, perhaps with an attachment.
messages = st.builds(
    _message, _TEXTS, _TEXTS, st.none() | _TEXTS, st.none() | st.binary(max_size=100)
)
