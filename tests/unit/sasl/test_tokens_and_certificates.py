"""OAUTHBEARER, XOAUTH2, EXTERNAL and ANONYMOUS: the octets, in both roles."""

from __future__ import annotations

import pytest

from mailcore.channel import NO_CHANNEL, Channel, ClientCertificate
from mailcore.sasl import (
    SERVER_MECHANISMS,
    Abilities,
    AnonymousClient,
    AnonymousCredentials,
    AnonymousServer,
    BearerClient,
    BearerCredentials,
    BearerServer,
    Challenge,
    ExternalClient,
    ExternalCredentials,
    ExternalServer,
    PlainCredentials,
    SaslError,
    ScramHash,
    XOAuth2Client,
    XOAuth2Server,
    offered_mechanisms,
)
from mailcore.sasl.oauth import failure

TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
CERTIFICATE = ClientCertificate(b"der", "Anna", ("anna@example.test",))


def test_the_example_of_oauthbearer() -> None:
    """RFC 7628 §4.1; more pairs than the token's may come."""
    said = (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
        b"auth=Bearer " + TOKEN.encode() + b"\x01\x01"
    )
    assert BearerServer().step(said) == BearerCredentials(TOKEN, "user@example.com")


def test_the_example_of_xoauth2() -> None:
    """As Google documents it."""
    token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"
    said = f"user=someuser@example.com\x01auth=Bearer {token}\x01\x01".encode()
    credentials = XOAuth2Server().step(said)
    assert credentials == BearerCredentials(token, "someuser@example.com", "XOAUTH2")
    assert XOAuth2Client(credentials).step(None) == said


def test_a_name_with_a_comma_is_escaped() -> None:
    said = BearerClient(BearerCredentials("t", "a,b=c")).step(None)
    assert said == b"n,a=a=2Cb=3Dc,\x01auth=Bearer t\x01\x01"
    assert BearerServer().step(said) == BearerCredentials("t", "a,b=c")


@pytest.mark.parametrize(
    "message",
    [
        *(
            b"",
            b"\x01",
            b"n,,\x01auth=Bearer t\x01",
            b"n,,\x01auth=Basic t\x01\x01",
            b"n,,\x01\x01",
        ),
        *(
            b"p=tls-unique,,\x01auth=Bearer t\x01\x01",
            b"n,a=b=c,\x01auth=Bearer t\x01\x01",
            b"\xff",
        ),
        *(b"n,,\x01auth=Bearer \x01\x01", b"n,,\x01auth=Bearer a b\x01\x01", b"n,a=\0,\x01\x01"),
    ],
)
def test_what_is_no_message_of_oauthbearer(message: bytes) -> None:
    with pytest.raises(SaslError):
        BearerServer().step(message)


@pytest.mark.parametrize(
    "message",
    [
        *(b"", b"user=\x01auth=Bearer t\x01\x01", b"user=a\x01auth=Bearer t\x01", b"\xff"),
        *(
            b"user=a\x01auth=t\x01\x01",
            b"auth=Bearer t\x01\x01",
            b"user=a\0\x01auth=Bearer t\x01\x01",
        ),
    ],
)
def test_what_is_no_message_of_xoauth2(message: bytes) -> None:
    with pytest.raises(SaslError):
        XOAuth2Server().step(message)


def test_a_server_asks_with_an_empty_challenge_for_what_did_not_come_at_once() -> None:
    for server in (BearerServer(), XOAuth2Server(), ExternalServer(CERTIFICATE), AnonymousServer()):
        assert server.step(None) == Challenge()


def test_a_client_answers_the_reason_and_keeps_it() -> None:
    """RFC 7628 §3.2.3: with the octet 1. Google wants an empty line."""
    for client, answer in (
        (BearerClient(BearerCredentials("t")), b"\x01"),
        (XOAuth2Client(BearerCredentials("t", "anna")), b""),
    ):
        assert client.step(None) == client.step(b"")
        reason = failure(client.name, forbidden=False)
        assert reason is not None
        assert client.step(reason) == answer
        assert client.error == reason
        with pytest.raises(SaslError, match="over"):
            client.step(None)


def test_only_token_mechanisms_tell_why() -> None:
    assert failure("PLAIN", forbidden=False) is None
    assert failure("OAUTHBEARER", forbidden=True) == b'{"status": "insufficient_scope"}'
    assert failure("XOAUTH2", forbidden=True) == b'{"status": "403", "schemes": "bearer"}'


def test_external_says_whom_to_act_as_or_nothing() -> None:
    for authzid in ("", "anna@example.test", "jö"):
        said = ExternalClient(authzid).step(None)
        assert said == authzid.encode()
        assert ExternalServer(CERTIFICATE).step(said) == ExternalCredentials(CERTIFICATE, authzid)
    for wrong in (b"a\0b", b"\xff"):
        with pytest.raises(SaslError):
            ExternalServer(CERTIFICATE).step(wrong)
    with pytest.raises(SaslError, match="knows no challenge"):
        ExternalClient("").step(b"what?")


def test_anonymous_leaves_a_trace() -> None:
    """RFC 4505 §2: up to 255 characters, none of which controls anything."""
    for trace in ("", "sirhc", "a@b", "x" * 255, "ö" * 255):
        assert AnonymousServer().step(AnonymousClient(trace).step(None)) == AnonymousCredentials(
            trace
        )
    for wrong in (b"x" * 256, b"a\nb", b"a\0b", "\u0085".encode(), b"\xff"):
        with pytest.raises(SaslError):
            AnonymousServer().step(wrong)


@pytest.mark.parametrize("hashes", [(), ("SHA-256",), ("SHA-256", "SHA-1")])
def test_what_is_offered_is_what_can_be_judged_on_the_channel(
    hashes: tuple[ScramHash, ...],
) -> None:
    everything = frozenset(row.takes for row in SERVER_MECHANISMS.values())
    abilities = Abilities(everything, frozenset(hashes))
    scram = {f"SCRAM-{name}" for name in hashes}
    plus = {f"{name}-PLUS" for name in scram}
    always = {"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2", "ANONYMOUS"}
    bound = Channel({"tls-server-end-point": b"x"}, CERTIFICATE)
    assert set(offered_mechanisms(abilities, NO_CHANNEL)) == always | scram
    assert set(offered_mechanisms(abilities, bound)) == always | scram | plus | {"EXTERNAL"}
    assert offered_mechanisms(abilities, bound, ["PLAIN"]) == ("PLAIN",)
    only = Abilities(frozenset({PlainCredentials}))
    assert offered_mechanisms(only, bound) == ("PLAIN", "LOGIN")
