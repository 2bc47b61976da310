"""A draft is put together on the server, authorized, and sent without coming back to the client.

CATENATE, URLAUTH and BURL (RFC 4469, RFC 4467, RFC 4468) over real TLS, as RFC 5550 §8 plays it.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import trio

from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.net import ImapClient, connect_imap
from mailcore_agentpost.client import AgentPost

from .accounts import Account, Wire, until


def url_of(account: Account, mailbox: str, uid: int, section: str = "") -> str:
    """Return the URL of a message or a part of it, for its owner to submit."""
    user = quote(account.address, safe="")
    return f"imap://{user}@localhost/{mailbox}/;UID={uid}{section};URLAUTH=submit+{user}"


async def drafted(account: Account, parts: list[bytes | str]) -> str:
    """Put a draft together; return its URL, authorized."""
    host, port = account.server.imap
    async with connect_imap(host, port, context=account.server.tls) as client:
        await client.login(account.address, account.key)
        uid = await client.catenate("Drafts", parts, ["\\Draft"])
        assert uid is not None
        return await authorized(client, url_of(account, "Drafts", uid))


async def text_of_the_first(account: Account) -> str:
    """Return the URL of the text of the first message in INBOX, authorized."""
    host, port = account.server.imap
    async with connect_imap(host, port, context=account.server.tls) as client:
        await client.login(account.address, account.key)
        return await authorized(client, url_of(account, "INBOX", 1, "/;SECTION=TEXT"))


async def authorized(client: ImapClient, url: str) -> str:
    answer = await client.run(c.GenUrlAuth("", ((url, "INTERNAL"),)))
    [made] = [one for one in answer if isinstance(one, r.GenUrlAuthResponse)]
    return made.urls[0]


def envelope(wire: Wire, sender: str, recipient: str) -> None:
    assert wire.ask(f"MAIL FROM:<{sender}>\r\n".encode()).startswith(b"250")
    assert wire.ask(f"RCPT TO:<{recipient}>\r\n".encode()).startswith(b"250")


def test_a_message_is_forwarded_without_being_downloaded(anna: Account, bert: Account) -> None:
    anna.deliver(b"Subject: holiday\r\nFrom: x@example.org\r\n\r\nSee you there.\r\n")
    head = f"From: {anna.address}\r\nTo: {bert.address}\r\nSubject: Fwd: holiday\r\n\r\nLook:\r\n"
    url = trio.run(drafted, anna, [head.encode(), "/INBOX/;UID=1/;SECTION=TEXT"])
    wire = anna.raw_smtp()
    offers = wire.ask(b"EHLO client.example\r\n")
    assert re.search(rb"250[- ]BURL imap\r\n", offers)
    envelope(wire, anna.address, bert.address)
    answer = wire.ask(f"BURL {url} LAST\r\n".encode())
    assert answer.startswith(b"250 "), answer
    until(lambda: bert.count() == 1)
    [received] = bert.bodies()
    assert received.endswith(b"Subject: Fwd: holiday\r\n\r\nLook:\r\nSee you there.\r\n")
    wire.close()


def test_parts_come_from_the_client_and_from_urls(anna: Account, bert: Account) -> None:
    anna.append("INBOX", b"Subject: text\r\n\r\nfrom the server\r\n")
    url = trio.run(text_of_the_first, anna)
    wire = anna.raw_smtp()
    envelope(wire, anna.address, bert.address)
    head = f"From: {anna.address}\r\nSubject: both\r\n\r\n".encode()
    assert wire.ask(b"BDAT %d\r\n%b" % (len(head), head)).startswith(b"250")
    assert wire.ask(f"BURL {url}\r\n".encode()).startswith(b"250")
    assert wire.ask(b"BDAT 5 LAST\r\nend\r\n").startswith(b"250")
    until(lambda: bert.count() == 1)
    assert bert.bodies()[0].endswith(b"Subject: both\r\n\r\nfrom the server\r\nend\r\n")
    wire.close()


def test_urls_of_others_and_forged_ones_are_refused(anna: Account, bert: Account) -> None:
    url = trio.run(drafted, anna, [f"From: {anna.address}\r\n\r\nmine\r\n".encode()])
    for account, text, refusal in (
        (bert, url, b"554 5.7.0 "),
        (anna, url[:-1] + ("0" if url[-1] != "0" else "1"), b"554 5.7.0 "),
        (anna, url.replace("UID=1", "UID=2"), b"554 5.7.0 "),
        (anna, url.partition(";URLAUTH")[0], b"554 5.7.0 "),
    ):
        wire = account.raw_smtp()
        envelope(wire, account.address, bert.address)
        assert wire.ask(f"BURL {text} LAST\r\n".encode()).startswith(refusal), text
        assert wire.ask(b"NOOP\r\n").startswith(b"250")
        wire.close()
    with anna.imap("Drafts") as client:
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
    wire = anna.raw_smtp()
    envelope(wire, anna.address, bert.address)
    assert wire.ask(f"BURL {url} LAST\r\n".encode()).startswith(b"554 5.6.6 ")
    wire.close()
    assert bert.count() == 0


def test_a_key_that_is_revoked_takes_its_urls_along(
    anna: Account, bert: Account, api: AgentPost
) -> None:
    async def read(url: str) -> bytes | None:
        host, port = bert.server.imap
        async with connect_imap(host, port, context=bert.server.tls) as client:
            await client.login(bert.address, bert.key)
            answer = await client.run(c.UrlFetch("", (c.WantedUrl(url),)))
            [told] = [one for one in answer if isinstance(one, r.UrlFetchResponse)]
            return told.urls[0].data

    async def share(key: str) -> str:
        host, port = anna.server.imap
        async with connect_imap(host, port, context=anna.server.tls) as client:
            await client.login(anna.address, key)
            await client.append("INBOX", b"Subject: shared\r\n\r\n")
            url = url_of(anna, "INBOX", 1).partition(";URLAUTH")[0]
            return await authorized(client, f"{url};URLAUTH=authuser")

    made = api.api_keys.create(["messages:read", "messages:write"])
    url = trio.run(share, made.key)
    assert trio.run(read, url) == b"Subject: shared\r\n\r\n"
    api.api_keys.revoke(made.id)
    assert trio.run(read, url) is None
