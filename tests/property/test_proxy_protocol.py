"""The PROXY protocol: whatever a proxy writes is read, and whatever else comes is refused."""

from __future__ import annotations

import ipaddress
import struct

from hypothesis import given
from hypothesis import strategies as st

from mailcore.proxy_protocol import (
    SIGNATURE,
    Address,
    ProxyHeader,
    ProxyProtocolError,
    parse_header,
)

MOST = 8192
IPV4 = st.tuples(st.ip_addresses(v=4), st.ip_addresses(v=4))
IPV6 = st.tuples(st.ip_addresses(v=6), st.ip_addresses(v=6))
PORTS = st.tuples(*[st.integers(0, 65535)] * 2)


IPs = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]


def ends(addresses: IPs, ports: tuple[int, ...]) -> list[Address]:
    plain = [getattr(address, "ipv4_mapped", None) or address for address in addresses]
    return [Address(str(one), port) for one, port in zip(plain, ports, strict=True)]


@given(IPV4 | IPV6, PORTS, st.binary())
def test_version_1(addresses: IPs, ports: tuple[int, ...], behind: bytes) -> None:
    words = [f"TCP{addresses[0].version}", *addresses, *ports]
    line = f"PROXY {' '.join(map(str, words))}\r\n".encode()
    assert parse_header(line + behind, MOST) == (ProxyHeader(1, *ends(addresses, ports)), len(line))


@given(IPV4 | IPV6, PORTS, st.binary(max_size=100), st.text(), st.binary())
def test_version_2(
    addresses: IPs, ports: tuple[int, ...], alpn: bytes, authority: str, behind: bytes
) -> None:
    rest = b"".join(one.packed for one in addresses) + struct.pack("!HH", *ports)
    for kind, value in ((1, alpn), (2, authority.encode())):
        rest += struct.pack("!BH", kind, len(value)) + value
    family = 0x11 if addresses[0].version == 4 else 0x21
    octets = SIGNATURE + struct.pack("!BBH", 0x21, family, len(rest)) + rest
    header = ProxyHeader(2, *ends(addresses, ports), alpn=alpn, authority=authority)
    assert parse_header(octets + behind, MOST) == (header, len(octets))
    assert parse_header(octets[:-1], MOST) is None


@given(st.sampled_from([b"", b"PROXY ", SIGNATURE, SIGNATURE + b"\x21\x11\0\x40"]), st.binary())
def test_any_octets_are_a_header_or_none_whatever_the_splits(begin: bytes, rest: bytes) -> None:
    octets = begin + rest
    outcomes: list[object] = []
    for end in range(len(octets) + 1):
        try:
            outcomes.append(parse_header(octets[:end], MOST))
        except ProxyProtocolError:
            outcomes.append(ProxyProtocolError)
    first = next((one for one in outcomes if one is not None), None)
    assert all(one == first for one in outcomes[outcomes.index(first) :])
