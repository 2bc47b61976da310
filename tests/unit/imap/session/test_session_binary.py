"""BINARY (RFC 3516): decoded parts out, octets with NUL in."""

from __future__ import annotations

import base64
import re

import pytest

from mailcore.limits import Limits
from mailcore.message import parse_structure
from mailcore.spool import CHUNK

PICTURE = bytes(range(256)) * 3
MIXED = (
    b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"caf=C3=A9 =\r\nau lait  \r\n"
    b"\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: BASE64 (really)\r\n\r\n"
    + base64.encodebytes(PICTURE).replace(b"\n", b"\r\n")
    + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninside\r\n"
    b"\r\n--b\r\nContent-Transfer-Encoding: x-own\r\n\r\nodd\r\n--b--\r\n"
)


def say(client, command: bytes) -> bytes:
    output = client.say(b"t " + command + b"\r\n")
    before, _, tagged = output.rpartition(b"t OK ")
    assert tagged, output
    return before


def test_parts_come_decoded_and_sizes_agree(connect, deliver, inbox):
    deliver(MIXED)
    client = connect()
    text = "café au lait\r\n".encode()
    assert say(client, b"FETCH 1 BINARY.PEEK[1]") == (
        b"* 1 FETCH (BINARY[1] {%d}\r\n%b)\r\n" % (len(text), text)
    )
    assert "\\Seen" not in inbox.messages[1].state.flags
    # NUL is among these: a literal8.
    assert say(client, b"FETCH 1 BINARY.PEEK[2]") == (
        b"* 1 FETCH (BINARY[2] ~{%d}\r\n%b)\r\n" % (len(PICTURE), PICTURE)
    )
    sizes = client.ok("FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2] BINARY.SIZE[3])")
    inner = len(b"Subject: in\r\n\r\ninside\r\n")
    assert sizes == [
        f"* 1 FETCH (BINARY.SIZE[1] {len(text)} BINARY.SIZE[2] 768 BINARY.SIZE[3] {inner})"
    ]


def test_reading_sets_seen(connect, deliver, inbox):
    deliver(MIXED)
    assert say(connect(), b"FETCH 1 BINARY[3.1]") == (
        b"* 1 FETCH (FLAGS (\\Seen \\Recent) BINARY[3.1] {8}\r\ninside\r\n)\r\n"
    )
    assert "\\Seen" in inbox.messages[1].state.flags


@pytest.mark.parametrize(
    ("partial", "expected"),
    [(b"<0.3>", b"caf"), (b"<3.2>", "é".encode()), (b"<12.99>", b"t\r\n"), (b"<99.1>", b"")],
)
def test_partials_count_decoded_octets(connect, deliver, partial, expected):
    """Clients, row 14: past the end there is an empty string, not NIL."""
    deliver(MIXED)
    origin = partial.split(b".")[0] + b">"
    assert say(connect(), b"FETCH 1 BINARY.PEEK[1]" + partial) == (
        b"* 1 FETCH (BINARY[1]%b {%d}\r\n%b)\r\n" % (origin, len(expected), expected)
    )


def test_the_whole_message_is_as_it_is(connect, deliver):
    deliver(MIXED)
    client = connect()
    assert say(client, b"FETCH 1 BINARY.PEEK[]") == (
        b"* 1 FETCH (BINARY[] {%d}\r\n%b)\r\n" % (len(MIXED), MIXED)
    )
    assert client.ok("FETCH 1 BINARY.SIZE[]") == [f"* 1 FETCH (BINARY.SIZE[] {len(MIXED)})"]


def test_what_is_not_there_is_nil_and_what_nobody_can_decode_is_told(connect, deliver):
    deliver(MIXED)
    client = connect()
    assert client.ok("FETCH 1 (BINARY.PEEK[9] UID)") == ["* 1 FETCH (BINARY[9] NIL UID 1)"]
    for item in ("BINARY.PEEK[4]", "BINARY.SIZE[4]"):
        assert client.tagged(f"FETCH 1 {item}").startswith("NO [UNKNOWN-CTE]")
    assert client.ok("FETCH 1 UID") == ["* 1 FETCH (UID 1)"]


