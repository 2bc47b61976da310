"""Logging in by SASL over a backend: what the sessions of IMAP and SMTP share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Final

from mailcore.backend import (
    Account,
    AuthenticationFailed,
    AuthorizationFailed,
    Backend,
    BackendError,
    KeepsScramKeys,
    Peer,
    TakesCredentials,
)
from mailcore.log import log_event
from mailcore.sasl import (
    SERVER_MECHANISMS,
    Abilities,
    Challenge,
    Credentials,
    KeysWanted,
    PlainCredentials,
    ServerMechanism,
    WrongProof,
    offered_mechanisms,
)
from mailcore.sasl.oauth import failure

logger: Final = logging.getLogger("mailcore.login")

# What another token would mend; anything else is told at once.
_WRONG: Final = frozenset({AuthenticationFailed.code, AuthorizationFailed.code, "EXPIRED"})


def abilities_of(backend: object) -> Abilities:
    """Return what a backend can judge."""
    kinds: Collection[type] = (PlainCredentials,)
    if isinstance(backend, TakesCredentials):
        kinds = backend.credential_kinds
    hashes = backend.scram_hashes if isinstance(backend, KeepsScramKeys) else ()
    return Abilities(frozenset(kinds), frozenset(hashes))


def takes_passwords(backend: object) -> bool:
    """Tell whether a backend can judge a user name and a password, as LOGIN of IMAP has them."""
    return PlainCredentials in abilities_of(backend).kinds


def mechanisms_for(
    backend: object, peer: Peer, allowed: Collection[str] = SERVER_MECHANISMS
) -> tuple[str, ...]:
    """Return the names of the mechanisms to offer to a peer.

    Arguments:
        allowed: names that the configuration leaves.
    """
    return offered_mechanisms(abilities_of(backend), peer.channel, allowed)


async def open_account(backend: Backend, credentials: Credentials, peer: Peer) -> Account:
    """Have a backend judge credentials; the outcome is logged, with the user and not the secret.

    Raises:
        BackendError: they are refused.
    """
    who = {"user": getattr(credentials, "username", ""), "mechanism": credentials.mechanism}
    try:
        account = await backend.authenticate(credentials, peer)
    except BackendError as error:
        _log_refusal(peer, error, **who)
        raise
    log_event(logger, "login", **who, **_client(peer))
    return account


def _log_refusal(peer: Peer, error: BackendError, **who: str) -> None:
    reason = error.code or type(error).__name__
    log_event(logger, "login-refused", **who, reason=reason, **_client(peer))


def _client(peer: Peer) -> dict[str, object]:
    where = f"{peer.host}:{peer.port}" if peer.port else peer.host
    return {"protocol": peer.protocol, "peer": where, "tls": peer.tls}


class Exchange:
    """One exchange, until it opens an account.

    Arguments:
        backend: who judges.
        mechanism: one of ``offered``.
        offered: what :func:`mechanisms_for` gave.
        peer: the client.
        failed: called once if the credentials were wrong, before the client is told.
    """

    def __init__(
        self,
        backend: Backend,
        mechanism: str,
        offered: Collection[str],
        peer: Peer,
        failed: Callable[[], None],
    ) -> None:
        self._backend = backend
        self._peer = peer
        self._name = mechanism
        self._failed = failed
        self._mechanism: ServerMechanism = SERVER_MECHANISMS[mechanism].make(peer.channel, offered)
        self._refusal: BackendError | None = None

    async def step(self, response: bytes | None) -> Challenge | Account:
        """Take a response, None for no initial one; return the next challenge, or the account.

        Raises:
            SaslError: the response is malformed.
            BackendError: the credentials are refused.
        """
        if self._refusal is not None:
            raise self._refusal
        try:
            outcome = self._mechanism.step(response)
        except WrongProof:
            self._failed()
            error = AuthenticationFailed()
            _log_refusal(self._peer, error, user="", mechanism=self._name)
            raise error from None
        if isinstance(outcome, KeysWanted):
            assert isinstance(self._backend, KeepsScramKeys)
            keys = await self._backend.scram_keys(outcome.username, outcome.hash_name)
            return outcome.go_on(keys)
        return outcome if isinstance(outcome, Challenge) else await self._open(outcome)

    async def _open(self, credentials: Credentials) -> Challenge | Account:
        try:
            return await open_account(self._backend, credentials, self._peer)
        except BackendError as error:
            self._failed()
            if error.code not in _WRONG:
                raise
            forbidden = error.code == AuthorizationFailed.code
            reason = failure(credentials.mechanism, forbidden=forbidden)
            if reason is None:
                raise
            self._refusal = error
            return Challenge(reason)
