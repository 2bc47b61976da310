"""The whole program asks a DNS of our own about mail from strangers."""

from __future__ import annotations

import email
import smtplib
from pathlib import Path

from tests.names import answering, text

from .accounts import TIMEOUT, Account
from .program import launch

ZONE = {
    "good.example": {"TXT": [text("v=spf1 ip4:127.0.0.1 -all")]},
    "bad.example": {"TXT": [text("v=spf1 -all")]},
    "_dmarc.good.example": {"TXT": [text("v=DMARC1; p=reject")]},
    "_dmarc.bad.example": {"TXT": [text("v=DMARC1; p=reject")]},
}


def test_mail_is_checked_and_refused_as_the_settings_say(tmp_path: Path) -> None:
    with answering(ZONE) as names:
        server = launch(
            *("--data", tmp_path),
            MAILCORE_AGENTPOST_NAMESERVERS=names.address,
            MAILCORE_AGENTPOST_INBOUND_CHECK_LOCAL="true",
            MAILCORE_AGENTPOST_INBOUND_DMARC="reject",
        )
        try:
            account = Account(server, server.inbox, server.key)
            with smtplib.SMTP(*server.mx, timeout=TIMEOUT) as stranger:
                for domain, code in (("good.example", 250), ("bad.example", 550)):
                    stranger.ehlo("stranger.example")
                    stranger.mail(f"a@{domain}")
                    stranger.rcpt(account.address)
                    reply = stranger.data(f"From: a@{domain}\r\n\r\nHi.\r\n")
                    assert reply[0] == code, reply
            assert reply[1].startswith(b"5.7.26")
            (octets,) = account.bodies()
            field = " ".join(email.message_from_bytes(octets)["Authentication-Results"].split())
            assert field == (
                f"{account.address.partition('@')[2]}; spf=pass smtp.mailfrom=good.example;"
                " dkim=none; dmarc=pass header.from=good.example policy.dmarc=reject"
            )
            assert server.stop() == 0
        finally:
            server.kill()
