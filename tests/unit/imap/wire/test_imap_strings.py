"""Atoms, strings and mailbox names: read here, quoted there."""

from __future__ import annotations

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.imap.types import SequenceSet
from mailcore.imap.wire import quoting
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.strings import (
    astring,
    atom,
    list_mailbox,
    mailbox,
    nstring,
    string,
    text,
)


def parse(parser, octets: bytes, *, utf8: bool = False):
    cursor = Cursor(octets, utf8=utf8)
    value = parser(cursor)
    cursor.end()
    return value


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b'""', b""),
        (b'"a b"', b"a b"),
        (b'"a\\"b\\\\"', b'a"b\\'),
        ('"Grüße"'.encode(), "Grüße".encode()),
        (b"{0}\r\n", b""),
        (b'{5}\r\na\r\n"(', b'a\r\n"('),
        (b"{2+}\r\nab", b"ab"),
        (b'"a', None),
        (b'"a\r\nb"', None),
        (b'"a\\b"', None),
        (b'"a\0b"', None),
        (b"{3}\r\na\0b", None),
        (b"atom", None),
        (b"{99999999999999999999}\r\n", None),
    ],
)
def test_string(octets, value):
    if value is None:
        with pytest.raises(ParseError):
            parse(string, octets)
    else:
        assert parse(string, octets) == value


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"a]b", b"a]b"),
        (b"NIL", b"NIL"),
        (b'"a b"', b"a b"),
        (b"{1}\r\n(", b"("),
        (b"", None),
        (b"a(b", None),
        (b"a%", None),
        (b"a*", None),
        (b"a\\", None),
        (b"a\x7f", None),
        ("ü".encode(), None),
    ],
)
def test_astring(octets, value):
    if value is None:
        with pytest.raises(ParseError):
            parse(astring, octets)
    else:
        assert parse(astring, octets) == value


def test_an_atom_holds_no_bracket():
    assert parse(lambda cursor: atom(cursor, "an atom"), b"a.b-c") == "a.b-c"
    with pytest.raises(ParseError, match="Expected an atom"):
        parse(lambda cursor: atom(cursor, "an atom"), b"]")


@pytest.mark.parametrize(
    ("octets", "value"), [(b"NIL", None), (b"nil", None), (b'"NIL"', b"NIL"), (b'""', b"")]
)
def test_nstring(octets, value):
    assert parse(nstring, octets) == value


def test_nil_is_a_whole_word():
    with pytest.raises(ParseError):
        parse(nstring, b"NILS")


def test_text_that_is_not_in_its_character_set():
    assert text("ü".encode("latin-1"), "latin-1") == "ü"
    with pytest.raises(ParseError, match="character set"):
        text(b"\xff")


@pytest.mark.parametrize(
    ("octets", "utf8", "name"),
    [
        (b"inbox", False, "INBOX"),
        (b'"InBox"', False, "INBOX"),
        (b"{5}\r\niNBOX", False, "INBOX"),
        ("ınbox".encode().join([b'"', b'"']), True, "ınbox"),
        (b"INBOX/a", False, "INBOX/a"),
        (b"R&AOk-sum&AOk-", False, "Résumé"),
        (b"R&-D", False, "R&D"),
        (b"R&-D", True, "R&-D"),
        # What some clients send although nobody enabled it.
        ('"Grüße"'.encode(), False, "Grüße"),
        (b'"a&b"', False, None),
        (b'"a\tb"', False, None),
        (b'"\xff"', False, None),
        (b'"\xff"', True, None),
        (b"a*", False, None),
    ],
)
def test_mailbox_names(octets, utf8, name):
    if name is None:
        with pytest.raises(ParseError):
            parse(mailbox, octets, utf8=utf8)
    else:
        assert parse(mailbox, octets, utf8=utf8) == name


def test_a_pattern_may_hold_wildcards():
    assert parse(list_mailbox, b"a/%*]") == "a/%*]"
    assert parse(list_mailbox, b'"a b*"') == "a b*"
    assert parse(list_mailbox, b"inbox") == "inbox"
    with pytest.raises(ParseError):
        parse(list_mailbox, b"a(b")


# ---------------------------------------------------------------------------------------- quoting


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"", b'""'),
        (b"a b", b'"a b"'),
        (b'a"b\\', b'"a\\"b\\\\"'),
        (b"a\r\nb", b"{4}\r\na\r\nb"),
        (b"a\0", b"{2}\r\na\0"),
        ("ü".encode(), b"{2}\r\n\xc3\xbc"),
        (b"x" * 1000, b'"' + b"x" * 1000 + b'"'),
        (b"x" * 1001, b"{1001}\r\n" + b"x" * 1001),
    ],
)
def test_strings_are_quoted_where_they_can_be(data, written):
    assert quoting.string(data) == written
    assert quoting.nstring(data) == written


def test_nothing_is_nil():
    assert quoting.nstring(None) == b"NIL"


@pytest.mark.parametrize(
    ("data", "written"),
    [
        ("ü".encode(), b'"\xc3\xbc"'),
        (b"\xff", b"{1}\r\n\xff"),
        (b"\xc3\xbc\n", b"{3}\r\n\xc3\xbc\n"),
    ],
)
def test_utf8_is_quoted_for_those_who_enabled_it(data, written):
    assert quoting.string(data, utf8=True) == written


@pytest.mark.parametrize(
    ("data", "written"),
    [
        (b"a.b]", b"a.b]"),
        (b"NIL", b'"NIL"'),
        (b"nil", b'"nil"'),
        (b"", b'""'),
        (b"a b", b'"a b"'),
        (b"a%", b'"a%"'),
        (b"\n", b"{1}\r\n\n"),
    ],
)
def test_atoms_where_they_can_be(data, written):
    assert quoting.astring(data) == written


@pytest.mark.parametrize(
    ("write", "bad"),
    [
        (quoting.atom, ["", "a b", "a\r\nb", "ü", "a]"]),
        (quoting.tag, ["", "a+", "a b", "ü", "a\r\n* BYE"]),
        (quoting.code_argument, ["a]", "a\r\n", "ü", "\0"]),
        (lambda flag: quoting.flag_list((flag,)), ["", "a b", "\\", "\\Se\r\n", "a)", "ü", "*"]),
        (lambda name: quoting.mailbox(name, utf8=False), ["\ud800"]),
        (lambda name: quoting.mailbox(name, utf8=True), ["\ud800"]),
        (quoting.number, [-1]),
        (quoting.sequence_set, [SequenceSet(())]),
    ],
)
def test_what_cannot_be_written_is_an_error_and_not_an_injection(write, bad):
    for value in bad:
        with pytest.raises(LocalProtocolError):
            write(value)


def test_flags_in_brackets():
    assert quoting.flag_list(()) == b"()"
    assert quoting.flag_list(("\\Seen", "\\*", "$Junk", "a.b")) == b"(\\Seen \\* $Junk a.b)"


def test_text_for_people_stays_on_its_line():
    assert quoting.line_text("a\r\n* BYE\0ü\x7f") == b"a??* BYE???"


def test_code_arguments():
    assert quoting.code_argument("") == b""
    assert quoting.code_argument("(\\Seen \\*)") == b"(\\Seen \\*)"
