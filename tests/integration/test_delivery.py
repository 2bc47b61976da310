"""Mail between inboxes, and mail from strangers."""

from __future__ import annotations

import email
import email.policy
import smtplib
from collections.abc import Iterator

import pytest

from .accounts import TIMEOUT, Account, new_mail
from .program import Server


@pytest.fixture
def stranger(agentpost: Server) -> Iterator[smtplib.SMTP]:
    """Another mail server that connects to the MX port."""
    with smtplib.SMTP(*agentpost.mx, timeout=TIMEOUT) as client:
        yield client


def test_mail_is_in_their_inbox_and_in_ones_own_sent(anna: Account, bert: Account) -> None:
    message = new_mail(anna.address, bert.address, "Größe", "Grüße aus Köln\n")
    message["Bcc"] = anna.address
    message["Message-ID"] = "<one@example.test>"
    with anna.smtp() as client:
        client.send_message(message)
    (received,), (sent,) = bert.bodies(), anna.bodies("Sent")
    for octets in (received, sent):
        parsed = email.message_from_bytes(octets, policy=email.policy.default)
        assert (parsed["Subject"], parsed["Message-ID"]) == ("Größe", "<one@example.test>")
        assert parsed.get_content().rstrip() == "Grüße aus Köln"
    assert b"\r\nBcc:" not in received
    assert anna.count() == 1  # the blind copy
    assert bert.count("Sent") == 0
    with anna.imap("Sent") as client:
        assert client.search(None, "SEEN") == ("OK", [b"1"])


def test_the_octets_arrive_as_they_were_sent(anna: Account, bert: Account) -> None:
    text = (
        b"Message-ID: <octets@example.test>\r\nDate: Thu, 04 Mar 2021 05:06:07 +0000\r\n"
        + f"From: {anna.address}\r\nTo: {bert.address}\r\n".encode()
        + b"Subject: =?utf-8?q?x?=\r\nX-Odd:\t folded\r\n  twice \r\n\r\n"
        + b".\r\n..\r\n.hidden\r\nFrom me\r\n\r\n trailing \r\n\xff\xfe eight bits\r\n\r\n"
    )
    with anna.smtp() as client:
        assert client.sendmail(anna.address, bert.address, text, ["BODY=8BITMIME"]) == {}
    (received,) = bert.bodies()
    assert received.endswith(text)
    trace = received.removesuffix(text)
    assert b"\r\nReceived: " in b"\r\n" + trace
    assert all(b": " in line or line[:1] in b"\t " for line in trace.splitlines())


def test_mail_to_oneself_and_twice_to_the_same(anna: Account, bert: Account) -> None:
    with anna.smtp() as client:
        message = new_mail(anna.address, anna.address, "to all")
        client.send_message(message, to_addrs=[anna.address, bert.address, bert.address])
    assert (anna.count(), bert.count(), anna.count("Sent")) == (1, 1, 1)


def test_mail_to_the_outside_is_kept_in_sent(anna: Account) -> None:
    anna.send("someone@example.org", "outward")
    (sent,) = anna.bodies("Sent")
    assert b"Subject: outward\r\n" in sent


def test_an_unknown_inbox_here_is_refused_at_rcpt(anna: Account) -> None:
    domain = anna.address.partition("@")[2]
    with anna.smtp() as client:
        client.mail(anna.address)
        code, text = client.rcpt(f"no-such-inbox@{domain}")
        assert (code, text[:5]) == (550, b"5.1.1")
        assert client.rcpt(anna.address)[0] == 250
        client.rset()


def test_a_stranger_delivers(stranger: smtplib.SMTP, anna: Account, bert: Account) -> None:
    text = b"From: someone@example.org\r\nSubject: hello\r\n\r\nHi.\r\n"
    assert stranger.sendmail("someone@example.org", [anna.address, bert.address], text) == {}
    for account in (anna, bert):
        (received,) = account.bodies()
        assert received.endswith(text)
        assert b"<someone@example.org>" in received.partition(b"\r\n")[0]  # Return-Path
    assert anna.count("Sent") == 0


