"""Which ``Host`` a request may name: the guard against DNS rebinding.

A page on somebody's domain can make that domain resolve to 127.0.0.1 and then read our answers as
its own. It can not change the name in ``Host``, so a name that is not ours is refused. Address
literals and ``localhost`` can not be rebound.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{0,5})?")


class AllowedHosts:
    """The names that this server answers to.

    Arguments:
        names: host names besides ``localhost``, names below it, and address literals.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower().rstrip(".") for name in names)

    def __contains__(self, authority: object) -> bool:
        """Tell whether ``host[:port]`` (RFC 9110 §7.2) is one of ours."""
        match = _AUTHORITY.fullmatch(authority) if isinstance(authority, str) else None
        if match is None:
            return False
        name = (match["v6"] or match["name"]).lower().rstrip(".")
        if name == "localhost" or name.endswith(".localhost") or name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
