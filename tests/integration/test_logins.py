"""Ways to log in, as real clients go them: SCRAM, certificates, tokens, and STARTTLS for IMAP."""

from __future__ import annotations

import imaplib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import imapclient
import pytest
import trio
import trustme

from mailcore.channel import ClientCertificate
from mailcore.net import Where, connect_imap, connect_smtp
from mailcore.sasl import BearerCredentials, Credentials, ExternalCredentials, PlainCredentials
from mailcore_agentpost.client import AgentPost

from .accounts import TIMEOUT, Account, new_mail
from .program import Server, launch
from .test_command_line_clients import output, run


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Server]:
    """A server that asks for certificates, can bind SCRAM, and has IMAP with STARTTLS."""
    directory = tmp_path_factory.mktemp("logins")
    authority.cert_pem.write_to_path(directory / "clients.pem")
    server = launch(
        *("--data", directory / "data", "--imap-starttls-port", "0"),
        *("--tls-client-ca", directory / "clients.pem", "--tls-channel-binding"),
    )
    yield server
    assert server.stop() == 0
    server.kill()


@pytest.fixture
def new_account(doors: Server) -> Callable[[str], Account]:
    def make(name: str) -> Account:
        return Account(doors, doors.new_inbox(name), doors.key)

    return make


@pytest.fixture
def certificate(anna: Account, authority: trustme.CA, tmp_path: Path) -> Path:
    """A certificate for the address of anna, with its key in the same file."""
    file = tmp_path / "anna.pem"
    authority.issue_cert(anna.address).private_key_and_cert_chain_pem.write_to_path(file)
    return file


def with_certificate(account: Account, file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=account.server.authority)
    context.load_cert_chain(file)
    return context


def starttls(server: Server) -> tuple[str, int]:
    return server.ready["imap_starttls"]["host"], server.ready["imap_starttls"]["port"]


# ------------------------------------------------------------------------------ certificates


def test_imaplib_and_smtplib_log_in_by_a_certificate(anna: Account, certificate: Path) -> None:
    context = with_certificate(anna, certificate)
    with imaplib.IMAP4_SSL(*anna.server.imap, ssl_context=context, timeout=TIMEOUT) as client:
        assert "AUTH=EXTERNAL" in client.capabilities
        assert client.authenticate("EXTERNAL", lambda challenge: b"")[0] == "OK"
        assert client.select("INBOX")[0] == "OK"
    with smtplib.SMTP_SSL(*anna.server.smtp, context=context, timeout=TIMEOUT) as sender:
        sender.ehlo()
        assert sender.docmd("AUTH", "EXTERNAL =")[0] == 235
        sender.send_message(new_mail(anna.address, anna.address, "by certificate"))
    assert anna.count() == 1


def test_curl_and_msmtp_log_in_by_a_certificate(
    anna: Account, certificate: Path, tmp_path: Path
) -> None:
    anna.append("INBOX", b"Subject: x\r\n\r\nHello\r\n")
    host, port = anna.server.imap
    told = output(
        run(
            *("curl", "-sS", "--cacert", anna.server.authority, "--cert", certificate),
            *("--login-options", "AUTH=EXTERNAL", "-u", f"{anna.address}:"),
            f"imaps://{host}:{port}/INBOX?ALL",
        )
    )
    assert told == b"* SEARCH 1\r\n"
    host, port = anna.server.smtp
    file = tmp_path / "msmtprc"
    file.write_text(
        f"account default\nhost {host}\nport {port}\nfrom {anna.address}\ntls on\n"
        f"tls_starttls off\ntls_trust_file {anna.server.authority}\nauth external\n"
        f"tls_cert_file {certificate}\ntls_key_file {certificate}\nuser {anna.address}\n"
    )
    file.chmod(0o600)
    output(run("msmtp", "-C", file, anna.address, stdin=b"Subject: x\r\n\r\nHello\r\n"))
    assert anna.count() == 2


