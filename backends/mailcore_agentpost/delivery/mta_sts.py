"""MTA-STS: domains that want their mail over verified TLS, to servers that they name (RFC 8461).

A policy is found by a TXT record, fetched over HTTPS, and kept on the disk: who can forge the DNS
later can not make us forget it before its time.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import dns.asyncresolver
import httpcore
import trio

from mailcore.limits import KIB
from mailcore_agentpost.names import NoAnswerNow, ask, to_ascii
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.webhooks.targets import is_public

logger: Final = logging.getLogger("mailcore.agentpost")

# sts-text-record of §3.1, and sts-policy-record of §3.2 as far as it is read line by line.
_RECORD: Final = re.compile(r"v=STSv1[ \t]*;(?:.*;)?[ \t]*id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})\b")
_LINE: Final = re.compile(r"([A-Za-z0-9_.-]{1,32})[ \t]*:[ \t]*(.*?)[ \t]*\Z")
_PATTERN: Final = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")

# §3.2: at most about a year. §3.3: a minute for the fetch, 64 KiB for what comes.
_LONGEST: Final = 31_557_600
_FETCH_SECONDS: Final = 60.0
_FETCH_OCTETS: Final = 64 * KIB
# §3.3: what can not be fetched is not asked for again at once.
_PAUSE: Final = 300.0
_MOST_NAMES: Final = 100
_HTTPS: Final = 443


@dataclass(frozen=True, slots=True)
class Policy:
    """What a domain wants.

    Arguments:
        mode: "enforce", "testing" or "none".
        names: of its mail exchangers; ``*.example.com`` stands for one label.
        max_age: seconds for which it holds.
    """

    mode: str
    names: tuple[str, ...]
    max_age: int

    def lists(self, name: str) -> bool:
        """Tell whether a mail exchanger is one of those (§4.1)."""
        name = name.lower().rstrip(".")
        parent = name.partition(".")[2]
        return name in self.names or (bool(parent) and f"*.{parent}" in self.names)


def parse_policy(text: str) -> Policy:
    """Read a policy (§3.2).

    Raises:
        ValueError: it is none.
    """
    fields: dict[str, list[str]] = {}
    for line in re.split(r"\r?\n", text):
        if found := _LINE.match(line):
            fields.setdefault(found[1], []).append(found[2])
        elif line.strip():
            raise ValueError(f"not a line of a policy: {line[:80]!r}")
    # Of all fields but "mx" the first counts.
    version, mode, max_age = (fields.get(one, [""])[0] for one in ("version", "mode", "max_age"))
    names = tuple(name.lower().rstrip(".") for name in fields.get("mx", [])[:_MOST_NAMES])
    if version != "STSv1":
        raise ValueError("not a policy of version STSv1")
    if mode not in ("enforce", "testing", "none"):
        raise ValueError(f"no such mode: {mode[:80]!r}")
    if not re.fullmatch(r"[0-9]{1,10}", max_age):
        raise ValueError("no max_age")
    if (mode != "none" and not names) or not all(map(_PATTERN.fullmatch, names)):
        raise ValueError("no mail exchanger, or one that is no name")
    return Policy(mode, names, min(int(max_age), _LONGEST))


class Policies:
    """Finds the policies of domains.

    Arguments:
        store: keeps them.
        resolver: None for the system's.
        context: to trust policy hosts by; None for the system's authorities.
        private_hosts: whether a policy host may have an address that is not public.
        port: of policy hosts (which is 443, but in a test).
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        resolver: dns.asyncresolver.Resolver | None = None,
        *,
        context: ssl.SSLContext | None = None,
        private_hosts: bool = False,
        port: int = _HTTPS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._context = context or ssl.create_default_context()
        self._backend = _PolicyHosts(resolver, private_hosts, port)
        self._clock = clock
        self._failed: dict[str, float] = {}

    async def find(self, domain: str) -> Policy | None:
        """Return the policy of a domain; None if it has none that we know of.

        Raises:
            Unavailable: as the store does.
        """
        domain = to_ascii(domain)
        now = self._clock()
        kept = await self._store.read(partial(_kept, domain=domain, now=now))
        identifier = await self._identifier(domain)
        if identifier is None or (kept is not None and kept[0] == identifier):
            return kept and kept[1]
        if self._failed.get(domain, 0.0) > now:
            return kept and kept[1]
        try:
            policy = await self._fetch(domain)
        except (ValueError, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return self._fall_back(domain, kept, error)
        except (httpcore.TimeoutException, trio.TooSlowError) as error:
            return self._fall_back(domain, kept, error)
        self._failed.pop(domain, None)
        keep = partial(_keep, domain=domain, identifier=identifier, policy=policy, now=now)
        await self._store.write(keep)
        return policy

    def _fall_back(
        self, domain: str, kept: tuple[str, Policy] | None, error: Exception
    ) -> Policy | None:
        """§5.1: what was fetched before holds until its time is over."""
        logger.warning("no MTA-STS policy of %s: %s", domain, str(error) or type(error).__name__)
        now = self._clock()
        self._failed = {one: until for one, until in self._failed.items() if until > now}
        self._failed[domain] = now + _PAUSE
        return kept and kept[1]

    async def _identifier(self, domain: str) -> str | None:
        """Return the id of the policy that a domain says it has (§3.1)."""
        try:
            records = await ask(self._resolver, f"_mta-sts.{domain}", "TXT")
        except NoAnswerNow:
            return None
        texts = [b"".join(record.strings).decode("utf-8", "replace") for record in records]
        found = [text for text in texts if text.startswith("v=STSv1")]
        match = _RECORD.match(found[0]) if len(found) == 1 else None
        return None if match is None else match[1]

    async def _fetch(self, domain: str) -> Policy:
        url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
        seconds = dict.fromkeys(("connect", "read", "write", "pool"), _FETCH_SECONDS)
        with trio.fail_after(_FETCH_SECONDS):
            async with (
                httpcore.AsyncConnectionPool(
                    ssl_context=self._context, network_backend=self._backend
                ) as pool,
                pool.stream("GET", url, extensions={"timeout": seconds}) as response,
            ):
                if response.status != 200:  # §3.3: no redirection is followed
                    raise ValueError(f"the policy host says {response.status}")
                octets = b""
                async for piece in response.aiter_stream():
                    octets += piece
                    if len(octets) > _FETCH_OCTETS:
                        raise ValueError("the policy is too long")
        return parse_policy(octets.decode("utf-8", "replace"))


class _PolicyHosts(httpcore.AsyncNetworkBackend):
    """Connects to policy hosts, by the resolver that everything else is found by."""

    def __init__(
        self, resolver: dns.asyncresolver.Resolver | None, private: bool, port: int
    ) -> None:
        self._resolver = resolver
        self._private = private
        self._port = port
        self._backend = httpcore.TrioBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._addresses(host)
        for address in addresses:
            try:
                return await self._backend.connect_tcp(address, self._port, timeout, local_address)
            except httpcore.ConnectError as error:
                logger.info("no connection to %s at %s: %s", host, address, error)
        raise httpcore.ConnectError(f"no connection to {host}")

    async def _addresses(self, host: str) -> Sequence[str]:
        try:
            found = [
                str(record.address)
                for kind in ("A", "AAAA")
                for record in await ask(self._resolver, host, kind)
            ]
        except NoAnswerNow as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error
        if not self._private and not all(map(is_public, found)):
            # What a stranger's DNS says must not make us knock inside our own network.
            raise httpcore.ConnectError(f"{host} is at a private address")
        return found

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


def _kept(connection: sqlite3.Connection, domain: str, now: float) -> tuple[str, Policy] | None:
    row = connection.execute(
        "SELECT * FROM sts_policies WHERE domain = ? AND until > ?", (domain, now)
    ).fetchone()
    if row is None:
        return None
    return row["id"], Policy(row["mode"], tuple(json.loads(row["names"])), row["max_age"])


def _keep(
    transaction: Transaction, domain: str, identifier: str, policy: Policy, now: float
) -> None:
    transaction.execute(
        "INSERT OR REPLACE INTO sts_policies (domain, id, mode, names, max_age, until)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            domain,
            identifier,
            policy.mode,
            json.dumps(policy.names),
            policy.max_age,
            now + policy.max_age,
        ),
    )
    transaction.execute("DELETE FROM sts_policies WHERE until <= ?", (now,))
