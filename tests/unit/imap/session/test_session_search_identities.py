"""EMAILID, THREADID and the save dates as search keys (RFC 8474 §6, RFC 8514 §4.3)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.testing import new_message, run

OLD = datetime(2001, 2, 3, tzinfo=UTC)


@pytest.fixture
def client(connect, inbox):
    for message in (
        b"Subject: a\r\nMessage-ID: <1@x>\r\n\r\n",
        b"Subject: b\r\nMessage-ID: <2@x>\r\n\r\n",
        b"Subject: Re: a\r\nMessage-ID: <3@x>\r\nReferences: <1@x>\r\n\r\n",
    ):
        run(inbox.append([new_message(message, internal_date=OLD)]))
    return connect()


def fetched(client, number: int, item: str) -> str:
    (line,) = client.ok(f"FETCH {number} ({item})")
    return line.partition(f"{item} (")[2].rstrip(")")


def test_ids(client) -> None:
    assert client.ok(f"SEARCH EMAILID {fetched(client, 2, 'EMAILID')}") == ["* SEARCH 2"]
    thread = fetched(client, 1, "THREADID")
    assert client.ok(f"SEARCH THREADID {thread}") == ["* SEARCH 1 3"]
    assert client.ok(f"SEARCH NOT THREADID {thread}") == ["* SEARCH 2"]
    assert client.ok("SEARCH EMAILID nobody") == ["* SEARCH"]
    assert client.ok(f"SORT (REVERSE ARRIVAL) UTF-8 THREADID {thread}") == ["* SORT 1 3"]


def test_save_dates(client) -> None:
    assert client.ok("SEARCH SAVEDATESUPPORTED") == ["* SEARCH 1 2 3"]
    assert client.ok("SEARCH BEFORE 1-Jan-2002") == ["* SEARCH 1 2 3"]
    assert client.ok("SEARCH SAVEDBEFORE 1-Jan-2002") == ["* SEARCH"]
    assert client.ok("SEARCH SAVEDSINCE 1-Jan-2002 2") == ["* SEARCH 2"]
    assert client.ok("SEARCH SAVEDON 3-Feb-2001") == ["* SEARCH"]


@pytest.mark.parametrize("key", ["EMAILID", "EMAILID (x)", "SAVEDON x", 'THREADID "x"'])
def test_what_is_no_key(client, key: str) -> None:
    assert client.tagged(f"SEARCH {key}").startswith("BAD")
