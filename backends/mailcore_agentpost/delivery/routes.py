"""Where mail for a domain goes: its mail exchangers, or the smarthost (RFC 5321 §5.1).

And how: with TLS if it can be had, unless the domain (MTA-STS, RFC 8461) or the sender (REQUIRETLS,
RFC 8689) wants to be sure of it.
"""

from __future__ import annotations

import ipaddress
import random
import ssl
from collections.abc import Sequence
from typing import Any, Final, Literal

import dns.asyncresolver
import dns.exception
import dns.resolver

from mailcore.net import Where
from mailcore.smtp import Reply
from mailcore_agentpost.delivery.mta_sts import Policies, Policy
from mailcore_agentpost.settings import Relay
from mailcore_agentpost.webhooks.targets import is_public

#: How sure of TLS the sender wants to be. "verified": the server is whom the domain means, or the
#: message is not sent (RFC 8689 §4.2.1). "any": whatever the domain says (§4.2.2).
Demand = Literal["usual", "verified", "any"]

_PORT: Final = 25
_NOT_ENCRYPTED: Final = Reply.of(554, "5.7.10", "There is no way to send this over verified TLS")
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
        policies: those of MTA-STS; None to ask for none.
        context: to trust mail exchangers by, where that matters; None for the system's authorities.
    """

    def __init__(
        self,
        relay: Relay,
        hello: str,
        resolver: dns.asyncresolver.Resolver | None = None,
        policies: Policies | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._relay = relay
        self._hello = hello
        self._resolver = resolver
        self._policies = policies
        self._context = context or ssl.create_default_context()

    async def find(self, domain: str, demand: Demand = "usual") -> Sequence[Where]:
        """Return the servers to try, in order.

        Raises:
            NoRoute: there is none.
        """
        relay = self._relay
        if relay.mode == "smarthost":
            if demand == "verified" and relay.tls not in ("implicit", "required"):
                raise NoRoute(_NOT_ENCRYPTED)
            port = relay.port or _SUBMISSION[relay.tls]
            return [Where(relay.host, port, tls=relay.tls, hello=self._hello)]
        if domain.startswith("["):
            if demand == "verified":
                raise NoRoute(_NOT_ENCRYPTED)
            return self._servers(domain, [_literal(domain)], verified=False)
        policy = await self._policy(domain, demand)
        names = await self._exchangers(domain)
        if policy is not None:
            names = [name for name in names if policy.lists(name)]
            if not names:
                # RFC 8461 §5: as if it could not be reached now; the DNS may be forged.
                text = f"No mail exchanger of {domain} is in its MTA-STS policy"
                raise NoRoute(Reply.of(451, "4.7.5", text))
        servers: list[Where] = []
        for name in names:
            if len(servers) < _MOST:
                addresses = await self._addresses(name)
                servers += self._servers(name, addresses, verified=policy is not None)
        if not servers:
            raise NoRoute(Reply.of(450, "4.4.4", f"No mail exchanger of {domain} has an address"))
        return servers[:_MOST]

    async def _policy(self, domain: str, demand: Demand) -> Policy | None:
        """Return the policy that is to be kept to; None if there is none."""
        if self._policies is None or demand == "any":
            policy = None
        else:
            policy = await self._policies.find(domain)
        if demand == "verified":
            if policy is None or policy.mode == "none":
                # Without it the DNS alone would say who is to be trusted (RFC 8689 §4.2.1).
                raise NoRoute(_NOT_ENCRYPTED)
            return policy
        return policy if policy is not None and policy.mode == "enforce" else None

    def _servers(self, name: str, addresses: Sequence[str], *, verified: bool) -> list[Where]:
        if not self._relay.private_targets and not all(map(is_public, addresses)):
            # What a stranger's DNS says must not make us knock inside our own network.
            raise NoRoute(Reply.of(550, "5.4.4", f"{name} is at a private address"))
        port = self._relay.port or _PORT
        return [
            Where(
                address,
                port,
                tls="required" if verified else "opportunistic",
                context=self._context if verified else None,
                server_name=name,
                hello=self._hello,
            )
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
