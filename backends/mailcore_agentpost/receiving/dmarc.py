"""DMARC: whether SPF or DKIM speaks for the author, and what the author's domain asks for.

RFC 7489. The organizational domain comes from the Public Suffix List (§3.2).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from publicsuffixlist import PublicSuffixList

from mailcore.message import headers, parse_addresses
from mailcore_agentpost.names import Lookup, NoAnswerNow, to_ascii

_RECORD: Final = re.compile(r"v\s*=\s*DMARC1\s*(;|$)")
_POLICIES: Final = ("none", "quarantine", "reject")
#: Domains of authors that are looked up; more than one is rare, and a sign of no good.
_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """What DMARC says.

    Arguments:
        result: of RFC 7489 §11.2.
        domain: of the author; "" if there is none.
        policy: what that domain asks for where the result is "fail"; "" if it says nothing.
    """

    result: str
    domain: str = ""
    policy: str = ""

    @property
    def refused(self) -> bool:
        """Whether the domain asks to refuse this message."""
        return self.result == "fail" and self.policy == "reject"


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def organizational(domain: str) -> str:
    """Return the part of a domain that somebody registered (RFC 7489 §3.2)."""
    found: str | None = _suffixes().privatesuffix(domain)
    return found or domain


def author_domains(header: bytes) -> list[str]:
    """Return the domains of the From addresses, in ASCII and lower case."""
    found: list[str] = []
    for field in headers(header):
        if field.name.lower() == b"from":
            addresses = parse_addresses(field.unfolded)
            found += [
                to_ascii(one.host.decode("utf-8", "replace"))
                for one in addresses
                if one.mailbox and one.host
            ]
    return list(dict.fromkeys(found))


def check_dmarc(
    header: bytes, spf_domain: str | None, dkim_domains: Sequence[str], lookup: Lookup
) -> DmarcResult:
    """Judge a message. Blocks: for threads.

    Arguments:
        header: its header block.
        spf_domain: for which SPF passes; None if for none.
        dkim_domains: those that signed.
    """
    domains = author_domains(header)
    if not domains or len(domains) > _MOST:
        return DmarcResult("permerror", domains[0] if domains else "")
    results = [_check(domain, spf_domain, dkim_domains, lookup) for domain in domains]
    # With several authors, whoever is not spoken for decides (§6.6.1).
    for result in ("fail", "temperror", "permerror"):
        for one in results:
            if one.result == result:
                return one
    return results[0]


def _check(
    domain: str, spf_domain: str | None, dkim_domains: Sequence[str], lookup: Lookup
) -> DmarcResult:
    try:
        record, inherited = _find_record(domain, lookup)
    except NoAnswerNow:
        return DmarcResult("temperror", domain)
    if record is None:
        return DmarcResult("none", domain)
    spf_aligned = spf_domain is not None and _aligned(domain, spf_domain, record.get("aspf"))
    if spf_aligned or any(_aligned(domain, one, record.get("adkim")) for one in dkim_domains):
        return DmarcResult("pass", domain, _policy(record, inherited))
    return DmarcResult("fail", domain, _sampled(record, _policy(record, inherited)))


def _find_record(domain: str, lookup: Lookup) -> tuple[Mapping[str, str] | None, bool]:
    """Return the record that holds for a domain, and whether it is inherited (§6.6.3)."""
    above = organizational(domain)
    for name in dict.fromkeys((domain, above)):
        texts = [text.decode("utf-8", "replace") for text in lookup.texts(f"_dmarc.{name}")]
        records = [text for text in texts if _RECORD.match(text)]
        if len(records) == 1:
            tags = _tags(records[0])
            if tags.get("p") in _POLICIES:
                return tags, name != domain
            # §6.6.3: with somebody to report to, it is one that asks for nothing.
            return ({**tags, "p": "none"} if "rua" in tags else None), name != domain
    return None, False


def _tags(record: str) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in record.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


def _policy(record: Mapping[str, str], inherited: bool) -> str:
    policy = record.get("sp", record["p"]) if inherited else record["p"]
    return policy if policy in _POLICIES else record["p"]


def _sampled(record: Mapping[str, str], policy: str) -> str:
    """Return the policy, or for those that ``pct`` spares the one below it (§6.6.4)."""
    percent = record.get("pct", "100")
    if not percent.isdecimal() or random.uniform(0, 100) < int(percent[:4]):
        return policy
    return _POLICIES[max(_POLICIES.index(policy) - 1, 0)]


def _aligned(author: str, other: str, mode: str | None) -> bool:
    """§3.1: the same domain, or, unless ``s`` is asked for, one of the same organization."""
    if mode == "s":
        return author == other
    return organizational(author) == organizational(other)
