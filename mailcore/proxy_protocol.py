"""The PROXY protocol, versions 1 and 2: what a proxy tells of the client behind it.

A proxy such as HAProxy sends one header ahead of everything else, TLS included. The rules are those
of ``doc/proxy-protocol.txt`` in HAProxy's sources; its sections are cited as "PROXY §2.2".
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from mailcore.errors import ProtocolError

#: The first octets of version 2.
SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_WORD: Final = b"PROXY "
#: PROXY §2.1: the longest line of version 1, with its CRLF.
_LINE: Final = 107

# Types and subtypes (PROXY §2.2).
_ALPN, _AUTHORITY, _CRC32C, _UNIQUE_ID, _SSL = 0x01, 0x02, 0x03, 0x05, 0x20
_SSL_VERSION, _SSL_COMMON_NAME, _SSL_CIPHER = 0x21, 0x22, 0x23
_CLIENT_SSL, _CLIENT_CERTIFICATE = 0x01, 0x02 | 0x04


class ProxyProtocolError(ProtocolError):
    """This is no header, or a broken one. The connection is to be dropped (PROXY §2)."""


class Address(NamedTuple):
    """One end of the proxied connection.

    Arguments:
        host: as text, or "" for a unix socket.
        port: or 0.
        path: of a unix socket, or "".
    """

    host: str
    port: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class ProxiedTLS:
    """The client reached the proxy over TLS (PROXY §2.2.6).

    Arguments:
        version: ``TLSv1.3``, or "".
        cipher: as OpenSSL names it, or "".
        common_name: of the client's certificate, or "".
        verified: whether the client has shown a certificate that the proxy found good.
    """

    version: str = ""
    cipher: str = ""
    common_name: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What a proxy says.

    Arguments:
        version: of the protocol.
        source: the client; None if the proxy speaks for itself (LOCAL, for instance a health
            check), or does not know, or means no stream: then what counts is the real connection.
        destination: what the client has connected to; None likewise.
        tls: of the client's connection to the proxy; None if it had none, or that is not told.
        alpn: the protocol that was agreed on there (RFC 7301), or b"".
        authority: the name that the client has asked for (SNI, RFC 6066 §3), or "".
        unique_id: by which the proxy knows the connection, or b"".
    """

    version: Literal[1, 2]
    source: Address | None = None
    destination: Address | None = None
    tls: ProxiedTLS | None = None
    alpn: bytes = b""
    authority: str = ""
    unique_id: bytes = b""


def parse_header(octets: bytes | bytearray, most: int) -> tuple[ProxyHeader, int] | None:
    """Parse what a connection begins with.

    Arguments:
        octets: all that has come so far.
        most: octets that a header of version 2 may have.

    Returns:
        The header and its length; None while more octets are needed, and then all of these belong
        to the header.

    Raises:
        ProxyProtocolError: as soon as it is clear that this can be no header.
    """
    if octets.startswith(SIGNATURE):
        return _parse_binary(octets, most)
    if octets.startswith(_WORD):
        return _parse_line(octets)
    if SIGNATURE.startswith(octets) or _WORD.startswith(octets):
        return None
    raise ProxyProtocolError("it begins with something else")


# ----------------------------------------------------------------------------------- version 1

# line = "PROXY" SP ("TCP4" / "TCP6") SP source SP destination SP port SP port CRLF
#      / "PROXY" SP "UNKNOWN" *whatever CRLF
_TCP: Final = re.compile(rb"PROXY TCP([46]) ([^ ]+) ([^ ]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\r\n")
_UNKNOWN: Final = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")


def _parse_line(octets: bytes | bytearray) -> tuple[ProxyHeader, int] | None:
    end = octets.find(b"\n", 0, _LINE) + 1
    if not end:
        if len(octets) >= _LINE:
            raise ProxyProtocolError("the line does not end")
        return None
    line = bytes(octets[:end])
    if _UNKNOWN.fullmatch(line):
        return ProxyHeader(1), end
    found = _TCP.fullmatch(line)
    if found is None:
        raise ProxyProtocolError("the line is none of version 1")
    family, source, destination, source_port, destination_port = found.groups()
    header = ProxyHeader(
        1,
        _text_address(family, source, int(source_port)),
        _text_address(family, destination, int(destination_port)),
    )
    return header, end


def _text_address(family: bytes, text: bytes, port: int) -> Address:
    kind = ipaddress.IPv4Address if family == b"4" else ipaddress.IPv6Address
    try:
        address = kind(text.decode("ascii"))
    except ValueError:
        raise ProxyProtocolError(f"not an address of TCP{family.decode()}") from None
    if port > 0xFFFF or b"%" in text:
        raise ProxyProtocolError("a port or a scope that can not be")
    return Address(_host(address), port)


