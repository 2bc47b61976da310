"""SEARCHRES: what a search saved, and ``$`` in every place of a set (RFC 5182)."""

from __future__ import annotations

import pytest

from mailcore.backend import Unavailable
from mailcore.testing import run


@pytest.fixture
def client(connect, deliver, inbox):
    """UIDs 2 to 6; those of 3, 5 and 6 have the word."""
    deliver(*[b"Subject: %s\r\n\r\n" % word for word in b"x a b a b b".split()])
    run(inbox.expunge([1]))
    return connect()


SAVE = "SEARCH RETURN (SAVE) SUBJECT b"


def uids(lines: list[str]) -> list[int]:
    return [int(line.split("UID ")[1].split(")")[0].split()[0]) for line in lines]


def test_a_search_that_only_saves_says_nothing(client) -> None:
    assert client.ok(SAVE) == []
    assert uids(client.ok("FETCH $ UID")) == [3, 5, 6]
    assert client.ok("FETCH $ UID")[0] == "* 2 FETCH (UID 3)"
    assert uids(client.ok("UID FETCH $ UID")) == [3, 5, 6]


@pytest.mark.parametrize(
    ("returns", "answer", "saved"),
    [
        ("SAVE ALL", ['* ESEARCH (TAG "t") ALL 2,4:5'], [3, 5, 6]),
        ("COUNT SAVE", ['* ESEARCH (TAG "t") COUNT 3'], [3, 5, 6]),
        ("SAVE MIN", ['* ESEARCH (TAG "t") MIN 2'], [3]),
        ("SAVE MAX", ['* ESEARCH (TAG "t") MAX 5'], [6]),
        ("SAVE MIN MAX", ['* ESEARCH (TAG "t") MIN 2 MAX 5'], [3, 6]),
        ("SAVE MIN COUNT", ['* ESEARCH (TAG "t") MIN 2 COUNT 3'], [3, 5, 6]),
    ],
)
def test_what_is_saved_along_with_what_is_told(client, returns, answer, saved) -> None:
    """RFC 5182 §2.1 and §2.4."""
    assert client.ok(f"SEARCH RETURN ({returns}) SUBJECT b") == answer
    assert uids(client.ok("UID FETCH $ UID")) == saved


def test_nothing_is_saved_at_first_nor_in_another_mailbox(client) -> None:
    assert client.ok("FETCH $ UID") == []
    client.ok(SAVE)
    client.ok("SELECT INBOX")
    assert client.ok("UID FETCH $ UID") == []
    assert client.ok("SEARCH $") == ["* SEARCH"]


def test_in_every_place_of_a_set(client, inbox, backend) -> None:
    client.ok(SAVE)
    assert client.ok("SEARCH $") == ["* SEARCH 2 4 5"]
    assert client.ok("UID SEARCH UID $") == ["* SEARCH 3 5 6"]
    assert client.ok("SEARCH NOT $") == ["* SEARCH 1 3"]
    assert client.ok("SEARCH OR ($ 5) 1") == ["* SEARCH 1 5"]
    assert client.tagged("COPY $ Sent").startswith("OK [COPYUID 2 3,5:6 1:3]")
    client.ok("STORE $ +FLAGS.SILENT (\\Flagged)")
    client.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    client.ok("UID STORE $ +FLAGS.SILENT (later)")
    assert {uid for uid, one in inbox.messages.items() if "later" in one.state.flags} == {3, 5, 6}
    client.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)")
    client.ok("UID EXPUNGE $")
    assert list(inbox.messages) == [2, 4, 5, 6]
    client.ok("UID MOVE $ Trash")
    assert list(inbox.messages) == [2, 4]
    assert client.ok("FETCH $ UID") == []


def test_what_has_vanished_is_in_it_no_more(client, inbox) -> None:
    client.ok(SAVE)
    run(inbox.expunge([5]))
    client.ok("NOOP")
    assert client.ok("FETCH $ UID") == ["* 2 FETCH (UID 3)", "* 4 FETCH (UID 6)"]


def test_a_search_within_what_was_saved_saves_again(client) -> None:
    client.ok(SAVE)
    client.ok("UID SEARCH RETURN (SAVE) $ UID 4:*")
    assert uids(client.ok("FETCH $ UID")) == [5, 6]


def test_a_search_that_is_refused_leaves_it_and_one_that_fails_empties_it(
    client, inbox, monkeypatch
) -> None:
    """RFC 5182 §2.1: BAD leaves it, NO empties it."""
    client.ok(SAVE)
    assert client.tagged("SEARCH RETURN (SAVE) NONSENSE").startswith("BAD")
    assert uids(client.ok("FETCH $ UID")) == [3, 5, 6]

    async def broken(*arguments):
        raise Unavailable

    monkeypatch.setattr(inbox, "read", broken)
    assert client.tagged("SEARCH RETURN (SAVE) BODY x").startswith("NO")
    assert client.ok("FETCH $ UID") == []


def test_it_needs_no_numbers(connect, deliver) -> None:
    """RFC 9586: a client of UIDONLY may say it."""
    deliver(b"a", b"b")
    client = connect(select=None)
    client.ok("ENABLE UIDONLY")
    client.ok("SELECT INBOX")
    client.ok("UID SEARCH RETURN (SAVE) UID 2")
    assert client.ok("UID SEARCH $") == ["* SEARCH 2"]
    assert client.tagged("FETCH $ UID").startswith("BAD [UIDREQUIRED]")


@pytest.mark.parametrize("command", ["FETCH $,1 UID", "FETCH 1,$ UID", "FETCH $:* UID"])
def test_it_stands_alone(client, command) -> None:
    assert client.tagged(command).startswith("BAD")
