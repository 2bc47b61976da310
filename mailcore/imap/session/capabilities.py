"""What CAPABILITY says, computed in one place (RFC 9051 §6.1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from mailcore.backend import Peer
from mailcore.limits import Limits

# What a mailbox can do is only known when it is open, so MOVE and UIDPLUS stand here for all: a
# mailbox that cannot copy or expunge answers NO [CANNOT].
_AUTHENTICATED: Final = (
    "IDLE",
    "NAMESPACE",
    "UIDPLUS",
    "MOVE",
    "UNSELECT",
    "CHILDREN",
    "SPECIAL-USE",
    "CONDSTORE",
    "ESEARCH",
    "STATUS=SIZE",
)

#: What ENABLE takes (RFC 5161).
ENABLEABLE: Final = frozenset({"CONDSTORE"})


def may_authenticate(peer: Peer, allow_plaintext: bool) -> bool:
    """Tell whether passwords may be sent on this connection (RFC 8314 §4.1).

    Arguments:
        peer: who is connected.
        allow_plaintext: let peers on this machine log in without TLS.
    """
    return peer.tls or (allow_plaintext and _is_local(peer.host))


def _is_local(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def before_login(
    mechanisms: Iterable[str], *, authenticate: bool, start_tls: bool
) -> tuple[str, ...]:
    """Return the capabilities before login.

    Arguments:
        mechanisms: SASL mechanisms that the server knows.
        authenticate: see :func:`may_authenticate`.
        start_tls: whether STARTTLS is possible now.
    """
    found = ["IMAP4rev1", "SASL-IR", "ID", "ENABLE", "LITERAL-"]
    if start_tls:
        found.append("STARTTLS")
    if authenticate:
        found += (f"AUTH={name}" for name in mechanisms)
    else:
        found.append("LOGINDISABLED")
    return tuple(found)


def after_login(limits: Limits) -> tuple[str, ...]:
    """Return the capabilities after login."""
    found = ("IMAP4rev1", "ID", "ENABLE", "LITERAL+", *_AUTHENTICATED)
    return (*found, f"APPENDLIMIT={limits.message_size}")
