"""What BURL reads by a URL, and what it is told otherwise (RFC 4468 §6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.backend import BackendError, Peer, TooBig, Unavailable
from mailcore.imap.session.url_tokens import authorized, read_authorized
from mailcore.limits import Limits
from mailcore.sasl import PlainCredentials
from mailcore.testing import MemoryBackend, new_message, run

ALICE = "alice@example.test"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DATA = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture
def account():
    backend = MemoryBackend({ALICE: "secret"})
    run(backend.users[ALICE].inbox.append([new_message(DATA)]))
    return run(backend.authenticate(PlainCredentials(ALICE, "secret"), Peer("smtp")))


def url(account, rest: str, access: str = f"submit+{ALICE.replace('@', '%40')}") -> str:
    rump = f"imap://{ALICE.replace('@', '%40')}@h/INBOX/{rest};URLAUTH={access}"
    return authorized(rump, run(account.make_url_key("INBOX")))


def read(account, text: str, limits: Limits = Limits()) -> bytes:  # noqa: B008
    with run(read_authorized(account, text, NOW, limits)) as content:
        return bytes(content.buffer()[:])


@pytest.mark.parametrize(
    "access", ["anonymous", "authuser", "submit+alice%40example.test", "user+alice%40example.test"]
)
def test_whoever_submits_reads_what_it_is_for(account, access):
    assert read(account, url(account, ";UID=1", access)) == DATA


@pytest.mark.parametrize(
    ("rest", "access", "code"),
    [
        (";UID=2", "anonymous", "5.6.6"),
        (";UID=1/;SECTION=7", "anonymous", "5.6.6"),
        (";UID=1", "submit+bob", "5.7.0"),
        (";UID=1", "user+bob", "5.7.0"),
        (";UID=1;EXPIRE=2026-02-28T23:59:59Z", "anonymous", "5.7.0"),
    ],
)
def test_what_is_not_read(account, rest, access, code):
    with pytest.raises(BackendError) as caught:
        read(account, url(account, rest, access))
    assert caught.value.reply.code == 554
    assert str(caught.value.reply.enhanced) == code


def test_more_than_a_message_may_have_is_too_big(account):
    text = url(account, ";UID=1")
    with pytest.raises(TooBig):
        read(account, text, Limits(message_size=len(DATA) - 1))
    assert read(account, text, Limits(message_size=len(DATA))) == DATA


def test_what_can_not_be_read_now_is_told_so(account, monkeypatch):
    async def unavailable(uid, start, end):
        raise Unavailable

    text = url(account, ";UID=1")
    mailbox = run(account.open("INBOX"))
    monkeypatch.setattr(mailbox, "read", unavailable)
    with pytest.raises(Unavailable):
        read(account, text)
