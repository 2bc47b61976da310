"""Before login: what is offered, who is let in, and who is not."""

from __future__ import annotations

import base64

import pytest

from mailcore.backend import AuthenticationFailed, Peer
from mailcore.imap.session.capabilities import may_authenticate
from mailcore.limits import Limits
from mailcore.sasl.types import BearerCredentials
from mailcore.testing import MemoryBackend

PLAIN = base64.b64encode(b"\0alice@example.test\0secret").decode()


def test_the_greeting_offers_passwords_over_tls_at_once(connect):
    # clients.md 20
    client = connect(login=False)
    (line,) = client.ok("CAPABILITY")
    assert {"AUTH=PLAIN", "AUTH=LOGIN", "SASL-IR", "LITERAL-", "ID"} <= set(line.split())
    assert "LOGINDISABLED" not in line
    assert "LITERAL+" not in line


@pytest.mark.parametrize(
    ("peer", "allow", "open_to_passwords"),
    [
        (Peer("imap", host="127.0.0.1"), False, False),
        (Peer("imap", host="127.0.0.1"), True, True),
        (Peer("imap", host="::1"), True, True),
        (Peer("imap", host="192.0.2.7"), True, False),
        (Peer("imap", host="192.0.2.7", tls=True), False, True),
        (Peer("imap", host="no address"), True, False),
    ],
)
def test_passwords_are_taken_over_tls_or_from_this_machine_if_so_configured(
    connect, peer, allow, open_to_passwords
):
    client = connect(login=False, peer=peer, allow_plaintext=allow)
    (line,) = client.ok("CAPABILITY")
    assert ("LOGINDISABLED" in line) is not open_to_passwords
    assert ("AUTH=PLAIN" in line) is open_to_passwords
    login = client.tagged("LOGIN alice@example.test secret")
    assert login.startswith("OK" if open_to_passwords else "NO [PRIVACYREQUIRED]")


def test_authenticate_without_tls_is_refused(connect):
    client = connect(login=False, peer=Peer("imap", host="192.0.2.7"))
    assert client.tagged(f"AUTHENTICATE PLAIN {PLAIN}").startswith("NO [PRIVACYREQUIRED]")


def test_login_tells_the_capabilities_of_the_account(connect):
    client = connect(login=False)
    answer = client.tagged("LOGIN alice@example.test secret")
    assert answer.startswith("OK [CAPABILITY IMAP4rev1 ")
    assert {"IDLE", "UIDPLUS", "MOVE", "LITERAL+"} <= set(answer.split())


def test_plain_with_an_initial_response_in_any_case(connect):
    client = connect(login=False)
    assert client.tagged(f"authenticate plain {PLAIN}").startswith("OK [CAPABILITY")


def test_login_mechanism_asks_twice(connect):
    client = connect(login=False)
    assert client.say(b"a AUTHENTICATE LOGIN\r\n") == b"+ VXNlcm5hbWU6\r\n"
    user = base64.b64encode(b"alice@example.test")
    assert client.say(user + b"\r\n") == b"+ UGFzc3dvcmQ6\r\n"
    assert client.say(base64.b64encode(b"secret") + b"\r\n").startswith(b"a OK")


def test_an_exchange_can_be_cancelled_and_begun_again(connect):
    client = connect(login=False)
    client.say(b"a AUTHENTICATE PLAIN\r\n")
    assert client.say(b"*\r\n").startswith(b"a BAD")
    assert client.tagged(f"AUTHENTICATE PLAIN {PLAIN}").startswith("OK")


def test_a_response_that_is_not_base64_ends_the_exchange(connect):
    client = connect(login=False)
    client.say(b"a AUTHENTICATE PLAIN\r\n")
    assert client.say(b"!!!\r\n").startswith(b"a BAD")
    assert client.session.exchange is None
    assert client.tagged(f"AUTHENTICATE PLAIN {PLAIN}").startswith("OK")


def test_a_malformed_response_is_bad(connect):
    client = connect(login=False)
    assert client.tagged("AUTHENTICATE PLAIN " + base64.b64encode(b"x").decode()).startswith("BAD")


