"""The client's role against Postfix: what we send is what lies in its mailboxes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailcore.net import Outcome, Where, connect_smtp, send_mail
from mailcore.net.sending import recipient_of, sender_of
from mailcore.serve.certificates import CertificateFiles, development_certificate

from .accounts import TIMEOUT, until
from .postfix import DOMAIN, Postfix, running

BERT, CARL = f"bert@{DOMAIN}", f"carl@{DOMAIN}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return development_certificate(tmp_path_factory.mktemp("tls"), [])


@pytest.fixture(scope="module")
def postfix(certificate: CertificateFiles) -> Iterator[Postfix]:
    settings = {
        "virtual_mailbox_maps": f"inline:{{ {{ {BERT} = bert/ }}, {{ {CARL} = carl/ }} }}",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": f"{certificate.key}, {certificate.certificate}",
        "message_size_limit": "1000000",
    }
    with running(settings) as server:
        yield server


def inbox(postfix: Postfix, name: str, count: int = 1) -> list[bytes]:
    """Return what a mailbox holds, once it holds that many messages."""
    new = postfix.directory / "mail" / name / "new"
    until(lambda: len(list(new.glob("*"))) >= count, TIMEOUT)
    return [file.read_bytes() for file in new.glob("*")]


@pytest.fixture
def where(postfix: Postfix, certificate: CertificateFiles) -> Where:
    context = ssl.create_default_context(cafile=str(certificate.authority))
    return Where(*postfix.address, context=context, hello="client.example.org")


def body_of(message: bytes) -> bytes:
    return message.partition(b"\n\n")[2]


async def test_a_message_arrives_as_it_was(postfix: Postfix, where: Where) -> None:
    body = "..\n.\n.dots\nGrüße\n" + "x" * 900 + "\n"
    message = b"Subject: over TLS\nContent-Type: text/plain; charset=utf-8\n\n" + body.encode()
    results = await send_mail(
        message,
        sender="anna@example.org",
        recipients=[BERT, f"nobody@{DOMAIN}", "x@elsewhere.example"],
        to=where,
    )
    outcomes = [one.outcome for one in results]
    assert outcomes == [Outcome.SENT, Outcome.REFUSED, Outcome.REFUSED]
    assert results[1].reply is not None
    assert results[1].reply.enhanced == "5.1.1"
    (arrived,) = inbox(postfix, "bert")
    assert body_of(arrived) == body.encode()
    assert b"ESMTPS" in arrived
    assert b"Return-Path: <anna@example.org>" in arrived


async def test_many_messages_by_one_connection(postfix: Postfix, where: Where) -> None:
    recipients = [recipient_of(CARL)]
    async with await connect_smtp(replace(where, tls="none")) as client:
        assert "PIPELINING" in client.extensions
        assert "CHUNKING" in client.extensions
        for number in range(20):
            message = b"Subject: %d\r\n\r\n%d\r\n" % (number, number)
            (result,) = await client.send(message, sender_of(""), recipients)
            assert result.outcome is Outcome.SENT
        refused = await client.send(
            b"x" * 78 + b"\r\n" + b"y\r\n" * 400_000, sender_of(""), recipients
        )
        assert refused[0].reply is not None
        assert (refused[0].reply.code, refused[0].local) == (552, True)
    bodies = {body_of(message) for message in inbox(postfix, "carl", 20)}
    assert bodies == {b"%d\n" % number for number in range(20)}


async def test_utf8_is_asked_for(postfix: Postfix, where: Where) -> None:
    before = len(inbox(postfix, "bert", 0))
    (result,) = await send_mail(
        "Subject: Grüße\r\n\r\nhi\r\n".encode(),
        sender="jürgen@example.org",
        recipients=[BERT],
        to=replace(where, tls="opportunistic", context=None),
    )
    assert result.outcome is Outcome.SENT
    arrived = inbox(postfix, "bert", before + 1)
    assert any("Subject: Grüße".encode() in message for message in arrived)
