"""PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login): the password itself is sent."""

from __future__ import annotations

from mailcore.sasl.errors import SaslError
from mailcore.sasl.steps import Challenge, ServerStep, text_of
from mailcore.sasl.types import PlainCredentials


class PlainServer:
    """PLAIN: one message, ``[authzid] NUL authcid NUL passwd``."""

    __slots__ = ()

    def step(self, response: bytes | None) -> ServerStep:
        """Take the message; ask for it with an empty challenge if it did not come at once."""
        if response is None:
            return Challenge()
        parts = text_of(response).split("\0")
        if len(parts) != 3 or not parts[1] or not parts[2]:
            raise SaslError("PLAIN is [authzid] NUL authcid NUL passwd")
        authzid, username, password = parts
        return PlainCredentials(username, password, authzid=authzid, mechanism="PLAIN")


class LoginServer:
    """LOGIN: asks for a user name, then for a password."""

    __slots__ = ("_username",)

    def __init__(self) -> None:
        self._username: str | None = None

    def step(self, response: bytes | None) -> ServerStep:
        """Take the user name, also as an initial response, then the password."""
        if response is None:
            return Challenge(b"Username:")
        text = text_of(response)
        if not text or "\0" in text:
            raise SaslError("LOGIN takes a user name and a password that are not empty")
        if self._username is None:
            self._username = text
            return Challenge(b"Password:")
        return PlainCredentials(self._username, text, mechanism="LOGIN")


class PlainClient:
    """PLAIN.

    Raises:
        SaslError: a NUL, or nothing, where a name or the password should be.
    """

    name = "PLAIN"

    def __init__(self, credentials: PlainCredentials) -> None:
        parts = (credentials.authzid, credentials.username, credentials.password)
        if any("\0" in part for part in parts) or not all(parts[1:]):
            raise SaslError("PLAIN takes a user name and a password without NUL")
        self._message = "\0".join(parts).encode()

    def step(self, challenge: bytes | None) -> bytes:
        """Return the message, which is all of the exchange."""
        if challenge:
            raise SaslError("PLAIN knows no challenge")
        return self._message

    def succeed(self) -> None:
        """Nothing was to be proven."""


class LoginClient:
    """LOGIN; raises SaslError for what PLAIN does not take either, and for an authzid."""

    name = "LOGIN"

    def __init__(self, credentials: PlainCredentials) -> None:
        parts = (credentials.username, credentials.password)
        if credentials.authzid or not all(parts) or any("\0" in part for part in parts):
            raise SaslError("LOGIN takes a user name and a password without NUL, and nothing else")
        self._answers = [part.encode() for part in parts]

    def step(self, challenge: bytes | None) -> bytes | None:
        """Return the user name, then the password, whatever words the server asks in."""
        if challenge is None:
            return None
        if not self._answers:
            raise SaslError("LOGIN asks twice")
        return self._answers.pop(0)

    def succeed(self) -> None:
        """Nothing was to be proven."""
