"""OAUTHBEARER (RFC 7628) and XOAUTH2: a token instead of a password."""

from __future__ import annotations

import json
import re
from typing import Final

from mailcore.sasl.errors import SaslError
from mailcore.sasl.scram.messages import gs2_header
from mailcore.sasl.steps import Challenge, ServerStep, text_of
from mailcore.sasl.types import BearerCredentials

# client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep        kvsep = %x01
# kvpair      = key "=" value kvsep
# gs2-header  = "n" / "y" "," ["a=" saslname] ","
_BEARER: Final = re.compile("[ny],(?:a=((?:[^\0\x01=,]|=2C|=3D)*))?,\x01((?:[^\0\x01]+\x01)*)\x01")
# "user=" {User} "^Aauth=Bearer " {Access Token} "^A^A"
_XOAUTH2: Final = re.compile("user=([^\0\x01]*)\x01((?:[^\0\x01]+\x01)*)\x01")
# credentials = "Bearer" 1*SP b64token (RFC 6750 §2.1)
_TOKEN: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


class BearerServer:
    """OAUTHBEARER: one message."""

    __slots__ = ()

    def step(self, response: bytes | None) -> ServerStep:
        """Take the message; ask for it with an empty challenge if it did not come at once."""
        if response is None:
            return Challenge()
        found = _BEARER.fullmatch(text_of(response))
        if found is None:
            raise SaslError("not a message of OAUTHBEARER")
        username = (found[1] or "").replace("=2C", ",").replace("=3D", "=")
        return BearerCredentials(_token(found[2]), username)


class XOAuth2Server:
    """XOAUTH2, as Google documents it: one message."""

    __slots__ = ()

    def step(self, response: bytes | None) -> ServerStep:
        """Take the message; ask for it with an empty challenge if it did not come at once."""
        if response is None:
            return Challenge()
        found = _XOAUTH2.fullmatch(text_of(response))
        if found is None or not found[1]:
            raise SaslError("not a message of XOAUTH2")
        return BearerCredentials(_token(found[2]), found[1], mechanism="XOAUTH2")


def _token(pairs: str) -> str:
    values = dict(pair.partition("=")[::2] for pair in pairs.split("\x01") if pair)
    found = _TOKEN.fullmatch(values.get("auth", ""))
    if found is None:
        raise SaslError("no bearer token")
    return found[1]


def failure(mechanism: str, *, forbidden: bool) -> bytes | None:
    """Return the challenge that tells a client why its token was refused (RFC 7628 §3.2.2).

    The client answers it with anything at all, and only then is told that it has failed.

    Arguments:
        mechanism: None is returned for those that have no such challenge.
        forbidden: the token is good, but not for this.
    """
    if mechanism == "OAUTHBEARER":
        return json.dumps(
            {"status": "insufficient_scope" if forbidden else "invalid_token"}
        ).encode()
    if mechanism == "XOAUTH2":
        return json.dumps({"status": "403" if forbidden else "401", "schemes": "bearer"}).encode()
    return None


class _TokenClient:
    """What both have in common: one message, and an error as a challenge."""

    name: str
    #: What a client answers to the error.
    _resigned: bytes

    def __init__(self, credentials: BearerCredentials) -> None:
        if not _TOKEN.fullmatch(f"Bearer {credentials.token}"):
            raise SaslError("not a bearer token")
        if re.search("[\0\x01]", credentials.username):
            raise SaslError("a control character in a user name")
        self._message: bytes | None = self._first(credentials).encode()
        #: What the server says of a token that it refuses, as JSON; b"" if nothing.
        self.error = b""

    def _first(self, credentials: BearerCredentials) -> str:
        raise NotImplementedError

    def step(self, challenge: bytes | None) -> bytes:
        """Return the message, or what an error is answered with; then the server says NO."""
        if not challenge:
            if self._message is None:
                raise SaslError("the exchange is over")
            return self._message
        self.error, self._message = challenge, None
        return self._resigned

    def succeed(self) -> None:
        """Nothing was to be proven."""


class BearerClient(_TokenClient):
    """OAUTHBEARER; raises SaslError for what is no token."""

    name = "OAUTHBEARER"
    _resigned = b"\x01"

    def _first(self, credentials: BearerCredentials) -> str:
        header = gs2_header("n", credentials.username)
        return f"{header}\x01auth=Bearer {credentials.token}\x01\x01"


class XOAuth2Client(_TokenClient):
    """XOAUTH2; raises SaslError for what is no token, and without a user name."""

    name = "XOAUTH2"
    _resigned = b""

    def _first(self, credentials: BearerCredentials) -> str:
        if not credentials.username:
            raise SaslError("XOAUTH2 needs a user name")
        return f"user={credentials.username}\x01auth=Bearer {credentials.token}\x01\x01"
