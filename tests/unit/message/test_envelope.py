"""The envelope structure (RFC 9051 §7.5.2)."""

from __future__ import annotations

from mailcore.message import Address, Envelope, parse_envelope

FRED = Address(b"Fred", None, b"fred", b"x.test")
MARY = Address(None, None, b"mary", b"y.test")


def test_all_fields() -> None:
    envelope = parse_envelope(
        b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Fred <fred@x.test>\r\n"
        b"Subject: IMAP4rev2\r\n WG minutes\r\nSender: mary@y.test\r\nReply-To: mary@y.test\r\n"
        b"To: mary@y.test\r\nCC: Fred <fred@x.test>\r\nBcc: mary@y.test\r\n"
        b"In-Reply-To: <a@b>\r\nMESSAGE-ID: <c@d>\r\nX-Other: x\r\n\r\n"
    )
    assert envelope == Envelope(
        date=b"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)",
        subject=b"IMAP4rev2 WG minutes",
        from_=(FRED,),
        sender=(MARY,),
        reply_to=(MARY,),
        to=(MARY,),
        cc=(FRED,),
        bcc=(MARY,),
        in_reply_to=b"<a@b>",
        message_id=b"<c@d>",
    )


def test_sender_and_reply_to_default_to_from() -> None:
    for header in (
        b"From: Fred <fred@x.test>\n",
        b"From: Fred <fred@x.test>\nSender: \nReply-To:\n",
    ):
        envelope = parse_envelope(header)
        assert envelope.sender == envelope.reply_to == (FRED,)
    assert parse_envelope(b"Sender: mary@y.test\n").from_ == ()


def test_absent_is_none_and_empty_is_empty() -> None:
    assert parse_envelope(b"") == Envelope()
    assert parse_envelope(b"Subject:\r\nMessage-ID: \r\n\r\n") == Envelope(
        subject=b"", message_id=b""
    )


def test_several_destination_fields_are_one() -> None:
    envelope = parse_envelope(b"To: Fred <fred@x.test>\nTo: mary@y.test\nSubject: 1\nSubject: 2\n")
    assert envelope.to == (FRED, MARY)
    assert envelope.subject == b"1"


def test_no_line_end_or_nul_comes_through() -> None:
    envelope = parse_envelope(b'Subject: a\rb\0c\r\n\td\r\nFrom: "x\r\n y" <a\r@b>\r\n\r\n')
    assert envelope.subject == b"abc\td"
    assert envelope.from_ == (Address(b"x y", None, b"a", b"b"),)