@pytest.mark.parametrize(
    "item", ["BINARY[TEXT]", "BINARY[1.MIME]", "BINARY.SIZE[1]<0.1>", "BINARY"]
)
def test_there_is_no_text_or_header_of_binary(connect, deliver, item):
    deliver(MIXED)
    assert connect().tagged(f"FETCH 1 {item}").startswith("BAD")


def test_a_large_part_beside_a_large_body(connect, deliver):
    data = bytes(range(1, 200)) * (3 * CHUNK // 199)
    message = (
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(data)
    )
    deliver(message)
    client = connect(limits=Limits(spool_memory=1000))
    output = say(client, b"FETCH 1 (BINARY.PEEK[1] BODY.PEEK[])")
    assert output == (
        b"* 1 FETCH (BINARY[1] {%d}\r\n%b BODY[] {%d}\r\n%b)\r\n"
        % (len(data), data, len(message), message)
    )


# ----------------------------------------------------------------------------------------- APPEND

BINARY = (
    b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    b"Content-Transfer-Encoding: binary\r\n\r\npreamble\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    + PICTURE
    + b"\r\n--b--\r\n"
)


@pytest.mark.parametrize("picture", [PICTURE, PICTURE * 400, b"\0", b"\0" * 57], ids=len)
def test_a_message_with_nul_is_stored_in_base64_and_read_as_it_was(connect, inbox, picture):
    message = BINARY.replace(PICTURE, picture)
    client = connect()
    output = client.say(b"t APPEND INBOX ~{%d+}\r\n%b\r\n" % (len(message), message))
    assert b"t OK [APPENDUID" in output
    stored = inbox.messages[1].data
    assert b"\0" not in stored
    assert max(map(len, stored.split(b"\r\n"))) <= 76
    part = parse_structure(stored)
    assert part.encoding == "8bit"
    assert [child.encoding for child in part.children] == ["7bit", "base64"]
    output = say(client, b"FETCH 1 BINARY.PEEK[2]")
    assert re.fullmatch(rb"\* 1 FETCH \(BINARY\[2\] ~\{\d+\}\r\n(.*)\)\r\n", output, re.S)[1] == (
        picture
    )


def test_a_literal8_without_nul_is_stored_as_it_is(connect, inbox):
    assert b"OK [APPENDUID" in connect().say(b"t APPEND INBOX ~{5+}\r\na\xff\r\nb\r\n")
    assert inbox.messages[1].data == b"a\xff\r\nb"


def test_nul_where_nothing_says_binary_is_refused(connect, inbox):
    client = connect()
    assert client.say(b"t APPEND INBOX ~{16+}\r\nSubject: x\r\n\r\n\0y\r\n") == (
        b"t NO [UNKNOWN-CTE] NUL stands outside of the binary parts\r\n"
    )
    assert not inbox.messages
    assert client.tagged("NOOP").startswith("OK")


def test_a_message_that_base64_makes_too_large_is_refused(connect, inbox):
    client = connect(limits=Limits(message_size=len(BINARY) + 10))
    output = client.say(b"t APPEND INBOX ~{%d+}\r\n%b\r\n" % (len(BINARY), BINARY))
    assert output.startswith(b"t NO [TOOBIG]")
    assert not inbox.messages


def test_where_it_is_disabled_neither_is_served(connect, deliver, inbox):
    deliver(MIXED)
    client = connect(disabled={"BINARY"})
    assert client.tagged("FETCH 1 BINARY[1]").startswith("BAD")
    assert client.say(b"t APPEND INBOX ~{1}\r\n").startswith(b"t BAD")
    assert len(inbox.messages) == 1
