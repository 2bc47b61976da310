"""A client and a session joined: login, STARTTLS, a message, in the order of submission."""

from __future__ import annotations

from mailcore.backend import Peer
from mailcore.sasl import PlainCredentials
from mailcore.smtp import (
    Auth,
    ClientConnection,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    ForwardPath,
    MailFrom,
    RcptTo,
    ReversePath,
    StartTls,
)
from mailcore.smtp.session import Session
from mailcore.testing.link import Link, converse
from mailcore.testing.memory import MemoryBackend

ANNA = "anna@example.test"


def test_submission_over_starttls() -> None:
    backend = MemoryBackend({ANNA: "secret", "bert@example.test": "x"})
    session = Session(backend, Peer("smtp"), hostname="mx.example.test", starttls=True)
    link, client = Link(session), ClientConnection()
    converse(client, link)
    client.send(Ehlo("client.example.test"))
    converse(client, link)
    assert client.extensions.mechanisms == ()
    client.send(StartTls())
    converse(client, link)
    client.send(Ehlo("client.example.test"))
    converse(client, link)
    assert "PLAIN" in client.extensions.mechanisms
    assert "STARTTLS" not in client.extensions
    login = PlainCredentials(ANNA, "secret")
    client.send(Auth("PLAIN", f"\0{login.username}\0{login.password}".encode()))
    converse(client, link)
    assert client.authenticated
    client.send(MailFrom(ReversePath("anna", "example.test")))
    client.send(RcptTo(ForwardPath("bert", "example.test")))
    client.send(Data())
    converse(client, link)
    client.send(DataChunk(b".hi\r\n"))
    client.send(EndOfData())
    assert [answer.reply.code for answer in converse(client, link)] == [250]
    stored = backend.users["bert@example.test"].inbox.messages
    assert [one.data for one in stored.values()] == [b".hi\r\n"]
    link.close()
