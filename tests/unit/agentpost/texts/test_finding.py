"""What the index finds is what a look at every message finds, whatever is looked for."""

from __future__ import annotations

import base64
import quopri
import sqlite3
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.backend import TextKey
from mailcore.imap.collation import casemap
from mailcore.imap.search import MessageText, compile_key
from mailcore.imap.searchkeys import Body, Header, Text
from mailcore.imap.summary import Summary, summarize
from mailcore.limits import MIB, Limits
from mailcore_agentpost.mail.placements import remove
from mailcore_agentpost.texts import entries

from ..mail.conftest import count
from .conftest import Indexed, connect, new_folder


@dataclass
class Looked:
    """A message that was looked at from beginning to end."""

    summary: Summary
    text: MessageText


def scan(messages: dict[int, bytes], key: TextKey) -> list[int]:
    """Return what SEARCH finds without an index."""
    matches = compile_key(key, [*messages])
    looked = {
        uid: Looked(summarize(data), MessageText.of_message(data)) for uid, data in messages.items()
    }
    return [uid for uid, one in looked.items() if matches(one)]  # type: ignore[arg-type]


# Few letters, so that texts meet: cases, an accent in both forms, a letter that has no other case,
# what the tokenizer, SQL and FTS5 take for something else.
LETTERS = "aAbB éÉe\u0301ßÿ\0\1\xff\ufffd\uffff\"'*:-\n\r\t=?_<>\U0001f600"
words = st.text(LETTERS, max_size=12) | st.sampled_from(
    ["Subject: ", "=?utf-8?q?=C3=A9ab?=", "AND"]
)
phrases = st.lists(words, max_size=4).map(" ".join)
names = st.sampled_from(["From", "to", "SUBJECT", "Cc", "X-A", "x-a", "X"])


@st.composite
def header(draw) -> bytes:
    fields = []
    for _ in range(draw(st.integers(0, 4))):
        value = draw(phrases)
        raw = (
            value.replace("\n", " ")
            .replace("\r", "")
            .encode(draw(st.sampled_from(["utf-8", "cp1252"])), "replace")
        )
        if draw(st.booleans()):
            raw = b"=?utf-8?b?" + base64.b64encode(value.encode()) + b"?="
        fields.append(draw(names).encode() + b": " + raw + b"\r\n")
    return b"".join(fields)


@st.composite
def entity(draw, deep: int = 2) -> bytes:
    head = draw(header())
    kind = draw(st.sampled_from(["plain", "html", "data", "mixed", "message"][: 3 + deep]))
    if kind == "mixed":
        parts = draw(st.lists(entity(deep=0), max_size=3))
        body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
        return head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body
    if kind == "message":
        return head + b"Content-Type: message/rfc822\r\n\r\n" + draw(entity(deep=0))
    media = "application/octet-stream" if kind == "data" else f"text/{kind}"
    charset = draw(st.sampled_from(["utf-8", "iso-8859-1", "utf-16", "utf-7", "x-none"]))
    codec = "utf-8" if charset == "x-none" else charset
    body = draw(phrases).encode(codec, "replace")
    encoding = draw(st.sampled_from(["8bit", "base64", "quoted-printable"]))
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    head += f"Content-Type: {media}; charset={charset}\r\n".encode()
    return head + f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


@st.composite
def searches(draw) -> tuple[list[bytes], list[TextKey]]:
    """Messages, and keys for texts that are likely to be in some of them."""
    messages = draw(st.lists(entity(), min_size=1, max_size=4))
    texts = [MessageText.of_message(data) for data in messages]
    pieces = [piece for text in texts for piece in (*text.lines, *text.body)]
    keys: list[TextKey] = []
    for _ in range(draw(st.integers(1, 6))):
        value = draw(words)
        if pieces and draw(st.booleans()):
            piece = draw(st.sampled_from(pieces))
            start = draw(st.integers(0, max(len(piece) - 1, 0)))
            value = piece[start : start + draw(st.integers(0, 80))].lower()
        keys.append(draw(st.sampled_from([Body(value), Text(value), Header(draw(names), value)])))
    return messages, keys


@pytest.fixture(scope="module")
def shared() -> Iterator[sqlite3.Connection]:
    with TemporaryDirectory() as directory:
        connection = connect(Path(directory))
        yield connection
        connection.close()


@settings(deadline=None)
@given(search=searches())
def test_the_index_finds_what_a_scan_finds(shared, search):
    messages, keys = search
    shared.execute("BEGIN")
    try:
        folder = new_folder(shared)
        there = {folder.add(data): data for data in messages}
        for key in keys:
            found = folder.find(key)
            assert found == scan(there, key) or (found is None and "\n" in key.value)
    finally:
        shared.execute("ROLLBACK")


