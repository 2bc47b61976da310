"""The mechanisms of a server: which there are, and which it can offer on one connection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from mailcore.channel import Channel
from mailcore.sasl.external import AnonymousServer, ExternalServer
from mailcore.sasl.oauth import BearerServer, XOAuth2Server
from mailcore.sasl.plain import LoginServer, PlainServer
from mailcore.sasl.scram.keys import ScramHash
from mailcore.sasl.scram.server import ScramServer
from mailcore.sasl.steps import ServerMechanism
from mailcore.sasl.types import (
    AnonymousCredentials,
    BearerCredentials,
    ExternalCredentials,
    PlainCredentials,
    ScramCredentials,
)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a backend can judge.

    Arguments:
        kinds: of credentials.
        hashes: of which it keeps SCRAM keys.
    """

    kinds: frozenset[type] = frozenset({PlainCredentials})
    hashes: frozenset[ScramHash] = frozenset()


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism, as a server has it.

    Arguments:
        name: in capitals.
        takes: the kind of credentials that come of it.
        make: begins an exchange; takes the channel, and all that is offered on it.
        hash_name: of SCRAM keys, or None.
        needs: whether the channel has what it takes.
    """

    name: str
    takes: type
    make: Callable[[Channel, Collection[str]], ServerMechanism]
    hash_name: ScramHash | None = None
    needs: Callable[[Channel], bool] = lambda channel: True

    def is_offered(self, abilities: Abilities, channel: Channel) -> bool:
        """Tell whether a backend can judge it, on this channel."""
        if self.hash_name is not None:
            return self.hash_name in abilities.hashes and self.needs(channel)
        return self.takes in abilities.kinds and self.needs(channel)


def _scram(
    name: str, hash_name: ScramHash, channel: Channel, offered: Collection[str]
) -> ServerMechanism:
    plus_offered = f"{name.removesuffix('-PLUS')}-PLUS" in offered
    return ScramServer(name, hash_name, bindings=channel.bindings, plus_offered=plus_offered)


def _external(channel: Channel, offered: Collection[str]) -> ServerMechanism:
    assert channel.certificate is not None
    return ExternalServer(channel.certificate)


def _scram_row(hash_name: ScramHash, *, plus: bool) -> Mechanism:
    name = f"SCRAM-{hash_name}{'-PLUS' * plus}"
    return Mechanism(
        name,
        ScramCredentials,
        partial(_scram, name, hash_name),
        hash_name,
        needs=lambda channel: bool(channel.bindings) or not plus,
    )


_ROWS = (
    Mechanism(
        "EXTERNAL",
        ExternalCredentials,
        _external,
        needs=lambda channel: channel.certificate is not None,
    ),
    _scram_row("SHA-256", plus=True),
    _scram_row("SHA-1", plus=True),
    _scram_row("SHA-256", plus=False),
    _scram_row("SHA-1", plus=False),
    Mechanism("PLAIN", PlainCredentials, lambda channel, offered: PlainServer()),
    Mechanism("LOGIN", PlainCredentials, lambda channel, offered: LoginServer()),
    Mechanism("OAUTHBEARER", BearerCredentials, lambda channel, offered: BearerServer()),
    Mechanism("XOAUTH2", BearerCredentials, lambda channel, offered: XOAuth2Server()),
    Mechanism("ANONYMOUS", AnonymousCredentials, lambda channel, offered: AnonymousServer()),
)

#: Every mechanism by its name, in the order in which they are offered.
SERVER_MECHANISMS: Mapping[str, Mechanism] = MappingProxyType({row.name: row for row in _ROWS})


def offered_mechanisms(
    abilities: Abilities, channel: Channel, allowed: Collection[str] = SERVER_MECHANISMS
) -> tuple[str, ...]:
    """Return the names of the mechanisms that a server offers.

    Arguments:
        abilities: of the backend.
        channel: of the connection.
        allowed: names that the configuration leaves.
    """
    return tuple(
        row.name for row in _ROWS if row.name in allowed and row.is_offered(abilities, channel)
    )
