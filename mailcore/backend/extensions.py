"""What a delivery does beyond RFC 5321: the extensions that the engine can not keep by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked
from mailcore.backend.peer import Peer
from mailcore.spool import Content


@dataclass(frozen=True, slots=True)
class FutureRelease:
    """How long messages may be held (RFC 4865 §4.2).

    Arguments:
        seconds: the longest HOLDFOR.
        until: the latest HOLDUNTIL; must carry a time zone.
    """

    seconds: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Honoured:
    """Extensions that a backend keeps the promises of; what is not set is not advertised.

    Their parameters come with :class:`MailTransaction` and :class:`Recipient`.

    Arguments:
        dsn: sends the notifications that RET, ENVID, NOTIFY and ORCPT ask for (RFC 3461).
        binary_mime: stores and sends on messages of any octets (RFC 3030 §3).
        require_tls: sends on over verified TLS only, or returns it (RFC 8689).
        future_release: holds messages; for submission only (RFC 4865).
        deliver_by: the fewest seconds that BY may give in mode R; 0 for any (RFC 2852).
        priority: the name of a profile of priorities, "" for none in particular (RFC 6710).
        urls: its accounts are :class:`ResolvesUrls` (RFC 4468).
    """

    dsn: bool = False
    binary_mime: bool = False
    require_tls: bool = False
    future_release: FutureRelease | None = None
    deliver_by: int | None = None
    priority: str | None = None
    urls: bool = False


#: What a backend honours that says nothing of it.
NOTHING_HONOURED = Honoured()


@runtime_checkable
class HonoursExtensions(Protocol, metaclass=Checked):
    """Optional, on a :class:`Backend` or on what :class:`Receives`.

    It is the server that is asked and not the account: EHLO comes before AUTH, and few clients say
    it again.
    """

    def extensions(self, peer: Peer, *, submission: bool) -> Honoured:
        """Return what deliveries do for this peer.

        Arguments:
            peer: who asks.
            submission: whether users submit here; else strangers, or LMTP, deliver.
        """
        ...


@runtime_checkable
class ResolvesUrls(Protocol, metaclass=Checked):
    """Optional, on an account that submits: it reads what an IMAP URL names (RFC 4468, 4467)."""

    async def read_url(self, url: str) -> Content:
        """Return the octets that the URL names; the caller closes them.

        Raises:
            BackendError: they are not to be had, or not by this account; with a ``reply`` of 554
                5.6.6 or 554 5.7.0, for instance.
        """
        ...
