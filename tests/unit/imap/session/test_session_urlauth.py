"""URLAUTH and URLAUTH=BINARY: URLs of messages that others may read (RFC 4467, RFC 5524)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from mailcore.backend import NoSuchMailbox, Unavailable
from mailcore.limits import Limits
from mailcore.testing import MemoryBackend, new_message, run

ALICE, BOB, SUBMIT, GUEST = (f"{name}@example.test" for name in ("alice", "bob", "submit", "guest"))
NOW = datetime(2026, 3, 1, tzinfo=UTC)
PICTURE = bytes(range(256)) * 400
MESSAGE = (
    b"Subject: hi\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain\r\n\r\nSi vis pacem\r\n"
    b"--x\r\nContent-Type: image/png; name=p.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + base64.encodebytes(PICTURE).replace(b"\n", b"\r\n")
    + b"--x\r\nContent-Type: text/x\r\nContent-Transfer-Encoding: x-own\r\n\r\n???\r\n--x--\r\n"
)
URL = f"imap://{ALICE.replace('@', '%40')}@mail.example.test/INBOX/;UID=1"


@pytest.fixture
def backend() -> MemoryBackend:
    users = dict.fromkeys((ALICE, BOB, SUBMIT, GUEST), "secret")
    backend = MemoryBackend(users, guest=GUEST, submission_server=SUBMIT)
    run(backend.users[ALICE].inbox.append([new_message(MESSAGE)]))
    return backend


@pytest.fixture
def as_user(connect):
    def log_in(name: str, *, now: datetime = NOW, **options):
        client = connect(login=False, now=lambda: now, **options)
        client.ok("AUTHENTICATE ANONYMOUS Z3Vlc3Q=" if name == GUEST else f"LOGIN {name} secret")
        return client

    return log_in


def authorize(client, url: str) -> str:
    """Have a URL authorized."""
    (line,) = client.ok(f'GENURLAUTH "{url}" INTERNAL')
    made = line.removeprefix("* GENURLAUTH ").strip('"')
    assert made.startswith(f"{url}:internal:01")
    return made


def read(client, url: str) -> bytes | None:
    """Fetch what a URL names."""
    output = client.say(f'a URLFETCH "{url}"\r\n'.encode())
    head, _, rest = output.partition(b"\r\n")
    assert rest.endswith(b"a OK URLFETCH completed\r\n") or head.startswith(b"* URLFETCH")
    if head.endswith(b" NIL"):
        return None
    size = int(head.rpartition(b"{")[2][:-1])
    return rest[:size]


def test_a_part_is_read_by_whoever_has_the_url(as_user):
    url = authorize(as_user(ALICE), URL + "/;SECTION=1;URLAUTH=anonymous")
    for name in (ALICE, BOB, SUBMIT, GUEST):
        output = as_user(name).say(f'a URLFETCH "{url}"\r\n'.encode())
        assert output == (
            f'* URLFETCH "{url}" {{12}}\r\nSi vis pacem\r\na OK URLFETCH completed\r\n'.encode()
        )


@pytest.mark.parametrize(
    ("access", "who"),
    [
        ("anonymous", {ALICE, BOB, SUBMIT, GUEST}),
        ("authuser", {ALICE, BOB, SUBMIT}),
        (f"user+{BOB.replace('@', '%40')}", {BOB}),
        (f"user+{ALICE.upper().replace('@', '%40')}", {ALICE}),
        (f"submit+{ALICE.replace('@', '%40')}", {SUBMIT}),
        ("user+nobody", set()),
    ],
)
def test_who_may_read(as_user, access, who):
    url = authorize(as_user(ALICE), f"{URL}/;SECTION=1;URLAUTH={access}")
    readers = {name for name in (ALICE, BOB, SUBMIT, GUEST) if read(as_user(name), url)}
    assert readers == who


def test_the_url_is_read_octet_for_octet(as_user):
    # RFC 4467 §6: no decoding and no folding.
    url = authorize(as_user(ALICE), f"{URL}/;SECTION=1;URLAUTH=anonymous")
    bob = as_user(BOB)
    assert read(bob, url) == b"Si vis pacem"
    head, token = url[:-64], url[-64:]
    assert read(bob, head.replace(":internal:", ":INTERNAL:") + token.upper()) == b"Si vis pacem"
    changed = [
        url.replace("mail.example.test", "MAIL.example.test"),
        url.replace("SECTION", "section"),
        url.replace("UID=1", "UID=2"),
        url.replace("/;SECTION=1", ""),
        url.replace("anonymous", "authuser"),
        url.replace(":internal:", ":other:"),
        head + token[:-1] + ("0" if token[-1] != "0" else "1"),
        head[:-2] + "02" + token,
        url.partition(":internal")[0],
        url.partition(";URLAUTH")[0],
        url.replace("INBOX", "nowhere"),
        url.replace("alice", "nobody"),
        "no url",
    ]
    for other in changed:
        assert other != url
        assert bob.ok(f'URLFETCH "{other}"') == [f'* URLFETCH "{other}" NIL']


def test_several_urls_are_told_one_by_one(as_user):
    alice = as_user(ALICE)
    one, two = (
        authorize(alice, f"{URL}/;SECTION={section};URLAUTH=authuser") for section in ("1", "9")
    )
    assert alice.ok(f'URLFETCH "{two}" "{one}" x') == [
        f'* URLFETCH "{two}" NIL',
        f'* URLFETCH "{one}" {{12}}',
        "Si vis pacem",
        "* URLFETCH x NIL",
    ]


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("", MESSAGE),
        ("/;PARTIAL=3.100000", MESSAGE[3:100003]),
        ("/;SECTION=TEXT/;PARTIAL=999999", b""),
        ("/;SECTION=HEADER", MESSAGE[: MESSAGE.index(b"--x")]),
        ("/;SECTION=HEADER.FIELDS%20(Subject)", b"Subject: hi\r\n\r\n"),
    ],
)
def test_what_is_large_comes_in_pieces(as_user, what, expected):
    assert len(MESSAGE) > 130_000
    alice = as_user(ALICE)
    assert read(alice, authorize(alice, f"{URL}{what};URLAUTH=authuser")) == expected


def test_expiry(as_user):
    url = authorize(
        as_user(ALICE), f"{URL}/;SECTION=1;EXPIRE=2026-03-01T00:00:00Z;URLAUTH=anonymous"
    )
    assert read(as_user(BOB), url)
    assert read(as_user(BOB, now=NOW.replace(second=1)), url) is None


def test_a_new_key_makes_old_urls_worthless(as_user):
    alice, bob = as_user(ALICE), as_user(BOB)
    rump = f"{URL}/;SECTION=1;URLAUTH=anonymous"
    url = authorize(alice, rump)
    assert authorize(alice, rump) == url
    assert alice.tagged("RESETKEY Sent") == "OK [URLMECH INTERNAL] RESETKEY completed"
    assert bob.tagged("RESETKEY") == "OK All keys removed"
    assert read(bob, url)
    assert alice.tagged("RESETKEY INBOX INTERNAL XSAMPLE").startswith("OK [URLMECH INTERNAL]")
    assert read(bob, url) is None
    url = authorize(alice, rump)
    assert read(bob, url)
    alice.ok("RESETKEY")
    assert read(bob, url) is None
    assert alice.tagged("RESETKEY INBOX XSAMPLE").startswith("NO ")
    assert alice.tagged("RESETKEY nowhere").startswith("NO [NONEXISTENT]")


def test_a_mailbox_takes_its_key_along(as_user, backend):
    alice, bob = as_user(ALICE), as_user(BOB)
    alice.ok("CREATE Box")
    alice.ok("SELECT INBOX")
    alice.ok("COPY 1 Box")
    url = authorize(alice, URL.replace("INBOX", "Box") + "/;SECTION=1;URLAUTH=anonymous")
    assert read(bob, url)
    alice.ok("DELETE Box")
    assert read(bob, url) is None
    alice.ok("CREATE Box")
    alice.ok("COPY 1 Box")
    assert read(bob, url) is None


def test_what_can_not_be_authorized(as_user):
    alice = as_user(ALICE)
    for url in (
        "no url",
        # RFC 4467 §7, a775 and a776
        f"{URL}/;SECTION=1.2",
        "imap://example.com/INBOX/;UID=20;URLAUTH=anonymous",
        f"{URL.replace('alice', 'bob')};URLAUTH=anonymous",
        f"{URL.replace('INBOX', 'nowhere')};URLAUTH=anonymous",
        f"{URL};URLAUTH=anonymous:internal:{'0' * 32}",
        "/INBOX/;UID=1;URLAUTH=anonymous",
    ):
        assert alice.tagged(f'GENURLAUTH "{url}" INTERNAL').startswith("BAD "), url
    assert alice.tagged(f'GENURLAUTH "{URL};URLAUTH=anonymous" OTHER').startswith("NO ")
    assert alice.tagged("GENURLAUTH x").startswith("BAD ")


def test_select_tells_the_mechanisms(as_user):
    line = "* OK [URLMECH INTERNAL] How URLs can be authorized"
    assert line in as_user(ALICE).ok("SELECT INBOX")
    assert line in as_user(ALICE).ok("EXAMINE INBOX")
    assert line not in as_user(ALICE, disabled=["URLAUTH"]).ok("SELECT INBOX")


def test_urls_are_counted(as_user):
    client = as_user(ALICE, limits=Limits(urls=2))
    assert client.ok("URLFETCH x y") == ["* URLFETCH x NIL", "* URLFETCH y NIL"]
    assert client.tagged("URLFETCH x y z") == "BAD Too many URLs"
    assert client.tagged("GENURLAUTH" + " x INTERNAL" * 3) == "BAD Too many URLs"


def test_without_a_clock_nothing_is_served(connect):
    client = connect(select=None)
    assert "URLAUTH" not in client.ok("CAPABILITY")[0]
    for command in ("URLFETCH x", "RESETKEY", "GENURLAUTH x INTERNAL"):
        assert client.tagged(command).startswith("NO [CANNOT]")


def test_what_fails_while_it_is_read(as_user, backend, monkeypatch):
    alice = as_user(ALICE)
    small, large = (
        authorize(alice, f"{URL}{what};URLAUTH=authuser") for what in ("/;SECTION=1", "")
    )
    inbox, account = backend.users[ALICE].inbox, type(alice.session.account)
    real = inbox.read

    async def unavailable(uid, start, end):
        if start > 70_000 or end < 1000:
            raise Unavailable
        return await real(uid, start, end)

    monkeypatch.setattr(inbox, "read", unavailable)
    assert alice.tagged(f'URLFETCH "{small}"').startswith("NO [UNAVAILABLE]")
    # Octets were promised: only the end of the connection can be told from them.
    output = alice.say(f'a URLFETCH "{large}"\r\n'.encode())
    assert b"a OK" not in output
    assert alice.closed
    monkeypatch.undo()

    async def gone(self, user, mailbox):
        raise NoSuchMailbox

    monkeypatch.setattr(account, "open_for_url", gone)
    assert read(as_user(ALICE), small) is None


# ----------------------------------------------------------------------------- URLAUTH=BINARY


def extended(client, url: str, items: str) -> bytes:
    output = client.say(f'a URLFETCH ("{url}" {items})\r\n'.encode())
    assert output.endswith(b"\r\na OK URLFETCH completed\r\n")
    head = f'* URLFETCH "{url}" '.encode()
    assert output.startswith(head)
    return output[len(head) : -len(b"\r\na OK URLFETCH completed\r\n")]


def test_parts_come_decoded_and_described(as_user):
    alice = as_user(ALICE)
    url = authorize(alice, f"{URL}/;SECTION=2;URLAUTH=authuser")
    encoded = base64.encodebytes(PICTURE).replace(b"\n", b"\r\n")[:-2]
    described = (
        b'(BODYPARTSTRUCTURE ("image" "png" ("name" "p.png") NIL NIL "%b" %d NIL NIL NIL NIL))'
    )
    as_it_is, undone = (
        described % (b"base64", len(encoded)),
        described % (b"binary", len(PICTURE)),
    )
    data = extended(alice, url, "BINARY")
    assert data == b"(BINARY ~{%d}\r\n%b)" % (len(PICTURE), PICTURE)
    assert extended(alice, url, "BODYPARTSTRUCTURE") == as_it_is
    assert extended(alice, url, "BODY bodypartstructure") == as_it_is + b" (BODY {%d}\r\n%b)" % (
        len(encoded),
        encoded,
    )
    assert extended(alice, url, "BINARY BODYPARTSTRUCTURE") == undone + b" " + data
    cut = authorize(alice, f"{URL}/;SECTION=2/;PARTIAL=1.3;URLAUTH=authuser")
    assert extended(alice, cut, "BINARY") == b"(BINARY {3}\r\n\1\2\3)"


def test_an_encoding_that_nobody_knows(as_user):
    alice = as_user(ALICE)
    url = authorize(alice, f"{URL}/;SECTION=3;URLAUTH=authuser")
    told = extended(alice, url, "BODYPARTSTRUCTURE BINARY")
    assert told.startswith(b'(BODYPARTSTRUCTURE ("text" "x" NIL NIL NIL "x-own" 3 0')
    assert told.endswith(b") (BINARY NIL)")


def test_whole_messages_and_headers(as_user):
    alice = as_user(ALICE)
    whole = authorize(alice, f"{URL};URLAUTH=authuser")
    assert extended(alice, whole, "BINARY") == b"(BINARY {%d}\r\n%b)" % (len(MESSAGE), MESSAGE)
    assert extended(alice, whole, "BODYPARTSTRUCTURE").count(b"image") == 1
    header = authorize(alice, f"{URL}/;SECTION=2.MIME;URLAUTH=authuser")
    assert b"Content-Type: image/png" in extended(alice, header, "BINARY BODYPARTSTRUCTURE")
    assert extended(alice, header, "BODYPARTSTRUCTURE") == b"NIL"


def test_items_that_make_no_sense(as_user):
    alice = as_user(ALICE)
    for items in ("BODY BODY", "BODY BINARY", "ENVELOPE", "BODY "):
        assert alice.tagged(f"URLFETCH (x {items})").startswith("BAD ")
    assert alice.ok("URLFETCH (x) (y BODY)") == ["* URLFETCH x NIL", "* URLFETCH y NIL"]
    assert as_user(ALICE, disabled=["URLAUTH=BINARY"]).tagged("URLFETCH (x BODY)").startswith("BAD")
