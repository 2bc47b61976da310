"""A FETCH of many messages tells them in tables: just what is told of each by itself."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.backend import FlagAction, Peer
from mailcore.imap.session import Session, fetch
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.fetch_octets import Sections
from mailcore.imap.types import FetchBody, Section
from mailcore.spool import CHUNK
from mailcore.testing import Link, MemoryBackend, new_message, run

USER = "alice@example.test"
MESSAGES = [
    b"Subject: one\r\nX-A: b\r\n\r\ntext\r\n",
    b"",
    b"Subject: no end",
    b"\r\nno header",
    b'Subject: two\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>one</p>\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninside\r\n\r\n--b--\r\n",
]
LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\n" * (CHUNK // 8)
ITEMS = (
    "UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "MODSEQ", "ENVELOPE", "BODYSTRUCTURE", "BODY",
    "RFC822.HEADER", "PREVIEW", "EMAILID",
    "BODY.PEEK[]", "BODY.PEEK[]<0.5>", "BODY.PEEK[]<0.9>", "BODY.PEEK[]<3.9999>",
    "BODY.PEEK[]<9999.1>", "BODY[TEXT]",
    "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]<2.3>", "BODY.PEEK[1]", "BODY.PEEK[1.MIME]",
    "BODY.PEEK[2.HEADER]", "BODY.PEEK[2.1]", "BODY.PEEK[7]", "BODY.PEEK[]",
    "BODY.PEEK[HEADER.FIELDS (SUBJECT X-A)]", "BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT)]<1.4>",
)  # fmt: skip


def answer(command: str, messages: list[bytes]) -> bytes:
    backend = MemoryBackend({USER: "secret"})
    inbox = backend.users[USER].inbox
    for number, data in enumerate(messages):
        flags = frozenset({"\\Seen", f"k{number}"} if number % 2 else ())
        run(inbox.append([new_message(data, flags)]))
    client = Link(Session(backend, Peer("imap", tls=True)))
    client.say(f"a LOGIN {USER} secret\r\nb SELECT INBOX\r\n".encode())
    # Gone, and not told yet.
    run(inbox.expunge([2]))
    run(inbox.store_flags([3], FlagAction.ADD, frozenset({"\\Answered"})))
    return client.say(b"c " + command.encode() + b"\r\n")


@pytest.mark.parametrize("messages", [MESSAGES, [*MESSAGES, LARGE]], ids=["small", "large"])
def test_tables_tell_what_single_responses_do(
    messages: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(
        _view: object, _columns: object, batch: Chosen, _: object
    ) -> AsyncIterator[Chosen]:
        yield batch

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4, unique=True), st.booleans())
    def check(items: list[str], by_uid: bool) -> None:
        command = f"{'UID ' * by_uid}FETCH 1:* ({' '.join(items)})"
        in_tables = answer(command, messages)
        with monkeypatch.context() as patched:
            patched.setattr(fetch, "fetch_tables", none)
            one_by_one = answer(command, messages)
        assert _dateless(in_tables) == _dateless(one_by_one)
        assert b"c OK " in in_tables

    check()


def _dateless(answer: bytes) -> bytes:
    """Leave out what differs between two mailboxes: when messages came, what they are called."""
    return re.sub(rb'INTERNALDATE "[^"]*"|EMAILID \([^)]*\)', b"", answer)


class Gone:
    """A mailbox that reads one range at a time, and has lost its messages."""

    async def read(self, uid: int, start: int, end: int) -> bytes:
        raise KeyError(uid)


WHOLE = FetchBody(Section())


def test_sections_that_are_not_known_or_gone_are_left_to_be_told_one_by_one() -> None:
    assert Sections.find([WHOLE], [1], None, {}) is None
    found = Sections.find([WHOLE], [1], [5], {})
    assert found is not None
    assert run(found.read(Gone(), slice(0, 1))) is None


def test_messages_are_read_together_up_to_a_bound_and_large_ones_alone() -> None:
    sizes = [9, CHUNK + 1, *[CHUNK] * 20, 0, CHUNK + 1]
    found = Sections.find([WHOLE], range(1, len(sizes) + 1), sizes, {})
    assert found is not None
    assert list(found.runs()) == [
        (slice(0, 1), True),
        (slice(1, 2), False),
        (slice(2, 18), True),
        (slice(18, 23), True),
        (slice(23, 24), False),
    ]


def test_two_parts_that_begin_at_one_octet_are_both_told() -> None:
    told = answer("FETCH 1 (BODY.PEEK[]<0.5> BODY.PEEK[]<0.9>)", [MESSAGES[0]])
    assert b"BODY[]<0> {5}\r\nSubje BODY[]<0> {9}\r\nSubject: )" in told
