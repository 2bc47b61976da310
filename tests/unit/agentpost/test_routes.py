"""Where mail for a domain goes, by a DNS of our own on loopback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dns.asyncresolver
import pytest

from mailcore_agentpost.delivery.routes import NoRoute, Routes
from mailcore_agentpost.names import trio_resolver
from mailcore_agentpost.settings import Relay
from tests.names import Zone, answering

ZONE: Zone = {
    "two.example": {"MX": ["20 b.two.example.", "10 a.two.example."]},
    "a.two.example": {"A": ["8.8.8.1"], "AAAA": ["2606:4700::1"]},
    "b.two.example": {"A": ["8.8.8.2"]},
    "null.example": {"MX": ["0 ."]},
    "implicit.example": {"A": ["8.8.4.4"]},
    "private.example": {"MX": ["10 inner.example."]},
    "inner.example": {"A": ["10.0.0.7"]},
    "dead.example": {"MX": ["10 nowhere.example."]},
    "broken.example": {"SERVFAIL": []},
}


@pytest.fixture
def resolver() -> Iterator[dns.asyncresolver.Resolver]:
    with answering(ZONE) as server:
        resolver = trio_resolver([server.address])
        assert resolver is not None
        resolver.lifetime = 2.0
        yield resolver


def hosts(servers: Sequence[object]) -> list[tuple[str, str]]:
    return [(server.server_name, server.host) for server in servers]  # type: ignore[attr-defined]


async def test_exchangers_go_by_their_preference(resolver: dns.asyncresolver.Resolver) -> None:
    servers = await Routes(Relay(mode="mx"), "us.example", resolver).find("two.example")
    assert hosts(servers) == [
        ("a.two.example", "8.8.8.1"),
        ("a.two.example", "2606:4700::1"),
        ("b.two.example", "8.8.8.2"),
    ]
    assert {(one.port, one.tls, one.hello) for one in servers} == {
        (25, "opportunistic", "us.example")
    }


async def test_a_domain_without_mx_is_its_own(resolver: dns.asyncresolver.Resolver) -> None:
    """RFC 5321 §5.1."""
    servers = await Routes(Relay(mode="mx"), "us.example", resolver).find("implicit.example")
    assert hosts(servers) == [("implicit.example", "8.8.4.4")]


@pytest.mark.parametrize(
    ("domain", "code", "enhanced"),
    [
        ("null.example", 556, "5.1.10"),  # RFC 7505
        ("unknown.example", 550, "5.1.2"),
        ("private.example", 550, "5.4.4"),
        ("dead.example", 450, "4.4.4"),
        ("broken.example", 451, "4.4.3"),
        ("[127.0.0.1]", 550, "5.4.4"),
        ("[nonsense]", 550, "5.1.2"),
    ],
)
async def test_some_domains_have_no_server(
    resolver: dns.asyncresolver.Resolver, domain: str, code: int, enhanced: str
) -> None:
    with pytest.raises(NoRoute) as caught:
        await Routes(Relay(mode="mx"), "us.example", resolver).find(domain)
    assert (caught.value.reply.code, caught.value.reply.enhanced) == (code, enhanced)


async def test_private_targets_can_be_allowed(resolver: dns.asyncresolver.Resolver) -> None:
    relay = Relay(mode="mx", private_targets=True, port=2525)
    routes = Routes(relay, "us.example", resolver)
    assert hosts(await routes.find("private.example")) == [("inner.example", "10.0.0.7")]
    (server,) = await routes.find("[IPv6:::1]")
    assert (server.host, server.port) == ("::1", 2525)


async def test_a_smarthost_takes_all() -> None:
    relay = Relay(mode="smarthost", host="out.example", tls="implicit")
    (server,) = await Routes(relay, "us.example").find("null.example")
    assert (server.host, server.port, server.tls) == ("out.example", 465, "implicit")


def test_a_smarthost_has_a_name() -> None:
    with pytest.raises(ValueError, match="host"):
        Relay(mode="smarthost")
    with pytest.raises(ValueError, match="without TLS"):
        Relay(mode="smarthost", host="x", tls="none", username="u", password="p")
