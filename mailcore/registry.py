"""Finding backends by name: entry points of the group ``mailcore.backends``."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

GROUP: Final = "mailcore.backends"


class BackendNotFound(LookupError):
    """There is no such backend. The text is one line for the operator."""


def installed() -> dict[str, EntryPoint]:
    """Return the installed backends by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def find(name: str | None) -> tuple[str, Any]:
    """Return a backend's name and the object behind it.

    Arguments:
        name: an entry point; ``module:attribute`` for any other; None for the only one installed.

    Raises:
        BackendNotFound: there is none of that name, or it can not be imported.
    """
    known = installed()
    if name is None:
        if len(known) != 1:
            raise BackendNotFound(f"choose a backend: {_listing(known)}")
        (name,) = known
    if name in known:
        entry = known[name]
        return name, _load(name, entry.module, entry.attr or "")
    module, colon, attribute = name.partition(":")
    if colon and module and attribute:
        return module.rpartition(".")[2], _load(name, module, attribute)
    raise BackendNotFound(f"no backend {name!r}: {_listing(known)}")


def _load(name: str, module: str, attributes: str) -> Any:
    try:
        target: Any = importlib.import_module(module)
        for attribute in filter(None, attributes.split(".")):
            target = getattr(target, attribute)
    except (ImportError, AttributeError) as error:
        raise BackendNotFound(f"backend {name!r}: {error}") from error
    return target


def _listing(known: dict[str, EntryPoint]) -> str:
    return f"installed are {', '.join(sorted(known))}" if known else "none is installed"
