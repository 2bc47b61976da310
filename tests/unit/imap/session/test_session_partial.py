"""PARTIAL: results by the page, of SEARCH, SORT and UID FETCH (RFC 9394, RFC 5267 §4.4)."""

from __future__ import annotations

import pytest

from mailcore.limits import Limits


@pytest.fixture
def client(connect, deliver):
    """Ten messages, whose UIDs are 2 to 11, and whose subjects fall."""
    deliver(b"Subject: z\r\n\r\n")
    deliver(*[b"Subject: %c\r\n\r\nbody\r\n" % (ord("j") - number) for number in range(10)])
    client = connect()
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    client.ok("EXPUNGE")
    return client


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("SEARCH RETURN (PARTIAL 1:3) ALL", "PARTIAL (1:3 1:3)"),
        ("UID SEARCH RETURN (PARTIAL 3:1) ALL", "UID PARTIAL (3:1 2:4)"),
        ("UID SEARCH RETURN (PARTIAL 2:2) NOT UID 3", "UID PARTIAL (2:2 4)"),
        ("SEARCH RETURN (PARTIAL -1:-3) ALL", "PARTIAL (-1:-3 8:10)"),
        ("SEARCH RETURN (PARTIAL -3:-2) BODY body", "PARTIAL (-3:-2 8:9)"),
        # What lies beyond is left out, and nothing at all is NIL.
        ("SEARCH RETURN (PARTIAL 9:20) ALL", "PARTIAL (9:20 9:10)"),
        ("SEARCH RETURN (PARTIAL -8:-20) ALL", "PARTIAL (-8:-20 1:3)"),
        ("SEARCH RETURN (PARTIAL 11:20) ALL", "PARTIAL (11:20 NIL)"),
        ("SEARCH RETURN (PARTIAL -11:-20) ALL", "PARTIAL (-11:-20 NIL)"),
        ("SEARCH RETURN (PARTIAL 1:5) SUBJECT none", "PARTIAL (1:5 NIL)"),
        ("SEARCH RETURN (PARTIAL 1:4294967295) 2", "PARTIAL (1:4294967295 2)"),
        ("SEARCH RETURN (COUNT PARTIAL 1:2) ALL", "COUNT 10 PARTIAL (1:2 1:2)"),
        ("SEARCH RETURN (MAX PARTIAL 1:2 MIN) 2:9", "MIN 2 MAX 9 PARTIAL (1:2 2:3)"),
        ("SORT RETURN (PARTIAL 1:3) (SUBJECT) UTF-8 ALL", "PARTIAL (1:3 10,9,8)"),
        ("UID SORT RETURN (PARTIAL -1:-2) (SUBJECT) UTF-8 ALL", "UID PARTIAL (-1:-2 3,2)"),
        # The highest of those that are told.
        ("SEARCH RETURN (PARTIAL 1:2) MODSEQ 1", "MODSEQ 4 PARTIAL (1:2 1:2)"),
    ],
)
def test_a_page_of_results(client, command: str, answer: str) -> None:
    assert client.ok(command) == [f'* ESEARCH (TAG "t") {answer}']


@pytest.mark.parametrize(
    "options",
    [
        "PARTIAL",
        "PARTIAL 0:5",
        "PARTIAL 1:*",
        "PARTIAL -1:5",
        "PARTIAL 1:-5",
        "PARTIAL 5",
        "PARTIAL 1:4294967296",
        "PARTIAL 1:99999999999999",
        "PARTIAL 1:5 ALL",
        "ALL PARTIAL 1:5",
        "PARTIAL 1:5 PARTIAL 1:5",
        "ALL ALL",
    ],
)
def test_what_is_no_page_is_bad(client, options: str) -> None:
    assert client.tagged(f"SEARCH RETURN ({options}) ALL").startswith("BAD")


@pytest.mark.parametrize(
    ("options", "saved"),
    [
        # RFC 9394 §3.2, table 1.
        ("SAVE PARTIAL 4:5", "5 6"),
        ("SAVE MIN PARTIAL 4:5", "2 5 6"),
        ("SAVE MAX PARTIAL 4:5", "5 6 11"),
        ("SAVE MIN MAX PARTIAL 4:5", "2 5 6 11"),
        ("SAVE COUNT PARTIAL 4:5", "2 3 4 5 6 7 8 9 10 11"),
        ("SAVE PARTIAL -1:-2", "10 11"),
    ],
)
def test_what_is_saved_of_a_page(client, options: str, saved: str) -> None:
    client.ok(f"SEARCH RETURN ({options}) ALL")
    assert client.ok("UID SEARCH $") == [f"* SEARCH {saved}"]


