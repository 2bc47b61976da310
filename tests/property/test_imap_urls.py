"""What holds for every IMAP URL, and for every message that is put together of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import ClientConnection, ServerConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.types import Status
from mailcore.imap.url import ImapUrl, UrlError, parse_url
from mailcore.testing.strategies.imap_urls import appends, urls


@settings(deadline=None)
@given(urls)
def test_urls_survive_being_written(url: ImapUrl) -> None:
    text = str(url)
    assert parse_url(text) == url
    assert text.isascii()
    assert text.isprintable()
    assert str(parse_url(text)) == text


@settings(deadline=None)
@given(urls, urls)
def test_an_absolute_url_means_the_same_from_everywhere(url: ImapUrl, base: ImapUrl) -> None:
    assert parse_url(str(url), base) == url
    path = str(url)[len("imap:") :]
    assert parse_url(path, base) == url


@settings(deadline=None)
@given(st.text(max_size=60) | st.text("/;.?=:@%imapUID0123", max_size=60), urls)
def test_no_text_breaks_the_parser(text: str, base: ImapUrl) -> None:
    try:
        url = parse_url(text, base)
    except UrlError:
        return
    assert parse_url(str(url)) == url


def said_by(client: ClientConnection, said: list[object], server: ServerConnection) -> list[object]:
    """Carry an APPEND from a client to a server that takes it; return the server's events."""
    events: list[object] = []
    for message in said:
        client.send(message)  # type: ignore[arg-type]
        carry(client, server, events)
    return events


def carry(client: ClientConnection, server: ServerConnection, events: list[object]) -> None:
    while True:
        octets = client.data_to_send()
        for at in range(len(octets)):
            server.receive_data(octets[at : at + 1])
            take(server, events)
        client.receive_data(server.data_to_send())
        while client.next_event() is not NEED_DATA:
            pass
        if not octets:
            return


def take(server: ServerConnection, events: list[object]) -> None:
    while (event := server.next_event()) is not NEED_DATA and event is not PAUSED:
        if isinstance(event, c.AppendChunk) and isinstance(events[-1], c.AppendChunk):
            events[-1] = c.AppendChunk(events[-1].data + event.data)
        else:
            events.append(event)
        if isinstance(event, c.AppendBegin | c.CatenateText):
            server.accept_literal()
        elif isinstance(event, c.AppendEnd):
            server.send(r.Tagged(event.tag, Status.OK, "done"))


@settings(max_examples=150, deadline=None)
@given(appends())
def test_what_a_client_puts_together_a_server_hears(said: list[object]) -> None:
    client, server = ClientConnection(), ServerConnection()
    server.send(r.Untagged(Status.PREAUTH, "hello"))
    client.receive_data(server.data_to_send() + b"* CAPABILITY IMAP4rev1 LITERAL+\r\n")
    while client.next_event() is not NEED_DATA:
        pass
    assert said_by(client, said, server) == said
    assert client.commands == ()