def _host(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Write an address as the log and the limits know it: IPv4 in IPv6 is IPv4."""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


# ----------------------------------------------------------------------------------- version 2

# header = signature version-command family-protocol length addresses *tlv
_FIXED: Final = struct.Struct("!12sBBH")
# How addresses and ports lie, by family-protocol: of streams; all else is as if not told.
_LAYOUTS: Final = {
    0x11: struct.Struct("!4s4sHH"),
    0x21: struct.Struct("!16s16sHH"),
    0x31: struct.Struct("!108s108s"),
}
_TLV: Final = struct.Struct("!BH")
_SSL_FIXED: Final = struct.Struct("!BI")


def _parse_binary(octets: bytes | bytearray, most: int) -> tuple[ProxyHeader, int] | None:
    if len(octets) < _FIXED.size:
        return None
    _, version_command, family, length = _FIXED.unpack_from(octets)
    end = _FIXED.size + length
    if version_command not in (0x20, 0x21):
        raise ProxyProtocolError("an unknown version or command")
    if family >> 4 > 3 or family & 0x0F > 2:
        raise ProxyProtocolError("an unknown family of addresses or protocol")
    if end > most:
        raise ProxyProtocolError(f"a header of {end} octets is too long")
    if len(octets) < end:
        return None
    if version_command == 0x20:
        return ProxyHeader(2), end  # LOCAL: what else it says is to be ignored
    return _proxied(bytes(octets[:end]), family), end


def _proxied(header: bytes, family: int) -> ProxyHeader:
    source, destination, position = None, None, len(header)
    layout = _LAYOUTS.get(family)
    if layout is not None:
        position = _FIXED.size + layout.size
        if position > len(header):
            raise ProxyProtocolError("the addresses are cut off")
        source, destination = _addresses(layout.unpack_from(header, _FIXED.size))
    values: dict[int, bytes] = {}
    for kind, start, end in _split(header, position):
        values[kind] = header[start:end]
        if kind == _CRC32C:
            _check_sum(header, start, end)
    return ProxyHeader(
        2,
        source,
        destination,
        tls=_tls(values[_SSL]) if _SSL in values else None,
        alpn=values.get(_ALPN, b""),
        authority=_text(values.get(_AUTHORITY, b"")),
        unique_id=values.get(_UNIQUE_ID, b""),
    )


def _addresses(fields: tuple[bytes | int, ...]) -> tuple[Address, Address]:
    match fields:
        case (bytes(source), bytes(destination), int(source_port), int(destination_port)):
            return (
                Address(_host(ipaddress.ip_address(source)), source_port),
                Address(_host(ipaddress.ip_address(destination)), destination_port),
            )
        case (bytes(source), bytes(destination)):
            return Address("", 0, _path(source)), Address("", 0, _path(destination))
    raise AssertionError(fields)


def _path(field: bytes) -> str:
    """A path ends at its first NUL; the name of an abstract socket begins with one, shown as @."""
    path = field.rstrip(b"\0").replace(b"\0", b"@", 1 if field.startswith(b"\0") else 0)
    return path.partition(b"\0")[0].decode("utf-8", "surrogateescape")


# tlv = type length value
def _split(octets: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Yield type, start and end of each value."""
    while position < len(octets):
        start = position + _TLV.size
        if start > len(octets):
            raise ProxyProtocolError("a value is cut off")
        kind, length = _TLV.unpack_from(octets, position)
        position = start + length
        if position > len(octets):
            raise ProxyProtocolError("a value is cut off")
        yield kind, start, position


# ssl = client verify *tlv
def _tls(value: bytes) -> ProxiedTLS | None:
    if len(value) < _SSL_FIXED.size:
        raise ProxyProtocolError("a value is cut off")
    client, verify = _SSL_FIXED.unpack_from(value)
    values = {kind: value[start:end] for kind, start, end in _split(value, _SSL_FIXED.size)}
    if not client & _CLIENT_SSL:
        return None
    return ProxiedTLS(
        version=_text(values.get(_SSL_VERSION, b"")),
        cipher=_text(values.get(_SSL_CIPHER, b"")),
        common_name=_text(values.get(_SSL_COMMON_NAME, b"")),
        verified=bool(client & _CLIENT_CERTIFICATE) and verify == 0,
    )


def _text(value: bytes) -> str:
    """What a client has chosen (a name, a certificate) is not the proxy's fault."""
    return value.decode("utf-8", "replace")


def _check_sum(header: bytes, start: int, end: int) -> None:
    """PROXY §2.2.3: over the whole header, with zeros in the place of the sum."""
    whole = header[:start] + bytes(end - start) + header[end:]
    if header[start:end] != crc32c(whole).to_bytes(4, "big"):
        raise ProxyProtocolError("the checksum is wrong")


def _crc32c_table() -> Iterator[int]:
    for remainder in range(256):
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
        yield remainder


_CRC32C_TABLE: Final = tuple(_crc32c_table())


def crc32c(data: bytes) -> int:
    """Return the checksum CRC32c (RFC 3720 appendix B.4 has examples)."""
    crc = 0xFFFFFFFF
    for octet in data:
        crc = crc >> 8 ^ _CRC32C_TABLE[(crc ^ octet) & 0xFF]
    return crc ^ 0xFFFFFFFF
