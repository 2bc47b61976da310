"""Responses as real servers write them: unusual, unknown, and not quite in the grammar."""

from __future__ import annotations

import pytest

from mailcore.imap import responses as r
from mailcore.imap.types import ResponseCode, Section, SequenceSet, Status
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.cursor import ParseError
from mailcore.imap.wire.parse_responses import parse_response
from mailcore.limits import Limits
from mailcore.message import Address, Part

BOUNDS = ResponseBounds.after_login(Limits())


def parse(line: bytes) -> r.Response:
    return parse_response(line, BOUNDS)


@pytest.mark.parametrize(
    ("line", "response"),
    [
        (b"a OK", r.Tagged("a", Status.OK, "")),
        (b"a ok done", r.Tagged("a", Status.OK, "done")),
        (b"a NO [ALERT]full", r.Tagged("a", Status.NO, "full", ResponseCode("ALERT"))),
        (
            b"a OK [appenduid 1 2] done",
            r.Tagged("a", Status.OK, "done", ResponseCode("APPENDUID", "1 2")),
        ),
        (b"* OK [not closed", r.Untagged(Status.OK, "[not closed")),
        (b"* BYE gr\xc3\xbc\xc3\x9fe", r.Untagged(Status.BYE, "grüße")),
        (b"* BYE \xff", r.Untagged(Status.BYE, "\ufffd")),
        (
            b'* OK [X-OWN (a b) "c"] hm',
            r.Untagged(Status.OK, "hm", ResponseCode("X-OWN", '(a b) "c"')),
        ),
        (b"+", r.Continuation("")),
        (b"+ ", r.Continuation("")),
        (b"+OK", r.Continuation("OK")),
        (b"* capability IMAP4rev1 X-OWN=a,b ", r.CapabilityResponse(("IMAP4rev1", "X-OWN=a,b"))),
        (b"* SEARCH ", r.SearchResponse(())),
        (b"* SEARCH 1 2 ", r.SearchResponse((1, 2))),
        (b"* FLAGS (\\seen \\* a)", r.FlagsResponse(("\\Seen", "\\*", "a"))),
        (b'* LIST (\\Noselect) "." ""', r.ListResponse("", ("\\Noselect",), ".")),
        (b"* LIST () NIL inbox", r.ListResponse("INBOX", (), None)),
        (b'* LSUB () "." {3}\r\na]b', r.ListResponse("a]b", (), ".", lsub=True)),
        (
            b'* NAMESPACE (("" "/" "X" ("a" "b")) ("~" NIL)) NIL NIL',
            r.NamespaceResponse((("", "/"), ("~", None))),
        ),
        (b"* ESEARCH", r.EsearchResponse("", False)),
        (
            b'* ESEARCH (TAG "a") UID COUNT 3 X-OWN (1 (2)) ALL 1:3',
            r.EsearchResponse("a", True, count=3, all=SequenceSet(((1, 3),))),
        ),
        (
            # RFC 7377 §4: in any order.
            b'* ESEARCH (UIDVALIDITY 503 MAILBOX "folder2/banana" TAG "tag1") UID ALL 3002,4004',
            r.EsearchResponse(
                "tag1",
                True,
                all=SequenceSet(((3002, 3002), (4004, 4004))),
                mailbox="folder2/banana",
                uid_validity=503,
            ),
        ),
    ],
)
def test_what_servers_write(line: bytes, response: r.Response) -> None:
    assert parse(line) == response


@pytest.mark.parametrize(
    "line",
    [b'* XLIST () "/" x', b"* 5 X-COUNT", b"* X-OWN {3}\r\n) (", b"* EXISTS 5", b"* 3 LIST"],
)
def test_what_is_unknown_is_kept(line: bytes) -> None:
    assert parse(line) == r.UnknownResponse(line[2:])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"* ", "Expected a response"),
        (b"* 0 EXPUNGE", "There is no message 0"),
        (b"* 0 FETCH (UID 1)", "There is no message 0"),
        (b"* 1 FETCH (UID 0)", "There is no message 0"),
        (b"* 99999999999 EXISTS", "Expected a response"),
        (b"* 1 FETCH (UID 5", "Expected a closing bracket"),
        (b"* 1 FETCH (BODY[] )", "Expected a string"),
        (b"* 1 FETCH (BODY[] ", "Expected a closing bracket"),
        (b"* 1 FETCH (X-OWN (1 {9}\r\nab))", "A literal is cut off"),
        (b"* SEARCH 1 x", "Unexpected text behind the command"),
        (b"* SEARCH 4294967296", "Number too large"),
        (b'* LIST () "/"', "Expected a space"),
        (b"* STATUS x (MESSAGES)", "Expected a space"),
        (b"* VANISHED (LATER) 1", "Expected EARLIER"),
        (b'* ESEARCH (NOT "a")', "Expected TAG, MAILBOX or UIDVALIDITY, each once"),
        (b"* EXISTSX", ""),
    ],
)
def test_what_is_not_in_the_grammar_is_kept_with_the_reason(line: bytes, problem: str) -> None:
    assert parse(line) == r.UnknownResponse(line[2:], problem)