MESSAGES = [
    b"From: Anna <anna@example.test>\r\nSubject: Lunch\r\n\r\nAt noon?\r\n",
    b"From: Bert <bert@example.test>\r\nX-List: one\r\nX-List: Two\r\n\r\n"
    b"Schlo\xc3\x9f, caf\xe9\r\n",
    b"Subject: =?utf-8?q?Caf=C3=A9?=\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nTm9vbiBhdCB0aGUgY2Fmw6kA\r\n",
    b"",
]


@pytest.mark.parametrize(
    ("key", "uids"),
    [
        (Text("lunch"), [1]),
        (Text("LUNCH"), [1]),
        (Text("noon"), [1, 3]),
        (Text("n"), [1, 2, 3]),
        (Text("oo"), [1, 3]),
        (Text("subject: caf"), [3]),
        (Text("café"), [2, 3]),
        (Text("cafe\u0301\0"), [3]),
        (Text("lunch\r\n"), []),
        (Text(""), [1, 2, 3]),
        (Body(""), [1, 2, 3]),
        (Body("lunch"), []),
        (Body("at the cafe"), [3]),
        (Header("x-list", "two"), [2]),
        (Header("X-List", ""), [2]),
        (Header("X-Lis", ""), []),
        (Header("List", "one"), []),
        (Header("From", "anna"), [1]),
        (Header("Subject", "anna"), []),
        (Header("Subject", "caf"), [3]),
        (Text("noon at the cafe" * 50), []),
        (Text('" OR "noon'), []),
    ],
)
def test_found(indexed: Indexed, key: TextKey, uids: list[int]) -> None:
    there = {indexed.add(data): data for data in MESSAGES}
    # An empty message is a text part that is empty.
    assert [uid for uid in indexed.find(key) or [] if uid != 4] == uids
    assert indexed.find(key) == scan(there, key)


def test_a_line_feed_in_a_field_of_a_summary_is_left_to_the_scan(indexed: Indexed) -> None:
    indexed.add(b"To: a@b\r\nTo: c@d\r\n\r\n")
    assert indexed.find(Header("To", "b\nc")) is None
    assert indexed.find(Header("X-To", "b\nc")) == []


def test_nobody_finds_the_mail_of_another_inbox(connection: sqlite3.Connection) -> None:
    one, other = new_folder(connection), new_folder(connection)
    one.add(MESSAGES[0])
    assert (one.find(Text("noon")), other.find(Text("noon"))) == ([1], [])
    other.add(MESSAGES[0])
    assert other.find(Text("n")) == [1]


def test_what_is_taken_out_leaves_nothing_behind(indexed: Indexed) -> None:
    for data in MESSAGES:
        indexed.add(data)
    connection = indexed.connection
    for (number,) in connection.execute("SELECT message FROM entries").fetchall():
        entries.remove(connection, number)
        entries.remove(connection, number)
    assert count(indexed.transaction, "entries") == count(indexed.transaction, "texts") == 0
    for table in ("field_trigrams", "body_trigrams"):
        found = connection.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH '\"NCH\"'")
        assert found.fetchone()[0] == 0
    assert indexed.find(Text("noon")) == []


def test_a_number_that_another_message_has_now_finds_nothing(indexed: Indexed) -> None:
    uid = indexed.add(MESSAGES[0])
    (number,) = remove(indexed.transaction, indexed.folder.id, [uid])
    indexed.connection.execute("UPDATE messages SET id = 'msg_other' WHERE number = ?", (number,))
    indexed.connection.execute(
        "INSERT INTO placements (folder, uid, modseq, flags, message, size, date, zone)"
        " VALUES (?, 9, 1, '', ?, 1, 1, 0)",
        (indexed.folder.id, number),
    )
    assert indexed.find(Text("noon")) == []


def test_long_texts_and_long_headers_are_not_held(connection: sqlite3.Connection) -> None:
    limits = Limits(indexed_text=100, header_block=50)
    assert entries.read_texts(b"Subject: a\r\n\r\n" + b"x" * 80, limits) is not None
    assert entries.read_texts(b"Subject: a\r\n\r\n" + b"x" * 100, limits) is None
    assert entries.read_texts(b"Subject: a\r\nX:" + b" " * 50 + b"\r\n\r\nx", limits) is None
    # An attachment that is no text may be as long as it likes.
    data = b"Content-Type: image/png\r\n\r\n" + b"x" * 1000
    assert entries.read_texts(data, limits) is not None


def test_a_text_is_folded_as_search_folds_it() -> None:
    texts = entries.read_texts("Subject: é\r\n\r\nß".encode(), Limits())
    assert texts is not None
    assert texts.fields == b"\xff" + casemap("SUBJECT: é").encode()
    assert texts.body == b"\xff" + casemap("ß").encode()


def test_what_is_too_long_in_any_case_is_not_decoded_to_learn_it() -> None:
    data = b"Subject: a\r\n\r\n" + b"x" * (10 * MIB)
    tracemalloc.start()
    try:
        assert entries.read_texts(data, Limits()) is None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MIB, peak
