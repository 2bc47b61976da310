"""Annotations in memory."""

from __future__ import annotations

from collections.abc import Mapping

from mailcore.backend import NotPermitted


def change(kept: dict[str, bytes], values: Mapping[str, bytes | None]) -> None:
    """Set values, or remove those that are None."""
    kept.update((name, value) for name, value in values.items() if value is not None)
    for name, value in values.items():
        if value is None:
            kept.pop(name, None)


def check_private(values: Mapping[str, bytes | None]) -> None:
    """Raise NotPermitted if one of them is seen by others: the server's are not the users'."""
    if any(name.startswith("/shared/") for name in values):
        raise NotPermitted("Shared annotations of the server are not yours to change")
