"""Mail from strangers is checked: SPF, DKIM, DMARC, and what the message says of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import dkim
import pytest

from mailcore.limits import MIB
from mailcore_agentpost.delivery.signing import Signer
from mailcore_agentpost.names import Lookup, thread_resolver
from mailcore_agentpost.receiving.signatures import check_signatures
from mailcore_agentpost.receiving.spf import check_spf
from mailcore_agentpost.settings import Inbound, Settings
from tests.names import NameServer, Zone, answering, text

from ..site import DOMAIN, STRANGER, Site, opening

ZONE: Zone = {
    "allowed.example": {"TXT": [text(f"v=spf1 ip4:{STRANGER.host} -all")]},
    "stranger.example": {"TXT": [text("v=spf1 a -all")], "A": [STRANGER.host]},
    "denied.example": {"TXT": [text("v=spf1 -all")]},
    "soft.example": {"TXT": [text("v=spf1 mx include:allowed2.example ~all")], "MX": ["0 x.test."]},
    "allowed2.example": {"TXT": [text("v=spf1 exists:%{ir}.allowed.test -all")]},
    "7.2.0.192.allowed.test": {"A": ["127.0.0.2"]},
    "x.test": {"A": ["198.51.100.1"]},
    "broken.example": {"SERVFAIL": []},
    "odd.example": {"TXT": [text("v=spf1 nonsense -all")]},
    "loop.example": {"TXT": [text("v=spf1 include:loop.example -all")]},
    "void.example": {"TXT": [text("v=spf1 a:v1.test a:v2.test a:v3.test a:v4.test -all")]},
    "silent.example": {"SILENT": []},
    "_dmarc.denied.example": {"TXT": [text("v=DMARC1; p=reject")]},
    "_dmarc.allowed.example": {"TXT": [text("v=DMARC1; p=reject")]},
    "_dmarc.signed.example": {"TXT": [text("v=DMARC1; p=reject")]},
    "nokey._domainkey.signed.example": {"TXT": [text("v=DKIM1; p=")]},
    "broken._domainkey.signed.example": {"SERVFAIL": []},
}


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def names(signer: Signer) -> Iterator[NameServer]:
    name, record = signer.record("signed.example")
    with answering({**ZONE, name: {"TXT": [text(record)]}}) as server:
        yield server


@pytest.fixture
def lookup(names: NameServer) -> Lookup:
    return Lookup(thread_resolver([names.address]), 30.0)


@asynccontextmanager
async def checking(path: Path, names: NameServer, **inbound: Any) -> AsyncIterator[Site]:
    settings = Settings(
        inbound=Inbound(**{"check_local": True, **inbound}), nameservers=(names.address,)
    )
    async with opening(path, settings) as site:
        yield site


def written(author: str, body: str = "Hello.\r\n", header: str = "") -> bytes:
    return f"{header}From: Anna <{author}>\r\nSubject: x\r\n\r\n{body}".encode()


async def arrived(site: Site, sender: str, message: bytes) -> dict[str, Any]:
    """Have a stranger deliver a message; return it as REST shows it."""
    stranger = await site.stranger()
    reply = await stranger.send(sender, [site.inbox.address], message)
    assert reply.startswith("250"), reply
    answer = await site.rest("GET", f"/inboxes/{site.inbox.id}/messages")
    found: dict[str, Any] = answer.json["data"][0]
    return found


async def header_of(site: Site) -> Any:
    client = await site.imap()
    *_, last = await client.bodies("INBOX")
    return message_from_bytes(last.encode(), policy=policy.default)


@pytest.mark.parametrize(
    ("sender", "result"),
    [
        ("a@allowed.example", "pass"),
        ("", "pass"),  # the name that it says hello by stands for it
        ("a@denied.example", "fail"),
        ("a@soft.example", "pass"),
        ("a@unknown.example", "none"),
        ("a@broken.example", "temperror"),
        ("a@odd.example", "permerror"),
        ("a@loop.example", "permerror"),
        ("a@void.example", "permerror"),
        ("a@" + "x" * 70 + ".example", "none"),
        ("ä@münchen.example", "none"),
    ],
)
def test_spf(lookup: Lookup, sender: str, result: str) -> None:
    found = check_spf(STRANGER.host, sender, "stranger.example", lookup)
    assert found.result == result
    assert found.identity == ("mailfrom" if sender else "helo")


def signed(signer: Signer, message: bytes) -> bytes:
    return signer.sign(message, "signed.example")


def results(message: bytes, lookup: Lookup) -> list[str]:
    header, _, _ = message.partition(b"\r\n\r\n")
    return [one.result for one in check_signatures(header + b"\r\n\r\n", message, lookup)]


def test_signatures(signer: Signer, lookup: Lookup) -> None:
    message = signed(signer, written("a@signed.example"))
    assert results(message, lookup) == ["pass"]
    assert results(message + b"\r\n\r\n", lookup) == ["pass"]  # empty lines at the end
    assert results(message + b"more\r\n", lookup) == ["fail"]
    assert results(message.replace(b"Subject: x", b"Subject: y"), lookup) == ["fail"]
    # A second author in front of the one that was signed.
    assert results(b"From: b@signed.example\r\n" + message, lookup) == ["fail"]
    assert results(message.replace(b"s=mailcore", b"s=nokey"), lookup) == ["permerror"]
    assert results(message.replace(b"s=mailcore", b"s=unknown"), lookup) == ["permerror"]
    assert results(message.replace(b"s=mailcore", b"s=broken"), lookup) == ["temperror"]
    assert results(message.replace(b"a=rsa-sha256", b"a=rsa-sha1"), lookup) == ["policy"]
    assert results(message.replace(b"v=1;", b"v=1; l=0;"), lookup) == ["policy"]
    assert results(message.replace(b"v=1;", b"v=2;"), lookup) == ["fail"]
    assert results(message.replace(b"bh=", b"xx="), lookup) == ["fail"]
    assert results(b"DKIM-Signature: nonsense\r\n" + message, lookup) == ["permerror", "pass"]
    assert results(b"DKIM-Signature: \xff=\xff;;\r\n" * 20 + message, lookup) == ["permerror"] * 5
    assert results(written("a@signed.example"), lookup) == []


@pytest.mark.parametrize("way", [(b"simple", b"simple"), (b"relaxed", b"simple")])
def test_every_canonicalization(signer: Signer, lookup: Lookup, way: tuple[bytes, bytes]) -> None:
    message = written("a@signed.example", "two  spaces \r\n\r\n")
    field = dkim.sign(
        message, b"mailcore", b"signed.example", signer._key("signed.example"), canonicalize=way
    )
    assert results(field + message, lookup) == ["pass"]
    assert results(field + message.replace(b"two  ", b"two "), lookup) == ["fail"]


def test_a_large_signed_message_costs_no_memory(signer: Signer, lookup: Lookup) -> None:
    message = signed(signer, written("a@signed.example", "some  text \r\n" * (6 * MIB // 13)))
    header = message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    tracemalloc.start()
    try:
        (found,) = check_signatures(header, message, lookup)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.result == "pass"
    assert peak < 2 * MIB


async def test_the_results_are_in_the_message_and_in_rest(
    tmp_path: Path, names: NameServer, signer: Signer
) -> None:
    async with checking(tmp_path, names) as site:
        message = signed(signer, written("anna@signed.example"))
        found = await arrived(site, "a@allowed.example", message)
        assert found["authentication"] == {"spf": "pass", "dkim": "pass", "dmarc": "pass"}
        header = await header_of(site)
        names_of = [name.lower() for name in header.keys()[:4]]
        assert names_of == ["return-path", "delivered-to", "authentication-results", "received"]
        value = " ".join(str(header["Authentication-Results"]).split())
        beginning, _, _ = value.partition("header.b=")
        assert beginning == (
            f"{DOMAIN}; spf=pass smtp.mailfrom=allowed.example;"
            " dkim=pass header.d=signed.example header.s=mailcore "
        )
        assert value.endswith("; dmarc=pass header.from=signed.example policy.dmarc=reject")
        event = await site.rest("GET", "/events")
        assert '"dmarc":"pass"' in event.body.decode().replace(": ", ":")


async def test_what_fails_is_delivered_and_says_so(tmp_path: Path, names: NameServer) -> None:
    async with checking(tmp_path, names) as site:
        found = await arrived(site, "a@denied.example", written("boss@denied.example"))
        assert found["authentication"] == {"spf": "fail", "dkim": "none", "dmarc": "fail"}
        assert "dkim=none" in (await header_of(site))["Authentication-Results"]


async def test_what_fails_can_be_refused(tmp_path: Path, names: NameServer) -> None:
    async with checking(tmp_path, names, dmarc="reject") as site:
        stranger = await site.stranger()
        reply = await stranger.send(
            "a@denied.example", [site.inbox.address], written("boss@denied.example")
        )
        assert reply.startswith("550 5.7.26 denied.example asks to refuse this")
        assert site.query("SELECT count(*) FROM messages") == [0]
        (detail,) = site.query("SELECT detail FROM events WHERE type = 'message.rejected'")
        assert '"reason": "not_authentic"' in detail
        # Somebody else's author is none of its business.
        await arrived(site, "a@denied.example", written("anna@unknown.example"))


@pytest.mark.parametrize(
    ("inbound", "host"),
    [({"authentication": False}, ""), ({"check_local": False}, "")],
)
async def test_not_everything_is_checked(
    tmp_path: Path, names: NameServer, inbound: dict[str, bool], host: str
) -> None:
    async with checking(tmp_path, names, **inbound) as site:
        names.questions.clear()
        found = await arrived(site, "a@denied.example", written("boss@denied.example"))
        assert found["authentication"] is None
        assert (await header_of(site))["Authentication-Results"] is None
        assert names.questions == []


async def test_forged_results_are_taken_out(tmp_path: Path, names: NameServer) -> None:
    forged = (
        f"Authentication-Results: {DOMAIN}; dmarc=pass\r\n"
        f"AUTHENTICATION-RESULTS : (a\\) comment)\r\n {DOMAIN.upper()}/1; spf=pass\r\n"
        f'Authentication-Results: "{DOMAIN}" 1; spf=pass\r\n'
        "Authentication-Results: ; spf=pass\r\n"
        f"Authentication-Results: ((nested)) {DOMAIN}; spf=pass\r\n"
        'Authentication-Results: "\\s' + f'{DOMAIN[1:]}"; spf=pass\r\n'
        "Return-Path: <forged@denied.example>\r\n"
    )
    kept = f"Authentication-Results: mx.other.example; comment={DOMAIN}\r\n"
    async with checking(tmp_path, names, authentication=False) as site:
        await arrived(site, "a@allowed.example", written("a@b.example", header=forged + kept))
        header = await header_of(site)
        assert header.get_all("Authentication-Results") == [f"mx.other.example; comment={DOMAIN}"]
        assert header.get_all("Return-Path") == ["<a@allowed.example>"]


async def test_the_dns_has_only_so_much_time(tmp_path: Path, names: NameServer) -> None:
    async with checking(tmp_path, names, dns_timeout=0.3) as site:
        names.questions.clear()
        found = await arrived(site, "a@silent.example", written("a@silent.example"))
        assert found["authentication"] == {"spf": "temperror", "dkim": "none", "dmarc": "temperror"}
        # The first took all of it.
        assert {name for name, _ in names.questions} == {"silent.example"}


async def test_nothing_that_a_stranger_says_breaks_the_field(
    tmp_path: Path, names: NameServer
) -> None:
    async with checking(tmp_path, names) as site:
        odd = b'DKIM-Signature: v=1; a=rsa-sha256; d=x;y="z; s=a b\x01; bh=x; b=y; h=from\r\n'
        message = odd + "From: a@münchen.example\r\n\r\nHi.\r\n".encode()
        await arrived(site, '"a b;c"@allowed.example', message)
        header = await header_of(site)
        assert header["Authentication-Results"].startswith(DOMAIN)
        assert "xn--mnchen-3ya.example" in header["Authentication-Results"]
        assert header["Received"] is not None
