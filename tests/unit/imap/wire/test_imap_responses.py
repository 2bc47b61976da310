"""Responses in wire notation, and those that must never leave."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.imap import responses as r
from mailcore.imap.types import PartialRange, ResponseCode, Section, SequenceSet, Status
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.imap.wire.encode_structure import encode_body, encode_envelope
from mailcore.message import Address, Envelope, Part, parse_structure

UIDNEXT = ResponseCode("UIDNEXT", "5")


@pytest.mark.parametrize(
    ("response", "written"),
    [
        (r.Tagged("t1", Status.OK, "done"), "t1 OK done"),
        (r.Tagged("t1", Status.NO, "no", ResponseCode("CANNOT")), "t1 NO [CANNOT] no"),
        (r.Tagged("t1", Status.OK, "[x] y"), "t1 OK (x] y"),
        (r.Tagged("t1", Status.NO, "no {5}"), "t1 NO no {5}."),
        (r.Continuation("{5}"), "+ {5}."),
        (r.Untagged(Status.BYE, "bye\r\nt1 OK"), "* BYE bye??t1 OK"),
        (r.Untagged(Status.OK, "next", UIDNEXT), "* OK [UIDNEXT 5] next"),
        (r.Continuation("go"), "+ go"),
        (r.Continuation(), "+ "),
        (r.Continuation(data=b""), "+ "),
        (r.Continuation(data=b"user"), "+ dXNlcg=="),
        (r.CapabilityResponse(("IMAP4rev1", "AUTH=PLAIN")), "* CAPABILITY IMAP4rev1 AUTH=PLAIN"),
        (r.LanguageResponse(("en", "i-default")), "* LANGUAGE (en i-default)"),
        (r.ComparatorResponse("i;octet"), "* COMPARATOR i;octet"),
        (
            r.ComparatorResponse("i;octet", ("i;octet", "x y")),
            '* COMPARATOR i;octet (i;octet "x y")',
        ),
        (r.Enabled(()), "* ENABLED"),
        (r.ListResponse("INBOX", ("\\Noselect",)), '* LIST (\\Noselect) "/" INBOX'),
        (r.ListResponse("a b", (), None, lsub=True), '* LSUB () NIL "a b"'),
        (r.ListResponse("ü", (), "\\"), '* LIST () "\\\\" &APw-'),
        (r.NamespaceResponse((("", "/"),)), '* NAMESPACE (("" "/")) NIL NIL'),
        (
            r.NamespaceResponse(None, (("~", "/"),), (("#a", "."), ("#b", "."))),
            '* NAMESPACE NIL (("~" "/")) (("#a" ".")("#b" "."))',
        ),
        (r.StatusResponse("a", {"MESSAGES": 1, "UIDNEXT": 2}), "* STATUS a (MESSAGES 1 UIDNEXT 2)"),
        (r.SearchResponse([]), "* SEARCH"),
        (r.SearchResponse([4, 2], 9), "* SEARCH 4 2 (MODSEQ 9)"),
        (r.SearchResponse(range(9, 12), 9), "* SEARCH 9 10 11 (MODSEQ 9)"),
        (r.SearchResponse(range(7, 7)), "* SEARCH"),
        (r.SearchResponse(range(9, 4, -2)), "* SEARCH 9 7 5"),
        (r.Line(b"* SORT 2 1\r\n"), "* SORT 2 1"),
        (r.EsearchResponse("t", False), '* ESEARCH (TAG "t")'),
        (
            r.EsearchResponse("t", True, 1, 9, 3, SequenceSet(((1, 2), (9, 9))), 77),
            '* ESEARCH (TAG "t") UID MIN 1 MAX 9 COUNT 3 MODSEQ 77 ALL 1:2,9',
        ),
        (r.FlagsResponse(("\\Seen", "a")), "* FLAGS (\\Seen a)"),
        (r.Exists(0), "* 0 EXISTS"),
        (r.Recent(3), "* 3 RECENT"),
        (r.Expunged(1), "* 1 EXPUNGE"),
        (r.Vanished(SequenceSet(((1, 1), (3, 5)))), "* VANISHED 1,3:5"),
        (r.Vanished(SequenceSet(((7, 7),)), earlier=True), "* VANISHED (EARLIER) 7"),
        (r.FetchResponse(25, (r.Flags(()),), uid_only=True), "* 25 UIDFETCH (FLAGS ())"),
        (r.IdResponse(None), "* ID NIL"),
        (r.IdResponse({"name": "x", "os": None}), '* ID ("name" "x" "os" NIL)'),
    ],
)
def test_responses(response, written):
    assert ResponseEncoder().encode(response) == written.encode() + b"\r\n"


@pytest.mark.parametrize("enabled", ["UTF8=ACCEPT", "IMAP4REV2"])
def test_mailbox_names_are_utf8_once_that_is_enabled(enabled):
    names: set[str] = set()
    encoder = ResponseEncoder(names)
    assert encoder.encode(r.ListResponse("ü&")) == b'* LIST () "/" &APw-&-\r\n'
    names.add(enabled)
    assert encoder.encode(r.ListResponse("ü&")) == '* LIST () "/" "ü&"\r\n'.encode()
    assert encoder.encode(r.StatusResponse("ü", {})) == '* STATUS "ü" ()\r\n'.encode()


@pytest.mark.parametrize(
    "response",
    [
        r.Tagged("a b", Status.OK, "x"),
        r.Tagged("t\r\n", Status.OK, "x"),
        r.Tagged("t", Status.BYE, "x"),
        r.Tagged("t", Status.PREAUTH, "x"),
        r.Tagged("t", Status.OK, "x", ResponseCode("a b")),
        r.Tagged("t", Status.OK, "x", ResponseCode("A", "]")),
        r.Untagged(Status.OK, "x", ResponseCode("A", "\r\n")),
        r.CapabilityResponse(("a b",)),
        r.ListResponse("a", ("a b",)),
        r.ListResponse("\ud800"),
        r.StatusResponse("a", {"a b": 1}),
        r.StatusResponse("a", {"MESSAGES": -1}),
        r.EsearchResponse("t", False, min=-1),
        r.EsearchResponse("t", False, all=SequenceSet(())),
        r.EsearchResponse("t", False, partial=(PartialRange(0, 3), None)),
        r.EsearchResponse("t", False, updates=(r.ContextUpdate("ADDTO", ()),)),
        r.EsearchResponse(
            "t", False, updates=(r.ContextUpdate("MOVETO", ((1, SequenceSet(((1, 2),))),)),)
        ),
        r.EsearchResponse("t", False, partial=(PartialRange(-1, 3), None)),
        r.FlagsResponse(("\\",)),
        r.Exists(-1),
        r.Expunged(0),
        r.Vanished(SequenceSet(())),
        r.FetchResponse(0, (r.Uid(1),)),
        r.FetchResponse(1, (r.Rfc822Size(-1),)),
        r.FetchResponse(1, (r.Rfc822("RFC822.SIZE", b""),)),
        r.FetchResponse(1, (r.BodySection(Section((), "a"), b""),)),
        r.FetchResponse(1, (r.BodySection(Section((-1,)), b""),)),
        r.FetchResponse(1, (r.BodySection(Section(), b"", -1),)),
        r.FetchBegin(0),
    ],
)
def test_what_cannot_be_written_is_an_error_and_leaves_nothing_open(response):
    encoder = ResponseEncoder()
    with pytest.raises(LocalProtocolError):
        encoder.encode(response)
    assert not encoder.in_fetch
    assert encoder.encode(r.Exists(1)) == b"* 1 EXISTS\r\n"


# ------------------------------------------------------------------------------- FETCH attributes


@pytest.mark.parametrize(
    ("attribute", "written"),
    [
        (r.Uid(7), b"UID 7"),
        (r.Flags(("\\Seen", "a")), b"FLAGS (\\Seen a)"),
        (
            r.InternalDate(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
            b'INTERNALDATE " 2-Jan-2026 03:04:05 +0000"',
        ),
        (r.Rfc822Size(5), b"RFC822.SIZE 5"),
        (r.ModSequence(5), b"MODSEQ (5)"),
        (r.EnvelopeAttribute(Envelope()), b"ENVELOPE (" + b"NIL " * 9 + b"NIL)"),
        (r.BodySection(Section(), b"a\r\n"), b"BODY[] {3}\r\na\r\n"),
        (r.BodySection(Section(), None), b"BODY[] NIL"),
        (r.BodySection(Section((1, 2), "MIME"), b"", 4), b"BODY[1.2.MIME]<4> {0}\r\n"),
        (
            r.BodySection(Section((), "HEADER.FIELDS", ("From", "x y")), b""),
            b'BODY[HEADER.FIELDS (From "x y")] {0}\r\n',
        ),
        (r.Rfc822("RFC822.TEXT", b"x"), b"RFC822.TEXT {1}\r\nx"),
        (r.Encoded(b"ENVELOPE ()"), b"ENVELOPE ()"),
    ],
)
def test_attributes(attribute, written):
    encoder = ResponseEncoder()
    assert encoder.encode(r.FetchResponse(3, (attribute,))) == b"* 3 FETCH (%b)\r\n" % written
    both = encoder.encode(r.FetchResponse(3, (r.Uid(1), attribute)))
    assert both == b"* 3 FETCH (UID 1 %b)\r\n" % written


# ------------------------------------------------------------------------------- streamed literals


def stream(*parts: r.Response) -> bytes:
    encoder = ResponseEncoder()
    return b"".join(map(encoder.encode, parts))


def test_a_streamed_response_is_the_same_as_one_in_memory():
    section = Section((1,))
    assert stream(
        r.FetchBegin(2, (r.Uid(1),)),
        r.LiteralBegin(section, 3),
        r.LiteralChunk(b"a"),
        r.LiteralChunk(b"bc"),
        r.LiteralBegin("RFC822", 1, None),
        r.LiteralChunk(b"d"),
        r.FetchEnd((r.Flags(()),)),
    ) == stream(
        r.FetchResponse(
            2, (r.Uid(1), r.BodySection(section, b"abc"), r.Rfc822("RFC822", b"d"), r.Flags(()))
        )
    )
    assert stream(r.FetchBegin(2), r.LiteralBegin(section, 0, 7), r.FetchEnd()) == (
        b"* 2 FETCH (BODY[1]<7> {0}\r\n)\r\n"
    )


@pytest.mark.parametrize(
    ("before", "wrong"),
    [
        ([], r.LiteralBegin("RFC822", 1)),
        ([], r.LiteralChunk(b"x")),
        ([], r.FetchEnd()),
        ([r.FetchBegin(1)], r.FetchBegin(2)),
        ([r.FetchBegin(1)], r.Exists(1)),
        ([r.FetchBegin(1)], r.Tagged("t", Status.NO, "x")),
        ([r.FetchBegin(1)], r.LiteralChunk(b"x")),
        ([r.FetchBegin(1)], r.LiteralBegin("RFC822", -1)),
        ([r.FetchBegin(1)], r.LiteralBegin("NONSENSE", 1)),
        ([r.FetchBegin(1), r.LiteralBegin("RFC822", 2)], r.LiteralChunk(b"xyz")),
        ([r.FetchBegin(1), r.LiteralBegin("RFC822", 2)], r.FetchEnd()),
        ([r.FetchBegin(1), r.LiteralBegin("RFC822", 2)], r.LiteralBegin("RFC822", 2)),
        ([r.FetchBegin(1), r.LiteralBegin("RFC822", 2)], r.Untagged(Status.BYE, "x")),
    ],
)
def test_nothing_stands_where_octets_were_promised(before, wrong):
    encoder = ResponseEncoder()
    for response in before:
        encoder.encode(response)
    was_open = encoder.in_fetch
    with pytest.raises(LocalProtocolError):
        encoder.encode(wrong)
    assert encoder.in_fetch is was_open


# ------------------------------------------------------------------------- envelope and structure


def test_an_envelope():
    envelope = Envelope(
        date=b"Mon, 5 Jan 2026 00:00:00 +0000",
        subject=b'say "hi"',
        from_=(Address(b"A", None, b"a", b"example.test"), Address(None, None, b"b", b"c")),
        to=(Address(None, None, b"group", None), Address(None, None, None, None)),
        message_id="ü".encode(),
    )
    assert encode_envelope(envelope) == (
        b'("Mon, 5 Jan 2026 00:00:00 +0000" "say \\"hi\\"" '
        b'(("A" NIL "a" "example.test")(NIL NIL "b" "c")) NIL NIL '
        b'((NIL NIL "group" NIL)(NIL NIL NIL NIL)) NIL NIL NIL {2}\r\n\xc3\xbc)'
    )


@pytest.mark.parametrize(
    ("message", "body", "extension"),
    [
        (
            b"\r\nab\r\n",
            '"text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1',
            "NIL NIL NIL NIL",
        ),
        (
            b"Content-Type: image/png; name=x\r\nContent-Id: <i>\r\nContent-Description: d\r\n"
            b"Content-Transfer-Encoding: base64\r\nContent-Md5: m\r\n"
            b"Content-Disposition: attachment; filename=f\r\nContent-Language: de, en\r\n"
            b"Content-Location: l\r\n\r\nAAAA",
            '"image" "png" ("name" "x") "<i>" "d" "base64" 4',
            '"m" ("attachment" ("filename" "f")) ("de" "en") "l"',
        ),
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\n\r\na\r\n--b\r\n\r\n\r\n--b--",
            '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0{})'
            '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0{}) "mixed"',
            '("boundary" "b") NIL NIL NIL',
        ),
    ],
)
def test_structures(message, body, extension):
    part = parse_structure(message)
    inner = " NIL NIL NIL NIL"
    assert encode_body(part, False).decode() == f"({body.replace('{}', '')})"
    assert encode_body(part, True).decode() == f"({body.replace('{}', inner)} {extension})"


def test_a_message_within_a_message_brings_its_envelope_and_structure():
    message = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n"
    assert encode_body(parse_structure(message), False) == (
        b'("message" "rfc822" NIL NIL NIL "7bit" 18 '
        b'(NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) '
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1) 3)'
    )


def test_what_must_hold_a_body_does_even_if_nothing_was_found():
    # RFC 9051 §9: body-type-mpart and body-type-msg hold at least one.
    multipart = Part(0, 0, 0, 0, type="multipart", subtype="mixed")
    assert encode_body(multipart, False).startswith(b'(("text" "plain" ')
    message = multipart._replace(type="message", subtype="rfc822")
    assert encode_body(message, False).count(b'("text" "plain" ') == 1


def test_octets_that_are_no_text_come_through_as_a_literal():
    part = Part(0, 0, 0, 0, parameters=(("name", b"\xff".decode("utf-8", "surrogateescape")),))
    assert b'("name" {1}\r\n\xff)' in encode_body(part, True)


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 3), (8, 12), (97, 1003), (999, 1000), (1000, 2001), (9_998, 10_002)]
)
def test_a_range_is_written_as_its_numbers_are(start, stop):
    encoder = ResponseEncoder()
    numbers = range(start, stop)
    assert encoder.encode(r.SearchResponse(numbers)) == encoder.encode(
        r.SearchResponse(list(numbers))
    )
