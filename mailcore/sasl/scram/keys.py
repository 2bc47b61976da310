"""What is kept of a password, and the arithmetic over it (RFC 5802 §3)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final, Literal

from mailcore.sasl.prep import saslprep

#: The hash functions, as the names of mechanisms spell them (RFC 5802, RFC 7677).
ScramHash = Literal["SHA-1", "SHA-256"]

#: The least that RFC 7677 §4 allows: enough for keys made by a machine. A password that people
#: choose deserves as many as its clients can afford.
ITERATIONS: Final = 4096
_SALT: Final = 16
_DIGESTS: Final[dict[ScramHash, str]] = {"SHA-1": "sha1", "SHA-256": "sha256"}


@dataclass(frozen=True, slots=True)
class KeyPair:
    """What a server keeps of one password: enough to verify a proof, not to make one.

    Arguments:
        stored_key: verifies the client.
        server_key: proves the server to the client.
    """

    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScramKeys:
    """What verifies the proofs of one user, for one hash function.

    Arguments:
        salt: the same for all passwords of the user.
        iterations: likewise.
        pairs: one for each password that opens the account; a proof by any of them will do.
    """

    salt: bytes
    iterations: int
    pairs: tuple[KeyPair, ...]


def derive_keys(
    password: str, hash_name: ScramHash, *, salt: bytes | None = None, iterations: int = ITERATIONS
) -> ScramKeys:
    """Make the keys of a password.

    Arguments:
        salt: None for a new one.
        iterations: of PBKDF2; each attacker, but also each login, pays for them.

    Raises:
        SaslError: there can be no such password, see :func:`mailcore.sasl.saslprep`.
    """
    salt = secrets.token_bytes(_SALT) if salt is None else salt
    salted = salt_password(password, hash_name, salt, iterations)
    return ScramKeys(salt, iterations, (key_pair(salted, hash_name),))


def fake_keys(
    username: str, hash_name: ScramHash, secret: bytes, *, iterations: int = ITERATIONS
) -> ScramKeys:
    """Make keys that no password fits, for a user who is not there (RFC 5802 §7, §9).

    A user who is there has the same salt each time, and so must one who is not.

    Arguments:
        secret: stays the same for the life of the store, and nobody else knows it.
        iterations: as real users have.
    """
    salt = hmac.digest(secret, f"{hash_name} {username}".encode(), "sha256")[:_SALT]
    return ScramKeys(salt, iterations, ())


# SaltedPassword := Hi(Normalize(password), salt, i)
def salt_password(password: str, hash_name: ScramHash, salt: bytes, iterations: int) -> bytes:
    """Return what both keys are made of; as slow as there are iterations."""
    prepared = saslprep(password).encode()
    return hashlib.pbkdf2_hmac(_DIGESTS[hash_name], prepared, salt, iterations)


# ClientKey := HMAC(SaltedPassword, "Client Key")
def client_key(salted: bytes, hash_name: ScramHash) -> bytes:
    """Return what only who knows the password can make."""
    return sign(salted, b"Client Key", hash_name)


# StoredKey := H(ClientKey)        ServerKey := HMAC(SaltedPassword, "Server Key")
def key_pair(salted: bytes, hash_name: ScramHash) -> KeyPair:
    """Return what a server keeps."""
    stored = digest(client_key(salted, hash_name), hash_name)
    return KeyPair(stored, sign(salted, b"Server Key", hash_name))


# ClientSignature := HMAC(StoredKey, AuthMessage)  ClientProof := ClientKey XOR ClientSignature
def proof_fits(proof: bytes, stored_key: bytes, message: bytes, hash_name: ScramHash) -> bool:
    """Tell whether a proof was made with the password of a key, in constant time."""
    signature = sign(stored_key, message, hash_name)
    if len(proof) != len(signature):
        return False
    return hmac.compare_digest(digest(exclusive_or(proof, signature), hash_name), stored_key)


def sign(key: bytes, message: bytes, hash_name: ScramHash) -> bytes:
    """Return ``HMAC(key, message)``."""
    return hmac.digest(key, message, _DIGESTS[hash_name])


def digest(data: bytes, hash_name: ScramHash) -> bytes:
    """Return ``H(data)``."""
    return hashlib.new(_DIGESTS[hash_name], data).digest()


def exclusive_or(one: bytes, other: bytes) -> bytes:
    """Combine two octet strings of one length."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
