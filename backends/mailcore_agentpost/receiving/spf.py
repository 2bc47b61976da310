"""SPF: whether a client may send for the domain of a sender (RFC 7208), by pyspf."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Final

import spf

from mailcore_agentpost.names import Lookup, NoAnswerNow

logger: Final = logging.getLogger("mailcore.agentpost")

_MOST_VOID: Final = 2  # RFC 7208 §4.6.4


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What SPF says.

    Arguments:
        result: of RFC 8601 §2.7.2.
        domain: whose record was read.
        identity: "mailfrom", or "helo" where the sender is the null path.
    """

    result: str
    domain: str
    identity: str


class _Query(spf.query):  # type: ignore[misc]
    """A query of pyspf that asks our resolver, within our time."""

    def __init__(self, host: str, sender: str, hello: str, lookup: Lookup) -> None:
        super().__init__(i=host, s=sender, h=hello)
        self._lookup = lookup

    def dns(self, name: Any, qtype: str, cnames: Any = None, ignore_void: bool = False) -> Any:
        try:
            records = self._lookup.ask(str(name), qtype)
        except NoAnswerNow as error:
            raise spf.TempError(f"DNS {error}") from error
        if not records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > _MOST_VOID:
                raise spf.PermError("too many names without records")
        return [_value(record, qtype) for record in records]


def _value(record: Any, kind: str) -> Any:
    match kind:
        case "A" | "AAAA":
            return record.address
        case "MX":
            return record.preference, record.exchange.to_text(omit_final_dot=True)
        case "PTR":
            return record.target.to_text(omit_final_dot=True)
        case _:
            return record.strings


def check_spf(host: str, sender: str, hello: str, lookup: Lookup) -> SpfResult:
    """Ask whether a client may send for a domain. Blocks: for threads.

    Arguments:
        host: the address of the client.
        sender: MAIL FROM; "" for the null path, for which ``hello`` stands (RFC 7208 §2.4).
        hello: the name that the client gave itself.
    """
    identity = "mailfrom" if sender else "helo"
    domain = sender.rpartition("@")[2] if sender else hello
    try:
        result, _, _ = _Query(host, sender, hello, lookup).check()
    except Exception:
        # What a stranger's record makes of a library must not cost the mail.
        logger.exception("SPF of %s could not be checked", domain)
        result = "permerror"
    return SpfResult(result, domain.lower(), identity)
