"""Texts that a mailbox finds by an index: what the engine still looks at, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import pytest

from mailcore.backend import TextKey, TextMatches
from mailcore.imap.searchkeys import Body, Header, Text
from mailcore.limits import Limits
from mailcore.testing import MemoryBackend, MemoryMailbox, new_message, run

from .conftest import USER

MESSAGES = [f"Subject: s{n}\r\n\r\nNoon {n % 2}\r\n".encode() for n in range(1, 7)]


class Indexed(MemoryMailbox):
    """A mailbox with an index that says what a test wants."""

    answer: TextMatches | None = None

    def __init__(self, backend: MemoryBackend) -> None:
        super().__init__(backend.users[USER], 1000)
        self.asked: list[TextKey] = []
        self.was_read: set[int] = set()

    async def search_text(self, key: TextKey, uids: Sequence[int]) -> TextMatches | None:
        assert list(uids) == [*self.messages]
        self.asked.append(key)
        return self.answer

    async def read(self, uid: int, start: int, end: int) -> bytes:
        self.was_read.add(uid)
        return await super().read(uid, start, end)


@pytest.fixture
def indexed(backend: MemoryBackend) -> Indexed:
    mailbox = Indexed(backend)
    run(mailbox.append([new_message(data) for data in MESSAGES]))
    return mailbox


@pytest.fixture
def search(connect, indexed: Indexed, one_mailbox) -> Callable[..., list[int]]:
    client = connect(over=one_mailbox(indexed), limits=Limits(text_lookups=2))

    def ask(keys: str, certain: Collection[int] = (), possible: Collection[int] = ()) -> list[int]:
        indexed.answer = TextMatches(certain, possible)
        (line,) = client.ok(keys if keys.startswith(("SORT", "COMP")) else f"SEARCH {keys}")
        return [int(word) for word in line.split()[2:] if word.isdecimal()]

    return ask


@pytest.mark.parametrize(
    ("keys", "certain", "possible", "found", "was_read"),
    [
        # What the index says is taken as it is, even where it is wrong.
        ("TEXT x", [1, 2], [], [1, 2], set()),
        ("NOT BODY x", [1, 2], [], [3, 4, 5, 6], set()),
        ("BODY noon", [], [], [], set()),
        ("BODY noon", [9, 7], [8], [], set()),
        # Noon 1 is in those with odd numbers.
        ('BODY "noon 1"', [2], [3, 4], [2, 3], {3, 4}),
        ('NOT BODY "noon 1"', [2], [3, 4], [1, 4, 5, 6], {3, 4}),
        ('BODY "noon 1" 3', [2], [3, 4], [3], {3}),
        ("BODY noon UNSEEN", [2], [], [2], set()),
        ("BODY noon SEEN", [2], [1, 3], [], set()),
        ("SUBJECT s3", [2], [3, 4], [2, 3], set()),
        ("HEADER X-None s3", [2], [3, 4], [2], {3, 4}),
        ('SORT (REVERSE ARRIVAL) UTF-8 TEXT "noon 1"', [5], [3, 4], [5, 3], {3, 4}),
    ],
)
def test_only_what_is_possible_is_looked_at(
    search, indexed, keys, certain, possible, found, was_read
):
    assert sorted(search(keys, certain, possible)) == sorted(found)
    assert indexed.was_read == was_read


def test_an_index_that_can_not_tell_is_no_index(connect, indexed, one_mailbox):
    client = connect(over=one_mailbox(indexed))
    assert client.ok('SEARCH BODY "noon 1"') == ["* SEARCH 1 3 5"]
    assert indexed.was_read == {1, 2, 3, 4, 5, 6}


def test_a_text_is_asked_for_once_and_not_too_many_of_them(search, indexed):
    assert search("OR TEXT a OR TEXT a TEXT a", [1]) == [1]
    assert indexed.asked == [Text("a")]
    assert indexed.was_read == set()
    search('FROM a HEADER X b BODY c TEXT "noon"', [1])
    assert indexed.asked[1:] == [Header("From", "a"), Header("X", "b")]
    # The third and the fourth are looked for in what the first two leave.
    assert indexed.was_read == {1}


def test_keys_that_are_no_texts_are_not_asked_for(search, indexed):
    search("UNSEEN LARGER 1 SENTSINCE 1-Jan-2026 KEYWORD x")
    assert indexed.asked == []


@pytest.mark.parametrize(
    ("comparator", "found"),
    [("i;octet", []), ("i;ascii-casemap", [2, 4]), ("i;unicode-casemap", [2, 3, 4])],
)
def test_another_collation_looks_once_more(connect, indexed, one_mailbox, comparator, found):
    client = connect(over=one_mailbox(indexed))
    client.ok(f"COMPARATOR {comparator}")
    indexed.answer = TextMatches([2, 3], [4])
    (line,) = client.ok('SEARCH BODY "nOON 0"')
    assert [int(word) for word in line.split()[2:]] == found
    assert indexed.asked == [Body("nOON 0")]
