"""Our clients log in to our servers, by the strongest mechanism, over real TLS."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest
import trio
import trustme

from mailcore.backend import Peer
from mailcore.channel import ClientCertificate
from mailcore.net import (
    CommandRefused,
    Door,
    ImapClient,
    ImapError,
    Where,
    bind,
    connect_imap,
    connect_smtp,
    imap_door,
    serve_smtp,
)
from mailcore.net.sending import LoginFailed
from mailcore.net.tls import server_context
from mailcore.sasl import (
    AnonymousCredentials,
    BearerCredentials,
    Credentials,
    ExternalCredentials,
    PlainCredentials,
    ScramKeys,
    WrongProof,
)
from mailcore.serve.certificates import CertificateFiles
from mailcore.testing import MemoryBackend

ANNA = "anna@example.test"
PASSWORD = PlainCredentials(ANNA, "secret")
#: That a client has one; the server sees which.
CERTIFICATE = ExternalCredentials(ClientCertificate(b""))


class Noting(MemoryBackend):
    """Notes by what its users log in."""

    def __init__(self) -> None:
        super().__init__({ANNA: "secret"}, tokens={"t0ken": ANNA}, guest=ANNA)
        self.seen: list[tuple[Peer, Credentials]] = []

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Any:
        self.seen.append((peer, credentials))
        return await super().authenticate(credentials, peer)

    @property
    def mechanisms(self) -> list[str]:
        return [credentials.mechanism for _, credentials in self.seen]


@pytest.fixture
def backend() -> Noting:
    return Noting()


@pytest.fixture(scope="module")
def clients_authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def server_tls(
    certificate: CertificateFiles, clients_authority: trustme.CA, tmp_path: Any
) -> ssl.SSLContext:
    authorities = tmp_path / "clients.pem"
    clients_authority.cert_pem.write_to_path(authorities)
    return server_context(
        certificate.certificate,
        certificate.key,
        client_authorities=authorities,
        channel_binding=True,
    )


@pytest.fixture
def tls_of(
    certificate: CertificateFiles, clients_authority: trustme.CA
) -> Callable[[str], ssl.SSLContext]:
    """Make the context of a client with a certificate for an address."""

    def make(email: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(certificate.authority))
        clients_authority.issue_cert(email).configure_cert(context)
        return context

    return make


Connect = Callable[..., AbstractAsyncContextManager[ImapClient]]


@pytest.fixture
async def imap(nursery: trio.Nursery, backend: Noting, server_tls: ssl.SSLContext) -> Connect:
    door = imap_door(backend, await bind("127.0.0.1", 0), tls=server_tls)
    await nursery.start(door.run)
    return partial(connect_imap, *door.addresses[0], timeout=5)


@pytest.fixture
async def smtp(
    nursery: trio.Nursery, backend: Noting, server_tls: ssl.SSLContext
) -> AsyncIterator[tuple[str, int]]:
    door: Door = await nursery.start(partial(serve_smtp, backend, tls=server_tls))
    return door.addresses[0]


LOGINS = [
    (PASSWORD, False, "SCRAM-SHA-256"),
    (PASSWORD, True, "SCRAM-SHA-256-PLUS"),
    (PlainCredentials(ANNA, "secret", ANNA), True, "SCRAM-SHA-256-PLUS"),
    (BearerCredentials("t0ken"), False, "OAUTHBEARER"),
    (AnonymousCredentials("me"), False, "ANONYMOUS"),
    (CERTIFICATE, False, "EXTERNAL"),
    (ExternalCredentials(ClientCertificate(b""), ANNA), False, "EXTERNAL"),
]


@pytest.mark.parametrize(("credentials", "binding", "mechanism"), LOGINS)
async def test_imap(
    imap: Connect,
    backend: Noting,
    tls_of: Callable[[str], ssl.SSLContext],
    credentials: Credentials,
    binding: bool,
    mechanism: str,
) -> None:
    async with imap(context=tls_of(ANNA)) as client:
        await client.log_in(credentials, channel_binding=binding)
        assert (await client.select()).exists == 0
    assert backend.mechanisms == [mechanism]
    peer, _ = backend.seen[0]
    assert peer.channel.certificate is not None
    assert peer.channel.certificate.emails == (ANNA,)


@pytest.mark.parametrize(("credentials", "binding", "mechanism"), LOGINS)
async def test_smtp(
    smtp: tuple[str, int],
    backend: Noting,
    tls_of: Callable[[str], ssl.SSLContext],
    credentials: Credentials,
    binding: bool,
    mechanism: str,
) -> None:
    where = Where(*smtp, tls="implicit", context=tls_of(ANNA))
    async with await connect_smtp(where) as client:
        await client.log_in(credentials, channel_binding=binding)
    assert backend.mechanisms == [mechanism]


WRONG = [
    PlainCredentials(ANNA, "wrong"),
    PlainCredentials("nobody@example.test", "secret"),
    BearerCredentials("wrong"),
    BearerCredentials("t0ken", "bert@example.test"),
    ExternalCredentials(ClientCertificate(b""), "bert@example.test"),
]


@pytest.mark.parametrize("credentials", WRONG)
async def test_what_is_wrong_is_refused_and_the_next_try_may_be_right(
    imap: Connect,
    smtp: tuple[str, int],
    tls_of: Callable[[str], ssl.SSLContext],
    credentials: Credentials,
) -> None:
    tls = tls_of(ANNA)
    async with imap(context=tls) as client:
        with pytest.raises(CommandRefused):
            await client.log_in(credentials)
        await client.log_in(PASSWORD)
    async with await connect_smtp(Where(*smtp, tls="implicit", context=tls)) as sender:
        with pytest.raises(LoginFailed, match="535") as caught:
            await sender.log_in(credentials)
        assert caught.value.permanent
        await sender.log_in(PASSWORD)


async def test_a_certificate_of_a_stranger_and_one_that_nobody_vouches_for(
    imap: Connect, certificate: CertificateFiles, tls_of: Callable[[str], ssl.SSLContext]
) -> None:
    async with imap(context=tls_of("stranger@example.test")) as client:
        with pytest.raises(CommandRefused, match="names no user"):
            await client.log_in(CERTIFICATE)
    context = ssl.create_default_context(cafile=str(certificate.authority))
    async with imap(context=context) as client:
        with pytest.raises(ImapError, match="no mechanism"):
            await client.log_in(CERTIFICATE)
        await client.log_in(PASSWORD)
    trustme.CA().issue_cert(ANNA).configure_cert(context)
    with pytest.raises((OSError, ImapError)):
        async with imap(context=context) as client:
            await client.capabilities()


async def test_a_server_that_does_not_know_the_password_gets_none(
    imap: Connect,
    smtp: tuple[str, int],
    backend: Noting,
    tls_of: Callable[[str], ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It asks for a proof with keys of its own, which no password fits; and claims success."""
    keys = backend.users[ANNA].scram_keys("SHA-256")
    assert keys is not None
    forged = ScramKeys(
        keys.salt,
        keys.iterations,
        tuple(type(pair)(pair.stored_key, b"\0" * 32) for pair in keys.pairs),
    )

    async def scram_keys(username: str, hash_name: str) -> ScramKeys:
        return forged

    monkeypatch.setattr(backend, "scram_keys", scram_keys)
    tls = tls_of(ANNA)
    async with imap(context=tls) as client:
        with pytest.raises(WrongProof, match="does not know the password"):
            await client.log_in(PASSWORD)
        await client.log_in(BearerCredentials("t0ken"))
    async with await connect_smtp(Where(*smtp, tls="implicit", context=tls)) as sender:
        with pytest.raises(LoginFailed, match="does not know the password"):
            await sender.log_in(PASSWORD)
        await sender.log_in(BearerCredentials("t0ken"))


