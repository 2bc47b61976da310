"""Encoded words, character sets and transfer encodings."""

from __future__ import annotations

from encodings.aliases import aliases

import pytest

from mailcore.message import decode_body, decode_header, decode_text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ""),
        (b"plain", "plain"),
        (b"folded\r\n  value", "folded  value"),
        (b"raw \xc3\xa9", "raw é"),
        (b"raw \xe9", "raw é"),
        (b"=?ISO-8859-1?Q?a?=", "a"),
        (b"=?ISO-8859-1?Q?a?= b", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab"),
        (b"=?ISO-8859-1?Q?a_b?=", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?UTF-8?B?w6k=?= =?utf-8?B?w6k?=", "éé"),
        (b"=?utf-8?B?w6k=?=x", "éx"),
        (b"a=?utf-8?q?b?=c", "abc"),
        (b"=?utf-8*en?q?b?=", "b"),
        (b"=?utf-8?q?two words?=", "two words"),
        (b"=?no-such?q?=C3=A9?=", "é"),
        (b"=?utf-8?b?!!!?=", ""),
        (b"=?utf-8?b?YQ=?=", "a"),
        (b"=?utf-8?b?YWJj=?=", "abc"),
        (b"=?utf-8?b?Y?=", ""),
        (b"=?utf-8?q?=ZZ=C3?=", "=ZZ\ufffd"),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"=?utf-8?q?a", "=?utf-8?q?a"),
        (b"=?us-ascii?q?a=0D=0ABcc:_b=00?=", "a  Bcc: b "),
        (b"=?gb2312?B?xOO6ww==?=", "你好"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?koi8-r?Q?=F0=D2=C9=D7=C5=D4?=", "Привет"),
    ],
)
def test_decode_header(raw: bytes, expected: str) -> None:
    assert decode_header(raw) == expected


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        (b"\xc3\xa9", None, "é"),
        (b"\xc3\xa9", "", "é"),
        (b"\xc3\xa9", "us-ascii", "é"),
        (b"\xe9\x80", "US-ASCII", "é€"),
        (b"\xc3\xa9", "utf-8", "é"),
        (b"\xc3", "UTF8", "\ufffd"),
        (b"\x80", "iso-8859-1", "€"),
        (b"\xa4", "ISO_8859-15", "€"),
        (b"+2AA-x", "utf-7", "\ufffdx"),
        (b"a", "idna", "a"),
        (b"a", "zlib_codec", "a"),
        (b"a", "../../x\0", "a"),
        (b"a", "é" * 1000, "a"),
    ],
)
def test_decode_text(data: bytes, charset: str | None, expected: str) -> None:
    assert decode_text(data, charset) == expected


@pytest.mark.parametrize("charset", sorted(set(aliases) | set(aliases.values())))
def test_every_character_set_takes_every_octet(charset: str) -> None:
    for data in (bytes(range(256)), bytes(range(255, -1, -1)), b"+2AA-\xff\xfe\x00\xd8", b""):
        decode_text(data, charset).encode("utf-8")


@pytest.mark.parametrize(
    ("raw", "encoding", "expected"),
    [
        (b"aGVs\r\nbG8=\r\n", "base64", b"hello"),
        (b"aGVs!bG8", "BASE64", b"hello"),
        (b"aGVsbG8=\r\n-- \r\nfooter", "base64", b"hello"),
        (b"aGVsb", "base64", b"hel"),
        (b"", "base64", b""),
        (b"=", "base64", b""),
        (b"a=20b=\r\nc=C3=A9\r\n", "quoted-printable", b"a bc\xc3\xa9\r\n"),
        (b"trailing \t\r\nsoft= \r\nbreak", "Quoted-Printable", b"trailing\r\nsoftbreak"),
        (b"=XY=", "quoted-printable", b"=XY"),
        (b"a=20", "7bit", b"a=20"),
        (b"a=20", "x-unknown", b"a=20"),
    ],
)
def test_decode_body(raw: bytes, encoding: str, expected: bytes) -> None:
    assert decode_body(raw, encoding) == expected
