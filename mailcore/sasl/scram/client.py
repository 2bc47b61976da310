"""SCRAM as the client speaks it (RFC 5802, RFC 7677)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.sasl.errors import SaslError, WrongProof
from mailcore.sasl.prep import saslprep
from mailcore.sasl.scram.keys import (
    ITERATIONS,
    ScramHash,
    client_key,
    exclusive_or,
    key_pair,
    salt_password,
    sign,
)
from mailcore.sasl.scram.messages import (
    client_first_bare,
    gs2_header,
    read_server_final,
    read_server_first,
    with_proof,
    without_proof,
)
from mailcore.sasl.types import PlainCredentials


class ScramClient:
    """One exchange.

    Arguments:
        name: of the mechanism.
        hash_name: of its hash function.
        credentials: who logs in, and with what.
        binding: type and octets of the channel binding, for a mechanism whose name ends in
            ``-PLUS``; for any other, that the client could have bound itself, had the server
            offered it, which the server is told (RFC 5802 §6).
        limits: ``scram_iterations``.
        nonce: the client's part; None for a new one.

    Raises:
        SaslError: there can be no such user name or password, or no binding for a ``-PLUS``.
    """

    __slots__ = (
        "_bare",
        "_channel",
        "_expects",
        "_hash",
        "_header",
        "_limits",
        "_nonce",
        "_password",
        "_proven",
        "name",
    )

    def __init__(
        self,
        name: str,
        hash_name: ScramHash,
        credentials: PlainCredentials,
        *,
        binding: tuple[str, bytes] | None = None,
        limits: Limits = DEFAULT_LIMITS,
        nonce: str | None = None,
    ) -> None:
        self.name = name
        self._hash = hash_name
        self._password = saslprep(credentials.password)
        self._limits = limits
        self._nonce = secrets.token_urlsafe(18) if nonce is None else nonce
        flag, octets = "n" if binding is None else "y", b""
        if name.endswith("-PLUS"):
            if binding is None:
                raise SaslError(f"{name} needs a channel to bind to")
            flag, octets = f"p={binding[0]}", binding[1]
        self._header = gs2_header(flag, credentials.authzid)
        self._channel = self._header.encode() + octets
        self._bare = client_first_bare(saslprep(credentials.username), self._nonce)
        self._expects: Callable[[bytes], bytes] = self._begin
        self._proven = False

    def step(self, challenge: bytes | None) -> bytes:
        """Take the next challenge, None at the start; return the response.

        Raises:
            SaslError: it is malformed, or asks for more than ``scram_iterations``.
            WrongProof: this is not the server that knows the password.
        """
        return self._expects(challenge or b"")

    def succeed(self) -> None:
        """The server says that it is done; raises WrongProof if it has not proven itself."""
        if not self._proven:
            raise WrongProof("the server has not proven that it knows the password")

    def _begin(self, challenge: bytes) -> bytes:
        if challenge:
            raise SaslError("the client speaks first")
        self._expects = self._prove
        return (self._header + self._bare).encode()

    def _prove(self, challenge: bytes) -> bytes:
        first = read_server_first(challenge)
        if not first.nonce.startswith(self._nonce) or first.nonce == self._nonce:
            raise WrongProof("the nonce is not that of this exchange")
        if not ITERATIONS <= first.iterations <= self._limits.scram_iterations:
            raise SaslError(f"{first.iterations} iterations are too few, or too many")
        final = without_proof(self._channel, first.nonce)
        message = f"{self._bare},{challenge.decode()},{final}".encode()
        salted = salt_password(self._password, self._hash, first.salt, first.iterations)
        pair = key_pair(salted, self._hash)
        signature = sign(pair.stored_key, message, self._hash)
        proof = exclusive_or(client_key(salted, self._hash), signature)

        def check(challenge: bytes) -> bytes:
            expected = sign(pair.server_key, message, self._hash)
            if not hmac.compare_digest(read_server_final(challenge), expected):
                raise WrongProof("the server does not know the password")
            self._expects = _nothing_more
            self._proven = True
            return b""

        self._expects = check
        return with_proof(final, proof)


def _nothing_more(challenge: bytes) -> bytes:
    raise SaslError("the exchange is over")