class OnlyPasswords:
    """A backend of the plainest kind."""

    def __init__(self) -> None:
        self.inner = MemoryBackend({ANNA: "secret"})

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Any:
        return await self.inner.authenticate(credentials, peer)


async def test_without_any_mechanism_the_command_login_is_left(
    nursery: trio.Nursery, certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    door = imap_door(
        OnlyPasswords(),
        await bind("127.0.0.1", 0),
        tls=certificate.context(),
        disabled=("AUTH=PLAIN", "AUTH=LOGIN"),
    )
    await nursery.start(door.run)
    async with connect_imap(*door.addresses[0], context=client_tls) as client:
        assert not any(name.startswith("AUTH=") for name in await client.capabilities())
        with pytest.raises(ImapError, match="no mechanism"):
            await client.log_in(PlainCredentials(ANNA, "secret", "somebody"))
        with pytest.raises(ImapError, match="no mechanism"):
            await client.log_in(BearerCredentials("t0ken"))
        await client.login(ANNA, "secret")


async def test_a_password_is_not_asked_for_where_it_can_not_be_kept(
    nursery: trio.Nursery, certificate: CertificateFiles
) -> None:
    door = imap_door(
        OnlyPasswords(), await bind("127.0.0.1", 0), tls=None, starttls=certificate.context()
    )
    await nursery.start(door.run)
    async with connect_imap(*door.addresses[0], security="plain") as client:
        with pytest.raises(ImapError, match="takes no password"):
            await client.login(ANNA, "secret")