def test_an_unknown_mechanism_is_refused(connect):
    client = connect(login=False)
    assert client.tagged("AUTHENTICATE GSSAPI").startswith("NO [CANNOT]")


def test_a_wrong_password_has_its_code_and_the_next_try_may_be_right(connect):
    client = connect(login=False)
    assert client.tagged("LOGIN alice@example.test wrong").startswith("NO [AUTHENTICATIONFAILED]")
    assert client.tagged("LOGIN alice@example.test secret").startswith("OK")


def test_failed_logins_get_slower_and_end_the_connection(connect):
    client = connect(login=False, limits=Limits(failed_logins=3))
    delays = []
    for _ in range(3):
        assert not client.closed
        answer = client.say(b"a LOGIN alice@example.test wrong\r\n")
        delays.append(client.session.delay)
    assert delays == sorted(set(delays))
    assert b"a NO [AUTHENTICATIONFAILED]" in answer
    assert answer.split(b"\r\n")[1].startswith(b"* BYE")
    assert client.closed


def test_the_backends_own_code_reaches_the_client(connect):
    class Expired(MemoryBackend):
        async def authenticate(self, credentials, peer):
            raise AuthenticationFailed("Key has expired", code="EXPIRED")

    client = connect(login=False, over=Expired())
    assert client.tagged("LOGIN a b") == "NO [EXPIRED] Key has expired"


def test_starttls_begins_again(connect):
    client = connect(login=False, peer=Peer("imap", host="192.0.2.7"), start_tls=True)
    (line,) = client.ok("CAPABILITY")
    assert {"STARTTLS", "LOGINDISABLED"} <= set(line.split())
    client.ok("STARTTLS")
    (line,) = client.ok("CAPABILITY")
    assert "AUTH=PLAIN" in line
    assert "STARTTLS" not in line
    assert client.tagged("LOGIN alice@example.test secret").startswith("OK")


def test_what_stands_behind_starttls_is_never_run(connect):
    client = connect(login=False, peer=Peer("imap", host="192.0.2.7"), start_tls=True)
    output = client.say(b"a STARTTLS\r\nb CAPABILITY\r\n")
    assert b"b " not in output
    assert client.closed


def test_id_and_enable(connect):
    client = connect(select=None, id_fields={"name": "test"})
    assert client.ok('ID ("name" "x")') == ['* ID ("name" "test")']
    assert client.ok("ENABLE CONDSTORE X-UNKNOWN") == ["* ENABLED CONDSTORE"]
    assert client.ok("ENABLE CONDSTORE") == ["* ENABLED"]


def test_logout(connect):
    client = connect()
    bye, tagged = client.do("LOGOUT")
    assert bye.startswith("* BYE")
    assert tagged.startswith("t OK")
    assert client.closed


@pytest.mark.parametrize("behind", [b"b NOOP\r\n", b"b LOGIN alice"])
def test_plaintext_behind_starttls_ends_the_session_before_any_handshake(connect, behind):
    """limits-and-attacks: bytes buffered behind STARTTLS, whole or partial line."""
    client = connect(login=False, start_tls=True, peer=Peer("imap"))
    assert client.say(b"a STARTTLS\r\n" + behind) == b"* BYE Plaintext behind STARTTLS\r\n"
    assert client.closed


@pytest.mark.parametrize(
    ("host", "local"),
    [("", True), ("localhost", True), ("::1", True), ("192.0.2.1", False), ("elsewhere", False)],
)
def test_who_is_on_this_machine_may_log_in_without_tls(host: str, local: bool) -> None:
    assert may_authenticate(Peer("imap", host=host), True) is local
    assert not may_authenticate(Peer("imap", host=host), False)


def test_login_needs_a_backend_that_judges_passwords(connect, backend) -> None:
    class TakesTokens:
        credential_kinds = (BearerCredentials,)
        authenticate = backend.authenticate

    client = connect(login=False, over=TakesTokens())
    assert client.tagged("LOGIN alice secret").startswith("NO [CANNOT]")
