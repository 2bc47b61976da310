"""FUZZY: texts that are nearly what is looked for, and how near (RFC 6203)."""

from __future__ import annotations

import pytest

from mailcore.limits import Limits


@pytest.fixture
def client(connect, deliver):
    deliver(
        b"From: Helmut <helmut@example.test>\r\nSubject: Help\r\n\r\nunrelated\r\n",
        b"From: Anna <anna@example.test>\r\nSubject: IMAP is broken\r\n\r\nhello there\r\n",
        b"From: Anna <anna@example.test>\r\nSubject: broken IMAP\r\n\r\nHelo, said the peer\r\n",
        b"From: Bert <bert@example.test>\r\nSubject: lunch\r\n\r\nat noon\r\n",
    )
    return connect()


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ("FUZZY TEXT Helo", "1 2 3"),
        ("FUZZY BODY Helo", "2 3"),
        ('FUZZY SUBJECT "imap broken"', "2 3"),
        ("FUZZY (SUBJECT borken FROM annna)", "2 3"),
        # What stands beside FUZZY is as exact as ever.
        ("FUZZY SUBJECT borken FROM annna", ""),
        ("FUZZY SUBJECT borken FROM anna", "2 3"),
        ("NOT FUZZY TEXT Helo", "4"),
        ("FUZZY NOT TEXT Helo", "4"),
        ("OR FUZZY SUBJECT lnuch SUBJECT help", "1 4"),
        ("FUZZY HEADER Subject lnuch", "4"),
        ("FUZZY HEADER X-None lnuch", ""),
        ("FUZZY FUZZY BODY nooon", "4"),
        # What is no text is what it is.
        ("FUZZY 2:3", "2 3"),
        ("FUZZY (UNSEEN 1:3 TEXT Helo)", "1 2 3"),
    ],
)
def test_what_is_found(client, keys: str, numbers: str) -> None:
    assert client.ok(f"SEARCH {keys}") == [f"* SEARCH {numbers}".rstrip()]


def test_without_fuzzy_nothing_is_nearly(client) -> None:
    assert client.ok("SEARCH TEXT Helo") == ["* SEARCH 3"]


def test_how_relevant_it_is(client) -> None:
    assert client.ok("SEARCH RETURN (RELEVANCY ALL) FUZZY TEXT Helo") == [
        '* ESEARCH (TAG "t") ALL 1:3 RELEVANCY (75 75 100)'
    ]
    assert client.ok("UID SEARCH RETURN (RELEVANCY PARTIAL -1:-1) FUZZY TEXT Helo") == [
        '* ESEARCH (TAG "t") UID PARTIAL (-1:-1 3) RELEVANCY (100)'
    ]
    assert client.ok("SEARCH RETURN (RELEVANCY) FUZZY TEXT xyzzy") == [
        '* ESEARCH (TAG "t") RELEVANCY ()'
    ]
    # The mean of those texts that are near; where none was needed, nothing could be nearer.
    assert client.ok('SEARCH RETURN (RELEVANCY) FUZZY (SUBJECT "broken imap" FROM annna)') == [
        '* ESEARCH (TAG "t") RELEVANCY (85 87)'
    ]
    assert client.ok("SEARCH RETURN (RELEVANCY ALL) OR 4 FUZZY BODY Helo") == [
        '* ESEARCH (TAG "t") ALL 2:4 RELEVANCY (75 100 100)'
    ]


def test_the_most_relevant_comes_first(client) -> None:
    assert client.ok("SORT (RELEVANCY) UTF-8 FUZZY TEXT Helo") == ["* SORT 3 1 2"]
    assert client.ok("SORT (REVERSE RELEVANCY REVERSE SUBJECT) UTF-8 FUZZY TEXT Helo") == [
        "* SORT 2 1 3"
    ]
    assert client.ok("SORT RETURN (RELEVANCY PARTIAL 1:2) (RELEVANCY) UTF-8 FUZZY TEXT Helo") == [
        '* ESEARCH (TAG "t") PARTIAL (1:2 3,1) RELEVANCY (100 75)'
    ]
    assert client.ok("SORT RETURN (RELEVANCY ALL) (RELEVANCY) UTF-8 FUZZY TEXT Helo") == [
        '* ESEARCH (TAG "t") ALL 3,1:2 RELEVANCY (100 75 75)'
    ]


def test_it_goes_on_by_relevancy(client, deliver) -> None:
    client.say(b"b UID SORT RETURN (UPDATE ALL) (RELEVANCY) UTF-8 FUZZY TEXT Helo\r\n")
    deliver(b"Subject: hello\r\n\r\nHelo\r\n", b"Subject: hellish\r\n\r\n")
    # 3 5 1 2: the new one says it as well as the third.
    assert client.ok("NOOP")[-1] == '* ESEARCH (TAG "b") UID ADDTO (2 5)'


def test_in_several_mailboxes(client) -> None:
    (line,) = client.ok("ESEARCH IN (personal) RETURN (ALL RELEVANCY) FUZZY BODY Helo")
    assert line.endswith("UID ALL 2:3 RELEVANCY (75 100)")


@pytest.mark.parametrize(
    "command",
    [
        "SEARCH RETURN (RELEVANCY) TEXT Helo",
        "SORT (RELEVANCY) UTF-8 TEXT Helo",
        "ESEARCH RETURN (RELEVANCY) TEXT Helo",
    ],
)
def test_relevancy_needs_fuzzy(client, command: str) -> None:
    assert client.tagged(command) == "BAD RELEVANCY needs FUZZY"


def test_the_collation_makes_no_difference(client) -> None:
    client.ok('COMPARATOR "i;octet"')
    assert client.ok("SEARCH FUZZY TEXT HELO") == ["* SEARCH 1 2 3"]


def test_where_it_is_disabled_it_is_bad(connect, client) -> None:
    other = connect(disabled=["SEARCH=FUZZY"])
    assert "FUZZY" not in other.ok("CAPABILITY")[0]
    refusal = "BAD SEARCH=FUZZY is not offered here"
    assert other.tagged("SEARCH NOT FUZZY TEXT x") == refusal
    assert other.tagged("SORT (RELEVANCY) UTF-8 ALL") == refusal
    assert other.tagged("SEARCH RETURN (RELEVANCY) ALL") == refusal


def test_the_limits_are_those_of_the_session(connect, client) -> None:
    few = connect(limits=Limits(fuzzy_distances=0))
    assert few.ok("SEARCH FUZZY TEXT Helo") == ["* SEARCH 3"]
