"""The client's choice among the mechanisms that a server offers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress

from mailcore.channel import NO_CHANNEL, Channel
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.sasl.errors import SaslError
from mailcore.sasl.external import AnonymousClient, ExternalClient
from mailcore.sasl.oauth import BearerClient, XOAuth2Client
from mailcore.sasl.plain import LoginClient, PlainClient
from mailcore.sasl.scram.client import ScramClient
from mailcore.sasl.scram.keys import ScramHash
from mailcore.sasl.steps import ClientMechanism
from mailcore.sasl.types import (
    AnonymousCredentials,
    BearerCredentials,
    Credentials,
    ExternalCredentials,
    PlainCredentials,
)

_HASHES: tuple[ScramHash, ...] = ("SHA-256", "SHA-1")


def choose_mechanism(
    credentials: Credentials,
    offered: Collection[str],
    *,
    channel: Channel = NO_CHANNEL,
    limits: Limits = DEFAULT_LIMITS,
) -> ClientMechanism:
    """Begin an exchange by the best mechanism that a server offers for some credentials.

    A password is sent as it is only where the server offers nothing better, or it can not be
    prepared for better: SCRAM, bound to the channel if that can be; else PLAIN; else LOGIN.

    Arguments:
        offered: names, in any letter case.
        channel: with the bindings that this client can compute; the first one is used.
        limits: ``scram_iterations``.

    Raises:
        SaslError: the server offers none that takes these, or they hold what can not be sent.
    """
    names = {name.upper() for name in offered}
    for mechanism in _candidates(credentials, names, channel, limits):
        return mechanism
    raise SaslError("the server offers no mechanism for these credentials")


def _candidates(
    credentials: Credentials, names: Collection[str], channel: Channel, limits: Limits
) -> Iterator[ClientMechanism]:
    match credentials:
        case PlainCredentials():
            yield from _scram(credentials, names, channel, limits)
            if "PLAIN" in names:
                yield PlainClient(credentials)
            if "LOGIN" in names and not credentials.authzid:
                yield LoginClient(credentials)
        case BearerCredentials():
            if "OAUTHBEARER" in names:
                yield BearerClient(credentials)
            if "XOAUTH2" in names:
                yield XOAuth2Client(credentials)
        case ExternalCredentials(_, authzid) if "EXTERNAL" in names:
            yield ExternalClient(authzid)
        case AnonymousCredentials(trace) if "ANONYMOUS" in names:
            yield AnonymousClient(trace)


def _scram(
    credentials: PlainCredentials, names: Collection[str], channel: Channel, limits: Limits
) -> Iterator[ClientMechanism]:
    binding = next(iter(channel.bindings.items()), None)
    plain = [(f"SCRAM-{hash_name}", hash_name) for hash_name in _HASHES]
    plus = [(f"{name}-PLUS", hash_name) for name, hash_name in plain]
    for name, hash_name in (*(plus if binding else ()), *plain):
        if name in names:
            with suppress(SaslError):
                yield ScramClient(name, hash_name, credentials, binding=binding, limits=limits)
