"""Our IMAP client against a server that others have written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import trio

from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys as keys
from mailcore.imap.types import FetchAtt, FetchBody, PartialRange, Section, SequenceSet, State
from mailcore.message import parse_structure
from mailcore.net import CommandRefused, ImapClient, connect_imap

from .dovecot import PASSWORD, Dovecot, running

MESSAGE = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: a@example.org, b@example.org\r\n"
    b'Subject: "quoted" \\ back\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n'
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nh\xc3\xbc\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n"
    b"Content-Disposition: attachment; filename=m.eml\r\n\r\n"
    b"Subject: inner\r\n\r\nDeep inside\r\n--x--\r\n"
)
ALL = SequenceSet(((1, 0),))


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with running() as server:
        yield server


@pytest.fixture
async def client(dovecot: Dovecot, request: pytest.FixtureRequest) -> AsyncIterator[ImapClient]:
    async with connect_imap("127.0.0.1", dovecot.port, security="plain", timeout=10) as client:
        await client.login(request.node.name[:40], PASSWORD)
        await client.select()
        yield client


async def test_a_message_goes_and_comes_back(client):
    uid = await client.append("INBOX", MESSAGE, ["\\Flagged", "$Work"])
    assert uid == 1
    items = (
        *map(
            FetchAtt, ("UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODYSTRUCTURE")
        ),
        FetchBody(Section(), peek=True),
        FetchBody(Section((2, 1), "TEXT"), peek=True),
        FetchBody(Section((), "HEADER.FIELDS", ("Subject",)), peek=True, partial=(0, 7)),
    )
    [message] = [message async for message in client.fetch([1], *items)]
    assert message.body == MESSAGE
    assert set(message.flags or ()) >= {"\\Flagged", "$Work"}
    assert message.size == len(MESSAGE)
    assert message.envelope is not None
    assert message.envelope.subject == b'"quoted" \\ back'
    assert [address.mailbox for address in message.envelope.to] == [b"a", b"b"]
    assert message.structure is not None
    ours = parse_structure(MESSAGE)
    assert [part.size for part in message.structure.children] == [
        part.size for part in ours.children
    ]
    inner = message.structure.children[1]
    assert inner.envelope is not None
    assert inner.envelope.subject == b"inner"
    assert inner.disposition == ("attachment", (("filename", "m.eml"),))


async def test_big_messages_stream(client):
    big = b"Subject: big\r\n\r\n" + b"0123456789abcde\r\n" * 60_000
    await client.append("INBOX", big)
    [message] = [message async for message in client.fetch(ALL, FetchBody(Section()))]
    assert message.body == big


async def test_names_literals_and_refusals(client):
    for name in ("Entwürfe", "R&D", "台北", 'say "hi"'):
        await client.run(c.Create("", name))
    assert {mailbox.name for mailbox in await client.list()} == {
        "INBOX",
        "Entwürfe",
        "R&D",
        "台北",
        'say "hi"',
    }
    await client.append("R&D", "Subject: Grüße\r\n\r\n".encode() + b"x")
    await client.select("R&D")
    assert await client.search(keys.Header("Subject", "Grüße")) == (1,)
    with pytest.raises(CommandRefused) as caught:
        await client.select("nowhere")
    assert "nowhere" in str(caught.value)
    assert client.connection.state is State.AUTHENTICATED


async def test_idle_and_a_second_client(client, dovecot, request):
    async with connect_imap("127.0.0.1", dovecot.port, security="plain", timeout=10) as other:
        await other.login(request.node.name[:40], PASSWORD)
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(other.append, "INBOX", MESSAGE)
                async for response in client.idle():
                    if response == r.Exists(1):
                        break
    assert await client.search() == (1,)


async def test_store_copy_move_expunge(client):
    for _ in range(3):
        await client.append("INBOX", MESSAGE)
    await client.run(c.Create("", "Box"))
    await client.store([1], "+FLAGS", "\\Deleted")
    copied = await client.run(c.Copy("", SequenceSet.of([1, 2]), "Box", uid=True))
    assert isinstance(copied[-1], r.Tagged)
    assert copied[-1].code is not None
    assert copied[-1].code.name == "COPYUID"
    await client.run(c.Move("", SequenceSet.of([2]), "Box", uid=True))
    await client.run(c.Expunge(""))
    assert client.exists == 1
    assert await client.search() == (3,)
    assert await client.status("Box", "MESSAGES", "UIDNEXT") == {"MESSAGES": 3, "UIDNEXT": 4}


async def test_a_search_that_goes_on(client, dovecot, request):
    """What Dovecot tells of changes keeps the results as they are (RFC 5267)."""
    for letter in b"abc":
        await client.append("INBOX", b"Subject: %c\r\n\r\n" % letter)
    assert {"CONTEXT=SEARCH", "ESORT"} <= await client.capabilities()
    search = c.Search("", keys.Not(keys.HasFlag("\\Seen")), True, ("UPDATE", "ALL"))
    results: list[int] = []

    def keep(responses: list[r.Response]) -> list[int]:
        for response in responses:
            if isinstance(response, r.EsearchResponse):
                results.extend(response.all.numbers() if response.all is not None else ())
                for update in response.updates:
                    update.apply(results)
        return results

    assert keep(await client.run(search)) == [1, 2, 3]
    assert await client.search(partial=PartialRange(2, 9)) == (2, 3)
    async with connect_imap("127.0.0.1", dovecot.port, security="plain", timeout=10) as other:
        await other.login(request.node.name[:40], PASSWORD)
        await other.select()
        await other.store([2], "+FLAGS", "\\Seen")
        assert keep(await client.run(c.Noop(""))) == [1, 3]
        await other.store([1], "+FLAGS", "\\Deleted")
        await other.run(c.Expunge(""))
        await other.append("INBOX", b"Subject: d\r\n\r\n")
        assert keep(await client.run(c.Noop(""))) == [3, 4]
        (tag,) = [x.tag for x in [*await client.run(search)] if isinstance(x, r.Tagged)]
        await client.run(c.CancelUpdate("", (tag,)))


async def test_extensions(client):
    await client.append("INBOX", MESSAGE)
    await client.run(c.Enable("", ("QRESYNC",)))
    assert "QRESYNC" in client.connection.enabled
    told = await client.run(c.Select("", "INBOX", qresync=c.QResync(1, 1)))
    assert r.Exists(1) in told
    search = c.Search("", keys.All(), uid=True, returns=("COUNT", "ALL", "MIN"))
    [found] = [x for x in await client.run(search) if isinstance(x, r.EsearchResponse)]
    assert (found.uid, found.min, found.count) == (True, 1, 1)
    await client.store([1], "+FLAGS", "\\Deleted")
    told = await client.run(c.Expunge(""))
    assert r.Vanished(SequenceSet(((1, 1),))) in told
    told = await client.run(c.Id("", {"name": "mailcore"}))
    assert isinstance(told[0], r.IdResponse)
    assert (told[0].parameters or {})["name"] == "Dovecot"
    told = await client.run(c.Namespace(""))
    assert told[0] == r.NamespaceResponse((("", "/"),))
    assert "COMPRESS=DEFLATE" not in await client.capabilities()
    unknown = [x for x in told if isinstance(x, r.UnknownResponse)]
    assert unknown == []


async def test_a_message_is_put_together(client):
    await client.append("INBOX", MESSAGE)
    url = "/INBOX/;UID=1/;SECTION="
    assert await client.catenate("INBOX", [url + "HEADER", b"new\r\n", url + "1"]) == 2
    [message] = [one async for one in client.fetch([2], FetchBody(Section(), peek=True))]
    header, _, _ = MESSAGE.partition(b"\r\n\r\n")
    assert message.body == header + b"\r\n\r\nnew\r\nh\xc3\xbc"
    with pytest.raises(CommandRefused) as caught:
        await client.catenate("INBOX", [b"x", "/INBOX/;UID=9", b"y"])
    assert caught.value.response.code is not None
    assert caught.value.response.code.name == "BADURL"
    assert await client.search() == (1, 2)
