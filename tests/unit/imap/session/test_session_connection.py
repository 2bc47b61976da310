"""COMPRESS, UNAUTHENTICATE, LANGUAGE and COMPARATOR: what a session makes of the connection."""

from __future__ import annotations

import zlib

import pytest

PASSWORD = "LOGIN alice@example.test secret"


def test_compress_is_told_until_it_is_in_force(connect, deliver) -> None:
    deliver(b"Subject: x\r\n\r\n" + b"text\r\n" * 50_000)
    client = connect()
    assert "COMPRESS=DEFLATE" in client.ok("CAPABILITY")[0]
    assert client.tagged("COMPRESS LZW") == "BAD No such mechanism"
    assert client.do("compress deflate") == ["t OK DEFLATE active"]
    out = zlib.compressobj(6, zlib.DEFLATED, -15)
    into = zlib.decompressobj(-15)

    def say(command: bytes) -> tuple[bytes, int]:
        sent = client.say(out.compress(command + b"\r\n") + out.flush(zlib.Z_SYNC_FLUSH))
        return into.decompress(sent), len(sent)

    assert b"COMPRESS" not in say(b"a CAPABILITY")[0]
    answer, sent = say(b"b FETCH 1 BODY[]")
    assert answer.endswith(b"b OK Fetch completed\r\n")
    assert len(answer) > 300_000
    assert sent < 10_000
    assert say(b"c IDLE")[0] == b"+ idling\r\n"
    deliver(b"x")
    assert into.decompress(client.say()) == b"* 2 EXISTS\r\n* 2 RECENT\r\n"


def test_unauthenticate_lets_another_user_in(connect, backend, deliver) -> None:
    deliver(b"a")
    backend.add_user("bob@example.test", "hidden")
    client = connect()
    client.ok("ENABLE QRESYNC")
    account = client.session.account
    assert client.do("UNAUTHENTICATE") == ["t OK Nobody is logged in now"]
    assert client.session.account is None
    assert not client.session.logged_in
    assert "AUTH=PLAIN" in client.ok("CAPABILITY")[0]
    assert client.tagged("FETCH 1 UID").startswith("BAD")
    client.ok("LOGIN bob@example.test hidden")
    assert client.session.account is not account
    assert "* 0 EXISTS" in client.ok("SELECT INBOX")
    assert client.ok("ENABLE QRESYNC") == ["* ENABLED QRESYNC"]


def test_unauthenticate_expunges_nothing_and_forgets_what_an_account_disables(
    connect, inbox, deliver
) -> None:
    deliver(b"a")
    client = connect()
    client.ok("STORE 1 +FLAGS (\\Deleted)")
    client.session._disabled |= {"MOVE"}
    client.ok("UNAUTHENTICATE")
    assert list(inbox.messages) == [1]
    client.ok(PASSWORD)
    client.ok("SELECT INBOX")
    assert client.tagged("MOVE 1 Trash").startswith("OK")


def test_whoever_was_logged_in_is_watched_no_more(connect, backend, deliver) -> None:
    client = connect()
    client.ok("UNAUTHENTICATE")
    assert not backend.users["alice@example.test"]._watchers
    client.close()


def test_a_login_and_an_unauthenticate_may_be_pipelined(connect) -> None:
    client = connect()
    output = client.say(b"a UNAUTHENTICATE\r\nb %b\r\nc SELECT INBOX\r\n" % PASSWORD.encode())
    assert [line[:4] for line in output.split(b"\r\n") if line[1:2] == b" " and line[0] != 42] == [
        b"a OK",
        b"b OK",
        b"c OK",
    ]


def test_an_account_that_can_not_be_closed_ends_the_connection(connect, monkeypatch) -> None:
    client = connect()

    def broken() -> None:
        raise RuntimeError("broken")

    client.session.account.close = broken
    output = client.say(b"t UNAUTHENTICATE\r\n")
    assert output.startswith(b"t OK ")
    assert b"* BYE Internal error\r\n" in output


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("LANGUAGE", ["* LANGUAGE (en i-default)", "t OK Language completed"]),
        ("LANGUAGE en-GB", ["* LANGUAGE (en)", "t OK Language completed"]),
        ('LANGUAGE de "EN"', ["* LANGUAGE (en)", "t OK Language completed"]),
        ("LANGUAGE default", ["* LANGUAGE (i-default)", "t OK Language completed"]),
        ('LANGUAGE "*"', ["* LANGUAGE (i-default)", "t OK Language completed"]),
        ("LANGUAGE MUL", ["t NO Unsupported language"]),
        ('LANGUAGE ""', ["t NO Unsupported language"]),
        ("LANGUAGE en  de", ["t BAD Expected a string or an atom"]),
        ("LANGUAGE" + " x" * 51, ["t BAD Too many arguments"]),
    ],
)
@pytest.mark.parametrize("login", [False, True])
def test_language(connect, login, command, answer) -> None:
    assert connect(login=login).do(command) == answer


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("COMPARATOR", ["* COMPARATOR i;unicode-casemap", "t OK Comparator completed"]),
        ("COMPARATOR i;octet", ["* COMPARATOR i;octet", "t OK Comparator completed"]),
        (
            'COMPARATOR x;y "I;ASCII-*"',
            ["* COMPARATOR i;ascii-casemap", "t OK Comparator completed"],
        ),
        (
            'COMPARATOR "*-casemap"',
            [
                "* COMPARATOR i;unicode-casemap (i;unicode-casemap i;ascii-casemap)",
                "t OK Comparator completed",
            ],
        ),
        ("COMPARATOR default", ["* COMPARATOR i;unicode-casemap", "t OK Comparator completed"]),
        ('COMPARATOR "%" x', ["t NO [BADCOMPARATOR] No such collation"]),
    ],
)
def test_comparator(connect, command, answer) -> None:
    assert connect().do(command) == answer


def test_search_goes_by_the_collation_that_was_chosen(connect, deliver) -> None:
    """RFC 5255 §4: I18NLEVEL=2."""
    deliver("Subject: GRÜSSE\r\n\r\nÄpfel".encode(), "Subject: grüsse\r\n\r\näpfel".encode())

    def found(client, text: str) -> list[str]:
        octets = text.encode()
        output = client.say(b"t SEARCH CHARSET UTF-8 TEXT {%d+}\r\n%b\r\n" % (len(octets), octets))
        return output.split(b"\r\n")[0].decode().split()[2:]

    client = connect()
    for text in ("grüsse", "ÄPFEL", "a\u0308pfel", "subject: gr"):
        assert found(client, text) == ["1", "2"]
    client.ok("COMPARATOR i;ascii-casemap")
    assert found(client, "grüsse") == ["2"]
    assert found(client, "GRüSSE") == ["2"]
    client.ok("COMPARATOR i;octet")
    assert found(client, "GRüSSE") == []
    assert found(client, "Äpfel") == ["1"]
    client.ok("UNAUTHENTICATE")
    client.ok(PASSWORD)
    assert client.ok("COMPARATOR") == ["* COMPARATOR i;unicode-casemap"]
