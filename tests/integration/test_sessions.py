"""Live connections as REST shows them: real clients, real TLS, another organization's key."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable

import pytest

from mailcore_agentpost.client import AgentPost, NotFound
from mailcore_agentpost.http.types import Session

from .accounts import Account, until


def only(api: AgentPost, account: Account, door: str = "imap") -> Session:
    """Return the one live connection of an account; the server needs a moment to notice."""
    found: list[Session] = []
    for _ in range(100):
        found = [
            one
            for one in api.sessions
            if one.email == account.address and one.door == door and one.ended_at is None
        ]
        if len(found) == 1:
            break
        time.sleep(0.05)
    (session,) = found
    return session


def test_a_mail_client_is_seen_and_followed(api: AgentPost, anna: Account) -> None:
    client = anna.raw_imap()
    client.send(b"s SELECT INBOX\r\ni IDLE\r\n")
    assert client.until(b"+")
    session = only(api, anna)
    assert (session.protocol, session.state, session.mailbox) == ("imap", "selected", "INBOX")
    assert (session.idling, session.tls, session.command) == (True, True, "IDLE")
    assert session.client.startswith("127.0.0.1:")
    assert session.octets_in > 0 < session.octets_out
    seen = api.sessions.get(session.id)
    texts = [line.text for line in seen.transcript]
    assert not any(anna.key in text for text in texts)
    assert any(text.endswith("••••") for text in texts)
    assert "i IDLE" in texts
    client.send(b"DONE\r\nn NOOP\r\n")
    assert client.until(b"n OK")
    more = api.sessions.get(session.id, after=seen.transcript[-1].number)
    assert [line.text for line in more.transcript if line.side == "client"] == ["DONE", "n NOOP"]
    client.close()


def test_a_connection_is_closed_and_still_known(api: AgentPost, anna: Account) -> None:
    client = anna.raw_imap()
    session = only(api, anna)
    api.sessions.close(session.id)
    assert client.until(b"* BYE Closed by an administrator")
    client.close()
    for _ in range(100):
        ended = api.sessions.get(session.id)
        if ended.ended_at is not None:
            break
        time.sleep(0.05)
    assert ended.ended_at is not None
    assert ended.email == anna.address
    assert "BYE Closed by an administrator" in ended.transcript[-1].text
    api.sessions.close(session.id)  # harmless


def test_who_does_not_listen_is_cut_off_the_second_time(api: AgentPost, anna: Account) -> None:
    anna.append("INBOX", b"Subject: big\r\n\r\n" + b"x" * 70 + b"\r\n" + b"y\r\n" * 5_000_000)
    client = anna.raw_imap()
    client.send(b"s SELECT INBOX\r\nf FETCH 1 BODY[]\r\n")  # and reads nothing
    session = only(api, anna)
    until(lambda: api.sessions.get(session.id).octets_out > 1_000_000)
    api.sessions.close(session.id)
    time.sleep(0.3)
    assert api.sessions.get(session.id).ended_at is None
    api.sessions.close(session.id)
    until(lambda: api.sessions.get(session.id).ended_at is not None)
    client.close()


def test_submission_and_mail_from_outside(api: AgentPost, anna: Account) -> None:
    host, port = anna.server.smtp
    with smtplib.SMTP_SSL(host, port, context=anna.server.tls, timeout=10) as client:
        client.login(anna.address, anna.key)
        assert only(api, anna, "smtp").state == "ready"
    with smtplib.SMTP(*anna.server.mx, timeout=10) as stranger:
        stranger.ehlo("stranger.example")
        stranger.mail("someone@stranger.example")
        (session,) = [one for one in api.sessions if one.door == "mx" and one.ended_at is None]
        assert (session.state, session.email, session.command) == ("mail", None, "MAIL")


def test_only_ones_own_are_seen(
    api: AgentPost, anna: Account, new_account: Callable[[str], Account]
) -> None:
    bert = new_account("bert")
    client = anna.raw_imap()
    session = only(api, anna)
    (inbox,) = [one for one in api.inboxes if one.email == bert.address]
    key = api.api_keys.create(name="bert", scopes=["messages:read"], inbox_id=inbox.id)
    with AgentPost(key.key, anna.server.url) as other:
        assert list(other.sessions) == []
        with pytest.raises(NotFound):
            other.sessions.get(session.id)
    client.close()
