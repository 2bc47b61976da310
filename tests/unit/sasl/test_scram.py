"""SCRAM: the examples of the RFCs, both roles against each other, and what breaks an exchange."""

from __future__ import annotations

import pytest

from mailcore.sasl import (
    Challenge,
    KeysWanted,
    PlainCredentials,
    SaslError,
    ScramClient,
    ScramCredentials,
    ScramHash,
    ScramServer,
    WrongProof,
    decode_base64,
    derive_keys,
    fake_keys,
)

PENCIL = PlainCredentials("user", "pencil")
END_POINT = ("tls-server-end-point", b"\x01\x02\x03")

# RFC 5802 §5 and RFC 7677 §3: hash, the nonce of each side, salt, proof, signature.
EXAMPLES = [
    (
        "SHA-1",
        "fyko+d2lbbFgONRv9qkxdawL",
        "3rfcNHYJY1ZVvWVs7j",
        b"QSXCR+Q6sek8bf92",
        b"v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    (
        "SHA-256",
        "rOprNGfwEbeRWgbNEkqO",
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        b"W22ZaJ0SNY7soEsUEjb6gQ==",
        b"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
]


def say(server: ScramServer, response: bytes, hash_name: ScramHash, salt: bytes = b"salt") -> bytes:
    """Have the server answer, with the keys of the password of :data:`PENCIL`."""
    step = server.step(response)
    if isinstance(step, KeysWanted):
        assert step.username == "user"
        step = step.go_on(derive_keys("pencil", hash_name, salt=salt))
    assert isinstance(step, Challenge)
    return step.data


@pytest.mark.parametrize(("hash_name", "ours", "theirs", "salt", "proof", "signature"), EXAMPLES)
def test_the_examples_of_the_rfcs(
    hash_name: ScramHash, ours: str, theirs: str, salt: bytes, proof: bytes, signature: bytes
) -> None:
    name = f"SCRAM-{hash_name}"
    client = ScramClient(name, hash_name, PENCIL, nonce=ours)
    server = ScramServer(name, hash_name, nonce=theirs)
    first = client.step(None)
    assert first == f"n,,n=user,r={ours}".encode()
    challenge = say(server, first, hash_name, decode_base64(salt))
    assert challenge == f"r={ours}{theirs},s=".encode() + salt + b",i=4096"
    final = client.step(challenge)
    assert final == f"c=biws,r={ours}{theirs},p=".encode() + proof
    last = say(server, final, hash_name)
    assert last == b"v=" + signature
    assert client.step(last) == b""
    client.succeed()
    credentials = server.step(b"")
    assert isinstance(credentials, ScramCredentials)
    assert (credentials.username, credentials.mechanism) == ("user", name)


def exchange(client: ScramClient, server: ScramServer) -> bytes:
    """Go as far as the server's proof."""
    challenge = say(server, client.step(None), "SHA-256")
    return say(server, client.step(challenge), "SHA-256")


def plus(**options: object) -> ScramServer:
    return ScramServer("SCRAM-SHA-256-PLUS", "SHA-256", plus_offered=True, **options)  # type: ignore[arg-type]


def test_a_bound_channel_is_the_same_at_both_ends() -> None:
    client = ScramClient("SCRAM-SHA-256-PLUS", "SHA-256", PENCIL, binding=END_POINT)
    client.step(exchange(client, plus(bindings=dict([END_POINT]))))
    client.succeed()


def test_somebody_between_has_another_channel() -> None:
    client = ScramClient("SCRAM-SHA-256-PLUS", "SHA-256", PENCIL, binding=(END_POINT[0], b"other"))
    with pytest.raises(WrongProof, match="channel"):
        exchange(client, plus(bindings=dict([END_POINT])))


def test_hiding_the_offer_of_a_binding_is_found_out() -> None:
    client = ScramClient("SCRAM-SHA-256", "SHA-256", PENCIL, binding=END_POINT)
    server = ScramServer("SCRAM-SHA-256", "SHA-256", plus_offered=True)
    with pytest.raises(WrongProof, match="offered"):
        exchange(client, server)


def test_an_unknown_binding_is_refused() -> None:
    client = ScramClient("SCRAM-SHA-256-PLUS", "SHA-256", PENCIL, binding=("tls-exporter", b"x"))
    with pytest.raises(SaslError, match="not supported"):
        exchange(client, plus(bindings=dict([END_POINT])))


def test_a_wrong_password_is_a_wrong_proof() -> None:
    client = ScramClient("SCRAM-SHA-256", "SHA-256", PlainCredentials("user", "pen"))
    with pytest.raises(WrongProof, match="proof"):
        exchange(client, ScramServer("SCRAM-SHA-256", "SHA-256"))


def test_a_server_that_does_not_know_the_password_is_found_out() -> None:
    client = ScramClient("SCRAM-SHA-256", "SHA-256", PENCIL)
    last = exchange(client, ScramServer("SCRAM-SHA-256", "SHA-256"))
    with pytest.raises(WrongProof):
        client.succeed()
    # Not at the end, where base64 has bits that say nothing.
    changed = last[:2] + (b"A" if last[2:3] != b"A" else b"B") + last[3:]
    with pytest.raises(SaslError):
        client.step(changed)
    with pytest.raises(WrongProof):
        client.succeed()


@pytest.mark.parametrize("iterations", [1, 4095, 2_000_001])
def test_a_client_does_not_work_for_any_server(iterations: int) -> None:
    client = ScramClient("SCRAM-SHA-256", "SHA-256", PENCIL, nonce="a")
    client.step(None)
    with pytest.raises(SaslError, match="iterations"):
        client.step(b"r=ab,s=QQ==,i=%d" % iterations)


def test_nobody_who_is_not_there_has_the_same_salt_each_time() -> None:
    keys = fake_keys("user", "SHA-256", b"secret")
    assert keys == fake_keys("user", "SHA-256", b"secret")
    assert keys != fake_keys("other", "SHA-256", b"secret")
    assert len(keys.salt) == len(derive_keys("x", "SHA-256").salt)
    assert keys.pairs == ()
