"""What keys, rules and limits allow, by every door alike; and how REST says no."""

from __future__ import annotations

import json
import smtplib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailcore_agentpost.client import (
    AgentPost,
    APIError,
    AuthenticationError,
    Inbox,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
)

from .accounts import TIMEOUT, Account
from .program import Server

MAIL = b"From: someone@example.org\r\nSubject: hello\r\n\r\nHi.\r\n"


# --------------------------------------------------------------------------------------- rules


@pytest.fixture
def new_rule(api: AgentPost) -> Iterator[Callable[[str, str, str], None]]:
    """Add a rule that is removed at the end: ``new_rule("send", "block", "b.example")``."""
    made: list[str] = []

    def add(direction: Any, action: Any, value: str) -> None:
        kind: Any = "address" if "@" in value else "domain"
        kind = "subdomain_wildcard" if "*" in value else kind
        rule = api.filter_rules.create(
            direction=direction, action=action, match_type=kind, value=value
        )
        assert rule in list(api.filter_rules)
        made.append(rule.id)

    yield add
    for rule_id in made:
        api.filter_rules.delete(rule_id)
    assert not set(made) & {rule.id for rule in api.filter_rules}


def rcpt(account: Account, recipient: str) -> bytes:
    """Return what submission says to a recipient."""
    wire = account.raw_smtp()
    assert wire.ask(f"MAIL FROM:<{account.address}>\r\n".encode()).startswith(b"250")
    answer = wire.ask(f"RCPT TO:<{recipient}>\r\n".encode())
    wire.close()
    return answer


def test_a_rule_blocks_sending_by_every_door(
    api: AgentPost, inbox: Inbox, carla: Account, new_rule: Callable[..., None]
) -> None:
    new_rule("send", "block", "blocked.example")
    new_rule("send", "allow", "friend@blocked.example")
    new_rule("send", "block", "*.wide.example")
    for refused in ("any@blocked.example", "any@Deep.Below.wide.example"):
        assert rcpt(carla, refused).startswith(b"550 5.7.1")
        with pytest.raises(PermissionDenied) as caught:
            api.messages.send(inbox.id, to=[refused, "ok@wide.example"], text_body="Hi")
        assert caught.value.code == "message_rejected"
    for taken in ("friend@blocked.example", "any@wide.example"):
        assert rcpt(carla, taken).startswith(b"250")
        assert api.messages.send(inbox.id, to=[taken], text_body="Hi").folder == "Sent"
    assert carla.count("Sent") == 2


def test_a_rule_holds_within_a_session_that_is_open(
    carla: Account, new_rule: Callable[..., None]
) -> None:
    wire = carla.raw_smtp()
    assert wire.ask(f"MAIL FROM:<{carla.address}>\r\n".encode()).startswith(b"250")
    assert wire.ask(b"RCPT TO:<one@late.example>\r\n").startswith(b"250")
    new_rule("send", "block", "late.example")
    assert wire.ask(b"RCPT TO:<two@late.example>\r\n").startswith(b"550 5.7.1")
    wire.close()


def test_a_rule_blocks_mail_from_strangers(carla: Account, new_rule: Callable[..., None]) -> None:
    new_rule("receive", "block", "pest@example.net")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        carla.deliver(MAIL, sender="pest@example.net")
    code, text = refused.value.recipients[carla.address]
    assert (code, text[:5]) == (550, b"5.7.1")
    carla.deliver(MAIL, sender="other@example.net")
    assert carla.count() == 1


# ---------------------------------------------------------------------------------------- keys


def test_a_key_makes_no_key_that_can_more(api: AgentPost, agentpost: Server, inbox: Inbox) -> None:
    parent = api.api_keys.create(["keys:write", "messages:read"], inbox_id=inbox.id)
    with AgentPost(parent.key, agentpost.url) as child:
        for scopes in (["messages:write"], ["messages:read", "inboxes:read"]):
            with pytest.raises(PermissionDenied):
                child.api_keys.create(scopes)  # type: ignore[arg-type]
        other = api.inboxes.create("other")
        with pytest.raises(APIError) as elsewhere:
            child.api_keys.create(["messages:read"], inbox_id=other.id)
        assert elsewhere.value.status in (403, 404)
        made = child.api_keys.create(["messages:read"])
        assert made.inbox_id == inbox.id
        assert made.key.startswith("ap_sk_")
    assert made.id in {one.id for one in api.api_keys}


