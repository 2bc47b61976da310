"""SASL in a session of IMAP: tokens, certificates, anybody, and SCRAM to its end."""

from __future__ import annotations

import base64
import json

import pytest

from mailcore.backend import AuthorizationFailed, Peer
from mailcore.channel import Channel, ClientCertificate
from mailcore.sasl import PlainCredentials, ScramClient
from mailcore.testing import MemoryBackend

from .conftest import new_message, run

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture
def backend() -> MemoryBackend:
    backend = MemoryBackend({ALICE: "secret", BOB: "hidden"}, tokens={"t0k": ALICE}, guest=BOB)
    run(backend.users[BOB].inbox.append([new_message(b"Subject: for Bob\r\n\r\n")]))
    return backend


def whose(client) -> str:
    """Tell users apart by what is in their INBOX."""
    (line,) = client.ok("STATUS INBOX (MESSAGES)")
    return {"* STATUS INBOX (MESSAGES 0)": ALICE, "* STATUS INBOX (MESSAGES 1)": BOB}[line]


def encoded(message: bytes) -> str:
    return base64.b64encode(message).decode() or "="


def peer(*emails: str, common_name: str = "") -> Peer:
    certificate = ClientCertificate(b"der", common_name, emails)
    channel = Channel({"tls-server-end-point": b"x"}, certificate)
    return Peer("imap", host="192.0.2.7", tls=True, channel=channel)


def test_what_is_offered_depends_on_the_channel(connect):
    (plain,) = connect(login=False).ok("CAPABILITY")
    (bound,) = connect(login=False, peer=peer(ALICE)).ok("CAPABILITY")
    always = {f"AUTH={name}" for name in ("SCRAM-SHA-256", "PLAIN", "OAUTHBEARER", "ANONYMOUS")}
    assert always <= set(plain.split())
    assert not {"AUTH=EXTERNAL", "AUTH=SCRAM-SHA-256-PLUS"} & set(plain.split())
    assert always | {"AUTH=EXTERNAL", "AUTH=SCRAM-SHA-256-PLUS"} <= set(bound.split())


@pytest.mark.parametrize(
    ("mechanism", "message"),
    [
        ("OAUTHBEARER", f"n,a={ALICE},\x01auth=Bearer t0k\x01\x01"),
        ("OAUTHBEARER", "n,,\x01auth=Bearer t0k\x01\x01"),
        ("XOAUTH2", f"user={ALICE}\x01auth=Bearer t0k\x01\x01"),
    ],
)
def test_a_token_logs_in(connect, mechanism, message):
    client = connect(login=False)
    assert client.tagged(f"AUTHENTICATE {mechanism} {encoded(message.encode())}").startswith("OK")
    assert whose(client) == ALICE


@pytest.mark.parametrize("mechanism", ["OAUTHBEARER", "XOAUTH2"])
def test_why_a_token_is_refused_is_told_before_the_refusal(connect, mechanism):
    """RFC 7628 §3.2.3: the reason is a challenge, and whatever answers it is followed by NO."""
    client = connect(login=False)
    message = f"n,a={ALICE},\x01auth=Bearer bad\x01\x01"
    if mechanism == "XOAUTH2":
        message = f"user={ALICE}\x01auth=Bearer bad\x01\x01"
    told = client.say(f"a AUTHENTICATE {mechanism} {encoded(message.encode())}\r\n".encode())
    assert json.loads(base64.b64decode(told.removeprefix(b"+ ")))["status"] in (
        "invalid_token",
        "401",
    )
    assert client.say(b"AQ==\r\n").startswith(b"a NO [AUTHENTICATIONFAILED]")
    assert client.tagged(f"LOGIN {ALICE} secret").startswith("OK")


def test_a_token_of_somebody_else_is_not_enough(connect):
    client = connect(login=False)
    message = f"n,a={BOB},\x01auth=Bearer t0k\x01\x01".encode()
    told = client.say(f"a AUTHENTICATE OAUTHBEARER {encoded(message)}\r\n".encode())
    assert json.loads(base64.b64decode(told[2:]))["status"] == "insufficient_scope"
    assert client.say(b"AQ==\r\n").startswith(b"a NO [AUTHORIZATIONFAILED]")


def test_anybody_is_the_guest(connect):
    client = connect(login=False)
    assert client.tagged(f"AUTHENTICATE ANONYMOUS {encoded(b'sirhc')}").startswith("OK [CAPABILITY")
    assert whose(client) == BOB
    assert connect(login=False).say(b"a AUTHENTICATE ANONYMOUS\r\n") == b"+ \r\n"


def test_a_certificate_is_whom_it_names(connect):
    for emails, common_name in (((ALICE,), ""), (("x@y", ALICE), ""), ((), ALICE)):
        client = connect(login=False, peer=peer(*emails, common_name=common_name))
        assert client.tagged("AUTHENTICATE EXTERNAL =").startswith("OK")
        assert whose(client) == ALICE
    stranger = connect(login=False, peer=peer("nobody@example.test"))
    assert stranger.tagged("AUTHENTICATE EXTERNAL =").startswith("NO [AUTHENTICATIONFAILED]")
    other = connect(login=False, peer=peer(ALICE))
    refused = other.tagged(f"AUTHENTICATE EXTERNAL {encoded(BOB.encode())}")
    assert refused.startswith(f"NO [{AuthorizationFailed.code}]")


def test_without_a_certificate_there_is_no_external(connect):
    client = connect(login=False)
    assert client.tagged("AUTHENTICATE EXTERNAL =").startswith("NO [CANNOT]")


@pytest.mark.parametrize("name", ["SCRAM-SHA-256", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS"])
def test_scram_to_its_end(connect, name):
    client = connect(login=False, peer=peer())
    hash_name = name.removeprefix("SCRAM-").removesuffix("-PLUS")
    binding = ("tls-server-end-point", b"x") if name.endswith("PLUS") else None
    credentials = PlainCredentials(ALICE, "secret")
    scram = ScramClient(name, hash_name, credentials, binding=binding)
    told = client.say(f"a AUTHENTICATE {name} {encoded(scram.step(None))}\r\n".encode())
    while told.startswith(b"+ "):
        response = scram.step(base64.b64decode(told[2:]))
        told = client.say(base64.b64encode(response) + b"\r\n")
    scram.succeed()
    assert told.startswith(b"a OK [CAPABILITY")


def test_a_wrong_proof_is_a_wrong_password(connect):
    client = connect(login=False)
    scram = ScramClient("SCRAM-SHA-256", "SHA-256", PlainCredentials(ALICE, "wrong"))
    told = client.say(f"a AUTHENTICATE SCRAM-SHA-256 {encoded(scram.step(None))}\r\n".encode())
    told = client.say(base64.b64encode(scram.step(base64.b64decode(told[2:]))) + b"\r\n")
    assert told.startswith(b"a NO [AUTHENTICATIONFAILED]")
    assert client.session.delay > 0
    assert client.session.failed_logins == 1
