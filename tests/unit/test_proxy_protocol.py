"""The PROXY protocol: examples, every split of them, and what is no header."""

from __future__ import annotations

import struct

import pytest

from mailcore.proxy_protocol import (
    SIGNATURE,
    Address,
    ProxiedTLS,
    ProxyHeader,
    ProxyProtocolError,
    crc32c,
    parse_header,
)

MOST = 8192
IPV4 = bytes([192, 0, 2, 9, 198, 51, 100, 1]) + struct.pack("!HH", 56324, 993)
CLIENT, SERVER = Address("192.0.2.9", 56324), Address("198.51.100.1", 993)


def binary(rest: bytes, family: int = 0x11, command: int = 0x21) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


def with_sum(rest: bytes) -> bytes:
    """Make a header whose last value is its checksum."""
    header = binary(rest + tlv(3, bytes(4)))
    return header[:-4] + crc32c(header).to_bytes(4, "big")


TLS = tlv(0x21, b"TLSv1.3") + tlv(0x23, b"TLS_AES_256_GCM_SHA384")
HEADERS = {
    b"PROXY TCP4 192.0.2.9 198.51.100.1 56324 993\r\n": ProxyHeader(1, CLIENT, SERVER),
    b"PROXY TCP6 2001:DB8::9 ::1 65535 0\r\n": ProxyHeader(
        1, Address("2001:db8::9", 65535), Address("::1", 0)
    ),
    b"PROXY TCP6 ::ffff:192.0.2.9 ::1 1 2\r\n": ProxyHeader(
        1, Address("192.0.2.9", 1), Address("::1", 2)
    ),
    b"PROXY UNKNOWN\r\n": ProxyHeader(1),
    b"PROXY UNKNOWN whatever it is\r\n": ProxyHeader(1),
    binary(IPV4): ProxyHeader(2, CLIENT, SERVER),
    binary(bytes(15) + b"\x01" + bytes(15) + b"\x02" + bytes(4), 0x21): ProxyHeader(
        2, Address("::1", 0), Address("::2", 0)
    ),
    binary(b"/run/proxy".ljust(108, b"\0") + b"\0mail".ljust(108, b"\0"), 0x31): ProxyHeader(
        2, Address("", 0, "/run/proxy"), Address("", 0, "@mail")
    ),
    binary(bytes(216), 0x31): ProxyHeader(2, Address("", 0), Address("", 0)),
    # LOCAL: the proxy's own; whatever else it says counts for nothing.
    binary(b"", 0x00, 0x20): ProxyHeader(2),
    binary(IPV4 + b"\xff", 0x11, 0x20): ProxyHeader(2),
    # Valid, but no stream, or unknown to the proxy: as if it had told nothing.
    binary(IPV4, 0x12): ProxyHeader(2),
    binary(b"anything", 0x00): ProxyHeader(2),
    binary(
        IPV4
        + tlv(0x01, b"imap")
        + tlv(0x02, "mäil.example".encode())
        + tlv(0x04, b"padding")
        + tlv(0x05, b"\x01\x02")
        + tlv(0xE0, b"of somebody's own")
    ): ProxyHeader(
        2, CLIENT, SERVER, alpn=b"imap", authority="mäil.example", unique_id=b"\x01\x02"
    ),
    binary(IPV4 + tlv(0x20, b"\x01" + bytes(3) + b"\x01" + TLS)): ProxyHeader(
        2, CLIENT, SERVER, tls=ProxiedTLS("TLSv1.3", "TLS_AES_256_GCM_SHA384")
    ),
    binary(IPV4 + tlv(0x20, b"\x03" + bytes(4) + tlv(0x22, b"anna"))): ProxyHeader(
        2, CLIENT, SERVER, tls=ProxiedTLS(common_name="anna", verified=True)
    ),
    binary(IPV4 + tlv(0x20, b"\x00" + bytes(4))): ProxyHeader(2, CLIENT, SERVER),
    with_sum(IPV4): ProxyHeader(2, CLIENT, SERVER),
}


@pytest.mark.parametrize(("octets", "header"), HEADERS.items())
def test_a_header_is_read_at_its_last_octet_and_no_sooner(
    octets: bytes, header: ProxyHeader
) -> None:
    for end in range(len(octets)):
        assert parse_header(octets[:end], MOST) is None
    for behind in (b"", b"\x16\x03\x01", b"EHLO x\r\n", octets):
        assert parse_header(bytearray(octets + behind), MOST) == (header, len(octets))


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"EHLO x\r\n", "something else"),
        (b"proxy", "something else"),
        (b"\x16\x03\x01", "something else"),
        (SIGNATURE[:-1] + b"\r", "something else"),
        (b"PROXY TCP4 192.0.2.9 198.51.100.1 56324 993\n", "none of version 1"),
        (b"PROXY TCP4  192.0.2.9 198.51.100.1 56324 993\r\n", "none of version 1"),
        (b"PROXY TCP4 192.0.2.9 198.51.100.1 56324 993 \r\n", "none of version 1"),
        (b"PROXY TCP4 192.0.2.9 198.51.100.1 056324 993\r\n", "none of version 1"),
        (b"PROXY TCP5 192.0.2.9 198.51.100.1 56324 993\r\n", "none of version 1"),
        (b"PROXY TCP4\r\n", "none of version 1"),
        (b"PROXY UNKNOWNS\r\n", "none of version 1"),
        (b"PROXY UNKNOWN \r \r\n", "none of version 1"),
        (b"PROXY TCP4 192.0.2.09 198.51.100.1 56324 993\r\n", "not an address of TCP4"),
        (b"PROXY TCP4 ::1 ::2 56324 993\r\n", "not an address of TCP4"),
        (b"PROXY TCP6 192.0.2.9 198.51.100.1 56324 993\r\n", "not an address of TCP6"),
        (b"PROXY TCP6 \xff \xff 56324 993\r\n", "not an address of TCP6"),
        (b"PROXY TCP6 fe80::1%eth0 ::1 56324 993\r\n", "can not be"),
        (b"PROXY TCP4 192.0.2.9 198.51.100.1 65536 993\r\n", "can not be"),
        (b"PROXY TCP4 192.0.2.9 198.51.100.1 1 99999\r\n", "can not be"),
        (b"PROXY " + b"x" * 101, "does not end"),
        (binary(IPV4, command=0x11), "version or command"),
        (binary(IPV4, command=0x22), "version or command"),
        (binary(IPV4, family=0x41), "family"),
        (binary(IPV4, family=0x13), "family"),
        (binary(IPV4[:-1]), "addresses are cut off"),
        (binary(IPV4 + b"\x04\x00"), "value is cut off"),
        (binary(IPV4 + b"\x04\x00\x05abcd"), "value is cut off"),
        (binary(IPV4 + tlv(0x20, bytes(4))), "value is cut off"),
        (binary(IPV4 + tlv(0x20, bytes(5) + b"\x21")), "value is cut off"),
        (with_sum(IPV4)[:-1] + b"\0", "checksum"),
        (binary(IPV4 + tlv(3, bytes(3))), "checksum"),
        # A declared size is refused before it has come.
        (SIGNATURE + b"\x21\x11\xff\xff", "65551 octets is too long"),
    ],
)
def test_anything_else_is_refused_and_tells_why(octets: bytes, reason: str) -> None:
    with pytest.raises(ProxyProtocolError, match=reason):
        parse_header(octets, MOST)


def test_crc32c_is_that_of_the_examples() -> None:
    """RFC 3720 appendix B.4."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E
