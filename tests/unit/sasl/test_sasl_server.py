"""SASL mechanisms, step by step."""

from __future__ import annotations

import pytest

from mailcore.channel import NO_CHANNEL
from mailcore.sasl import (
    SERVER_MECHANISMS,
    Abilities,
    Challenge,
    LoginServer,
    PlainCredentials,
    PlainServer,
    SaslError,
    decode_base64,
    decode_initial_response,
    encode_base64,
    offered_mechanisms,
)


def test_passwords_are_all_that_is_offered_unless_the_backend_says_more() -> None:
    assert offered_mechanisms(Abilities(), NO_CHANNEL) == ("PLAIN", "LOGIN")


def test_the_registry_makes_a_fresh_exchange_each_time() -> None:
    make = SERVER_MECHANISMS["LOGIN"].make
    first, second = make(NO_CHANNEL, ()), make(NO_CHANNEL, ())
    assert first.step(b"one") == second.step(b"two") == Challenge(b"Password:")
    assert first.step(b"secret") == PlainCredentials("one", "secret", mechanism="LOGIN")
    assert second.step(b"secret") == PlainCredentials("two", "secret", mechanism="LOGIN")


def test_plain_with_an_initial_response() -> None:
    credentials = PlainServer().step("\0jö\0pä ss".encode())
    assert credentials == PlainCredentials("jö", "pä ss", mechanism="PLAIN")


def test_plain_asks_with_an_empty_challenge() -> None:
    mechanism = PlainServer()
    assert mechanism.step(None) == Challenge(b"")
    assert mechanism.step(b"admin\0ann\0pw") == PlainCredentials("ann", "pw", authzid="admin")


@pytest.mark.parametrize(
    "message",
    [b"", b"ann", b"\0ann", b"\0ann\0", b"\0\0pw", b"\0ann\0pw\0", b"\0a\0b\0c\0d", b"\0\xff\0pw"],
)
def test_plain_refuses_any_other_form(message: bytes) -> None:
    with pytest.raises(SaslError):
        PlainServer().step(message)


def test_login_without_an_initial_response() -> None:
    mechanism = LoginServer()
    assert mechanism.step(None) == Challenge(b"Username:")
    assert mechanism.step(b"ann") == Challenge(b"Password:")
    assert mechanism.step(b"pw") == PlainCredentials("ann", "pw", mechanism="LOGIN")


@pytest.mark.parametrize("message", [b"", b"a\0b", b"\xc3"])
def test_login_refuses_an_empty_or_unprintable_name(message: bytes) -> None:
    with pytest.raises(SaslError):
        LoginServer().step(message)


def test_the_password_stays_out_of_repr() -> None:
    assert "hunter2" not in repr(PlainServer().step(b"\0ann\0hunter2"))


def test_base64_is_strict() -> None:
    assert decode_base64(encode_base64(b"\0ann\0pw")) == b"\0ann\0pw"
    assert decode_base64(b"") == b""
    for bad in (b"!", b"YQ", b"YQ==YQ==", b"Y Q==", b"=", b"YQ===", b"YQ==\n", b"\xff"):
        with pytest.raises(SaslError):
            decode_base64(bad)


def test_an_equals_sign_is_an_empty_initial_response() -> None:
    assert decode_initial_response(b"=") == b""
    assert decode_initial_response(b"YQ==") == b"a"
