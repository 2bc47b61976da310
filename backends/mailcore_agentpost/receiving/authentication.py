"""Who sent a message: SPF, DKIM and DMARC in turn, and the field that tells (RFC 8601)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import trio

from mailcore.backend import MailTransaction, Peer
from mailcore.limits import Limits
from mailcore.message import Buffer, Header, header_block, headers
from mailcore_agentpost.names import Lookup, thread_resolver
from mailcore_agentpost.receiving.dmarc import DmarcResult, check_dmarc
from mailcore_agentpost.receiving.signatures import Signature, check_signatures, passing_domains
from mailcore_agentpost.receiving.spf import SpfResult, check_spf
from mailcore_agentpost.settings import Inbound
from mailcore_agentpost.webhooks.targets import is_public

FIELD: Final = b"authentication-results"

#: Messages that are checked at a time; each waits for the DNS in a thread.
_AT_A_TIME: Final = 20
# pvalue of RFC 8601 §2.2, as far as it needs no quotes.
_PLAIN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+\-./=?^_`{|}~@]+")
_LONGEST: Final = 255
# The first word of the field, whatever comments stand before it.
_AUTHSERV_ID: Final = re.compile(rb"^(?:\s|\((?:[^()\\]|\\.)*\))*+\"?([^\s;\"(/]+)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks of one message found.

    Arguments:
        dkim: the signatures, in their order.
    """

    spf: SpfResult
    dkim: Sequence[Signature]
    dmarc: DmarcResult

    def summary(self) -> Mapping[str, str]:
        """Return a word for each method, as REST and events tell it."""
        results = [one.result for one in self.dkim]
        best = "pass" if "pass" in results else (results[0] if results else "none")
        return {"spf": self.spf.result, "dkim": best, "dmarc": self.dmarc.result}

    def field(self, authserv_id: str) -> bytes:
        """Write the Authentication-Results field, with its CRLF (RFC 8601 §2.2)."""
        spf = self.spf
        lines = [_result("spf", spf.result, "", (f"smtp.{spf.identity}", spf.domain))]
        lines += [
            _result(
                "dkim",
                one.result,
                one.reason,
                ("header.d", one.domain),
                ("header.s", one.selector),
                ("header.b", one.beginning),
            )
            for one in self.dkim
        ] or ["dkim=none"]
        dmarc = self.dmarc
        asks = (("policy.dmarc", dmarc.policy),) if dmarc.policy else ()
        lines.append(_result("dmarc", dmarc.result, "", ("header.from", dmarc.domain), *asks))
        value = ";\r\n\t".join((_value(authserv_id), *lines))
        return f"Authentication-Results: {value}\r\n".encode()


def _result(method: str, result: str, reason: str, *properties: tuple[str, str]) -> str:
    words = [f"{method}={result}"]
    if reason:
        words.append(f"reason={_quoted(reason)}")
    words += [f"{name}={_value(value)}" for name, value in properties if value]
    # Folded by the properties, so that no line is too long (RFC 5322 §2.1.1).
    return "\r\n\t ".join(words)


def _value(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and len(text) <= _LONGEST else _quoted(text)


def _quoted(text: str) -> str:
    """Nothing that a stranger wrote can end the quotes, the line or the field."""
    clean = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text[:_LONGEST])
    return f'"{clean}"'


def forged_fields(header: bytes, authserv_id: str) -> list[Header]:
    """Return the Authentication-Results that claim to be ours and came from outside (§5)."""
    found = []
    for one in headers(header):
        if one.name.lower() == FIELD:
            match = _AUTHSERV_ID.match(one.unfolded)
            named = match[1].decode("ascii", "replace").lower() if match else ""
            # What is not plainly somebody else's could be read as ours.
            if not named or "\\" in named or named == authserv_id.lower():
                found.append(one)
    return found


class Authenticator:
    """Checks messages.

    Arguments:
        settings: whether, and how long that may take.
        nameservers: to ask; none for the system's.
        limits: of headers.
    """

    def __init__(self, settings: Inbound, nameservers: Sequence[str], limits: Limits) -> None:
        self._settings = settings
        self._resolver = thread_resolver(nameservers)
        self._limits = limits
        self._limiter = trio.CapacityLimiter(_AT_A_TIME)

    async def check(self, transaction: MailTransaction, peer: Peer, data: Buffer) -> Verdict | None:
        """Check a message; None where that is turned off or makes no sense.

        A mail server of one's own that delivers by LMTP, or anybody on this machine or its network,
        is no stranger: it is not asked, unless it tells of the client that it had (XFORWARD).
        """
        forwarded = transaction.forwarded
        host = forwarded.host if forwarded is not None and forwarded.host else peer.host
        hello = forwarded.hello if forwarded is not None and forwarded.hello else transaction.hello
        if not self._settings.authentication or not (self._settings.check_local or _public(host)):
            return None
        if "LMTP" in transaction.protocol and host == peer.host:
            return None
        sender = transaction.sender.address
        work = partial(self._check, host.partition("%")[0], hello, sender, data)
        return await trio.to_thread.run_sync(work, limiter=self._limiter)

    def _check(self, host: str, hello: str, sender: str, data: Buffer) -> Verdict:
        lookup = Lookup(self._resolver, self._settings.dns_timeout)
        header = header_block(data, self._limits.header_block)
        spf = check_spf(host, sender, hello, lookup)
        signatures = check_signatures(header, data, lookup)
        passes = spf.domain if spf.result == "pass" else None
        dmarc = check_dmarc(header, passes, passing_domains(signatures), lookup)
        return Verdict(spf, signatures, dmarc)


@lru_cache(maxsize=1024)
def _public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        return False