def test_a_key_for_one_inbox_opens_no_other(
    api: AgentPost, agentpost: Server, inbox: Inbox, carla: Account, bert: Account
) -> None:
    key = api.api_keys.create(
        ["messages:read", "messages:write", "inboxes:read"], inbox_id=inbox.id
    )
    Account(agentpost, carla.address, key.key).imap("INBOX").logout()
    with pytest.raises(AssertionError, match="AUTHENTICATIONFAILED"):
        Account(agentpost, bert.address, key.key).raw_imap()
    with AgentPost(key.key, agentpost.url) as only:
        assert [one.id for one in only.inboxes] == [inbox.id]
        assert [row.email for row in only.inboxes.export_credentials().credentials] == [inbox.email]
        bert.deliver(MAIL)
        theirs = next(one for one in api.inboxes if one.email == bert.address)
        (message,) = api.messages.list(theirs.id).data
        for ask in (
            lambda: only.inboxes.get(theirs.id),
            lambda: only.messages.list(theirs.id),
            lambda: only.messages.raw(message.id),
            lambda: only.messages.send(theirs.id, to=[carla.address], text_body="Hi"),
        ):
            with pytest.raises(NotFound):
                ask()


def test_a_key_without_a_scope_is_told_which(
    api: AgentPost, agentpost: Server, inbox: Inbox, carla: Account
) -> None:
    carla.deliver(MAIL)
    message = api.messages.list(inbox.id).data[0].id
    key = api.api_keys.create(["messages:read"])
    with AgentPost(key.key, agentpost.url) as reader:
        assert reader.messages.get(message).subject == "hello"
        with pytest.raises(PermissionDenied, match="messages:write") as caught:
            reader.messages.send(inbox.id, to=[carla.address], text_body="Hi")
        assert caught.value.code == "missing_scope"
    with Account(agentpost, carla.address, key.key).imap("INBOX") as client:
        assert client.store("1", "+FLAGS", r"(\Seen)")[0] == "OK"
        assert client.store("1", "+FLAGS", r"(\Flagged)")[0] == "NO"
        assert client.uid("MOVE", "1", "Trash")[0] == "NO"
        assert client.append("INBOX", "", None, MAIL)[0] == "NO"
    assert not api.messages.get(message).unread


def test_revoking_a_key_ends_what_it_opened(
    api: AgentPost, agentpost: Server, carla: Account
) -> None:
    key = api.api_keys.create(["messages:read", "messages:write", "inboxes:read"])
    intruder = Account(agentpost, carla.address, key.key)
    idle, busy, smtp = intruder.raw_imap(), intruder.raw_imap(), intruder.raw_smtp()
    idle.send(b"s SELECT INBOX\r\ni IDLE\r\n")
    assert idle.until(b"+")
    bystander = carla.raw_imap()
    api.api_keys.revoke(key.id)
    for wire in (idle, busy):
        assert wire.until(b"* BYE")
        assert wire.ended()
    assert smtp.reply().startswith(b"421 ")
    assert smtp.ended()
    with AgentPost(key.key, agentpost.url) as client, pytest.raises(AuthenticationError):
        client.inboxes.list()
    with pytest.raises(AssertionError, match="AUTHENTICATIONFAILED"):
        intruder.raw_imap()
    bystander.send(b"n NOOP\r\n")
    assert bystander.until(b"n OK")
    revoked = next(one for one in api.api_keys if one.id == key.id)
    assert revoked.revoked_at is not None


