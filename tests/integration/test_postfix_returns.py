"""Postfix as our smarthost: what it tells of mail that it took comes back, and is known."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from email.message import Message
from uuid import uuid4

import pytest

from mailcore_agentpost.client import AgentPost
from mailcore_agentpost.http.types import Event
from mailcore_agentpost.types import EventType

from . import postfix
from .accounts import TIMEOUT, Account, until
from .postfix import DOMAIN, Postfix
from .program import Server, launch

MAIL = "Subject: onward\r\nMessage-ID: <{}@x.example>\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def smarthost() -> Iterator[tuple[Postfix, int]]:
    """A Postfix that sends what comes back to a port of ours."""
    postfix.need(postfix.missing() is None, postfix.missing() or "")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ways = (
        f"{{ shared.localhost = smtp:[127.0.0.1]:{port} }}",
        "{ elsewhere.example = error:5.1.1 There is no such user }",
    )
    with postfix.running({"transport_maps": f"inline:{{ {', '.join(ways)} }}"}) as running:
        yield running, port


@pytest.fixture(scope="module")
def server(
    smarthost: tuple[Postfix, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    running, port = smarthost
    host, smarthost_port = running.address
    server = launch(
        *("--data", tmp_path_factory.mktemp("data"), "--mx-port", port),
        MAILCORE_AGENTPOST_RELAY_MODE="smarthost",
        MAILCORE_AGENTPOST_RELAY_HOST=host,
        MAILCORE_AGENTPOST_RELAY_PORT=str(smarthost_port),
        MAILCORE_AGENTPOST_RELAY_TLS="none",
    )
    try:
        yield server
        assert server.stop() == 0
    finally:
        server.kill()


@pytest.fixture
def anna(server: Server) -> Account:
    return Account(server, server.new_inbox("anna"), server.key)


def send(account: Account, recipient: str, mail: list[str], rcpt: list[str]) -> None:
    with account.smtp() as client:
        client.sendmail(account.address, recipient, MAIL.format(uuid4()), mail, rcpt)


def report(account: Account) -> Message:
    """Wait for the notification."""
    until(lambda: account.count() == 1, TIMEOUT)
    (octets,) = account.bodies()
    found = email.message_from_bytes(octets)
    assert found.get_content_type() == "multipart/report"
    return found


def fields(found: Message) -> list[dict[str, str]]:
    _, status, _ = found.get_payload()
    return [dict(group.items()) for group in status.get_payload()]  # type: ignore[union-attr]


def events(account: Account, kind: EventType) -> list[Event]:
    """Return the events of one type about an inbox."""
    client = AgentPost(account.key, base_url=account.server.url)
    inbox = next(one for one in client.inboxes if one.email == account.address)
    return client.events.list(types=[kind], inbox_id=inbox.id).data


def test_postfix_tells_of_success_as_it_was_asked_to(
    smarthost: tuple[Postfix, int], anna: Account
) -> None:
    send(
        anna,
        f"bert@{DOMAIN}",
        ["ENVID=QQ314", "RET=HDRS"],
        ["NOTIFY=SUCCESS", "ORCPT=rfc822;Bertie@Postfix.test"],
    )
    found = report(anna)
    message, recipient = fields(found)
    assert message["Reporting-MTA"] == "dns; mail.postfix.test"
    assert message["Original-Envelope-Id"] == "QQ314"
    assert recipient["Action"] == "delivered"
    assert recipient["Original-Recipient"].replace(" ", "") == "rfc822;Bertie@Postfix.test"
    # It came to an address that names the message, and that is a plus address of the inbox.
    assert f"{anna.address.partition('@')[0]}+msg_" in found["To"]


def test_nothing_comes_back_where_nothing_was_asked_for(anna: Account) -> None:
    send(anna, f"bert@{DOMAIN}", [], ["NOTIFY=NEVER"])
    send(anna, f"bert@{DOMAIN}", [], [])
    until(lambda: len(events(anna, "message.delivered")) == 2, TIMEOUT)
    assert anna.count() == 0


def test_a_bounce_that_comes_later_is_known(anna: Account) -> None:
    send(anna, "dora@elsewhere.example", [], [])
    _, recipient = fields(report(anna))
    assert (recipient["Action"], recipient["Status"]) == ("failed", "5.1.1")
    until(lambda: events(anna, "message.bounced"), TIMEOUT)
    (bounced,) = events(anna, "message.bounced")
    assert bounced.data["recipients"] == ["dora@elsewhere.example"]
    with anna.smtp() as client:
        client.mail(anna.address)
        # Nothing is sent there any more.
        assert client.rcpt("dora@elsewhere.example")[0] == 550
