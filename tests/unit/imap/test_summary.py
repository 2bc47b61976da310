"""Summaries: kept as octets, read without looking at the message again."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap.summary import VERSION, Summary, summarize
from mailcore.imap.types import Section
from mailcore.imap.wire.encode_structure import encode_body, encode_envelope
from mailcore.limits import Limits
from mailcore.message import parse_envelope, parse_structure, resolve_section
from mailcore.testing.strategies import mime

PLAIN = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@example.test>\r\n"
    b"To: a@example.test\r\nTo: b@example.test\r\nCc:\r\n"
    b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
    b"Date: Mon, 05 Jan 2026 23:30:15 -0330\r\n"
    b"Message-ID: <one@example.test>\r\n"
    b"References: <a@x> <b@x>\r\n <c@x>\r\nIn-Reply-To: <d@x>\r\n"
    b"\r\nHello,\r\n  world\r\n"
)
NESTED = (
    b'Content-Type: multipart/mixed; boundary="o"\r\n\r\n'
    b"--o\r\nContent-Type: message/rfc822\r\n\r\n"
    b'Subject: inner\r\nContent-Type: multipart/alternative; boundary="i"\r\n\r\n'
    b"--i\r\n\r\nplain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--i--\r\n"
    b"\r\n--o\r\nContent-Type: image/png\r\n\r\nPNG\r\n--o--\r\n"
)
MESSAGES = [b"", b"\r\n", b"text only", b"\xff\0" * 50, PLAIN, NESTED, b"Subject: x"]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_summary_survives_being_kept(message):
    summary = summarize(message)
    kept = Summary.from_bytes(summary.to_bytes())
    assert kept == summary
    assert hash(kept) == hash(summary)
    assert kept.to_bytes() == summary.to_bytes()
    assert kept.size == len(message)
    assert kept.header_end == summary.header_end
    assert kept.subject == summary.subject


@pytest.mark.parametrize("message", MESSAGES)
def test_it_holds_what_the_encoder_writes(message):
    summary = summarize(message)
    part = parse_structure(message)
    assert summary.envelope == encode_envelope(parse_envelope(message[: part.body]))
    assert summary.bodystructure == encode_body(part, True)
    assert summary.body == encode_body(part, False)
    assert summary.header_end == part.body


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("path", [(), (1,), (2,), (1, 1), (1, 2), (1, 3), (3,), (1, 1, 1)])
@pytest.mark.parametrize("text", [None, "HEADER", "TEXT", "MIME", "HEADER.FIELDS"])
def test_it_knows_where_the_sections_lie(message, path, text):
    kept = Summary(summarize(message).to_bytes())
    expected = resolve_section(parse_structure(message), path, text)
    assert kept.resolve(Section(path, text)) == expected


@given(mime.torture | st.sampled_from(MESSAGES))
def test_fields_in_front_move_all_else(message):
    fields = b"Return-Path: <a@example.test>\r\nReceived: from b\r\n\tby c; now\r\n"
    moved = summarize(message).with_fields_in_front(len(fields))
    assert moved == summarize(fields + message)


def test_some_sections_of_the_nested_message():
    summary = summarize(NESTED)

    def cut(*path: int, text: str | None = None) -> bytes:
        found = summary.resolve(Section(path, text))
        assert found is not None
        return NESTED[slice(*found)]

    assert cut(1, 1) == b"plain"
    assert cut(1, 2, text="MIME") == b"Content-Type: text/html\r\n\r\n"
    assert cut(2) == b"PNG"
    assert cut(1, text="HEADER").startswith(b"Subject: inner\r\n")
    assert summary.resolve(Section((2, 1))) is None


def test_header_fields_are_decoded():
    summary = summarize(PLAIN)
    assert summary.from_ == "Jürgen <j@example.test>"
    assert summary.to == "a@example.test\nb@example.test"
    assert summary.subject == "Grüße"
    # There but empty is not the same as none.
    assert (summary.cc, summary.bcc) == ("", "")
    assert (summary.header("cc"), summary.header("Bcc")) == ("", None)
    with pytest.raises(KeyError):
        summary.header("X-Other")


def test_date_thread_and_preview():
    summary = summarize(PLAIN)
    zone = timezone(-timedelta(hours=3, minutes=30))
    assert summary.sent == datetime(2026, 1, 5, 23, 30, 15, tzinfo=zone)
    assert summary.sent.utcoffset() == zone.utcoffset(None)
    assert summary.message_id == "<one@example.test>"
    assert summary.references == ("<a@x>", "<b@x>", "<c@x>")
    assert summary.preview == "Hello, world"


def test_in_reply_to_stands_in_for_references():
    assert summarize(b"In-Reply-To: <d@x> <e@x>\r\n\r\n").references == ("<d@x>",)


def test_what_a_message_does_not_have():
    summary = summarize(b"")
    assert summary.sent is None
    assert summary.message_id is None
    assert summary.references == ()
    assert summary.preview == ""
    assert summary.header("From") is None


@pytest.mark.parametrize(
    "date",
    [
        b"nonsense",
        b"Mon, 99 Jan 2026 00:00:00 +0000",
        b"",
        # Before and after all that Python has dates for, seen from Greenwich.
        b"1 Jan 0001 00:00:00 +1400",
        b"31 Dec 9999 23:59:59 -1200",
    ],
)
def test_a_date_that_is_none_is_no_error(date):
    assert summarize(b"Date: " + date + b"\r\n\r\n").sent is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"not a summary",
        b"\xff" * 300,
        summarize(PLAIN).to_bytes()[:-1],
        summarize(PLAIN).to_bytes() + b"x",
        bytes([VERSION + 1]) + summarize(PLAIN).to_bytes()[1:],
        bytes([0]) + summarize(PLAIN).to_bytes()[1:],
    ],
)
def test_octets_that_are_no_summary_of_this_version_are_rejected(data):
    with pytest.raises(ValueError):
        Summary.from_bytes(data)


def test_limits_bound_what_is_looked_at():
    limits = Limits(header_block=20, mime_parts=2)
    summary = summarize(b"Subject: 0123456789 and more\r\nX: y\r\n\r\nz", limits)
    assert "more" not in summary.subject
    assert summarize(NESTED, limits).resolve(Section((2,))) is None
    assert summarize(NESTED).resolve(Section((2,))) is not None


def test_it_is_told_in_short():
    assert repr(summarize(PLAIN)) == f"<Summary of {len(PLAIN)} octets: 'Grüße'>"
    assert summarize(PLAIN) != PLAIN
