"""What SEARCH, FETCH and LIST are asked: each spelling, and those that are none."""

from __future__ import annotations

from datetime import date

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.imap import commands as c
from mailcore.imap import searchkeys as keys
from mailcore.imap.types import FetchAtt, FetchBody, PartialRange, Section, SequenceSet, Status
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.encode_search import write_search_keys
from mailcore.imap.wire.fetch import fetch_items
from mailcore.imap.wire.fragments import Fragments
from mailcore.imap.wire.listing import parse_list
from mailcore.imap.wire.search import Returns, search_charset, search_keys, search_returns


def parse(parser, octets: bytes, **options):
    cursor = Cursor(octets, **options)
    value = parser(cursor)
    cursor.end()
    return value


def refused(parser, octets: bytes, **options) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(parser, octets, **options)
    return caught.value


def flag(name: str, *, unset: bool = False):
    key = keys.HasFlag(name)
    return keys.Not(key) if unset else key


# ----------------------------------------------------------------------------------------- SEARCH


@pytest.mark.parametrize(
    ("octets", "key"),
    [
        (b"all", keys.All()),
        (b"SEEN", flag("\\Seen")),
        (b"UNSEEN", flag("\\Seen", unset=True)),
        (b"undraft", flag("\\Draft", unset=True)),
        (b"NEW", keys.And((flag("\\Recent"), flag("\\Seen", unset=True)))),
        (b"OLD", flag("\\Recent", unset=True)),
        (b"KEYWORD $Junk", flag("$Junk")),
        (b"UNKEYWORD $Junk", flag("$Junk", unset=True)),
        (b"1:*", keys.InSet(SequenceSet(((1, 0),)))),
        (b"UID 4,*", keys.InSet(SequenceSet(((4, 4), (0, 0))), uid=True)),
        (b"OLDER 1", keys.Age("OLDER", 1)),
        (b"younger 4294967295", keys.Age("YOUNGER", 4294967295)),
        (b"LARGER 0", keys.Larger(0)),
        (b"SMALLER 5000000000", keys.Smaller(5000000000)),
        (b"BEFORE 1-Feb-2026", keys.DateKey(keys.INTERNAL, "BEFORE", date(2026, 2, 1))),
        (b'SENTON "1-Feb-2026"', keys.DateKey(keys.SENT, "ON", date(2026, 2, 1))),
        (b"FROM a", keys.Header("From", "a")),
        (b'bcc "a b"', keys.Header("Bcc", "a b")),
        (b"HEADER X-Y {2}\r\nab", keys.Header("X-Y", "ab")),
        ('SUBJECT "grüße"'.encode(), keys.Header("Subject", "grüße")),
        (b"BODY x", keys.Body("x")),
        (b'TEXT ""', keys.Text("")),
        (b"MODSEQ 7", keys.ModSeq(7)),
        (b'MODSEQ "/flags/\\\\Seen" priv 7', keys.ModSeq(7)),
        (b"NOT NOT ALL", keys.Not(keys.Not(keys.All()))),
        (b"OR ALL NOT 1", keys.Or(keys.All(), keys.Not(keys.InSet(SequenceSet(((1, 1),)))))),
        (b"(ALL)", keys.All()),
        (b"ALL (SEEN ALL)", keys.And((keys.All(), keys.And((flag("\\Seen"), keys.All()))))),
    ],
)
def test_search_keys(octets, key):
    assert parse(search_keys, octets) == key


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b" ALL",
        b"ALL ",
        b"ALL  ALL",
        b"()",
        b"(ALL",
        b"ALL)",
        b"NONSENSE",
        b"NOT",
        b"OR ALL",
        b"FROM",
        b"FROM ",
        b"HEADER X",
        b"KEYWORD \\Seen",
        b"LARGER -1",
        b"OLDER 0",
        b"YOUNGER 4294967296",
        b"YOUNGER",
        b"LARGER 9223372036854775808",
        b"BEFORE 31-Feb-2026",
        b"UID ALL",
        b"0",
        b"MODSEQ x",
        b'MODSEQ "/flags/x" nobody 1',
        b'SUBJECT "\xff"',
    ],
)
def test_what_is_no_search_key(octets):
    assert refused(search_keys, octets).status is Status.BAD


