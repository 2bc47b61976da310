"""The server's side of SASL (RFC 4422), a step at a time, for IMAP and SMTP alike.

A mechanism sees the octets of a client's response after base64 and returns either the challenge to
send next or the credentials that a backend is asked to judge. It knows no protocol and no secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from mailcore.sasl.types import Credentials, PlainCredentials


class SaslError(Exception):
    """A response that its mechanism, or base64, does not allow. The exchange is over."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server sends next, before base64; empty where the mechanism has nothing to say."""

    data: bytes = b""


class ServerMechanism(Protocol):
    """One exchange, from the client's first response to its credentials."""

    def step(self, response: bytes | None) -> Challenge | Credentials:
        """Take a response; return the next challenge, or the credentials.

        Arguments:
            response: decoded octets. None, only ever at the first step, says that the client sent
                no initial response (RFC 4422 §5).

        Raises:
            SaslError: the response is malformed.
        """
        ...


class PlainServer:
    """PLAIN (RFC 4616): one message, ``[authzid] NUL authcid NUL passwd``."""

    __slots__ = ()

    def step(self, response: bytes | None) -> Challenge | Credentials:
        """Take the message; ask for it with an empty challenge if it did not come at once."""
        if response is None:
            return Challenge()
        parts = _text(response).split("\0")
        if len(parts) != 3 or not parts[1] or not parts[2]:
            raise SaslError("PLAIN is [authzid] NUL authcid NUL passwd")
        authzid, username, password = parts
        return PlainCredentials(username, password, authzid=authzid, mechanism="PLAIN")


class LoginServer:
    """LOGIN (draft-murchison-sasl-login): asks for a user name, then for a password."""

    __slots__ = ("_username",)

    def __init__(self) -> None:
        self._username: str | None = None

    def step(self, response: bytes | None) -> Challenge | Credentials:
        """Take the user name, also as an initial response, then the password."""
        if response is None:
            return Challenge(b"Username:")
        text = _text(response)
        if not text or "\0" in text:
            raise SaslError("LOGIN takes a user name and a password that are not empty")
        if self._username is None:
            self._username = text
            return Challenge(b"Password:")
        return PlainCredentials(self._username, text, mechanism="LOGIN")


def _text(response: bytes) -> str:
    try:
        return response.decode()
    except UnicodeDecodeError:
        raise SaslError("not UTF-8") from None


#: Mechanism name, in capitals, to the maker of one exchange; in the order of preference.
SERVER_MECHANISMS: Mapping[str, Callable[[], ServerMechanism]] = MappingProxyType(
    {"PLAIN": PlainServer, "LOGIN": LoginServer}
)
