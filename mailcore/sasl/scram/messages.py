"""The four messages of SCRAM, read and written (RFC 5802 §7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailcore.sasl.encoding import decode_base64, encode_base64
from mailcore.sasl.errors import SaslError

# gs2-header = gs2-cbind-flag "," [ "a=" saslname ] ","
# gs2-cbind-flag = ("p=" cb-name) / "n" / "y"
# saslname = 1*(value-safe-char / "=2C" / "=3D")
# client-first-message-bare = [reserved-mext ","] "n=" saslname "," "r=" c-nonce ["," extensions]
_NAME = "(?:[^\0=,]|=2C|=3D)+"
_NONCE = r"[!-+\--~]+"
_CLIENT_FIRST = re.compile(
    rf"((?:([ny])|p=([A-Za-z0-9.-]+)),(?:a=({_NAME}))?,)"
    rf"(n=({_NAME}),r=({_NONCE})(?:,[^\0]*)?)"
)
# server-first-message = [reserved-mext ","] nonce "," "s=" base64 "," "i=" posit-number
#                        ["," extensions]
_SERVER_FIRST = re.compile(rf"r=({_NONCE}),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{{0,9}})(?:,[^\0]*)?")
# client-final-message = "c=" base64 "," nonce ["," extensions] "," "p=" base64
_CLIENT_FINAL = re.compile(rf"(c=([A-Za-z0-9+/=]+),r=({_NONCE})(?:,[^\0]*)?),p=([A-Za-z0-9+/=]+)")
# server-final-message = ("e=" server-error-value / "v=" base64) ["," extensions]
_SERVER_FINAL = re.compile(r"(?:e=([^\0,]+)|v=([A-Za-z0-9+/=]+))(?:,[^\0]*)?")


@dataclass(frozen=True, slots=True)
class ClientFirst:
    """What a client begins with.

    Arguments:
        header: the GS2 header as sent, with which the client repeats itself in its proof.
        flag: "n": binds to no channel; "y": could, but thinks that the server can not; "p": does.
        binding: the type of channel binding, with "p".
        authzid: the identity to act as, or "".
        bare: the rest of the message, which is part of what is signed.
        username: not prepared.
        nonce: of the client.
    """

    header: str
    flag: str
    binding: str
    authzid: str
    bare: str
    username: str
    nonce: str


@dataclass(frozen=True, slots=True)
class ServerFirst:
    """The challenge: both nonces in one, and what the password is to be salted with."""

    nonce: str
    salt: bytes
    iterations: int

    def encode(self) -> str:
        """Return the message."""
        return f"r={self.nonce},s={_base64(self.salt)},i={self.iterations}"


@dataclass(frozen=True, slots=True)
class ClientFinal:
    """The proof.

    Arguments:
        channel: the GS2 header again, and the octets that the channel is bound to.
        nonce: both nonces.
        without_proof: the message up to the proof, which is part of what is signed.
        proof: the client's.
    """

    channel: bytes
    nonce: str
    without_proof: str
    proof: bytes


def read_client_first(message: bytes) -> ClientFirst:
    """Read the first message of a client; raises SaslError."""
    found = _match(_CLIENT_FIRST, message, "a first message of SCRAM")
    header, flag, binding, authzid, bare, username, nonce = found.groups(default="")
    return ClientFirst(
        header, flag or "p", binding, _unescape(authzid), bare, _unescape(username), nonce
    )


def read_server_first(message: bytes) -> ServerFirst:
    """Read the first message of a server; raises SaslError."""
    nonce, salt, iterations = _match(_SERVER_FIRST, message, "a challenge of SCRAM").groups()
    return ServerFirst(nonce, _octets(salt), int(iterations))


def read_client_final(message: bytes) -> ClientFinal:
    """Read the last message of a client; raises SaslError."""
    found = _match(_CLIENT_FINAL, message, "a last message of SCRAM")
    without_proof, channel, nonce, proof = found.groups()
    return ClientFinal(_octets(channel), nonce, without_proof, _octets(proof))


def read_server_final(message: bytes) -> bytes:
    """Read the last message of a server; return its signature.

    Raises:
        SaslError: it is none, or says what went wrong.
    """
    error, signature = _match(_SERVER_FINAL, message, "a last message of SCRAM").groups()
    if error is not None:
        raise SaslError(f"the server says {error}")
    return _octets(signature)


def client_first_bare(username: str, nonce: str) -> str:
    """Write the first message of a client, without its header."""
    return f"n={_escape(username)},r={nonce}"


def gs2_header(flag: str, authzid: str) -> str:
    """Write the header; ``flag`` is "n", "y" or "p=" with the type of the binding."""
    return f"{flag},{f'a={_escape(authzid)}' if authzid else ''},"


def without_proof(channel: bytes, nonce: str) -> str:
    """Write the last message of a client up to its proof."""
    return f"c={_base64(channel)},r={nonce}"


def with_proof(message: str, proof: bytes) -> bytes:
    """Write the last message of a client."""
    return f"{message},p={_base64(proof)}".encode()


def server_final(signature: bytes) -> bytes:
    """Write the last message of a server."""
    return f"v={_base64(signature)}".encode()


def _match(pattern: re.Pattern[str], message: bytes, what: str) -> re.Match[str]:
    try:
        found = pattern.fullmatch(message.decode())
    except UnicodeDecodeError:
        raise SaslError("not UTF-8") from None
    if found is None:
        raise SaslError(f"not {what}")
    return found


def _octets(text: str) -> bytes:
    return decode_base64(text.encode())


def _base64(data: bytes) -> str:
    return encode_base64(data).decode("ascii")


def _escape(name: str) -> str:
    return name.replace("=", "=3D").replace(",", "=2C")


def _unescape(name: str) -> str:
    return name.replace("=2C", ",").replace("=3D", "=")
