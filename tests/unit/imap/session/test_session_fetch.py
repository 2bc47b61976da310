"""FETCH: what is told of a message, what reading it does, and what happens when it goes away."""

from __future__ import annotations

import pytest

from mailcore.backend import NotPermitted, Unavailable
from mailcore.imap.session.fetch import PIECE
from mailcore.imap.session.session import FLUSH
from mailcore.spool import CHUNK
from mailcore.testing import new_message, run

HEADER = b"From: Alice <alice@example.test>\r\nSubject: hi\r\nX-Note: one\r\n\r\n"
SIMPLE = HEADER + b"Hello, world\r\n"
NESTED = b"Subject: inner\r\n\r\ninside\r\n"
MIXED = (
    b"Subject: outer\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>one</p>\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + NESTED + b"\r\n--b--\r\n"
)
# More than a driver is given at once, so that a FETCH of it is in the middle of its literal.
LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\n" * ((FLUSH + 3 * PIECE) // 16)


def literal(item: bytes, data: bytes, number: int = 1) -> bytes:
    return b"* %d FETCH (%b {%d}\r\n%b)\r\n" % (number, item, len(data), data)


def fetched(client, command: str) -> bytes:
    """Send a FETCH that must succeed; return all that stands before its tagged response."""
    output = client.say(b"t " + command.encode() + b"\r\n")
    before, _, tagged = output.rpartition(b"t OK ")
    assert tagged.endswith(b"\r\n"), output
    return before


# ------------------------------------------------------------------------------------------ items


def test_attributes_come_in_the_order_that_was_asked_for(connect, inbox):
    run(inbox.append([new_message(SIMPLE, frozenset({"\\Seen", "todo", "\\Answered"}))]))
    client = connect()
    assert client.ok("FETCH 1 (RFC822.SIZE UID FLAGS)") == [
        f"* 1 FETCH (RFC822.SIZE {len(SIMPLE)} UID 1 FLAGS (\\Answered \\Seen todo \\Recent))"
    ]


