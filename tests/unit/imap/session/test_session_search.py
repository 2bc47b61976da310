"""SEARCH: which messages match, how the answer is written, and how little is read for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailcore.testing import new_message, run

# By number: 1 and 4 are in the text, 2 and 3 in the header.
MESSAGES = [
    (
        b"From: Alice <alice@example.test>\r\nTo: bob@example.test\r\nSubject: Lunch\r\n"
        b"Date: Mon, 05 Jan 2026 23:30:00 -0500\r\n\r\nAt noon, as usual?\r\n",
        {"\\Seen", "\\Answered"},
        datetime(2026, 1, 6, 12, tzinfo=UTC),
    ),
    (
        b"From: Bob <bob@example.test>\r\nCc: carol@example.test\r\n"
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-Label: Important thing\r\n\r\nHello\r\n",
        {"\\Flagged", "todo"},
        datetime(2026, 1, 10, 23, 59, tzinfo=timezone(timedelta(hours=-5))),
    ),
    (
        b"From: Carol <carol@example.test>\r\nSubject: report\r\nX-Label:\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"RGVyIEFiZmx1ZyBpc3QgdW0gbmV1bg==\r\n",
        {"\\Deleted", "\\Draft"},
        datetime(2026, 2, 1, tzinfo=UTC),
    ),
    (
        b"Bcc: dave@example.test\r\nSubject: empty\r\n\r\n" + b"x" * 2000,
        set(),
        datetime(2026, 3, 1, tzinfo=UTC),
    ),
]


@pytest.fixture
def client(connect, inbox):
    for data, flags, moment in MESSAGES:
        run(inbox.append([new_message(data, frozenset(flags), moment)]))
    return connect()


def search(client, keys: str) -> list[int]:
    (line,) = client.ok(f"SEARCH {keys}")
    return [int(word) for word in line.removeprefix("* SEARCH").split()]


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ("ALL", [1, 2, 3, 4]),
        ("SEEN", [1]),
        ("UNSEEN", [2, 3, 4]),
        ("ANSWERED", [1]),
        ("UNANSWERED", [2, 3, 4]),
        ("FLAGGED", [2]),
        ("UNFLAGGED", [1, 3, 4]),
        ("DELETED", [3]),
        ("UNDELETED", [1, 2, 4]),
        ("DRAFT", [3]),
        ("UNDRAFT", [1, 2, 4]),
        ("KEYWORD TODO", [2]),
        ("UNKEYWORD todo", [1, 3, 4]),
        ("RECENT", [1, 2, 3, 4]),
        ("OLD", []),
        ("NEW", [2, 3, 4]),
        ("2:3", [2, 3]),
        ("*", [4]),
        ("3:100", [3, 4]),
        ("100", []),
        ("UID 2,4:*", [2, 4]),
        ("NOT 2:3", [1, 4]),
        ("OR SEEN FLAGGED", [1, 2]),
        ("OR (SEEN ANSWERED) (DELETED)", [1, 3]),
        ("UNSEEN UNDELETED", [2, 4]),
        ("NOT (OR SEEN NOT DELETED)", [3]),
        # Dates are compared as they stand there, whatever the zone (RFC 9051 §6.4.4).
        ("ON 10-Jan-2026", [2]),
        ("BEFORE 10-Jan-2026", [1]),
        ("SINCE 10-Jan-2026", [2, 3, 4]),
        ("SENTON 5-Jan-2026", [1]),
        ("SENTBEFORE 6-Jan-2026", [1]),
        ("SENTSINCE 5-Jan-2026", [1]),
        ("NOT SENTSINCE 5-Jan-2026", [2, 3, 4]),
        ("LARGER 2000", [4]),
        ("SMALLER 2000", [1, 2, 3]),
        ("FROM alice", [1]),
        ("FROM CAROL@EXAMPLE", [3]),
        ("TO bob", [1]),
        ("CC carol", [2]),
        ("BCC dave", [4]),
        ('SUBJECT ""', [1, 2, 3, 4]),
        ("SUBJECT LUNCH", [1]),
        ("HEADER X-Label important", [2]),
        ('HEADER x-label ""', [2, 3]),
        ("HEADER X-None x", []),
        ("BODY noon", [1]),
        ("BODY lunch", []),
        ("BODY abflug", [3]),
        ("TEXT lunch", [1]),
        ("TEXT X-LABEL", [2, 3]),
        ("TEXT bob@example.test", [1, 2]),
        ("NOT BODY o", [3, 4]),
        ("OR FROM alice BODY hello", [1, 2]),
        ("UNSEEN BODY noon", []),
        ("MODSEQ 4", [3, 4]),
        ('MODSEQ "/flags/\\\\Seen" all 5', [4]),
    ],
)
def test_keys(client, keys, numbers):
    (line,) = client.ok(f"SEARCH {keys}")
    line = line.split(" (MODSEQ")[0]
    assert [int(word) for word in line.removeprefix("* SEARCH").split()] == numbers


@pytest.mark.parametrize("charset", ["UTF-8", "utf-8"])
@pytest.mark.parametrize("text", ["grüße", "GRÜßE", "Gru\u0308"])
def test_text_beyond_ascii_is_found_whatever_its_case(client, charset, text):
    octets = text.encode()
    output = client.say(b"a SEARCH CHARSET %b SUBJECT {%d+}\r\n%b\r\n" % (
        charset.encode(), len(octets), octets
    ))  # fmt: skip
    assert output.startswith(b"* SEARCH 2\r\na OK")


def test_an_unknown_charset_is_refused_with_those_that_are_known(client):
    answer = client.tagged("SEARCH CHARSET X-KLINGON TEXT x")
    assert answer.startswith("NO [BADCHARSET (US-ASCII UTF-8 ")


def test_uid_search_answers_with_uids(client):
    client.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    client.ok("UID EXPUNGE 2")
    assert client.ok("UID SEARCH ALL") == ["* SEARCH 1 3 4"]
    assert client.ok("UID SEARCH 2") == ["* SEARCH 3"]
    assert client.ok("SEARCH UID 3") == ["* SEARCH 2"]


def test_searching_sets_no_flags(client, inbox):
    before = [message.state for message in inbox.messages.values()]
    client.ok("SEARCH TEXT x")
    assert [message.state for message in inbox.messages.values()] == before


# ------------------------------------------------------------------------------- RETURN (ESEARCH)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("SEARCH RETURN () UNSEEN", "ALL 2:4"),
        ("SEARCH RETURN (ALL) OR 1:2 4", "ALL 1:2,4"),
        ("SEARCH RETURN (MIN) UNSEEN", "MIN 2"),
        ("SEARCH RETURN (MAX) UNDELETED", "MAX 4"),
        ("SEARCH RETURN (COUNT) UNSEEN", "COUNT 3"),
        ("SEARCH RETURN (COUNT MAX MIN ALL) 2:4", "MIN 2 MAX 4 COUNT 3 ALL 2:4"),
        ("UID SEARCH RETURN (MIN COUNT) 2:4", "UID MIN 2 COUNT 3"),
        # Where nothing was found there is neither MIN nor MAX nor ALL (RFC 4731 §3.1).
        ("SEARCH RETURN (MIN MAX ALL COUNT) KEYWORD none", "COUNT 0"),
        ("UID SEARCH RETURN (MIN) KEYWORD none", "UID"),
    ],
)
def test_extended_answers(client, command, answer):
    assert client.ok(command) == [f'* ESEARCH (TAG "t") {answer}']


def test_an_unknown_return_option_is_bad(client):
    assert client.tagged("SEARCH RETURN (SOME) ALL").startswith("BAD")


# --------------------------------------------------------------------------------- mod-sequences


def test_a_search_for_mod_sequences_tells_the_highest_found(client):
    client.ok("STORE 2 +FLAGS.SILENT (\\Seen)")
    assert client.ok("SEARCH MODSEQ 1") == ["* SEARCH 1 2 3 4 (MODSEQ 6)"]
    assert client.ok("SEARCH MODSEQ 1 NOT 2") == ["* SEARCH 1 3 4 (MODSEQ 5)"]
    # Nothing found, nothing told (RFC 7162 §3.1.5).
    assert client.ok("SEARCH MODSEQ 99") == ["* SEARCH"]


@pytest.mark.parametrize(
    ("returns", "answer"),
    [
        # RFC 7162 §3.1.10: of those that are told of.
        ("MIN", "MIN 1 MODSEQ 2"),
        ("MAX", "MAX 4 MODSEQ 5"),
        ("MIN MAX", "MIN 1 MAX 4 MODSEQ 5"),
        ("MIN COUNT", "MIN 1 COUNT 4 MODSEQ 6"),
        ("ALL", "MODSEQ 6 ALL 1:4"),
    ],
)
def test_mod_sequences_in_extended_answers(client, returns, answer):
    client.ok("STORE 2 +FLAGS.SILENT (\\Seen)")
    assert client.ok(f"SEARCH RETURN ({returns}) MODSEQ 1") == [f'* ESEARCH (TAG "t") {answer}']


# --------------------------------------------------------------------------- how little is read


@pytest.fixture
def readings(inbox, monkeypatch):
    """The UIDs and ends of what was read of messages."""
    found: list[tuple[int, int]] = []
    read = inbox.read

    async def noting(uid, start, end):
        found.append((uid, end))
        return await read(uid, start, end)

    monkeypatch.setattr(inbox, "read", noting)
    return found


@pytest.mark.parametrize("keys", ["ALL", "SEEN LARGER 1", "SUBJECT lunch", "SENTON 5-Jan-2026"])
def test_what_the_summaries_know_is_not_read(client, readings, keys):
    client.ok(f"SEARCH {keys}")
    assert readings == []


def test_only_headers_are_read_where_they_are_enough(client, readings):
    assert search(client, "HEADER X-Label important") == [2]
    assert [uid for uid, _ in readings] == [1, 2, 3, 4]
    assert all(end < len(MESSAGES[uid - 1][0]) for uid, end in readings)


def test_messages_that_are_out_anyway_are_not_read(client, readings):
    assert search(client, "FROM bob BODY hello") == [2]
    assert {uid for uid, _ in readings} == {2}
    assert search(client, "OR SEEN BODY hello") == [1, 2]
    assert 1 not in {uid for uid, _ in readings}


# ------------------------------------------------------------------- messages that others remove


@pytest.mark.parametrize("keys", ["ALL", "NOT SEEN", "NOT SUBJECT x", "NOT TEXT zzz", "LARGER 1"])
def test_what_another_has_removed_matches_nothing(client, connect, keys):
    other = connect()
    other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    other.ok("UID EXPUNGE 2")
    found = search(client, keys)
    assert 2 not in found
    assert 4 in found
    assert "* 2 EXPUNGE" in client.ok("NOOP")


@pytest.mark.parametrize("keys", ["NOT SUBJECT x", "NOT HEADER X-None x", "NOT TEXT zzz"])
def test_what_vanishes_during_the_search_matches_nothing(client, inbox, keys):
    del inbox.messages[2]
    assert search(client, keys) == [1, 3, 4]


# -------------------------------------------------------------------------------------- RFC 5032


@pytest.mark.parametrize(
    ("keys", "numbers"),
    [
        ("YOUNGER 86400", [4]),
        ("OLDER 86400", [1, 2, 3]),
        ("UNSEEN OLDER 2440800", [2, 3]),
        ("OR OLDER 4294967295 NOT OLDER 2440801", [3, 4]),
    ],
)
def test_older_and_younger(client, connect, keys, numbers):
    within = connect(now=lambda: datetime(2026, 3, 1, 6, tzinfo=UTC))
    assert " WITHIN" in within.ok("CAPABILITY")[0]
    assert search(within, keys) == numbers


@pytest.mark.parametrize("options", [{}, {"disabled": ["WITHIN"]}])
def test_without_the_time_there_is_no_within(client, connect, options):
    now = {"now": lambda: datetime(2026, 3, 1, tzinfo=UTC)} if options else {}
    other = connect(**options, **now)
    assert "WITHIN" not in other.ok("CAPABILITY")[0]
    assert "BAD" in other.do("SEARCH NOT YOUNGER 60")[-1]
    assert search(other, "SEEN") == [1]


def test_sent_dates_are_looked_up_once(client, inbox, monkeypatch):
    assert search(client, "SENTSINCE 5-Jan-2026") == [1]

    async def summaries(uids):
        raise AssertionError("summaries were asked for again")

    monkeypatch.setattr(inbox, "summaries", summaries)
    assert search(client, "SENTON 5-Jan-2026") == [1]
    assert search(client, "NOT SENTBEFORE 6-Jan-2026") == [2, 3, 4]
    assert search(client, "OR SENTON 5-Jan-2026 2") == [1, 2]


@pytest.mark.parametrize("keys", ["UNSEEN", "NEW", "1:3 UID 2", "SINCE 1-Jan-2026 SMALLER 9999"])
def test_flags_dates_and_sizes_ask_the_mailbox_nothing(client, inbox, monkeypatch, keys):
    async def ask(*arguments):
        raise AssertionError("the mailbox was asked")

    found = search(client, keys)
    for name in ("summaries", "read", "object_ids", "save_dates"):
        monkeypatch.setattr(inbox, name, ask)
    assert search(client, keys) == found != []
