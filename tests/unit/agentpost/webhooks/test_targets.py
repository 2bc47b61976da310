"""A webhook never connects to an address that is not public, whatever its name says."""

from __future__ import annotations

import socket
from typing import Any

import httpcore
import pytest
import trio

from mailcore_agentpost.webhooks.targets import GuardedBackend, PrivateTarget, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fc00::1", "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "2130706433", "0x7f.1"])
async def test_names_of_this_machine_are_refused(host: str) -> None:
    with pytest.raises((PrivateTarget, httpcore.ConnectError)):
        await GuardedBackend(allow_private=False).connect_tcp(host, 80)


async def test_one_private_address_among_public_ones_is_enough() -> None:
    class Resolver(trio.abc.HostnameResolver):
        async def getaddrinfo(self, *arguments: Any, **more: Any) -> Any:
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, ("8.8.8.8", 80)), (*kind, ("10.0.0.1", 80))]

        async def getnameinfo(self, *arguments: Any) -> Any:
            raise NotImplementedError

    before = trio.socket.set_custom_hostname_resolver(Resolver())
    try:
        with pytest.raises(PrivateTarget):
            await GuardedBackend(allow_private=False).connect_tcp("mixed.example", 80)
    finally:
        trio.socket.set_custom_hostname_resolver(before)


@pytest.mark.parametrize("name", ["nowhere.invalid", "x" * 64 + ".example", ".", "a..b"])
async def test_a_name_that_does_not_exist(name: str) -> None:
    with pytest.raises(httpcore.ConnectError):
        await GuardedBackend(allow_private=True).connect_tcp(name, 80)
