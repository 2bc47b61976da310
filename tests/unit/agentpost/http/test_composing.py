"""Messages made by a REST send, and messages read for a REST answer."""

from __future__ import annotations

import email
import email.policy

import msgspec
import pytest

from mailcore.message import parse_envelope, parse_structure
from mailcore_agentpost.http.composing import compose
from mailcore_agentpost.http.decoding import decode_json
from mailcore_agentpost.http.problems import Problem
from mailcore_agentpost.http.reading import heading, read_text
from mailcore_agentpost.http.types import Address, Recipient, SendMessage

ME = Recipient(email="me@shared.localhost", name="Me")


def request(**fields: object) -> SendMessage:
    return decode_json(msgspec.json.encode(fields), SendMessage, depth=16)


def test_what_is_sent_is_what_is_read() -> None:
    octets = compose(
        ME,
        request(
            to=[{"email": "a@b.example", "name": 'Jörg "x", <y>'}, {"email": "c@b.example"}],
            cc=[{"email": "d@b.example"}],
            bcc=[{"email": "e@b.example"}],
            subject="Grüße " * 30,
            text_body="Hello ünicode\r\n.\r\nFrom here\n" + "long " * 1000,
            html_body="<p>Hellö</p>",
        ),
    )
    head = heading(parse_envelope(octets))
    assert head.sender == Address("me@shared.localhost", "Me")
    assert head.to == [Address("a@b.example", 'Jörg "x", <y>'), Address("c@b.example", "")]
    assert [one.email for one in head.cc + head.bcc] == ["d@b.example", "e@b.example"]
    assert head.subject == ("Grüße " * 30).strip()
    text = read_text(octets, parse_structure(octets))
    assert text.plain is not None
    assert text.plain.startswith("Hello ünicode\r\n.\r\nFrom here\r\nlong ")
    assert (text.html, text.has_attachments) == ("<p>Hellö</p>\r\n", False)
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert b"\r" not in octets.replace(b"\r\n", b"")
    assert max(map(len, octets.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "fields",
    [
        {"to": [{"email": "a@b.example\r\nBcc: x@y.example"}]},
        {"to": [{"email": "a@b.example\n"}]},
        {"to": [{"email": "a@b.example>, <x@y.example"}]},
        {"to": [{"email": "a@b@c.example"}]},
        {"to": [{"email": "nobody"}]},
        {"to": [{"email": ""}]},
        {"to": [{"email": "a@b.example", "name": "x\r\nBcc: y@z.example"}]},
        {"cc": [{"email": "a@b.example\x00"}]},
        {"subject": "x\r\nBcc: y@z.example"},
        {"subject": "x\n"},
        {"subject": "x" * 999},
        {"text_body": "a\x00b"},
        {"labels": ["Upper"]},
    ],
)
def test_nothing_can_break_out_of_its_field(fields: dict[str, object]) -> None:
    with pytest.raises(Problem) as caught:
        request(**fields)
    assert caught.value.status == 422
    assert caught.value.members["field"].startswith(next(iter(fields)))


def test_an_address_beyond_ascii_needs_utf8_headers() -> None:
    octets = compose(ME, request(to=[{"email": "jörg@bücher.example"}], html_body="<p>x</p>"))
    assert heading(parse_envelope(octets)).to == [Address("jörg@bücher.example", "")]
    assert read_text(octets, parse_structure(octets)).plain is None


def test_bare_carriage_returns_in_a_body_become_line_ends() -> None:
    octets = compose(ME, request(text_body="a\rb\nc"))
    assert read_text(octets, parse_structure(octets)).plain == "a\r\nb\r\nc\r\n"


@pytest.mark.parametrize(
    ("disposition", "attached"),
    [
        ("Content-Disposition: attachment\r\n", True),
        ("", True),
        ("Content-ID: <x@y>\r\n", False),
        ("Content-Disposition: inline\r\nContent-ID: <x@y>\r\n", False),
    ],
)
def test_attachments_and_pictures_in_the_text(disposition: str, attached: bool) -> None:
    octets = (
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n"
        f"--b\r\nContent-Type: image/png\r\n{disposition}\r\nx\r\n--b--\r\n"
    ).encode()
    text = read_text(octets, parse_structure(octets))
    assert (text.plain, text.has_attachments) == ("hello", attached)


def test_a_text_attachment_is_not_the_text() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Disposition: attachment\r\n\r\nnotes\r\n--b\r\n\r\nhello\r\n--b--\r\n"
    )
    text = read_text(octets, parse_structure(octets))
    assert (text.plain, text.has_attachments) == ("hello", True)


def test_deep_nesting_costs_no_stack() -> None:
    octets = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
        for n in range(3000)
    )
    assert read_text(octets, parse_structure(octets)).html is None


def test_the_standard_library_agrees() -> None:
    octets = compose(ME, request(to=[{"email": "a@b.example"}], text_body="x", html_body="y"))
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert not message.defects
    assert message["To"].addresses[0].addr_spec == "a@b.example"
    assert message.get_content_type() == "multipart/alternative"
