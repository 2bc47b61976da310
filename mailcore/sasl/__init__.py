"""SASL mechanisms as steps over octets, in both roles, shared by IMAP and SMTP (RFC 4422).

A mechanism sees octets after base64, and knows no protocol. A server's ends in the credentials
that a backend is asked to judge (:data:`SERVER_MECHANISMS`); a client's begins with them
(:func:`choose_mechanism`).
"""

from __future__ import annotations

from mailcore.sasl.client import choose_mechanism
from mailcore.sasl.encoding import decode_base64, decode_initial_response, encode_base64
from mailcore.sasl.end_point import SERVER_END_POINT, server_end_point
from mailcore.sasl.errors import SaslError, WrongProof
from mailcore.sasl.external import (
    AnonymousClient,
    AnonymousServer,
    ExternalClient,
    ExternalServer,
)
from mailcore.sasl.oauth import BearerClient, BearerServer, XOAuth2Client, XOAuth2Server
from mailcore.sasl.plain import LoginClient, LoginServer, PlainClient, PlainServer
from mailcore.sasl.prep import saslprep
from mailcore.sasl.scram.client import ScramClient
from mailcore.sasl.scram.keys import (
    ITERATIONS,
    KeyPair,
    ScramHash,
    ScramKeys,
    derive_keys,
    fake_keys,
)
from mailcore.sasl.scram.server import ScramServer
from mailcore.sasl.server import SERVER_MECHANISMS, Abilities, Mechanism, offered_mechanisms
from mailcore.sasl.steps import (
    Challenge,
    ClientMechanism,
    KeysWanted,
    ServerMechanism,
    ServerStep,
)
from mailcore.sasl.types import (
    AnonymousCredentials,
    BearerCredentials,
    Credentials,
    ExternalCredentials,
    PlainCredentials,
    ScramCredentials,
)

__all__ = [
    "ITERATIONS",
    "SERVER_END_POINT",
    "SERVER_MECHANISMS",
    "Abilities",
    "AnonymousClient",
    "AnonymousCredentials",
    "AnonymousServer",
    "BearerClient",
    "BearerCredentials",
    "BearerServer",
    "Challenge",
    "ClientMechanism",
    "Credentials",
    "ExternalClient",
    "ExternalCredentials",
    "ExternalServer",
    "KeyPair",
    "KeysWanted",
    "LoginClient",
    "LoginServer",
    "Mechanism",
    "PlainClient",
    "PlainCredentials",
    "PlainServer",
    "SaslError",
    "ScramClient",
    "ScramCredentials",
    "ScramHash",
    "ScramKeys",
    "ScramServer",
    "ServerMechanism",
    "ServerStep",
    "WrongProof",
    "XOAuth2Client",
    "XOAuth2Server",
    "choose_mechanism",
    "decode_base64",
    "decode_initial_response",
    "derive_keys",
    "encode_base64",
    "fake_keys",
    "offered_mechanisms",
    "saslprep",
    "server_end_point",
]