@pytest.mark.parametrize(
    ("macro", "names"),
    [
        ("FAST", ["FLAGS", "INTERNALDATE", "RFC822.SIZE"]),
        ("ALL", ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"]),
        ("FULL", ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"]),
    ],
)
def test_macros(connect, deliver, macro, names):
    deliver(SIMPLE)
    client = connect()
    (line,) = client.ok(f"FETCH 1 {macro}")
    places = [line.find(name + " ") for name in names]
    assert places == sorted(places)
    assert places[0] == len("* 1 FETCH (")
    assert ("ENVELOPE" in line, "BODY (" in line) == ("ENVELOPE" in names, "BODY" in names)


def test_uid_fetch_tells_the_uid_once_asked_for_or_not(connect, deliver):
    deliver(b"a", b"b")
    client = connect()
    expected = ["* 2 FETCH (UID 2 FLAGS (\\Recent))"]
    assert client.ok("UID FETCH 2 FLAGS") == expected
    assert client.ok("UID FETCH 2 (UID FLAGS)") == expected


def test_the_internal_date_keeps_its_zone(connect):
    client = connect()
    client.say(b'a APPEND INBOX "17-Jul-1996 02:44:25 -0730" {1+}\r\nx\r\n')
    assert client.ok("FETCH 1 INTERNALDATE") == [
        '* 1 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 -0730")'
    ]


def test_envelope_and_structure_are_told_without_reading_the_message(connect, deliver, inbox):
    deliver(SIMPLE)
    client = connect()
    del inbox.messages[1].data
    (line,) = client.ok("FETCH 1 (ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE)")
    assert 'ENVELOPE (NIL "hi" (("Alice" NIL "alice" "example.test"))' in line
    plain = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 14 1'
    assert f" BODY {plain}) " in line
    assert f" BODYSTRUCTURE {plain} NIL NIL NIL NIL) " in line


@pytest.mark.parametrize(
    ("message", "item", "data"),
    [
        (SIMPLE, b"BODY[]", SIMPLE),
        (SIMPLE, b"BODY[HEADER]", HEADER),
        (SIMPLE, b"BODY[TEXT]", b"Hello, world\r\n"),
        (SIMPLE, b"BODY[1]", b"Hello, world\r\n"),
        (SIMPLE, b"BODY[HEADER.FIELDS (SUBJECT X-None)]", b"Subject: hi\r\n\r\n"),
        (SIMPLE, b"BODY[HEADER.FIELDS.NOT (from X-Note)]", b"Subject: hi\r\n\r\n"),
        (SIMPLE, b"RFC822", SIMPLE),
        (SIMPLE, b"RFC822.HEADER", HEADER),
        (SIMPLE, b"RFC822.TEXT", b"Hello, world\r\n"),
        (MIXED, b"BODY[1]", b"<p>one</p>"),
        (MIXED, b"BODY[1.MIME]", b"Content-Type: text/html\r\n\r\n"),
        (MIXED, b"BODY[2]", NESTED),
        (MIXED, b"BODY[2.HEADER]", b"Subject: inner\r\n\r\n"),
        (MIXED, b"BODY[2.TEXT]", b"inside\r\n"),
        (MIXED, b"BODY[2.1]", b"inside\r\n"),
        (MIXED, b"BODY[2.HEADER.FIELDS (subject)]", b"Subject: inner\r\n\r\n"),
    ],
)
def test_sections(connect, inbox, message, item, data):
    run(inbox.append([new_message(message, frozenset({"\\Seen"}))]))
    assert fetched(connect(), f"FETCH 1 {item.decode()}") == literal(item, data)


def test_a_section_that_the_message_does_not_have_is_nil(connect, deliver):
    deliver(SIMPLE)
    client = connect()
    assert client.ok("FETCH 1 BODY.PEEK[3]") == ["* 1 FETCH (BODY[3] NIL)"]
    assert client.ok("FETCH 1 BODY.PEEK[1.HEADER]") == ["* 1 FETCH (BODY[1.HEADER] NIL)"]


@pytest.mark.parametrize(
    ("section", "first", "count", "data"),
    [
        ("[]", 0, 5, SIMPLE[:5]),
        ("[]", 5, 3, SIMPLE[5:8]),
        ("[TEXT]", 7, 100, b"world\r\n"),
        ("[TEXT]", 0, 2**63 - 1, b"Hello, world\r\n"),
        ("[TEXT]", 14, 1, b""),
        ("[TEXT]", 2**63 - 1, 1, b""),
        ("[HEADER.FIELDS (SUBJECT)]", 3, 4, b"ject"),
        ("[HEADER.FIELDS (SUBJECT)]", 99, 4, b""),
    ],
)
def test_a_partial_fetch_is_cut_at_the_end_and_tells_its_origin(
    connect, deliver, section, first, count, data
):
    deliver(SIMPLE)
    output = fetched(connect(), f"FETCH 1 BODY.PEEK{section}<{first}.{count}>")
    assert output == literal(f"BODY{section}<{first}>".encode(), data)


def test_numbers_beyond_the_mailbox(connect, deliver):
    client = connect()
    assert client.ok("FETCH * FLAGS") == []
    assert client.ok("UID FETCH 1:* FLAGS") == []
    assert client.tagged("FETCH 1 FLAGS").startswith("BAD")
    deliver(b"a", b"b", b"c")
    client.ok("NOOP")
    assert client.tagged("FETCH 2:4 FLAGS").startswith("BAD")
    assert client.ok("UID FETCH 4,9 FLAGS") == []
    # "5:*" in a box of three is 3:5 (RFC 9051 §9).
    (line,) = client.ok("FETCH 5:* UID")
    assert line == "* 3 FETCH (UID 3)"
    assert client.ok("UID FETCH 99:* UID") == ["* 3 FETCH (UID 3)"]
    assert client.ok("FETCH 3,1:2,2 UID") == [f"* {n} FETCH (UID {n})" for n in (1, 2, 3)]


# ------------------------------------------------------------------------------------------ \Seen


@pytest.mark.parametrize(
    ("item", "sets"),
    [
        ("BODY[]", True),
        ("BODY[TEXT]<0.1>", True),
        ("BODY[HEADER]", True),
        ("RFC822", True),
        ("RFC822.TEXT", True),
        ("BODY.PEEK[]", False),
        ("RFC822.HEADER", False),
        ("RFC822.SIZE", False),
        ("BODYSTRUCTURE", False),
        ("FULL", False),
    ],
)
def test_reading_sets_seen_and_tells_it_in_the_same_response(connect, deliver, inbox, item, sets):
    deliver(SIMPLE)
    client = connect()
    output = fetched(client, f"FETCH 1 {item}")
    assert ("\\Seen" in inbox.messages[1].state.flags) is sets
    assert output.count(b"FLAGS (\\Seen \\Recent)") == sets
    assert output.count(b"* 1 FETCH") == 1
    assert b"\\Seen" not in fetched(client, f"FETCH 1 {item}") or item == "FULL"


def test_flags_asked_for_beside_the_body_are_those_after_reading(connect, deliver):
    deliver(SIMPLE)
    output = fetched(connect(), "FETCH 1 (FLAGS BODY[TEXT])")
    assert output.startswith(b"* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {14}\r\n")
    assert output.count(b"FLAGS") == 1


def test_others_learn_that_a_message_was_read(connect, deliver):
    deliver(SIMPLE)
    reader, other = connect(), connect()
    fetched(reader, "FETCH 1 BODY[]")
    assert other.ok("NOOP") == ["* 1 FETCH (UID 1 FLAGS (\\Seen))"]
    assert reader.ok("NOOP") == []


def test_a_client_that_knows_mod_sequences_is_told_that_of_seen(connect, deliver):
    deliver(b"x")
    client = connect()
    client.ok("ENABLE CONDSTORE")
    assert fetched(client, "FETCH 1 BODY[]") == (
        b"* 1 FETCH (BODY[] {1}\r\nx UID 1 FLAGS (\\Seen \\Recent) MODSEQ (3))\r\n"
    )


def test_a_refusal_to_set_seen_does_not_keep_the_octets_back(connect, deliver, inbox, monkeypatch):
    deliver(b"x")

    async def store_flags(*args):
        raise NotPermitted

    monkeypatch.setattr(inbox, "store_flags", store_flags)
    assert fetched(connect(), "FETCH 1 BODY[]") == literal(b"BODY[]", b"x")


def test_seen_that_can_not_be_set_for_good_is_not_set(connect, deliver, inbox, monkeypatch):
    deliver(b"x")
    monkeypatch.setattr(inbox, "permanent_flags", frozenset({"\\Deleted"}))
    assert fetched(connect(), "FETCH 1 BODY[]") == literal(b"BODY[]", b"x")
    assert inbox.messages[1].state.flags == frozenset()


def test_flags_that_another_sets_while_octets_are_sent_are_told(connect, deliver):
    deliver(LARGE)
    reader, other = connect(), connect()
    reader.session.receive_data(b"a FETCH 1 BODY[]\r\n")
    output = run(reader.session.step())
    assert b"FLAGS (\\Seen \\Recent)" in output
    other.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
    output = reader.say()
    assert b"* 1 FETCH (UID 1 FLAGS (\\Flagged \\Seen \\Recent))\r\na OK" in output


# -------------------------------------------------------------------------------- mod-sequences


def test_changed_since(connect, deliver):
    deliver(b"a", b"b", b"c")
    client = connect()
    client.ok("STORE 2 +FLAGS.SILENT (\\Flagged)")
    assert client.ok("FETCH 1:* (FLAGS) (CHANGEDSINCE 4)") == [
        "* 2 FETCH (FLAGS (\\Flagged \\Recent) MODSEQ (5))"
    ]
    assert client.ok("UID FETCH 1:* (UID) (CHANGEDSINCE 3)") == [
        "* 2 FETCH (UID 2 MODSEQ (5))",
        "* 3 FETCH (UID 3 MODSEQ (4))",
    ]
    assert client.ok("FETCH 1:* (FLAGS) (CHANGEDSINCE 5)") == []


def test_modseq_is_told_once(connect, deliver):
    deliver(b"a")
    client = connect()
    assert client.ok("FETCH 1 (MODSEQ FLAGS) (CHANGEDSINCE 1)") == [
        "* 1 FETCH (MODSEQ (2) FLAGS (\\Recent))"
    ]


# ------------------------------------------------------------------------------ large messages


def test_a_large_message_comes_in_pieces_that_the_driver_can_send(connect, deliver):
    deliver(LARGE, b"small")
    client = connect()
    client.session.receive_data(b"a FETCH 1:2 (UID BODY.PEEK[])\r\n")
    pieces = []
    while isinstance(step := run(client.session.step()), bytes):
        pieces.append(step)
    assert len(pieces) > 2
    assert max(map(len, pieces)) <= FLUSH + PIECE
    assert b"".join(pieces) == (
        b"* 1 FETCH (UID 1 BODY[] {%d}\r\n%b)\r\n" % (len(LARGE), LARGE)
        + b"* 2 FETCH (UID 2 BODY[] {5}\r\nsmall)\r\na OK Fetch completed\r\n"
    )


def test_pieces_end_where_those_of_the_message_do(connect, deliver, inbox, monkeypatch):
    deliver(LARGE)
    read, asked = inbox.read, []

    async def noted(uid, start, end):
        asked.append((start, end))
        return await read(uid, start, end)

    monkeypatch.setattr(inbox, "read", noted)
    connect().say(b"a FETCH 1 BODY.PEEK[]<7.%d>\r\n" % (2 * PIECE))
    assert asked == [(7, PIECE), (PIECE, 2 * PIECE), (2 * PIECE, 2 * PIECE + 7)]


def test_two_large_items_of_one_message(connect, deliver):
    deliver(LARGE)
    start, _, text = LARGE.partition(b"\r\n\r\n")
    size = len(text)
    assert fetched(connect(), "FETCH 1 (BODY.PEEK[TEXT] RFC822.HEADER BODY.PEEK[]<7.70000>)") == (
        b"* 1 FETCH (RFC822.HEADER {%d}\r\n%b\r\n\r\n" % (len(start) + 4, start)
        + b" BODY[TEXT] {%d}\r\n%b" % (size, text)
        + b" BODY[]<7> {70000}\r\n%b)\r\n" % LARGE[7:70007]
    )


def vanish(inbox):
    del inbox.messages[1]


def shrink(inbox):
    inbox.messages[1].data = LARGE[: PIECE + CHUNK]


def fail_with(error):
    def fail(inbox):
        async def read(uid, start, end):
            raise error

        inbox.read = read

    return fail


@pytest.mark.parametrize(
    "accident",
    [
        vanish,
        shrink,
        fail_with(Unavailable("The disk is on fire")),
        fail_with(RuntimeError("a mistake of the backend")),
        fail_with(OSError("input/output error")),
    ],
)
def test_octets_that_were_promised_and_do_not_come_end_the_connection(
    connect, deliver, inbox, accident
):
    deliver(LARGE)
    client = connect()
    client.session.receive_data(b"a FETCH 1 BODY.PEEK[]\r\nb NOOP\r\n")
    output = run(client.session.step())
    accident(inbox)
    output += client.say()
    assert client.closed
    head = b"* 1 FETCH (BODY[] {%d}\r\n" % len(LARGE)
    assert output.startswith(head)
    # Octets of the message and nothing else: an answer would be read as part of it.
    assert LARGE.startswith(output.removeprefix(head))
    assert len(output) < len(LARGE)


def test_a_backend_that_gives_more_than_it_was_asked_for_ends_the_connection(
    connect, deliver, inbox, monkeypatch
):
    deliver(LARGE)

    async def read(uid, start, end):
        return LARGE[start : end + 1]

    monkeypatch.setattr(inbox, "read", read)
    client = connect()
    output = client.say(b"a FETCH 1 BODY.PEEK[]\r\n")
    assert output == b"* 1 FETCH (BODY[] {%d}\r\n" % len(LARGE)
    assert client.closed


def test_a_large_message_that_can_not_be_read_at_all_is_refused_before_anything_is_promised(
    connect, deliver, inbox, monkeypatch
):
    deliver(LARGE)
    client = connect()
    fail_with(Unavailable("The disk is on fire"))(inbox)
    assert client.do("FETCH 1 BODY.PEEK[]") == ["t NO [UNAVAILABLE] The disk is on fire"]
    assert client.ok("NOOP") == []


# ------------------------------------------------------------------- messages that others remove


@pytest.mark.parametrize(
    "item", ["FLAGS", "UID", "BODY.PEEK[]", "ENVELOPE", "RFC822.SIZE", "BODY[1]"]
)
def test_of_a_message_that_is_gone_nothing_is_told(connect, deliver, item):
    deliver(b"a", b"b")
    client, other = connect(), connect()
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    lines = client.do(f"FETCH 1:2 {item}")
    assert lines[-1] == "t OK [EXPUNGEISSUED] Fetch completed"
    assert not any(line.startswith("* 1 ") or "EXPUNGE" in line for line in lines[:-1])
    assert lines[0].startswith("* 2 FETCH (")
    # The numbers move only when it may be told.
    assert client.ok("NOOP")[0] == "* 1 EXPUNGE"
    assert client.ok("FETCH 1 UID") == ["* 1 FETCH (UID 2)"]


def test_uid_fetch_may_tell_that_messages_are_gone(connect, deliver):
    # RFC 9051 §7.5.1: UID FETCH is not FETCH.
    deliver(b"a", b"b")
    client, other = connect(), connect()
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.do("UID FETCH 1:2 UID") == [
        "* 2 FETCH (UID 2)",
        "* 1 EXPUNGE",
        "t OK Fetch completed",
    ]


def test_a_message_removed_between_two_octets_of_another_is_left_out(connect, deliver):
    deliver(LARGE, b"b", b"c")
    client, other = connect(), connect()
    client.session.receive_data(b"a FETCH 1:3 BODY.PEEK[]\r\n")
    output = run(client.session.step())
    other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    output += client.say()
    assert output.endswith(
        literal(b"BODY[]", LARGE)
        + literal(b"BODY[]", b"c", 3)
        + b"a OK [EXPUNGEISSUED] Fetch completed\r\n"
    )


def test_new_messages_are_told_after_a_fetch(connect, deliver):
    deliver(b"a")
    client = connect()
    deliver(b"b")
    assert client.ok("FETCH 1 UID") == ["* 1 FETCH (UID 1)", "* 2 EXISTS", "* 2 RECENT"]


def test_hanging_up_in_the_middle_of_a_fetch_releases_it(connect, deliver):
    deliver(LARGE)
    client = connect()
    client.session.receive_data(b"a FETCH 1 BODY.PEEK[]\r\n")
    run(client.session.step())
    client.close()
    assert client.session.view is None
    client.close()
