"""Whatever is said to a session, it answers in replies, and stores what it acknowledged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.backend import (
    Account,
    AuthenticationFailed,
    FutureRelease,
    Honoured,
    Mailbox,
    MailboxInfo,
    MailTransaction,
    NoSuchMailbox,
    Peer,
    Recipient,
)
from mailcore.flow import CLOSE, NEED_DATA
from mailcore.limits import Limits
from mailcore.sasl import Credentials
from mailcore.smtp import MailParameters, Reply, ReversePath
from mailcore.smtp.session import Session
from mailcore.smtp.wire.encode_commands import encode_command
from mailcore.spool import Content
from mailcore.testing.strategies import smtp

REPLIES = re.compile(rb"(?:(?:[2-5]\d\d-[\t -~]*\r\n)*[2-5]\d\d [\t -~]*\r\n)*")
STORED = re.compile(rb"(?m)^250 2\.6\.0 Stored (\d+)\r$")
HONOURED = Honoured(
    dsn=True,
    binary_mime=True,
    require_tls=True,
    future_release=FutureRelease(10**9, datetime(9999, 1, 1, tzinfo=UTC)),
    deliver_by=0,
    priority="",
    urls=True,
)


class Shelf:
    """Every optional protocol of SMTP, over a list."""

    def __init__(self) -> None:
        self.mail: list[bytes] = []

    def extensions(self, peer: Peer, *, submission: bool) -> Honoured:
        return HONOURED

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Account:
        if getattr(credentials, "password", None) != "b":
            raise AuthenticationFailed
        return self

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        return []

    async def open(self, name: str) -> Mailbox:
        raise NoSuchMailbox

    async def read_url(self, url: str) -> Content:
        return Content(b"url\r\n")

    def submission(self, peer: Peer) -> Shelf:
        return self

    def receive(self, peer: Peer) -> Shelf:
        return self

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        pass

    async def rcpt_to(self, recipient: Recipient) -> None:
        pass

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        assert transaction.recipients
        self.mail.append(bytes(content.buffer()))
        return [Reply.of(250, "2.6.0", f"Stored {len(self.mail)}")]


ENVELOPE = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n"
#: Whole conversations, so that random ones get far.
_FAR = st.sampled_from(
    [
        ENVELOPE,
        ENVELOPE + b"BDAT 3 LAST\r\na\r\n",
        ENVELOPE + b"DATA\r\n",
        b"MAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<c@d>\r\nBDAT 1 LAST\r\n\0",
        b"text\r\n.\r\n",
    ]
)
_ANY = st.one_of(
    st.sampled_from(
        [
            b"EHLO x\r\n",
            b"LHLO x\r\n",
            b"AUTH PLAIN AGEAYg==\r\n",
            b"AUTH LOGIN\r\n",
            b"YQ==\r\n",
            b"MAIL FROM:<a@b>\r\n",
            b"MAIL FROM:<a@b> BODY=BINARYMIME\r\n",
            b"RCPT TO:<c@d>\r\n",
            b"DATA\r\n",
            b"text\r\n.\r\n",
            b"te\nxt\r\n.\r\n",
            b"BDAT 3\r\na\r\n",
            b"BDAT 2 LAST\r\n\r\n",
            b"BURL imap://h/x\r\n",
            b"BURL imap://h/x LAST\r\n",
            b"XCLIENT ADDR=192.0.2.7\r\n",
            b"XFORWARD NAME=x\r\n",
            b"STARTTLS\r\n",
            b"RSET\r\n",
            b"\n",
        ]
    ),
    smtp.commands.map(lambda command: encode_command(command, smtputf8=True)),
    st.binary(max_size=5),
)
WORDS = st.booleans().flatmap(lambda far: _FAR if far else _ANY)


def run(session: Session, data: bytes) -> tuple[bytes, object]:
    """Do what a driver does, the TLS handshake included."""
    session.receive_data(data)
    out = b""
    while True:
        coroutine = session.step()
        try:
            coroutine.send(None)
        except StopIteration as stop:
            step = stop.value
        else:
            raise AssertionError("a session waits for its backend only")
        if isinstance(step, bytes):
            out += step
        elif step is CLOSE or step is NEED_DATA:
            return out, step
        else:
            session.tls_started()


@settings(max_examples=150)
@given(st.sampled_from(["submission", "mx", "lmtp"]), st.booleans(), st.lists(WORDS, max_size=30))
def test_no_input_breaks_a_session(
    mode: Literal["submission", "mx", "lmtp"], tls: bool, words: list[bytes]
) -> None:
    shelf = Shelf()
    session = Session(
        shelf,
        Peer("smtp", "192.0.2.1", 1, tls=tls),
        hostname="mail.example",
        limits=Limits(bad_commands=30, bad_commands_before_login=30, failed_logins=30),
        mode=mode,
        starttls=True,
        trusted=True,
    )
    said = b""
    hello = b"LHLO x\r\n" if mode == "lmtp" else b"EHLO x\r\n"
    for word in (b"", hello, b"AUTH PLAIN AGEAYg==\r\n", *words):
        out, step = run(session, word)
        assert REPLIES.fullmatch(out)
        said += out
        if step is CLOSE:
            break
    # In LMTP each recipient is told.
    assert {int(number) for number in STORED.findall(said)} == set(range(1, len(shelf.mail) + 1))
    assert not any(b"te\nxt" in mail for mail in shelf.mail)