def test_a_certificate_is_listed_with_the_keys_and_revoked_like_one(
    anna: Account, certificate: Path
) -> None:
    context = with_certificate(anna, certificate)
    client = imaplib.IMAP4_SSL(*anna.server.imap, ssl_context=context, timeout=TIMEOUT)
    client.authenticate("EXTERNAL", lambda challenge: b"")
    with AgentPost(anna.server.key, anna.server.url) as api:
        (key,) = [one for one in api.api_keys.list().data if anna.address in one.name]
        assert key.prefix == "certificate"
        api.api_keys.revoke(key.id)
    assert b"BYE" in client.readline()
    client.shutdown()
    with (
        imaplib.IMAP4_SSL(*anna.server.imap, ssl_context=context, timeout=TIMEOUT) as again,
        pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"),
    ):
        again.authenticate("EXTERNAL", lambda challenge: b"")


def test_a_certificate_without_an_inbox_opens_nothing(
    anna: Account, authority: trustme.CA, tmp_path: Path
) -> None:
    file = tmp_path / "stranger.pem"
    stranger = authority.issue_cert("stranger@example.org", common_name=anna.address)
    stranger.private_key_and_cert_chain_pem.write_to_path(file)
    context = with_certificate(anna, file)
    with (
        imaplib.IMAP4_SSL(*anna.server.imap, ssl_context=context, timeout=TIMEOUT) as client,
        pytest.raises(imaplib.IMAP4.error, match="no inbox"),
    ):
        client.authenticate("EXTERNAL", lambda challenge: b"")


# -------------------------------------------------------------------------------------- SCRAM


def test_msmtp_proves_the_key_without_sending_it(anna: Account, tmp_path: Path) -> None:
    host, port = anna.server.smtp
    file = tmp_path / "msmtprc"
    file.write_text(
        f"account default\nhost {host}\nport {port}\nfrom {anna.address}\ntls on\n"
        f"tls_starttls off\ntls_trust_file {anna.server.authority}\nauth scram-sha-256\n"
        f"user {anna.address}\npassword {anna.key}\n"
    )
    file.chmod(0o600)
    output(run("msmtp", "-C", file, anna.address, stdin=b"Subject: x\r\n\r\nHello\r\n"))
    assert anna.count() == 1


@pytest.mark.parametrize("binding", [False, True])
def test_our_clients_prove_it_too(anna: Account, binding: bool) -> None:
    credentials = PlainCredentials(anna.address, anna.key)
    trio.run(log_in_everywhere, anna, credentials, anna.server.tls, binding)


def test_our_clients_log_in_by_token_and_certificate(anna: Account, certificate: Path) -> None:
    token = BearerCredentials(anna.key, anna.address)
    trio.run(log_in_everywhere, anna, token, anna.server.tls, False)
    external = ExternalCredentials(ClientCertificate(b""))
    trio.run(log_in_everywhere, anna, external, with_certificate(anna, certificate), False)


async def log_in_everywhere(
    account: Account, credentials: Credentials, context: ssl.SSLContext, binding: bool
) -> None:
    async with connect_imap(*account.server.imap, context=context) as client:
        await client.log_in(credentials, channel_binding=binding)
        await client.select()
    where = Where(*account.server.smtp, tls="implicit", context=context)
    async with await connect_smtp(where) as sender:
        await sender.log_in(credentials, channel_binding=binding)


# --------------------------------------------------------------------------- IMAP with STARTTLS


def test_imaplib_after_starttls(anna: Account) -> None:
    with imaplib.IMAP4(*starttls(anna.server), timeout=TIMEOUT) as client:
        assert {"STARTTLS", "LOGINDISABLED"} <= set(client.capabilities)
        client.starttls(anna.server.tls)
        client.login(anna.address, anna.key)
        assert client.select("INBOX")[0] == "OK"


def test_imapclient_after_starttls(anna: Account) -> None:
    host, port = starttls(anna.server)
    with imapclient.IMAPClient(host, port, ssl=False, timeout=TIMEOUT) as client:
        client.starttls(anna.server.tls)
        client.login(anna.address, anna.key)
        assert client.select_folder("INBOX")[b"EXISTS"] == 0


def test_curl_after_starttls(anna: Account) -> None:
    host, port = starttls(anna.server)
    words = ("curl", "-sS", "--ssl-reqd", "--cacert", anna.server.authority)
    login = ("-u", f"{anna.address}:{anna.key}")
    assert b"INBOX" in output(run(*words, *login, f"imap://{host}:{port}/"))