@pytest.mark.parametrize(("page", "read"), [("1:2", [2, 3]), ("-1:-2", [10, 11])])
def test_no_more_is_read_than_the_page_needs(client, inbox, monkeypatch, page, read) -> None:
    found: set[int] = set()
    original = inbox.read

    async def noting(uid: int, start: int, end: int) -> bytes:
        found.add(uid)
        return await original(uid, start, end)

    monkeypatch.setattr(inbox, "read", noting)
    client.ok(f"SEARCH RETURN (PARTIAL {page}) BODY body")
    assert sorted(found) == read
    client.ok(f"SEARCH RETURN (PARTIAL {page} COUNT) BODY body")
    assert sorted(found) == list(range(2, 12))


@pytest.mark.parametrize(
    ("command", "uids"),
    [
        ("UID FETCH 1:* UID (PARTIAL 1:2)", [2, 3]),
        ("UID FETCH 4:* UID (PARTIAL 1:2)", [4, 5]),
        ("UID FETCH 1:8 UID (PARTIAL -1:-3)", [6, 7, 8]),
        ("UID FETCH 1:* UID (PARTIAL 50:60)", []),
        # First the page, then what of it has changed (RFC 9394 §3.4).
        ("UID FETCH 1:* UID (PARTIAL -1:-3 CHANGEDSINCE 11)", [11]),
        ("UID FETCH 1:* UID (CHANGEDSINCE 11 PARTIAL 1:9)", []),
    ],
)
def test_a_page_of_fetch(client, command: str, uids: list[int]) -> None:
    lines = [line for line in client.ok(command) if " FETCH (" in line]
    assert [int(line.split("UID ")[1].split()[0].rstrip(")")) for line in lines] == uids


def test_fetch_by_number_has_no_pages(client) -> None:
    assert client.tagged("FETCH 1:* UID (PARTIAL 1:2)") == "BAD PARTIAL is for UID FETCH"
    assert client.tagged("UID FETCH 1:* UID (PARTIAL 1:2 PARTIAL 1:2)") == "BAD Said twice"


def test_the_limit_of_messages_is_for_the_page(connect, client) -> None:
    few = connect(limits=Limits(messages_per_command=3))
    *lines, tagged = few.do("UID FETCH 1:* UID (PARTIAL 1:3)")
    assert len(lines) == 3
    assert tagged == "t OK Fetch completed"
    *lines, tagged = few.do("UID FETCH 1:* UID (PARTIAL 1:4)")
    assert len(lines) == 3
    assert tagged == "t OK [MESSAGELIMIT 3 3] Fetch completed"
    # A search looks at the newest, and says so: the page is one of those.
    *lines, tagged = few.do("UID SEARCH RETURN (PARTIAL -1:-2) ALL")
    assert lines == ['* ESEARCH (TAG "t") UID PARTIAL (-1:-2 10:11)']
    assert tagged == "t OK [MESSAGELIMIT 3 9] Search completed"


def test_pages_follow_what_others_remove(connect, client) -> None:
    other = connect()
    other.ok("UID STORE 2,11 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.ok("UID SEARCH RETURN (PARTIAL 1:1) ALL")[0].endswith("PARTIAL (1:1 3)")
    assert client.ok("UID SEARCH RETURN (PARTIAL -1:-1) ALL")[0].endswith("PARTIAL (-1:-1 10)")


def test_where_it_is_disabled_it_is_bad(connect, client) -> None:
    other = connect(disabled=["PARTIAL"])
    assert " PARTIAL" not in other.ok("CAPABILITY")[0]
    assert other.tagged("UID FETCH 1:* UID (PARTIAL 1:2)") == "BAD PARTIAL is not offered here"
    # It is a part of ESEARCH's answers, and not there without them.
    other = connect(disabled=["ESEARCH"])
    assert " PARTIAL" not in other.ok("CAPABILITY")[0]
    assert other.tagged("UID FETCH 1:* UID (PARTIAL 1:2)") == "BAD PARTIAL is not offered here"
