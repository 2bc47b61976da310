"""The client's choice: the strongest mechanism that takes what there is."""

from __future__ import annotations

import pytest

from mailcore.channel import Channel, ClientCertificate
from mailcore.sasl import (
    AnonymousCredentials,
    BearerCredentials,
    Credentials,
    ExternalCredentials,
    PlainCredentials,
    SaslError,
    ScramCredentials,
    choose_mechanism,
)

PASSWORD = PlainCredentials("anna", "secret")
TOKEN = BearerCredentials("t.o/k-e_n~+=", "anna")
BOUND = Channel({"tls-server-end-point": b"\x01"})
ALL = (
    *("ANONYMOUS", "XOAUTH2", "OAUTHBEARER", "LOGIN", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"),
    *("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "EXTERNAL", "GSSAPI"),
)


@pytest.mark.parametrize(
    ("credentials", "channel", "order"),
    [
        (
            PASSWORD,
            BOUND,
            [
                *("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1"),
                *("PLAIN", "LOGIN"),
            ],
        ),
        (PASSWORD, Channel(), ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"]),
        # LOGIN has no place for whom to act as.
        (
            PlainCredentials("anna", "x", "bert"),
            Channel(),
            ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"],
        ),
        # What SASLprep does not let pass can not be proven by SCRAM, but it can be sent.
        (PlainCredentials("anna", "a\x07"), Channel(), ["PLAIN", "LOGIN"]),
        (TOKEN, BOUND, ["OAUTHBEARER", "XOAUTH2"]),
        (ExternalCredentials(ClientCertificate(b"")), BOUND, ["EXTERNAL"]),
        (AnonymousCredentials("me"), BOUND, ["ANONYMOUS"]),
        (ScramCredentials("anna", b""), BOUND, []),
    ],
)
def test_the_best_of_what_is_left(
    credentials: Credentials, channel: Channel, order: list[str]
) -> None:
    offered = {name.lower() for name in ALL}
    for name in order:
        chosen = choose_mechanism(credentials, offered, channel=channel)
        assert chosen.name == name
        offered.remove(name.lower())
    with pytest.raises(SaslError, match="no mechanism"):
        choose_mechanism(credentials, offered, channel=channel)


@pytest.mark.parametrize(
    ("credentials", "name"),
    [
        (PlainCredentials("", "x"), "PLAIN"),
        (PlainCredentials("anna", ""), "LOGIN"),
        (PlainCredentials("an\0na", "x"), "PLAIN"),
        (BearerCredentials("no token"), "OAUTHBEARER"),
        (BearerCredentials("tok\r\nen"), "XOAUTH2"),
        (BearerCredentials("token", "an\x01na"), "OAUTHBEARER"),
        (BearerCredentials("token"), "XOAUTH2"),
        (ExternalCredentials(ClientCertificate(b""), "an\0na"), "EXTERNAL"),
        (AnonymousCredentials("an\0na"), "ANONYMOUS"),
    ],
)
def test_what_a_mechanism_can_not_carry_is_never_sent(credentials: Credentials, name: str) -> None:
    with pytest.raises(SaslError):
        choose_mechanism(credentials, [name])