@pytest.mark.parametrize("octets", [b"NOT " * 9 + b"ALL", b"(" * 9 + b"ALL" + b")" * 9])
def test_search_keys_nest_only_so_deep(octets):
    assert refused(search_keys, octets, depth=8).text == "Nested too deeply"
    parse(search_keys, octets, depth=12)


@pytest.mark.parametrize(
    ("octets", "returns", "partial"),
    [
        (b"", None, None),
        (b"RETURN () ", ("ALL",), None),
        (b"return (min MAX count all) ", ("MIN", "MAX", "COUNT", "ALL"), None),
        (b"RETURN (partial 5:1) ", (), PartialRange(5, 1)),
        (b"RETURN (MIN PARTIAL -1:-50 SAVE) ", ("MIN", "SAVE"), PartialRange(-1, -50)),
    ],
)
def test_return_options(octets, returns, partial):
    assert parse(search_returns, octets) == Returns(returns, partial)


@pytest.mark.parametrize("octets", [b"RETURN (X) ", b"RETURN MIN ", b"RETURN ( ) ", b"RETURN()"])
def test_what_is_no_return_option(octets):
    refused(search_returns, octets)


def test_the_charset_decides_how_strings_are_read():
    cursor = Cursor(b'CHARSET iso-8859-1 SUBJECT "\xfc"')
    assert search_charset(cursor) == "ISO-8859-1"
    assert search_keys(cursor) == keys.Header("Subject", "ü")
    error = refused(search_charset, b"CHARSET UTF-7 ")
    assert (error.status, error.code.name) == (Status.NO, "BADCHARSET")
    assert error.code.argument.startswith("(US-ASCII UTF-8 ")


@pytest.mark.parametrize(
    ("key", "written"),
    [
        (
            keys.And((keys.All(), keys.Or(keys.All(), keys.Not(flag("x"))))),
            "ALL OR ALL NOT KEYWORD x",
        ),
        (keys.Not(keys.And((flag("\\Seen"), flag("\\Draft")))), "NOT (SEEN DRAFT)"),
        (keys.Header("X-Y", "a b"), 'HEADER X-Y "a b"'),
        (keys.DateKey(keys.SENT, "SINCE", date(2026, 2, 1)), "SENTSINCE 1-Feb-2026"),
        (keys.InSet(SequenceSet(((1, 0),)), uid=True), "UID 1:*"),
    ],
)
def test_search_keys_are_written(key, written):
    out = Fragments()
    write_search_keys(out, key, "utf-8")
    assert b"".join(out.finish()).decode() == written


@pytest.mark.parametrize(
    "key",
    [
        keys.And(()),
        keys.Not(keys.And(())),
        keys.HasFlag("a b"),
        keys.HasFlag("\\Nonsense"),
        keys.DateKey(keys.SENT, "AROUND", date(2026, 2, 1)),
        keys.Larger(-1),
        keys.Age("OLDER", 0),
        keys.Age("OLDER", 2**32),
        keys.Age("OLDER\r\n", 1),
        keys.Body("a\0b"),
        keys.Body("\ud800"),
        keys.InSet(SequenceSet(())),
    ],
)
def test_search_keys_that_cannot_be_written(key):
    with pytest.raises(LocalProtocolError):
        write_search_keys(Fragments(), key, "utf-8")


# ------------------------------------------------------------------------------------------ FETCH


def body(*path: int, text: str | None = None, fields=(), **options):
    return FetchBody(Section(path, text, tuple(fields)), **options)


