"""Where mail for a domain goes: its mail exchangers, or the smarthost (RFC 5321 §5.1)."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Sequence
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.resolver

from mailcore.net import Where
from mailcore.smtp import Reply
from mailcore_agentpost.settings import Relay
from mailcore_agentpost.webhooks.targets import is_public

_PORT: Final = 25
_SUBMISSION: Final = {"implicit": 465, "required": 587, "opportunistic": 25, "none": 25}
# Addresses of one domain that are tried at one attempt.
_MOST: Final = 6


class NoRoute(Exception):
    """Mail for this domain goes nowhere, now or ever.

    Arguments:
        reply: what its server would say, if there were one.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.lines[0])
        self.reply = reply


class Routes:
    """Finds servers.

    Arguments:
        relay: the settings.
        hello: what we call ourselves.
        resolver: None for the system's.
    """

    def __init__(
        self, relay: Relay, hello: str, resolver: dns.asyncresolver.Resolver | None = None
    ) -> None:
        self._relay = relay
        self._hello = hello
        self._resolver = resolver

    async def find(self, domain: str) -> Sequence[Where]:
        """Return the servers to try, in order.

        Raises:
            NoRoute: there is none.
        """
        relay = self._relay
        if relay.mode == "smarthost":
            port = relay.port or _SUBMISSION[relay.tls]
            return [Where(relay.host, port, tls=relay.tls, hello=self._hello)]
        if domain.startswith("["):
            return self._servers(domain, [_literal(domain)])
        servers: list[Where] = []
        for name in await self._exchangers(domain):
            if len(servers) < _MOST:
                servers += self._servers(name, await self._addresses(name))
        if not servers:
            raise NoRoute(Reply.of(450, "4.4.4", f"No mail exchanger of {domain} has an address"))
        return servers[:_MOST]

    def _servers(self, name: str, addresses: Sequence[str]) -> list[Where]:
        if not self._relay.private_targets and not all(map(is_public, addresses)):
            # What a stranger's DNS says must not make us knock inside our own network.
            raise NoRoute(Reply.of(550, "5.4.4", f"{name} is at a private address"))
        port = self._relay.port or _PORT
        return [
            Where(address, port, tls="opportunistic", server_name=name, hello=self._hello)
            for address in addresses
        ]

    async def _exchangers(self, domain: str) -> Sequence[str]:
        """Return the names, the most wanted first; the domain itself is its own by default."""
        try:
            answer = await self._resolve(domain, "MX")
        except dns.resolver.NXDOMAIN:
            raise NoRoute(Reply.of(550, "5.1.2", f"There is no domain {domain}")) from None
        records = [(record.preference, record.exchange) for record in answer]
        if not records:
            return [domain]
        names = [(preference, name.to_text(omit_final_dot=True)) for preference, name in records]
        if names == [(0, "")] or all(name in ("", ".") for _, name in names):
            # RFC 7505: "null MX".
            raise NoRoute(Reply.of(556, "5.1.10", f"{domain} takes no mail"))
        # Those that are wanted alike share the load (RFC 5321 §5.1).
        random.shuffle(names)
        return [name for _, name in sorted(names, key=lambda pair: pair[0])]

    async def _addresses(self, name: str) -> list[str]:
        found: list[str] = []
        for kind in ("A", "AAAA"):
            try:
                found += [record.address for record in await self._resolve(name, kind)]
            except dns.resolver.NXDOMAIN:
                break
        return found

    async def _resolve(self, name: str, kind: str) -> list[Any]:
        resolver = self._resolver or dns.asyncresolver.get_default_resolver()
        try:
            return list(await resolver.resolve(f"{name}.", kind))
        except dns.resolver.NXDOMAIN:
            raise
        except dns.resolver.NoAnswer:
            return []
        except dns.exception.DNSException as error:
            raise NoRoute(Reply.of(451, "4.4.3", f"No answer from the DNS: {error}")) from error


def _literal(domain: str) -> str:
    try:
        return str(ipaddress.ip_address(domain.strip("[]").removeprefix("IPv6:")))
    except ValueError:
        raise NoRoute(Reply.of(550, "5.1.2", f"{domain} is no address")) from None
