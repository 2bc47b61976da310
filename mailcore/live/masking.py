"""What a transcript must not show: passwords and tokens, on the lines of either protocol.

Nothing here parses a command. Whatever follows LOGIN or AUTH on its line is a secret, be the rest
of the line right or wrong, and so is each line of an exchange; what is masked needlessly costs
nothing, what is shown by mistake is a key.
"""

from __future__ import annotations

import re
from typing import Final

MASK: Final = b"\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"

# A verb that has credentials behind it, and its first argument: a user or a mechanism.
_LOGIN: Final = re.compile(
    rb'((?:[^ ]+ +)?(?:LOGIN|AUTHENTICATE|AUTH) +)("(?:[^"\\]|\\.)*"|[^ ]+)( .*)?',
    re.IGNORECASE | re.DOTALL,
)
# More of the command is to come: a literal, or the responses of an exchange.
_GOES_ON: Final = re.compile(rb".*\{\d+\+?\}|(?:[^ ]+ +)?(?:AUTHENTICATE|AUTH) .*", re.IGNORECASE)
_LITERAL: Final = re.compile(rb" \{\d+\+?\}")
_CHALLENGE: Final = re.compile(rb"(\+ |334 ).+")
# Nothing that is said before a login is one long word, but base64 that came at the wrong moment is.
_LONG_WORD: Final = re.compile(rb"[A-Za-z0-9+/=]{9,}")
# The token of a URL that somebody has authorized: whoever has it reads what the URL names (RFC 4467
# §3). Either side says it, and SMTP in BURL; its line may have lost its beginning.
_URL_TOKEN: Final = re.compile(rb"[0-9A-Fa-f]{32,}")
# Of a line that does not end, this much is kept.
_LONG: Final = 4096


class Masking:
    """Makes lines of one connection's octets, the secret ones masked.

    It follows both sides, for only the server's answer ends an exchange.

    Arguments:
        mask: what is shown in the place of a secret.
    """

    def __init__(self, mask: bytes = MASK) -> None:
        self._mask = mask
        self._client = bytearray()
        self._server = bytearray()
        #: Whether what comes next from the client belongs to a login.
        self.in_exchange = False
        #: Whether a line that is one long word is masked: until the client has logged in.
        self.words = True

    def client(self, data: bytes) -> list[bytes]:
        """Return the lines that the client has completed with these octets."""
        return [self.client_line(line) for line in _lines(self._client, data)]

    def server(self, data: bytes) -> list[bytes]:
        """Return the lines that the server has completed with these octets."""
        return [self.server_line(line) for line in _lines(self._server, data)]

    def client_line(self, line: bytes) -> bytes:
        """Return a line of the client as it may be shown."""
        if self.in_exchange:
            return line if line == b"*" else self._mask
        match = _LOGIN.fullmatch(line)
        if match is None:
            return (
                self._mask
                if self.words and _LONG_WORD.fullmatch(line)
                else self._without_tokens(line)
            )
        self.in_exchange = _GOES_ON.fullmatch(line) is not None
        verb, first, rest = match.groups()
        if rest is None or _LITERAL.fullmatch(rest):
            return line
        return bytes(verb + first) + b" " + self._mask

    def server_line(self, line: bytes) -> bytes:
        """Return a line of the server as it may be shown.

        Who has seen both salt and signature of SCRAM can try passwords (RFC 5802 §9): what the
        server says within an exchange is none of anybody's business either.
        """
        challenge = _CHALLENGE.fullmatch(line)
        if challenge is not None:
            return challenge[1] + self._mask if self.in_exchange else line
        if not line.startswith((b"+", b"334", b"* ")):
            self.in_exchange = False
        return self._without_tokens(line)

    def _without_tokens(self, line: bytes) -> bytes:
        return _URL_TOKEN.sub(self._mask, line)


def _lines(partial: bytearray, data: bytes) -> list[bytes]:
    """Take the complete lines out of what has come, and keep the rest."""
    partial += data
    *lines, rest = bytes(partial).split(b"\n")
    partial[:] = rest[:_LONG]
    return [line.removesuffix(b"\r") for line in lines]
