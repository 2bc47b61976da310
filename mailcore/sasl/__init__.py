"""SASL mechanisms as steps over octets, shared by IMAP and SMTP (RFC 4422)."""

from __future__ import annotations

from mailcore.sasl.encoding import decode_base64, decode_initial_response, encode_base64
from mailcore.sasl.server import (
    SERVER_MECHANISMS,
    Challenge,
    LoginServer,
    PlainServer,
    SaslError,
    ServerMechanism,
)
from mailcore.sasl.types import Credentials, PlainCredentials

__all__ = [
    "SERVER_MECHANISMS",
    "Challenge",
    "Credentials",
    "LoginServer",
    "PlainCredentials",
    "PlainServer",
    "SaslError",
    "ServerMechanism",
    "decode_base64",
    "decode_initial_response",
    "encode_base64",
]
