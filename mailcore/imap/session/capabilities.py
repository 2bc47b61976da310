"""What CAPABILITY and ENABLE say, and what is not served, computed in one place (RFC 9051 §6.1.1).

The rows are in ``capability_table.py``; this is what a row means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final

from mailcore.backend import Peer
from mailcore.imap.commands import Command
from mailcore.limits import DEFAULT_LIMITS, Limits

# Situations whose capabilities are kept.
_SITUATIONS: Final = 256
#: Tells whether a command uses something.
Uses = Callable[[Any], bool]


class When(Flag):
    """When a capability is told."""

    BEFORE = auto()  # login
    AFTER = auto()
    ALWAYS = BEFORE | AFTER


@dataclass(frozen=True, slots=True)
class Situation:
    """What capabilities depend on.

    Arguments:
        limits: of the server.
        logged_in: whether there is an account.
        offers: optional protocols of the backend, and after login of the account and of its
            mailboxes too.
        may_authenticate: whether passwords may be sent.
        can_start_tls: whether STARTTLS is possible now.
        compressed: whether COMPRESS is in force.
        has_clock: whether the session can tell how long a command takes.
        has_time: whether the session knows what time it is.
        mechanisms: of SASL, that the backend can judge.
        takes_passwords: whether it can judge those of LOGIN.
        disabled: capabilities that are neither told nor served, in upper case.
    """

    limits: Limits = DEFAULT_LIMITS
    logged_in: bool = False
    offers: frozenset[type] = frozenset()
    may_authenticate: bool = False
    can_start_tls: bool = False
    compressed: bool = False
    has_clock: bool = False
    has_time: bool = False
    mechanisms: tuple[str, ...] = ()
    takes_passwords: bool = True
    disabled: frozenset[str] = frozenset()


def _always(situation: Situation) -> bool:
    return True


def whole(command: Any) -> bool:
    """Any use of a command, for :attr:`Row.commands`."""
    return True


@dataclass(frozen=True, slots=True)
class Row:
    """One capability, or a family that shares a beginning (``AUTH=``).

    Arguments:
        name: as it is told.
        when: before or after login.
        needs: the optional protocols, all of which somebody must implement: the backend, the
            account or its mailboxes.
        given: what it depends on beside that.
        values: of a family, what follows ``name``: one capability for each.
        includes: capabilities that must be known and not disabled for this one.
        commands: those that exist only with it, or the uses of one. Where it is disabled they are
            BAD; where the backend lacks what it needs, their handlers answer NO [CANNOT].
        options: uses of commands that exist without it. Where it is not offered they are BAD.
        enable: whether ENABLE takes it (RFC 5161).
        implies: what is enabled along with it.
    """

    name: str
    when: When = When.AFTER
    needs: tuple[type, ...] = ()
    given: Callable[[Situation], bool] = _always
    values: Callable[[Situation], Iterable[str]] | None = None
    includes: tuple[str, ...] = ()
    commands: Mapping[type[Command], Uses] = field(default_factory=dict)
    options: Mapping[type[Command], Uses] = field(default_factory=dict)
    enable: bool = False
    implies: tuple[str, ...] = ()

    def is_disabled(self, situation: Situation) -> bool:
        """Tell whether it is on the list of what the server or the account does without."""
        return self.name.upper() in situation.disabled

    def is_possible(self, situation: Situation) -> bool:
        """Tell whether all is there that it needs, at whatever time."""
        return set(self.needs) <= situation.offers and self.given(situation)

    def told(self, situation: Situation) -> Iterable[str]:
        """Return the names that CAPABILITY lists now for this row."""
        now = When.AFTER if situation.logged_in else When.BEFORE
        if now not in self.when or self.is_disabled(situation) or not self.is_possible(situation):
            return ()
        if self.values is None:
            return (self.name,)
        names = (f"{self.name}{value}" for value in self.values(situation))
        return (name for name in names if name.upper() not in situation.disabled)


class Capabilities:
    """A table of rows, applied to a situation.

    Arguments:
        rows: in the order in which they are told; each name once.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {row.name.upper(): row for row in rows}
        #: Every optional protocol that a row asks for.
        self.protocols = frozenset(need for row in self._rows.values() for need in row.needs)
        # Connections find themselves in few situations, and each asks several times.
        self._names = lru_cache(maxsize=_SITUATIONS)(self._find_names)
        self._refusals = lru_cache(maxsize=_SITUATIONS)(self._find_refusals)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def knows(self, name: str) -> bool:
        """Tell whether a capability, or one of a family, is in the table; in any letter case."""
        wanted = name.upper()
        return wanted in self._rows or any(
            row.values is not None and wanted.startswith(key) for key, row in self._rows.items()
        )

    def names(self, situation: Situation) -> tuple[str, ...]:
        """Return what CAPABILITY answers."""
        return self._names(situation)

    def _find_names(self, situation: Situation) -> tuple[str, ...]:
        return tuple(
            name
            for row in self._rows.values()
            if self._is_complete(row, situation)
            for name in row.told(situation)
        )

    def enabled_by(self, names: Iterable[str], situation: Situation) -> tuple[str, ...]:
        """Return those of the names that ENABLE takes now, each once.

        Arguments:
            names: in upper case.
        """
        told = {name.upper() for name in self.names(situation)}
        return tuple(
            name
            for name in dict.fromkeys(names)
            if name in told and name in self._rows and self._rows[name].enable
        )

    def implied_by(self, name: str) -> tuple[str, ...]:
        """Return what is enabled along with a capability."""
        row = self._rows.get(name.upper())
        return row.implies if row is not None else ()

    def refusals(self, situation: Situation) -> Refusals:
        """Return what is not served in this situation."""
        return self._refusals(situation)

    def _find_refusals(self, situation: Situation) -> Refusals:
        # What is not told because a part of it is disabled is not served either.
        disabled = [
            row
            for row in self._rows.values()
            if row.is_disabled(situation) or not self._is_complete(row, situation)
        ]
        missing = [
            row
            for row in self._rows.values()
            if row not in disabled and situation.logged_in and not row.is_possible(situation)
        ]
        found: dict[type[Command], list[tuple[str, Uses]]] = {}
        for row in disabled:
            for kind, uses in row.commands.items():
                found.setdefault(kind, []).append((row.name, uses))
        for row in (*disabled, *missing):
            for kind, uses in row.options.items():
                found.setdefault(kind, []).append((row.name, uses))
        return Refusals(found)

    def _is_complete(self, row: Row, situation: Situation) -> bool:
        parts = (self._rows.get(name.upper()) for name in row.includes)
        return all(part is not None and not part.is_disabled(situation) for part in parts)


class Refusals:
    """What commands may not say, looked up by their kind: nothing, for most.

    Arguments:
        found: by kind of command, the capabilities that are missing and what uses them.
    """

    def __init__(self, found: Mapping[type[Command], Iterable[tuple[str, Uses]]]) -> None:
        self._found = found

    def missing(self, command: Command) -> str | None:
        """Return the capability that a command uses although it is not offered, or None."""
        uses = self._found.get(type(command))
        if uses is None:
            return None
        return next((name for name, is_used in uses if is_used(command)), None)


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