def test_a_key_that_expires_ends_what_it_opened(
    api: AgentPost, agentpost: Server, carla: Account
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    key = api.api_keys.create(["messages:read"], expires_at=soon)
    guest = Account(agentpost, carla.address, key.key)
    wire = guest.raw_imap()
    wire.send(b"s SELECT INBOX\r\ni IDLE\r\n")
    assert wire.until(b"* BYE")
    with pytest.raises(AssertionError, match=r"\[EXPIRED\]"):
        guest.raw_imap()


def test_the_export_opens_the_doors(
    api: AgentPost, agentpost: Server, inbox: Inbox, tmp_path: Path
) -> None:
    export = api.inboxes.export_credentials()
    row = next(one for one in export.credentials if one.email == inbox.email)
    assert (row.imap_host, row.imap_port) == agentpost.imap
    assert (row.smtp_host, row.smtp_port) == agentpost.smtp
    account = Account(agentpost, row.username, row.password)
    account.send(inbox.email, "exported")
    assert account.count() == 1
    file = export.save(tmp_path / "credentials.csv")
    assert file.stat().st_mode & 0o077 == 0
    assert file.read_bytes().startswith(
        b"email,imap_host,imap_port,smtp_host,smtp_port,username,password\r\n"
    )


# --------------------------------------------------------------------------- limits and errors


def test_rates_hold_for_every_door_together(start_server: Callable[..., Server]) -> None:
    server = start_server("--memory", MAILCORE_AGENTPOST_SENDS_PER_INBOX_MINUTE="2")
    sender = Account(server, server.inbox, server.key)
    with AgentPost(server.key, server.url, max_retries=0) as api:
        (inbox,) = api.inboxes
        api.messages.send(inbox.id, to=["someone@example.org"], text_body="Hi")
        sender.send("someone@example.org", "the second")
        with pytest.raises(RateLimited) as rest:
            api.messages.send(inbox.id, to=["someone@example.org"], text_body="Hi")
    assert rest.value.retry_after is not None
    assert 0 < rest.value.retry_after <= 60
    wire = sender.raw_smtp()
    begin = f"MAIL FROM:<{sender.address}>\r\n".encode()
    assert wire.ask(begin).startswith(b"451 4.7.1")
    assert wire.ask(begin).startswith(b"421 4.7.1")
    assert wire.ended()
    assert sender.count("Sent") == 2


def test_a_message_to_too_many_is_refused(api: AgentPost, inbox: Inbox, carla: Account) -> None:
    people = [f"p{number}@example.org" for number in range(51)]
    with pytest.raises(InvalidRequest) as rest:
        api.messages.send(inbox.id, to=people, text_body="Hi")
    assert rest.value.status == 422
    wire = carla.raw_smtp()
    assert wire.ask(f"MAIL FROM:<{carla.address}>\r\n".encode()).startswith(b"250")
    answers = [wire.ask(f"RCPT TO:<{one}>\r\n".encode()) for one in people]
    assert {answer[:3] for answer in answers[:50]} == {b"250"}
    assert answers[50].startswith(b"452 4.5.3")
    wire.close()


def request(
    server: Server, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, Any, dict[str, Any]]:
    """Ask without the SDK; return the status, the header fields and the problem."""
    wanted = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"} | headers
    asked = urllib.request.Request(server.url + path, body, wanted, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(asked, timeout=TIMEOUT)
    with caught.value as answer:
        return answer.code, answer.headers, json.load(answer)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/v1/inboxes/inb_none", None, 404, "not_found"),
        ("GET", "/api/v1/messages/msg_none/raw", None, 404, "not_found"),
        ("GET", "/api/v1/nothing", None, 404, "not_found"),
        ("PUT", "/api/v1/inboxes", b"{}", 405, "method_not_allowed"),
        ("POST", "/api/v1/inboxes", b"{", 400, "malformed_json"),
        ("POST", "/api/v1/inboxes", b'{"username": "=1+1"}', 422, "invalid_request"),
        ("POST", "/api/v1/inboxes", b'{"user": "x"}', 422, "invalid_request"),
        ("GET", "/api/v1/inboxes?limit=0", None, 422, "invalid_request"),
        ("GET", "/api/v1/inboxes?cursor=%21", None, 422, "invalid_request"),
    ],
)
def test_every_refusal_is_a_problem_document(
    agentpost: Server, method: str, path: str, body: bytes | None, status: int, code: str
) -> None:
    told, headers, problem = request(agentpost, method, path, body)
    assert headers["Content-Type"] == "application/problem+json"
    assert (told, problem["status"], problem["code"]) == (status, status, code)
    assert problem["request_id"] == headers["X-Request-Id"]
    assert problem["detail"]
    assert problem["fix"]


def test_a_problem_names_the_field(agentpost: Server, inbox: Inbox) -> None:
    body = b'{"to": [{"email": "a@b.example"}, {"email": "no address"}], "text_body": "Hi"}'
    path = f"/api/v1/inboxes/{inbox.id}/messages"
    assert request(agentpost, "POST", path, body)[2]["field"] == "to[1].email"


def test_a_request_without_a_key_is_told_how(agentpost: Server) -> None:
    status, headers, problem = request(agentpost, "GET", "/api/v1/inboxes", Authorization="")
    assert (status, problem["code"]) == (401, "unauthorized")
    assert headers["WWW-Authenticate"].startswith("Bearer ")


def test_the_api_describes_itself(agentpost: Server) -> None:
    for path, wanted in (("/openapi.json", "paths"), ("/healthz", "status")):
        with urllib.request.urlopen(agentpost.url + path, timeout=TIMEOUT) as answer:
            assert wanted in json.load(answer)
