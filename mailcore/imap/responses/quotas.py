"""What is said of quotas (RFC 9208 §4.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuotaResponse:
    """``* QUOTA``.

    Arguments:
        root: whose.
        resources: for each its name, usage and limit; STORAGE in 1024 octets.
    """

    root: str
    resources: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class QuotaRootResponse:
    """``* QUOTAROOT``: the roots that a mailbox counts for."""

    mailbox: str
    roots: tuple[str, ...] = ()
