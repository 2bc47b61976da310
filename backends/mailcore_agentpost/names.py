"""Asking the DNS: which servers, and from threads."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from typing import Any, Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

_PORT: Final = 53
# Seconds that one question may take; there are many in one message.
_QUESTION: Final = 5.0

# What says that a name has no such records, or can be no name.
_NO_SUCH: Final = (
    *(dns.resolver.NXDOMAIN, dns.resolver.NoAnswer),
    *(dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, UnicodeError),
)


class NoAnswerNow(Exception):
    """The DNS does not answer; it may later."""


class Lookup:
    """Asks for what one message makes necessary, within a time for all questions. For threads.

    Arguments:
        resolver: None for the system's.
        seconds: for all questions together.
    """

    def __init__(self, resolver: dns.resolver.Resolver | None, seconds: float) -> None:
        self._resolver = resolver
        # What is computed between the questions does not count.
        self._left = seconds

    def ask(self, name: str, kind: str) -> list[Any]:
        """Return the records of a kind that a name has, aliases followed; none is no error.

        Raises:
            NoAnswerNow: a failure, or no time is left.
        """
        if self._left <= 0:
            raise NoAnswerNow("no time is left to ask the DNS")
        began = time.monotonic()
        try:
            resolver = self._resolver or dns.resolver.get_default_resolver()
            seconds = min(self._left, _QUESTION)
            return list(resolver.resolve(_absolute(name), kind, lifetime=seconds))
        except _NO_SUCH:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise NoAnswerNow(str(error)) from error
        finally:
            self._left -= time.monotonic() - began

    def texts(self, name: str) -> list[bytes]:
        """Return the TXT records of a name, each as one string; raises as :meth:`ask` does."""
        return [b"".join(record.strings) for record in self.ask(name, "TXT")]


async def ask(resolver: dns.asyncresolver.Resolver | None, name: str, kind: str) -> list[Any]:
    """Return the records of a kind that a name has, aliases followed; none is no error.

    Arguments:
        resolver: None for the system's.

    Raises:
        NoAnswerNow: a failure.
    """
    try:
        resolver = resolver or dns.asyncresolver.get_default_resolver()
        return list(await resolver.resolve(_absolute(name), kind))
    except _NO_SUCH:
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise NoAnswerNow(str(error)) from error


def to_ascii(domain: str) -> str:
    """Return a domain as the DNS has it: in ASCII and lower case; what is none as it is."""
    domain = domain.lower().rstrip(".")
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _absolute(name: str) -> str:
    return name.rstrip(".") + "."


def name_servers(servers: Sequence[str]) -> list[dns.nameserver.Nameserver]:
    """Read ``address`` and ``address:port``.

    Raises:
        ValueError: one is something else.
    """
    found: list[dns.nameserver.Nameserver] = []
    for server in servers:
        address, port = _address_and_port(server)
        found.append(dns.nameserver.Do53Nameserver(str(ipaddress.ip_address(address)), port))
    return found


def _address_and_port(server: str) -> tuple[str, int]:
    if server.startswith("["):
        address, _, port = server[1:].partition("]")
        return address, int(port.removeprefix(":") or _PORT)
    if server.count(":") == 1:
        address, _, port = server.partition(":")
        return address, int(port)
    return server, _PORT


def thread_resolver(servers: Sequence[str]) -> dns.resolver.Resolver | None:
    """Return a resolver for threads; None for the system's."""
    if not servers:
        return None
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = name_servers(servers)
    resolver.cache = dns.resolver.LRUCache()
    return resolver


def trio_resolver(servers: Sequence[str]) -> dns.asyncresolver.Resolver | None:
    """Return a resolver for Trio tasks; None for the system's."""
    if not servers:
        return None
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = name_servers(servers)
    return resolver
