"""Searches that go on: UPDATE tells what changes in their results (RFC 5267, RFC 5465 §7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mailcore.limits import Limits
from mailcore.testing import new_message, run


@pytest.fixture
def two(connect, deliver):
    """A client whose searches go on, and another one, in a mailbox of five messages."""
    deliver(*[b"Subject: %c\r\n\r\nbody\r\n" % letter for letter in b"edcba"])
    return connect(), connect()


def begin(client, tag: str, command: str) -> list[str]:
    """Give a command by a tag of its own; return all lines of the answer."""
    output = client.say(f"{tag} {command}\r\n".encode()).decode()
    return output.splitlines()


def told(client, command: str = "NOOP") -> list[str]:
    """Return what is said without being asked for, but for flags."""
    return [line for line in client.ok(command) if " FETCH (" not in line]


# ------------------------------------------------------------------------- what changes is told


@pytest.mark.parametrize("kind", ["", "UID "])
def test_flags_that_change_the_results(two, kind: str) -> None:
    client, other = two
    uid = "UID " if kind else ""
    assert begin(client, "b", f"{kind}SEARCH RETURN (UPDATE COUNT) FLAGGED") == [
        f'* ESEARCH (TAG "b") {uid}COUNT 0',
        "b OK Search completed",
    ]
    other.ok("STORE 2,3,5 +FLAGS (\\Flagged)")
    lines = client.ok("NOOP")
    assert lines[-1] == f'* ESEARCH (TAG "b") {uid}ADDTO (0 2:3,5)'
    # What caused it is told first (RFC 5465 §5.3).
    assert [" FETCH (" in line for line in lines] == [True] * 3 + [False]
    other.ok("STORE 3 -FLAGS (\\Flagged)")
    other.ok("STORE 4 +FLAGS (\\Flagged)")
    other.ok("STORE 2 +FLAGS (\\Seen)")
    assert told(client) == [f'* ESEARCH (TAG "b") {uid}REMOVEFROM (0 3) ADDTO (0 4)']
    assert told(client) == []


def test_what_the_client_does_itself_is_told_too(two) -> None:
    client, _ = two
    begin(client, "b", "SEARCH RETURN (UPDATE) SEEN")
    assert told(client, "STORE 1:2 +FLAGS.SILENT (\\Seen)") == ['* ESEARCH (TAG "b") ADDTO (0 1:2)']
    assert told(client, "FETCH 3 BODY[]<0.1>")[-1] == '* ESEARCH (TAG "b") ADDTO (0 3)'


def test_new_messages_are_told_behind_exists(two, deliver) -> None:
    client, _ = two
    begin(client, "b", "SEARCH RETURN (UPDATE) BODY new")
    begin(client, "c", "UID SEARCH RETURN (UPDATE) UNSEEN RECENT")
    deliver(b"\r\nnew", b"\r\nold", b"\r\nnew")
    assert client.ok("NOOP") == [
        "* 8 EXISTS",
        "* 8 RECENT",
        '* ESEARCH (TAG "b") ADDTO (0 6,8)',
        '* ESEARCH (TAG "c") UID ADDTO (0 6:8)',
    ]


def test_what_vanishes_is_told_while_its_number_is_its_own(two) -> None:
    client, other = two
    begin(client, "b", "SEARCH RETURN (UPDATE) ALL")
    other.ok("STORE 2,4 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    # RFC 5267 §A.3: at once, although the numbers have to wait while numbers are in use.
    assert told(client, "SEARCH NOT SEEN")[1:] == ['* ESEARCH (TAG "b") REMOVEFROM (0 2,4)']
    assert client.ok("NOOP") == ["* 4 EXPUNGE", "* 2 EXPUNGE"]
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.ok("NOOP") == ['* ESEARCH (TAG "b") REMOVEFROM (0 1)', "* 1 EXPUNGE"]


def test_vanished_comes_behind_removefrom_too(two) -> None:
    client, other = two
    client.ok("ENABLE QRESYNC")
    begin(client, "b", "UID SEARCH RETURN (UPDATE) UID 1:3")
    other.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.ok("NOOP") == ['* ESEARCH (TAG "b") UID REMOVEFROM (0 1:2)', "* VANISHED 1:2"]


def test_while_the_client_idles(two, deliver) -> None:
    client, other = two
    begin(client, "b", "SEARCH RETURN (UPDATE) FLAGGED")
    assert client.say(b"i IDLE\r\n") == b"+ idling\r\n"
    other.ok("STORE 2 +FLAGS (\\Flagged)")
    assert client.woken
    assert client.say().endswith(b'* ESEARCH (TAG "b") ADDTO (0 2)\r\n')
    deliver(b"x")
    assert client.say() == b"* 6 EXISTS\r\n* 6 RECENT\r\n"
    assert client.say(b"DONE\r\n") == b"i OK Idle completed\r\n"


def test_with_notify_it_is_told_without_a_command(two) -> None:
    client, other = two
    client.ok("NOTIFY SET (SELECTED (MessageNew MessageExpunge FlagChange))")
    begin(client, "b", "SEARCH RETURN (UPDATE) FLAGGED")
    other.ok("STORE 2 +FLAGS (\\Flagged)")
    assert client.say().endswith(b'* ESEARCH (TAG "b") ADDTO (0 2)\r\n')


def test_what_happened_before_the_search_was_told_of_counts(two, deliver) -> None:
    client, other = two
    # The snapshot that both share knows of the sixth message; the client does not yet.
    deliver(b"x")
    other.ok("NOOP")
    lines = begin(client, "b", "SEARCH RETURN (UPDATE ALL) ALL")
    assert lines[0] == '* ESEARCH (TAG "b") ALL 1:5'
    assert '* ESEARCH (TAG "b") ADDTO (0 6)' in lines[1:-1] + client.ok("NOOP")


# ---------------------------------------------------------------------------- sorted contexts


def test_a_sorted_search_tells_places(two, deliver) -> None:
    client, other = two
    assert begin(client, "b", "UID SORT RETURN (UPDATE ALL) (SUBJECT) UTF-8 NOT SEEN")[0] == (
        '* ESEARCH (TAG "b") UID ALL 5,4,3,2,1'
    )
    other.ok("STORE 1,3,4 +FLAGS.SILENT (\\Seen)")
    # 5 4 3 2 1: from the end on, so that each place is that of before.
    assert told(client) == ['* ESEARCH (TAG "b") UID REMOVEFROM (5 1 2 4,3)']
    deliver(b"Subject: z\r\n\r\n", b"Subject: A\r\n\r\n", b"Subject: b\r\n\r\n")
    # 5 7 8 2 6
    assert told(client)[2:] == ['* ESEARCH (TAG "b") UID ADDTO (2 7:8 5 6)']
    other.ok("STORE 3:4 -FLAGS.SILENT (\\Seen)")
    # 5 7 4 8 3 2 6: equal subjects stand in the order of the mailbox.
    assert told(client) == ['* ESEARCH (TAG "b") UID ADDTO (3 4 5 3)']


@pytest.mark.parametrize("criteria", ["SUBJECT", "DATE", "REVERSE DATE", "SIZE DATE"])
def test_an_order_that_is_known_already(connect, deliver, criteria: str) -> None:
    """The second search sorts nothing anew; it goes on all the same."""
    dates = [b"Date: %d Feb 2026 10:00:00 +0000\r\nSubject: %d\r\n\r\n" % (d, d) for d in (3, 1, 2)]
    deliver(*dates)
    client = connect()
    client.ok(f"UID SORT ({criteria}) UTF-8 ALL")
    (answer, _) = begin(client, "b", f"UID SORT RETURN (UPDATE ALL) ({criteria}) UTF-8 ALL")
    order = [int(uid) for uid in answer.rpartition(" ")[2].replace(":", ",").split(",")]
    deliver(b"Date: 2 Feb 2026 11:00:00 +0000\r\nSubject: 2\r\n\r\n")
    place = {"SUBJECT": 3, "DATE": 3, "REVERSE DATE": 2, "SIZE DATE": 3}[criteria]
    assert order == ([1, 3, 2] if criteria.startswith("REVERSE") else [2, 3, 1])
    assert client.ok("NOOP")[-1] == f'* ESEARCH (TAG "b") UID ADDTO ({place} 4)'


def test_many_results_at_once(two, deliver) -> None:
    client, _ = two
    begin(client, "b", "UID SORT RETURN (UPDATE) (REVERSE SUBJECT) UTF-8 ALL")
    deliver(*[b"Subject: f%03d\r\n\r\n" % number for number in range(150)])
    falling = ",".join(str(uid) for uid in range(155, 5, -1))
    assert client.ok("NOOP")[-1] == f'* ESEARCH (TAG "b") UID ADDTO (1 {falling})'


def test_a_sorted_search_by_number(two) -> None:
    client, other = two
    begin(client, "b", "SORT RETURN (UPDATE) (REVERSE SUBJECT ARRIVAL) UTF-8 ALL")
    other.ok("STORE 2,3 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert told(client) == [
        '* ESEARCH (TAG "b") REMOVEFROM (2 2:3)',
        "* 3 EXPUNGE",
        "* 2 EXPUNGE",
    ]


# --------------------------------------------------------------------- what numbers in a key mean


def test_numbers_mean_what_they_meant_when_the_search_began(two, deliver) -> None:
    client, other = two
    begin(client, "b", "UID SEARCH RETURN (UPDATE) 2:* FLAGGED")
    begin(client, "c", "UID SEARCH RETURN (UPDATE) UID 2:* FLAGGED")
    begin(client, "d", "UID SEARCH RETURN (UPDATE) UID * FLAGGED")
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    deliver(b"x")
    client.ok("NOOP")
    other.ok("NOOP")
    other.ok("STORE 1:* +FLAGS (\\Flagged)")
    assert told(client) == [
        '* ESEARCH (TAG "b") UID ADDTO (0 2:5)',
        '* ESEARCH (TAG "c") UID ADDTO (0 2:6)',
        '* ESEARCH (TAG "d") UID ADDTO (0 5)',
    ]


def test_dollar_means_what_was_saved_when_the_search_began(two) -> None:
    client, other = two
    client.ok("SEARCH RETURN (SAVE) 2:3")
    begin(client, "b", "UID SEARCH RETURN (UPDATE) $ FLAGGED")
    client.ok("SEARCH RETURN (SAVE) 5")
    other.ok("STORE 1:* +FLAGS (\\Flagged)")
    assert told(client) == ['* ESEARCH (TAG "b") UID ADDTO (0 2:3)']


def test_time_takes_messages_away_now_and_then(connect, inbox) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    clock = [now]
    run(inbox.append([new_message(b"x", internal_date=now - timedelta(seconds=30))]))
    client = connect(now=lambda: clock[0])
    begin(client, "b", "SEARCH RETURN (UPDATE) YOUNGER 60")
    clock[0] += timedelta(seconds=59)
    assert client.ok("NOOP") == []
    clock[0] += timedelta(seconds=1)
    assert client.ok("NOOP") == ['* ESEARCH (TAG "b") REMOVEFROM (0 1)']


def test_ids_of_new_messages_are_asked_for(two, deliver) -> None:
    client, _ = two
    known = client.ok("FETCH 1 (THREADID)")[0].split("(")[-1].split(")")[0]
    begin(client, "b", f"SEARCH RETURN (UPDATE) NOT THREADID {known}")
    deliver(b"Subject: quite another\r\n\r\n")
    assert client.ok("NOOP")[-1] == '* ESEARCH (TAG "b") ADDTO (0 6)'


# ------------------------------------------------------------------------ how little is looked at


def test_flags_are_no_reason_to_read_again(two, inbox, monkeypatch) -> None:
    client, other = two
    begin(client, "b", "SEARCH RETURN (UPDATE COUNT) BODY body")

    async def read(uid: int, start: int, end: int) -> bytes:
        raise AssertionError("nothing is to be read")

    monkeypatch.setattr(inbox, "read", read)
    other.ok("STORE 1:* +FLAGS (\\Flagged)")
    assert told(client) == []


# ------------------------------------------------------------------------------ items of UPDATE


def test_what_is_told_of_new_messages(two, deliver, inbox) -> None:
    client, other = two
    begin(client, "a", "SEARCH RETURN (COUNT UPDATE (UID BODY[HEADER.FIELDS (FROM)])) FROM boss")
    deliver(b"From: boss\r\n\r\n", b"From: others\r\n\r\n")
    lines = client.ok("NOOP")
    at = lines.index('* ESEARCH (TAG "a") ADDTO (0 6)')
    assert lines[at + 1].startswith("* 6 FETCH (UID 6 BODY[HEADER.FIELDS (FROM)] {")
    assert not any(line.startswith("* 7 FETCH") for line in lines)
    assert "\\Seen" not in inbox.messages[6].state.flags
    # Not if flags alone made it one of the results.
    begin(client, "c", "SEARCH RETURN (UPDATE (ENVELOPE)) FLAGGED")
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert not any("ENVELOPE" in line for line in client.ok("NOOP"))


def test_items_need_notify(connect) -> None:
    client = connect(disabled=["NOTIFY"])
    assert client.tagged("SEARCH RETURN (UPDATE (UID)) ALL") == "BAD NOTIFY is not offered here"
    client.ok("SEARCH RETURN (UPDATE) ALL")


# ----------------------------------------------------------------------------- ends, and bounds


def test_cancelupdate(two) -> None:
    client, other = two
    for tag in ("b", "c"):
        begin(client, tag, "SEARCH RETURN (UPDATE) FLAGGED")
    client.ok('CANCELUPDATE "b" "unknown"')
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert told(client) == ['* ESEARCH (TAG "c") ADDTO (0 1)']
    assert client.tagged("CANCELUPDATE").startswith("BAD")
    # The tag is free again.
    assert begin(client, "b", "SEARCH RETURN (UPDATE) ALL")[-1] == "b OK Search completed"


@pytest.mark.parametrize("command", ["SELECT INBOX", "EXAMINE INBOX", "UNSELECT", "CLOSE"])
def test_updates_end_with_the_mailbox(two, command: str) -> None:
    client, other = two
    begin(client, "b", "SEARCH RETURN (UPDATE) FLAGGED")
    client.ok(command)
    client.ok("SELECT INBOX")
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert told(client) == []
    assert begin(client, "b", "SEARCH RETURN (UPDATE) ALL")[-1] == "b OK Search completed"


def test_a_tag_stands_for_one_search(two) -> None:
    client, other = two
    begin(client, "b", "SEARCH RETURN (UPDATE) FLAGGED")
    assert begin(client, "b", "SORT RETURN (UPDATE) (DATE) UTF-8 SEEN") == ["b BAD Tag reuse"]
    # Without UPDATE it disturbs nobody.
    assert begin(client, "b", "SEARCH SEEN")[-1] == "b OK Search completed"
    other.ok("STORE 1 +FLAGS (\\Flagged)")
    assert told(client) == ['* ESEARCH (TAG "b") ADDTO (0 1)']


def test_there_is_an_end_to_contexts(connect, deliver) -> None:
    deliver(*[b"x"] * 3)
    client = connect(limits=Limits(search_contexts=1, search_context_results=3))
    begin(client, "a", "SEARCH RETURN (UPDATE COUNT) ALL")
    assert begin(client, "b", "UID SORT RETURN (UPDATE COUNT) (DATE) UTF-8 ALL") == [
        '* ESEARCH (TAG "b") UID COUNT 3',
        '* NO [NOUPDATE "b"] Too many contexts',
        "b OK Sort completed",
    ]
    assert begin(client, "b]", "SEARCH RETURN (UPDATE) ALL")[1] == "* NO Too many contexts"
    # One that grows too big is told to be no more.
    deliver(b"x")
    assert client.ok("NOOP")[-1] == '* NO [NOUPDATE "a"] Too many messages'
    assert begin(client, "b", "SEARCH RETURN (UPDATE) ALL")[1] == (
        '* NO [NOUPDATE "b"] Too many messages'
    )
    assert begin(client, "c", "SEARCH RETURN (UPDATE) 1:2")[1:] == ["c OK Search completed"]


def test_a_search_that_is_cut_short_does_not_go_on(connect, deliver) -> None:
    deliver(*[b"x"] * 3)
    client = connect(limits=Limits(messages_per_command=2))
    assert begin(client, "a", "SEARCH RETURN (UPDATE) ALL") == [
        '* ESEARCH (TAG "a")',
        '* NO [NOUPDATE "a"] Too many messages',
        "a OK [MESSAGELIMIT 2 2] Search completed",
    ]


def test_other_options_are_honoured_beside_update(two) -> None:
    client, _ = two
    lines = begin(client, "b", "SEARCH RETURN (CONTEXT UPDATE PARTIAL 1:2 MAX) ALL")
    assert lines == ['* ESEARCH (TAG "b") MAX 5 PARTIAL (1:2 1:2)', "b OK Search completed"]


def test_where_it_is_disabled_it_is_bad(connect) -> None:
    client = connect(disabled=["CONTEXT=SORT"])
    names = client.ok("CAPABILITY")[0].split()
    assert "CONTEXT=SEARCH" in names
    assert "CONTEXT=SORT" not in names
    client.ok("SEARCH RETURN (UPDATE) ALL")
    refusal = "BAD CONTEXT=SORT is not offered here"
    assert client.tagged("SORT RETURN (UPDATE) (DATE) UTF-8 ALL") == refusal
    client = connect(disabled=["PARTIAL"])
    assert "CONTEXT" not in client.ok("CAPABILITY")[0]
    assert client.tagged('CANCELUPDATE "a"') == "BAD CONTEXT=SEARCH is not offered here"
