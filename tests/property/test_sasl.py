"""Every mechanism, in both roles: what the client has is what the server gets, or a SaslError."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from mailcore.channel import Channel, ClientCertificate
from mailcore.sasl import (
    SERVER_MECHANISMS,
    AnonymousCredentials,
    BearerCredentials,
    Challenge,
    Credentials,
    ExternalCredentials,
    KeysWanted,
    PlainCredentials,
    SaslError,
    ScramCredentials,
    ScramHash,
    ServerMechanism,
    choose_mechanism,
    derive_keys,
    saslprep,
)

CERTIFICATE = ClientCertificate(b"der")
CHANNEL = Channel({"tls-server-end-point": b"\x01\x02"}, CERTIFICATE)
PASSWORDS = ("PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS")
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\x01"), min_size=1, max_size=30)
TOKENS = st.text(string.ascii_letters + string.digits + "._~+/-", min_size=1, max_size=50)


def server_for(name: str) -> ServerMechanism:
    return SERVER_MECHANISMS[name].make(CHANNEL, (name,))


def converse(name: str, credentials: Credentials, at_once: bool = True) -> Credentials:
    """Let a client of a mechanism talk to its server; return what the server has learnt."""
    client = choose_mechanism(credentials, [name], channel=CHANNEL)
    server = server_for(name)
    kept = client.step(None)
    step = server.step(kept if at_once else None)
    if not at_once and isinstance(step, Challenge) and kept is not None:
        step = server.step(kept)
    for _ in range(5):
        if isinstance(step, KeysWanted):
            assert isinstance(credentials, PlainCredentials)
            step = step.go_on(derive_keys(credentials.password, step.hash_name, salt=b"salt"))
        if not isinstance(step, Challenge):
            client.succeed()
            return step
        step = server.step(client.step(step.data))
    raise AssertionError("it does not end")


@given(st.sampled_from(PASSWORDS), WORDS, WORDS, st.booleans())
def test_a_password(name: str, username: str, password: str, at_once: bool) -> None:
    credentials = PlainCredentials(username, password)
    try:
        learnt = converse(name, credentials, at_once)
    except SaslError:
        # Only what is not to be in a name or a password at all (RFC 4013 §2.3).
        assert name.startswith("SCRAM")
        assert not (is_prepared(username) and is_prepared(password))
        return
    if isinstance(learnt, ScramCredentials):
        assert (learnt.username, learnt.mechanism) == (saslprep(username), name)
        hash_name: ScramHash = "SHA-256" if "SHA-256" in name else "SHA-1"
        keys = derive_keys(password, hash_name, salt=b"salt")
        assert learnt.stored_key == keys.pairs[0].stored_key
    else:
        assert learnt == PlainCredentials(username, password, mechanism=name)


def is_prepared(text: str) -> bool:
    try:
        return bool(saslprep(text))
    except SaslError:
        return False


@given(WORDS, WORDS, st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=9))
def test_whom_to_act_as(username: str, password: str, authzid: str) -> None:
    credentials = PlainCredentials(username, password, authzid)
    assert converse("PLAIN", credentials) == credentials


@given(st.sampled_from(["OAUTHBEARER", "XOAUTH2"]), TOKENS, NAMES, st.booleans())
def test_a_token(name: str, token: str, username: str, at_once: bool) -> None:
    credentials = BearerCredentials(token, username, mechanism=name)
    assert converse(name, credentials, at_once) == credentials


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")), st.booleans())
def test_a_certificate(authzid: str, at_once: bool) -> None:
    credentials = ExternalCredentials(CERTIFICATE, authzid)
    assert converse("EXTERNAL", credentials, at_once) == credentials


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=255))
def test_nobody_in_particular(trace: str) -> None:
    assert converse("ANONYMOUS", AnonymousCredentials(trace)) == AnonymousCredentials(trace)


MESSAGES = st.lists(
    st.binary(max_size=60)
    | st.sampled_from(
        [
            *(
                b"n,,n=user,r=nonce",
                b"y,a=x,n=u,r=a",
                b"p=tls-server-end-point,,n=u,r=a",
                b"c=biws",
            ),
            *(b"r=nonceX,s=c2FsdA==,i=4096", b"c=biws,r=nonce,p=AAAA", b"v=AAAA", b"e=other-error"),
            *(b"n,a=u,\x01auth=Bearer t\x01\x01", b"user=u\x01auth=Bearer t\x01\x01", b"\0u\0p"),
        ]
    ),
    max_size=4,
)


@given(st.sampled_from(sorted(SERVER_MECHANISMS)), MESSAGES)
def test_a_server_meets_any_client(name: str, messages: list[bytes]) -> None:
    """It ends in credentials or in a SaslError, and never in a proof that nobody has given."""
    server = server_for(name)
    for message in messages:
        try:
            step = server.step(message)
        except SaslError:
            return
        if isinstance(step, KeysWanted):
            step = step.go_on(derive_keys("secret", step.hash_name, salt=b"salt"))
        if not isinstance(step, Challenge):
            assert not isinstance(step, ScramCredentials)
            return


@given(st.sampled_from(sorted(SERVER_MECHANISMS)), MESSAGES)
def test_a_client_meets_any_server(name: str, challenges: list[bytes]) -> None:
    """It answers or raises a SaslError, and a server that knows nothing never convinces it."""
    have: dict[str, Credentials] = {
        "EXTERNAL": ExternalCredentials(CERTIFICATE),
        "OAUTHBEARER": BearerCredentials("t"),
        "XOAUTH2": BearerCredentials("t", "u"),
        "ANONYMOUS": AnonymousCredentials(),
    }
    credentials = have.get(name, PlainCredentials("user", "secret"))
    client = choose_mechanism(credentials, [name], channel=CHANNEL)
    client.step(None)
    try:
        for challenge in challenges:
            client.step(challenge)
        client.succeed()
    except SaslError:
        return
    assert not name.startswith("SCRAM")
