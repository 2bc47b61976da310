"""What the server writes to its log, and to the audit trail, about what clients did."""

from __future__ import annotations

import imaplib
import json
import smtplib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mailcore_agentpost.client import AgentPost, AuthenticationError
from mailcore_agentpost.http.types import QueuedMessage

from .accounts import Account, new_mail, until
from .program import ANY_PORTS, Server, environment


def test_one_line_for_each_thing_that_happens(tmp_path: Path) -> None:
    flags = ("--ready", "json", "--log-level", "info", "--log-format", "json")
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "mailcore.serve", *flags, *ANY_PORTS, "--memory"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    assert process.stdout is not None
    server = Server(process, json.loads(process.stdout.readline()))
    account = Account(server, server.inbox, server.key)

    def events(word: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
        return [line for line in lines if line.get("event") == word]

    try:
        with pytest.raises(imaplib.IMAP4.error):
            Account(server, server.inbox, "ap_sk_wrong").imap()
        account.imap().logout()
        account.send(account.address, "logged")
        account.deliver(b"Subject: from outside\r\n\r\nHello\r\n")
        with smtplib.SMTP(*server.mx, timeout=10) as stranger:
            stranger.ehlo()
            stranger.mail("a@b.example")
            assert stranger.rcpt("nobody@elsewhere.example")[0] == 550
        with AgentPost(server.key, server.url) as client:
            list(client.inboxes)
        until(lambda: events("request"))
        assert server.stop() == 0
    finally:
        server.kill()
    (refused,) = events("login-refused")
    assert (refused["user"], refused["reason"]) == (server.inbox, "AUTHENTICATIONFAILED")
    assert refused["peer"].startswith("127.0.0.1:")
    assert [(one["protocol"], one["user"]) for one in events("login")] == [
        ("imap", server.inbox),
        ("smtp", server.inbox),
    ]
    (sent,) = events("sent")
    assert (sent["recipients"], sent["message"][:4]) == (1, "msg_")
    (delivered,) = events("delivered")
    assert (delivered["sender"], delivered["protocol"]) == ("someone@example.org", "smtp")
    assert ("RCPT", "550", "5.7.1") in [
        (one["command"], one["status"], one["reason"]) for one in events("refused")
    ]
    (request,) = events("request")
    assert request["path"] == "/api/v1/inboxes"
    assert request["request"].startswith("req_")
    assert server.key not in log.read_text()


def test_failed_logins_are_in_the_audit_trail(api: AgentPost, anna: Account) -> None:
    for _ in range(2):
        with pytest.raises(imaplib.IMAP4.error):
            Account(anna.server, anna.address, "ap_sk_wrong").imap()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        Account(anna.server, anna.address, "ap_sk_wrong").smtp()
    with pytest.raises(AuthenticationError), AgentPost("ap_sk_no", anna.server.url) as other:
        list(other.inboxes)
    (inbox,) = [one for one in api.inboxes if one.email == anna.address]

    def counted() -> int:
        rows = api.audit.list(action="login.failed").data
        return sum(row.count for row in rows if row.subject == anna.address)

    until(lambda: counted() >= 3, 15)  # smtplib tries one mechanism after the other
    rows = api.audit.list(action="login.failed").data
    (row,) = [one for one in rows if one.subject == anna.address]
    assert (row.peer, row.actor, row.detail) == ("127.0.0.1", "", {"reason": "unauthorized"})
    key = api.api_keys.create(name="x", scopes=["messages:read"], inbox_id=inbox.id)
    api.api_keys.revoke(key.id)
    deeds = [one.action for one in api.audit if one.subject == key.id]
    assert deeds == ["key.revoked", "key.created"]


def test_the_queue_over_rest(api: AgentPost, anna: Account) -> None:
    def queued() -> list[QueuedMessage]:
        return [one for one in api.queue if one.sender == anna.address]

    with anna.smtp() as client:
        client.send_message(new_mail(anna.address, "delay@simulator.test", "later"))
    until(lambda: [one for one in queued() if one.last_reply], 15)
    (row,) = queued()
    assert row.recipient == "delay@simulator.test"
    assert row.last_reply.startswith("4")
    assert api.queue.retry(row.id).id == row.id
    until(lambda: [one for one in api.queue if one.id == row.id] == [], 15)
    with anna.smtp() as client:
        client.send_message(new_mail(anna.address, "delay@simulator.test", "never"))
    until(lambda: [one for one in queued() if one.last_reply], 15)
    (row,) = queued()
    api.queue.drop(row.id)
    assert [one for one in api.queue if one.id == row.id] == []
    bounced = api.events.list(types=["message.bounced"]).data
    assert bounced[-1].data["replies"] == ["Taken off the queue"]