@pytest.mark.parametrize(
    ("octets", "items"),
    [
        (b"flags", [FetchAtt("FLAGS")]),
        (b"(UID RFC822.SIZE)", [FetchAtt("UID"), FetchAtt("RFC822.SIZE")]),
        (b"fast", [FetchAtt(name) for name in ("FLAGS", "INTERNALDATE", "RFC822.SIZE")]),
        (b"BODY", [FetchAtt("BODY")]),
        (b"BODYSTRUCTURE", [FetchAtt("BODYSTRUCTURE")]),
        (b"BODY[]", [body()]),
        (b"body.peek[]", [body(peek=True)]),
        (b"BODY[1.22.3]", [body(1, 22, 3)]),
        (b"BODY[text]", [body(text="TEXT")]),
        (b"BODY[1.MIME]", [body(1, text="MIME")]),
        (b"BODY[1.2.HEADER]<0.1>", [body(1, 2, text="HEADER", partial=(0, 1))]),
        (b"BODY[]<9223372036854775807.5>", [body(partial=(2**63 - 1, 5))]),
        (
            b'BODY[HEADER.FIELDS (From "x y" {2}\r\nab)]',
            [body(text="HEADER.FIELDS", fields=["From", "x y", "ab"])],
        ),
        (b"BODY[2.HEADER.FIELDS.NOT (a)]", [body(2, text="HEADER.FIELDS.NOT", fields=["a"])]),
    ],
)
def test_items_to_fetch(octets, items):
    assert parse(fetch_items, octets) == tuple(items)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"()",
        b"(FLAGS",
        b"(FLAGS  UID)",
        b"(FAST)",
        b"NONSENSE",
        b"BODY.PEEK",
        b"BODY[",
        b"BODY[0]",
        b"BODY[1.]",
        b"BODY[.1]",
        b"BODY[1.0]",
        b"BODY[01]",
        b"BODY[4294967296]",
        b"BODY[99999999999]",
        b"BODY[MIME]",
        b"BODY[NONSENSE]",
        b"BODY[HEADER.FIELDS]",
        b"BODY[HEADER.FIELDS ()]",
        b"BODY[]<0>",
        b"BODY[]<.5>",
        b"BODY[]<0.5",
        b"BODY[]<-1.5>",
        b"BODY[]<0.9223372036854775808>",
        b"BODYSTRUCTURE[]",
    ],
)
def test_what_can_not_be_fetched(octets):
    refused(fetch_items, octets)


def test_part_numbers_nest_only_so_deep():
    assert parse(fetch_items, b"BODY[1.1.1]", depth=3) == (body(1, 1, 1),)
    assert refused(fetch_items, b"BODY[1.1.1.1]", depth=3).text == "Nested too deeply"


# ------------------------------------------------------------------------------------------- LIST


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        (b' "" *', c.List("t", "", ("*",))),
        (b' a/ "%"', c.List("t", "a/", ("%",))),
        (b' "" (INBOX "a b*")', c.List("t", "", ("INBOX", "a b*"))),
        (b' () "" *', c.List("t", "", ("*",))),
        (b' (subscribed) "" *', c.List("t", "", ("*",), ("SUBSCRIBED",))),
        (
            b' (SUBSCRIBED RECURSIVEMATCH) "" * RETURN (CHILDREN SPECIAL-USE)',
            c.List("t", "", ("*",), ("SUBSCRIBED", "RECURSIVEMATCH"), ("CHILDREN", "SPECIAL-USE")),
        ),
        (b' "" * RETURN ()', c.List("t", "", ("*",))),
        (b' "" &AOQ-', c.List("t", "", ("ä",))),
    ],
)
def test_list(octets, command):
    assert parse(lambda cursor: parse_list(cursor, "t"), octets) == command


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b' ""',
        b' "" ()',
        b' "" * ',
        b' "" * RETURN',
        b' "" * RETURN (NONSENSE)',
        b' "" * NONSENSE (CHILDREN)',
        b' (NONSENSE) "" *',
        b' (RECURSIVEMATCH) "" *',
        b' (RECURSIVEMATCH REMOTE) "" *',
        b' "" "a&"',
        b' "" "\t"',
    ],
)
def test_what_is_no_list(octets):
    refused(lambda cursor: parse_list(cursor, "t"), octets)