def test_a_stranger_delivers_with_tls(
    stranger: smtplib.SMTP, anna: Account, agentpost: Server
) -> None:
    stranger.ehlo()
    assert stranger.has_extn("starttls")
    assert not stranger.has_extn("auth")
    stranger.starttls(context=agentpost.tls)
    stranger.ehlo()
    assert not stranger.has_extn("starttls")
    stranger.sendmail("someone@example.org", anna.address, "Subject: sealed\r\n\r\nHi.\r\n")
    (received,) = anna.bodies()
    assert b"with ESMTPS" in received


def test_a_bounce_is_taken(stranger: smtplib.SMTP, anna: Account) -> None:
    stranger.sendmail("", anna.address, "Subject: undelivered\r\n\r\nSorry.\r\n")
    (received,) = anna.bodies()
    assert received.startswith(b"Return-Path: <>\r\n")


def test_the_postmaster_is_who_runs_the_server(server: Server) -> None:
    with smtplib.SMTP(*server.mx, timeout=5) as stranger:
        stranger.sendmail("someone@example.org", "PostMaster", "Subject: help\r\n\r\nHi.\r\n")
    assert Account(server, server.inbox, server.key).count() == 1


def test_strangers_reach_nobody_but_inboxes_here(stranger: smtplib.SMTP, anna: Account) -> None:
    domain = anna.address.partition("@")[2]
    stranger.ehlo()
    stranger.mail("someone@example.org")
    code, text = stranger.rcpt(f"no-such-inbox@{domain}")
    assert (code, text[:5]) == (550, b"5.1.1")
    code, text = stranger.rcpt("anyone@elsewhere.example")
    assert code == 550
    assert text[:5] in (b"5.1.1", b"5.1.2", b"5.7.1")
    assert stranger.rcpt(anna.address)[0] == 250
    stranger.rset()


def test_what_the_doors_offer(anna: Account, stranger: smtplib.SMTP) -> None:
    everywhere = {"size", "pipelining", "8bitmime", "smtputf8", "enhancedstatuscodes"}
    with anna.smtp() as client:
        client.ehlo()
        assert everywhere <= set(client.esmtp_features)
        assert set(client.esmtp_features["auth"].split()) >= {"PLAIN", "LOGIN"}
    stranger.ehlo()
    assert everywhere <= set(stranger.esmtp_features)


def test_login_and_plain_in_any_case(anna: Account) -> None:
    for method in ("plain", "login"):
        with smtplib.SMTP_SSL(*anna.server.smtp, context=anna.server.tls) as client:
            client.ehlo()
            client.user, client.password = anna.address, anna.key
            code, _ = client.auth(method, getattr(client, f"auth_{method}"))
            assert code == 235


def test_pipelining(anna: Account, bert: Account) -> None:
    wire = anna.raw_smtp()
    wire.send(
        f"MAIL FROM:<{anna.address}>\r\nRCPT TO:<nobody@{anna.address.partition('@')[2]}>\r\n"
        f"RCPT TO:<{bert.address}>\r\nDATA\r\n".encode()
    )
    assert [wire.reply()[:3] for _ in range(4)] == [b"250", b"550", b"250", b"354"]
    wire.send(b"From: %s\r\n\r\n.\r\nQUIT\r\n" % anna.address.encode())
    assert [wire.reply()[:3] for _ in range(2)] == [b"250", b"221"]
    assert wire.line() == b""
    wire.close()
    assert bert.count() == 1


def test_a_message_that_is_too_large_is_refused_before_it_is_sent(anna: Account) -> None:
    with anna.smtp() as client:
        client.ehlo()
        size = int(client.esmtp_features["size"])
        code, text = client.mail(anna.address, [f"SIZE={size + 1}"])
        assert (code, text[:5]) == (552, b"5.3.4")
        assert client.mail(anna.address, [f"SIZE={size}"])[0] == 250