@pytest.mark.parametrize("line", [b"", b"a", b"a MAYBE x", b" OK x", b"*", b"(OK) x", b"a*b OK x"])
def test_what_is_no_response_is_an_error(line: bytes) -> None:
    with pytest.raises(ParseError):
        parse(line)


def attributes(data: bytes) -> tuple[r.FetchAttribute, ...]:
    response = parse(b"* 1 FETCH (" + data + b")")
    assert isinstance(response, r.FetchResponse), response
    return response.attributes


def test_unknown_attributes_are_kept_among_known_ones() -> None:
    assert attributes(b'UID 5 X-OWN-LABELS (\\Inbox "a b") X-OWN[1.2]<3> NIL FLAGS ()') == (
        r.Uid(5),
        r.UnknownAttribute("X-OWN-LABELS", b'(\\Inbox "a b")'),
        r.UnknownAttribute("X-OWN[1.2]<3>", b"NIL"),
        r.Flags(()),
    )


@pytest.mark.parametrize("value", [b'"a b"', b"{3}\r\na b", b"~{3}\r\na b"])
def test_a_body_in_each_of_its_forms(value: bytes) -> None:
    assert attributes(b"BODY[1]<0> " + value) == (r.BodySection(Section((1,)), b"a b", 0),)


def test_an_envelope_with_spaces_between_addresses_and_a_group() -> None:
    who = b'((NIL NIL "a" "b.test") (NIL NIL "group" NIL)(NIL NIL NIL NIL))'
    [found] = attributes(b"ENVELOPE (NIL NIL " + who + b" NIL NIL NIL NIL NIL NIL NIL)")
    assert isinstance(found, r.EnvelopeAttribute)
    assert found.envelope.from_ == (
        Address(None, None, b"a", b"b.test"),
        Address(None, None, b"group", None),
        Address(None, None, None, None),
    )


def structure(data: bytes) -> Part:
    [found] = attributes(b"BODYSTRUCTURE " + data)
    assert isinstance(found, r.BodyAttribute)
    return found.part


def test_a_structure_with_all_that_may_follow() -> None:
    leaf = (
        b'("TEXT" "Plain" ("A" "b") "<i>" "d" "7BIT" 9 2 "md5" ("inline" NIL) "en" "loc" 5 (6 "x"))'
    )
    part = structure(leaf)
    assert (part.type, part.subtype, part.encoding, part.size, part.lines) == (
        "text",
        "plain",
        "7bit",
        9,
        2,
    )
    assert (part.disposition, part.language, part.location) == (("inline", ()), ("en",), b"loc")
    multipart = structure(b"(" + leaf + b" " + leaf + b' "MIXED" ("x" NIL) NIL ("en" "de") NIL)')
    assert multipart.children == (part, part)
    assert (multipart.parameters, multipart.language) == ((("x", ""),), ("en", "de"))


def test_a_message_that_the_server_did_not_look_into() -> None:
    part = structure(b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 900)')
    assert (part.size, part.envelope, part.children) == (900, None, ())


def test_structures_as_deep_as_the_limit_and_no_deeper() -> None:
    leaf = b'("text" "plain" NIL NIL NIL "7bit" 1 1)'

    def nested(levels: int) -> bytes:
        return b"* 1 FETCH (BODYSTRUCTURE " + b"(" * levels + leaf + b' "mixed")' * levels + b")"

    assert isinstance(parse(nested(BOUNDS.nesting - 2)), r.FetchResponse)
    assert parse(nested(3000)) == r.UnknownResponse(nested(3000)[2:], "Nested too deeply")
