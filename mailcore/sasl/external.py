"""EXTERNAL (RFC 4422 appendix A) and ANONYMOUS (RFC 4505): nothing secret is sent."""

from __future__ import annotations

import stringprep
from typing import Final

from mailcore.channel import ClientCertificate
from mailcore.sasl.errors import SaslError
from mailcore.sasl.steps import Challenge, ServerStep, text_of
from mailcore.sasl.types import AnonymousCredentials, ExternalCredentials

#: RFC 4505 §2: of a token that is no address; an address is a little longer.
_TRACE: Final = 255


class ExternalServer:
    """EXTERNAL: the identity to act as, or nothing.

    Arguments:
        certificate: of the client.
    """

    __slots__ = ("_certificate",)

    def __init__(self, certificate: ClientCertificate) -> None:
        self._certificate = certificate

    def step(self, response: bytes | None) -> ServerStep:
        """Take the identity; ask for it with an empty challenge if it did not come at once."""
        if response is None:
            return Challenge()
        authzid = text_of(response)
        if "\0" in authzid:
            raise SaslError("NUL in an identity")
        return ExternalCredentials(self._certificate, authzid)


class AnonymousServer:
    """ANONYMOUS: whatever the client wants to leave as a trace."""

    __slots__ = ()

    def step(self, response: bytes | None) -> ServerStep:
        """Take the trace; ask for it with an empty challenge if it did not come at once."""
        if response is None:
            return Challenge()
        trace = text_of(response)
        if len(trace) > _TRACE or any(map(stringprep.in_table_c21_c22, trace)):
            raise SaslError("too long, or control characters in it")
        return AnonymousCredentials(trace)


class _OneMessage:
    name: str

    def __init__(self, message: str) -> None:
        if "\0" in message:
            raise SaslError("NUL in an identity")
        self._message = message.encode()

    def step(self, challenge: bytes | None) -> bytes:
        """Return the message, which is all of the exchange."""
        if challenge:
            raise SaslError(f"{self.name} knows no challenge")
        return self._message

    def succeed(self) -> None:
        """Nothing was to be proven."""


class ExternalClient(_OneMessage):
    """EXTERNAL; takes the identity to act as, or "" for that of the certificate."""

    name = "EXTERNAL"


class AnonymousClient(_OneMessage):
    """ANONYMOUS; takes a trace: an address, or a word, or nothing."""

    name = "ANONYMOUS"
