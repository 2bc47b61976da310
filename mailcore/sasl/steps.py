"""What an exchange is made of, in both roles (RFC 4422 §3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mailcore.sasl.errors import SaslError
from mailcore.sasl.scram.keys import ScramHash, ScramKeys
from mailcore.sasl.types import Credentials


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server sends next, before base64; empty where the mechanism has nothing to say."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class KeysWanted:
    """SCRAM needs the keys of a user to go on.

    Arguments:
        username: prepared by SASLprep.
        hash_name: of which the keys are to be.
        go_on: takes the keys, and gives the challenge; to be called once, before the next step.
    """

    username: str
    hash_name: ScramHash
    go_on: Callable[[ScramKeys], Challenge]


ServerStep = Challenge | KeysWanted | Credentials


class ServerMechanism(Protocol):
    """The server's side of one exchange, from the first response to the client's credentials."""

    def step(self, response: bytes | None) -> ServerStep:
        """Take a response; return the next challenge, a request for keys, or the credentials.

        Arguments:
            response: decoded octets. None, only ever at the first step, says that the client sent
                no initial response (RFC 4422 §5).

        Raises:
            SaslError: the response is malformed.
            WrongProof: it does not prove what it has to.
        """
        ...


class ClientMechanism(Protocol):
    """The client's side of one exchange."""

    @property
    def name(self) -> str:
        """The name of the mechanism, as AUTH and AUTHENTICATE take it."""
        ...

    def step(self, challenge: bytes | None) -> bytes | None:
        """Take a challenge; return the response.

        Arguments:
            challenge: decoded octets. None at the first step asks for the initial response; what
                comes is None where the mechanism has none, and then the server speaks first. Where
                the protocol takes no initial response, the first response is the one to keep for
                the server's empty challenge.

        Raises:
            SaslError: the challenge is malformed, or the server reports an error.
            WrongProof: the server does not prove what it has to.
        """
        ...

    def succeed(self) -> None:
        """Take note that the server reports success; raises WrongProof if it was to prove more."""
        ...


def text_of(response: bytes) -> str:
    """Decode a response that is text; raises SaslError."""
    try:
        return response.decode()
    except UnicodeDecodeError:
        raise SaslError("not UTF-8") from None
