"""MTA-STS and REQUIRETLS: policies over real TLS on loopback, mail exchangers with certificates."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from mailcore.backend import Honoured
from mailcore.net import serve_mx
from mailcore.serve.certificates import CertificateFiles, development_certificate
from mailcore.testing.memory import MemoryBackend
from mailcore_agentpost.delivery.mta_sts import Policies, Policy, parse_policy
from mailcore_agentpost.delivery.routes import NoRoute, Routes
from mailcore_agentpost.names import trio_resolver
from mailcore_agentpost.settings import Relay
from tests.names import NameServer, answering, text

from .post import BERT, Exchanger, posting
from .site import Site, opening

DOMAIN = "far.example"
ENFORCE = "version: STSv1\r\nmode: enforce\r\nmx: mx.far.example\r\nmax_age: 86400\r\n"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (ENFORCE, Policy("enforce", ("mx.far.example",), 86400)),
        (
            "version:STSv1\nmode :  testing \nmx: *.Far.example.\nmx: b.example\nnew: x:y\n"
            "max_age: 99999999999"[:-1],
            Policy("testing", ("*.far.example", "b.example"), 31_557_600),
        ),
        ("version: STSv1\nmode: none\nmax_age: 1", Policy("none", (), 1)),
    ],
)
def test_a_policy_is_read(policy: str, expected: Policy) -> None:
    assert parse_policy(policy) == expected


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "<html>",
        ENFORCE.replace("STSv1", "STSv2"),
        ENFORCE.replace("enforce", "insist"),
        ENFORCE.replace("mx: mx.far.example\r\n", ""),
        ENFORCE.replace("mx.far", "*.*.far"),
        ENFORCE.replace("mx.far", "m x.far"),
        ENFORCE.replace("86400", "-1"),
        ENFORCE.replace("max_age: 86400\r\n", ""),
    ],
)
def test_what_is_no_policy_is_refused(policy: str) -> None:
    with pytest.raises(ValueError):
        parse_policy(policy)


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("mx.far.example", True),
        ("MX.far.example.", True),
        ("a.wild.example", True),
        ("a.b.wild.example", False),
        ("wild.example", False),
        ("xmx.far.example", False),
        ("example", False),
    ],
)
def test_names_of_exchangers(name: str, listed: bool) -> None:
    """RFC 8461 §4.1."""
    assert Policy("enforce", ("mx.far.example", "*.wild.example"), 1).lists(name) == listed


class PolicyHost:
    """An HTTPS server that says what it is told to say."""

    def __init__(self) -> None:
        self.answer = self.ok(ENFORCE)
        self.asked: list[str] = []
        self.port = 0

    @staticmethod
    def ok(policy: str) -> bytes:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(policy)}\r\n\r\n"
        return (head + policy).encode()

    async def start(self, nursery: trio.Nursery, certificate: CertificateFiles) -> None:
        serve = partial(trio.serve_ssl_over_tcp, self.serve, 0, certificate.context())
        listeners = await nursery.start(partial(serve, host="127.0.0.1"))
        self.port = listeners[0].transport_listener.socket.getsockname()[1]

    async def serve(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        try:
            async with stream:
                request = await stream.receive_some()
                self.asked.append(bytes(request).partition(b" HTTP")[0].decode())
                await stream.send_all(self.answer)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # whoever trusts us not has gone


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    names = ["mta-sts.far.example", "mx.far.example", "out.example"]
    return development_certificate(tmp_path_factory.mktemp("tls"), names)


@pytest.fixture(scope="module")
def trusting(certificate: CertificateFiles) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.authority))


@pytest.fixture
async def host(nursery: trio.Nursery, certificate: CertificateFiles) -> PolicyHost:
    found = PolicyHost()
    await found.start(nursery, certificate)
    return found


@pytest.fixture
def names() -> Iterator[NameServer]:
    with answering(
        {
            "_mta-sts.far.example": {"TXT": [text("v=STSv1; id=one;")]},
            "mta-sts.far.example": {"A": ["127.0.0.1"]},
            "far.example": {"MX": ["10 mx.far.example."]},
            "mx.far.example": {"A": ["127.0.0.1"]},
            "other.far.example": {"A": ["127.0.0.1"]},
        }
    ) as server:
        yield server


def finder(
    site: Site,
    host: PolicyHost,
    names: NameServer,
    trusting: ssl.SSLContext | None,
    clock: Callable[[], float] = time.time,
) -> Policies:
    return Policies(
        site.backend.store,
        trio_resolver([names.address]),
        context=trusting,
        private_hosts=True,
        port=host.port,
        clock=clock,
    )


@asynccontextmanager
async def policies(
    path: Path, host: PolicyHost, names: NameServer, trusting: ssl.SSLContext | None
) -> AsyncIterator[tuple[Policies, list[float]]]:
    """Yield what finds policies, and its clock."""
    clock = [time.time()]
    async with opening(path) as site:
        found = finder(site, host, names, trusting, lambda: clock[0])
        yield found, clock


WANTED = Policy("enforce", ("mx.far.example",), 86400)


async def test_a_policy_is_fetched_once_and_kept_on_the_disk(
    tmp_path: Path, host: PolicyHost, names: NameServer, trusting: ssl.SSLContext
) -> None:
    for _ in range(2):  # the second time after a restart
        async with policies(tmp_path, host, names, trusting) as (found, _):
            assert await found.find(DOMAIN) == WANTED
            assert await found.find(DOMAIN) == WANTED
    assert host.asked == ["GET /.well-known/mta-sts.txt"]
    names.zone["_mta-sts.far.example"] = {"TXT": [text("v=STSv1; id=two;")]}
    host.answer = host.ok(ENFORCE.replace("enforce", "testing"))
    async with policies(tmp_path, host, names, trusting) as (found, _):
        policy = await found.find(DOMAIN)
        assert policy is not None
        assert policy.mode == "testing"
    assert len(host.asked) == 2


@pytest.mark.parametrize(
    "trouble", ["status", "redirect", "nonsense", "too long", "silent DNS", "no DNS", "two records"]
)
async def test_a_policy_holds_until_its_time_is_over(
    tmp_path: Path,
    host: PolicyHost,
    names: NameServer,
    trusting: ssl.SSLContext,
    trouble: str,
) -> None:
    """RFC 8461 §5.1."""
    async with policies(tmp_path, host, names, trusting) as (found, clock):
        assert await found.find(DOMAIN) == WANTED
        record = "_mta-sts.far.example"
        names.zone[record] = {"TXT": [text("v=STSv1; id=two;")]}
        match trouble:
            case "status":
                host.answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
            case "redirect":
                host.answer = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
            case "nonsense":
                host.answer = host.ok("nonsense")
            case "too long":
                host.answer = host.ok(ENFORCE + "x: y\r\n" * 12_000)
            case "silent DNS":
                names.zone[record] = {"SERVFAIL": []}
            case "no DNS":
                del names.zone[record]
            case "two records":
                names.zone[record] = {"TXT": [text("v=STSv1; id=a;"), text("v=STSv1; id=b;")]}
        asked = len(host.asked)
        for _ in range(2):
            assert await found.find(DOMAIN) == WANTED
        # What fails is not asked for again at once.
        assert len(host.asked) <= asked + 1
        clock[0] += 86401
        assert await found.find(DOMAIN) is None


async def test_a_policy_host_is_whom_it_says(
    tmp_path: Path, host: PolicyHost, names: NameServer
) -> None:
    async with policies(tmp_path, host, names, None) as (found, _):
        assert await found.find(DOMAIN) is None
        assert host.asked == []


async def test_a_domain_that_is_not_in_ascii(
    nursery: trio.Nursery, tmp_path: Path, names: NameServer
) -> None:
    files = development_certificate(tmp_path, ["mta-sts.xn--mnchen-3ya.example"])
    host = PolicyHost()
    await host.start(nursery, files)
    names.zone["_mta-sts.xn--mnchen-3ya.example"] = names.zone["_mta-sts.far.example"]
    names.zone["mta-sts.xn--mnchen-3ya.example"] = {"A": ["127.0.0.1"]}
    trusting = ssl.create_default_context(cafile=str(files.authority))
    async with policies(tmp_path, host, names, trusting) as (found, _):
        assert await found.find("München.example") == WANTED


async def test_domains_without_a_policy(
    tmp_path: Path, host: PolicyHost, names: NameServer, trusting: ssl.SSLContext
) -> None:
    async with policies(tmp_path, host, names, trusting) as (found, _):
        assert await found.find("other.example") is None
    async with opening(tmp_path) as site:
        resolver = trio_resolver([names.address])
        strict = Policies(site.backend.store, resolver, context=trusting, port=host.port)
        site.change("DELETE FROM sts_policies")
        assert await strict.find(DOMAIN) is None  # its host is at a private address
    assert host.asked == []


@pytest.fixture
def far() -> MemoryBackend:
    return MemoryBackend({BERT: "x"})


@pytest.mark.parametrize(
    ("case", "arrives"),
    [
        ("all is well", True),
        ("no TLS", False),
        ("a certificate of nobody", False),
        ("an exchanger that the policy does not name", False),
        ("a policy that only tests", True),
        ("a sender who does not mind", True),
        ("turned off", True),
    ],
)
async def test_mail_goes_to_whom_the_policy_names(
    nursery: trio.Nursery,
    tmp_path: Path,
    host: PolicyHost,
    names: NameServer,
    certificate: CertificateFiles,
    trusting: ssl.SSLContext,
    far: MemoryBackend,
    case: str,
    arrives: bool,
) -> None:
    starttls = None if case == "no TLS" else certificate.context()
    door = await nursery.start(partial(serve_mx, far, starttls=starttls))
    relay = Relay(mode="mx", port=door.addresses[0][1], private_targets=True)
    if case not in ("all is well", "no TLS", "a certificate of nobody"):
        names.zone["far.example"] = {"MX": ["10 other.far.example."]}
    if case == "a policy that only tests":
        host.answer = host.ok(ENFORCE.replace("enforce", "testing"))
    async with posting(tmp_path, {}) as post:
        found = finder(post.site, host, names, trusting)
        unknown = ssl.create_default_context()
        post.courier._attempts._routes = Routes(
            relay,
            "us.example",
            trio_resolver([names.address]),
            None if case == "turned off" else found,
            unknown if case == "a certificate of nobody" else trusting,
        )
        header = b"TLS-Required: No\r\n" if case == "a sender who does not mind" else b""
        client = await post.site.smtp()
        reply = await client.send(
            post.site.inbox.address, [BERT], header + b"Subject: x\r\n\r\nHi.\r\n"
        )
        assert reply.startswith("250")
        if arrives:
            await post.until(lambda: not post.queue())
            assert len(far.users[BERT].inbox.messages) == 1
        else:
            replies = "SELECT last_reply FROM queue WHERE last_reply <> ''"
            await post.until(lambda: post.site.query(replies))
            assert "451 4.7.5" in post.site.query(replies)[0]
            assert not far.users[BERT].inbox.messages


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("all is well", ""),
        ("a policy that only tests", ""),
        ("no policy", "5.7.10"),
        ("a policy for nothing", "5.7.10"),
        ("not offered", "5.7.30"),
        ("an address literal", "5.7.10"),
    ],
)
async def test_a_sender_can_require_tls(
    nursery: trio.Nursery,
    tmp_path: Path,
    host: PolicyHost,
    names: NameServer,
    certificate: CertificateFiles,
    trusting: ssl.SSLContext,
    case: str,
    status: str,
) -> None:
    """RFC 8689 §4.2.1."""
    exchanger = Exchanger()
    exchanger.honoured = Honoured(require_tls=case != "not offered")
    door = await nursery.start(partial(serve_mx, exchanger, starttls=certificate.context()))
    relay = Relay(mode="mx", port=door.addresses[0][1], private_targets=True)
    if case == "no policy":
        del names.zone["_mta-sts.far.example"]
    elif case == "a policy that only tests":
        host.answer = host.ok(ENFORCE.replace("enforce", "testing"))
    elif case == "a policy for nothing":
        host.answer = host.ok(ENFORCE.replace("enforce", "none"))
    recipient = "bert@[127.0.0.1]" if case == "an address literal" else BERT
    async with posting(tmp_path, {}) as post:
        found = finder(post.site, host, names, trusting)
        resolver = trio_resolver([names.address])
        post.courier._attempts._routes = Routes(relay, "us.example", resolver, found, trusting)
        client = await post.site.smtp()
        assert "REQUIRETLS" in await client.say("EHLO x")
        sender = post.site.inbox.address
        for line in (f"MAIL FROM:<{sender}> REQUIRETLS", f"RCPT TO:<{recipient}>"):
            assert (await client.say(line)).startswith("250")
        assert (await client.say("DATA")).startswith("354")
        await client.exchange(b"Subject: x\r\nTLS-Required: No\r\n\r\nHi.\r\n.\r\n")
        await post.until(lambda: not post.queue())
        if status:
            (notice,) = await post.notices()
            assert f"Status: {status}" in notice
            assert exchanger.got == []
        else:
            (got,) = exchanger.got
            assert got.parameters.require_tls
            assert await post.notices() == []


async def test_a_smarthost_must_be_one_that_is_verified() -> None:
    for tls, good in (("implicit", True), ("required", True), ("opportunistic", False)):
        routes = Routes(Relay(mode="smarthost", host="out.example", tls=tls), "us.example")  # type: ignore[arg-type]
        if good:
            (server,) = await routes.find(DOMAIN, "verified")
            assert server.tls == tls
        else:
            with pytest.raises(NoRoute):
                await routes.find(DOMAIN, "verified")
