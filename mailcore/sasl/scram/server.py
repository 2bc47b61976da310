"""SCRAM as the server speaks it (RFC 5802, RFC 7677)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from mailcore.sasl.errors import SaslError, WrongProof
from mailcore.sasl.prep import saslprep
from mailcore.sasl.scram.keys import ScramHash, ScramKeys, proof_fits, sign
from mailcore.sasl.scram.messages import (
    ClientFirst,
    ServerFirst,
    read_client_final,
    read_client_first,
    server_final,
)
from mailcore.sasl.steps import Challenge, KeysWanted, ServerStep
from mailcore.sasl.types import ScramCredentials


class ScramServer:
    """One exchange: first message, challenge, proof, the server's own proof, and an empty end.

    Arguments:
        name: of the mechanism.
        hash_name: of its hash function.
        bindings: of the channel, by type; for a mechanism whose name ends in ``-PLUS``.
        plus_offered: whether this server offers such a one now: a client that says that it could
            bind to the channel, but was not offered it, has been lied to (RFC 5802 §6).
        nonce: the server's part; None for a new one.
    """

    __slots__ = ("_bindings", "_expects", "_hash", "_name", "_nonce", "_plus_offered")

    def __init__(
        self,
        name: str,
        hash_name: ScramHash,
        *,
        bindings: Mapping[str, bytes] | None = None,
        plus_offered: bool = False,
        nonce: str | None = None,
    ) -> None:
        self._name = name
        self._hash = hash_name
        self._bindings = bindings or {}
        self._plus_offered = plus_offered
        self._nonce = secrets.token_urlsafe(18) if nonce is None else nonce
        self._expects: Callable[[bytes], ServerStep] = self._first

    def step(self, response: bytes | None) -> ServerStep:
        """Take the next message; raises SaslError and WrongProof."""
        return Challenge() if response is None else self._expects(response)

    def _first(self, response: bytes) -> ServerStep:
        first = read_client_first(response)
        channel = first.header.encode() + self._binding(first)
        username = saslprep(first.username)
        if not username:
            raise SaslError("no user name")

        def challenge(keys: ScramKeys) -> Challenge:
            server_first = ServerFirst(first.nonce + self._nonce, keys.salt, keys.iterations)
            said = f"{first.bare},{server_first.encode()},"

            def final(response: bytes) -> ServerStep:
                pair_key, answer = self._verify(response, channel, server_first.nonce, said, keys)
                credentials = ScramCredentials(username, pair_key, first.authzid, self._name)
                self._expects = _Empty(credentials)
                return Challenge(answer)

            self._expects = final
            return Challenge(server_first.encode().encode())

        self._expects = _too_soon
        return KeysWanted(username, self._hash, challenge)

    def _binding(self, first: ClientFirst) -> bytes:
        """Return the octets that the client has to have bound itself to."""
        plus = self._name.endswith("-PLUS")
        if plus is not (first.flag == "p"):
            raise SaslError("whether the channel is bound is said by the name of the mechanism")
        if first.flag == "y" and self._plus_offered:
            raise WrongProof("channel binding was offered, but the client has not seen it")
        if not plus:
            return b""
        try:
            return self._bindings[first.binding]
        except KeyError:
            raise SaslError("this type of channel binding is not supported here") from None

    # AuthMessage := client-first-message-bare "," server-first-message ","
    #                client-final-message-without-proof
    def _verify(
        self, response: bytes, channel: bytes, nonce: str, said: str, keys: ScramKeys
    ) -> tuple[bytes, bytes]:
        """Return the stored key that the proof fits, and the answer of the server."""
        final = read_client_final(response)
        if final.nonce != nonce:
            raise WrongProof("the nonce is not that of this exchange")
        if final.channel != channel:
            raise WrongProof("the channel is not the one that the client sees")
        message = (said + final.without_proof).encode()
        for pair in keys.pairs:
            if proof_fits(final.proof, pair.stored_key, message, self._hash):
                return pair.stored_key, server_final(sign(pair.server_key, message, self._hash))
        raise WrongProof("the proof is wrong")


class _Empty:
    """The client has nothing to say to the server's proof (RFC 4422 §3.6)."""

    __slots__ = ("_credentials",)

    def __init__(self, credentials: ScramCredentials) -> None:
        self._credentials = credentials

    def __call__(self, response: bytes) -> ServerStep:
        if response:
            raise SaslError("SCRAM ends with an empty response")
        return self._credentials


def _too_soon(response: bytes) -> ServerStep:
    raise SaslError("the keys were not given yet")
