"""What a trusted peer says of the client that it speaks for (XCLIENT, XFORWARD)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailcore.backend import Forwarded, Peer

#: Attributes of XCLIENT that are taken: the others would let in who has shown no password.
TAKEN = frozenset({"NAME", "ADDR", "PORT", "PROTO", "HELO"})

_FIELDS: Mapping[str, str] = {
    "NAME": "name",
    "ADDR": "host",
    "PORT": "port",
    "PROTO": "protocol",
    "HELO": "hello",
    "IDENT": "identifier",
    "SOURCE": "source",
}


def speak_for(peer: Peer, attributes: Mapping[str, str]) -> Peer:
    """Return the peer as XCLIENT describes it. What is not said stays as it was.

    PROTO and HELO have no say: the proxy says hello again, as its client did.
    """
    changes: dict[str, str | int] = {}
    if "ADDR" in attributes:
        changes["host"] = _host(attributes["ADDR"])
    if "PORT" in attributes:
        changes["port"] = int(attributes["PORT"] or 0)
    if "NAME" in attributes:
        changes["name"] = attributes["NAME"]
    return replace(peer, **changes)  # type: ignore[arg-type]


def forwarded(attributes: Mapping[str, str], before: Forwarded | None) -> Forwarded:
    """Type the attributes of XFORWARD.

    Arguments:
        before: what was said already: a client may need several lines.
    """
    changes: dict[str, str | int] = {_FIELDS[name]: value for name, value in attributes.items()}
    if "ADDR" in attributes:
        changes["host"] = _host(attributes["ADDR"])
    if "PORT" in attributes:
        changes["port"] = int(attributes["PORT"] or 0)
    if "SOURCE" in attributes:
        changes["source"] = attributes["SOURCE"].upper()
    return replace(before or Forwarded(), **changes)  # type: ignore[arg-type]


def _host(address: str) -> str:
    return address[5:] if address[:5].upper() == "IPV6:" else address
