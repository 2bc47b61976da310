"""BDAT and BURL: messages in parts (RFC 3030, RFC 4468)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from mailcore.backend import Honoured, Unavailable
from mailcore.limits import Limits
from mailcore.smtp import (
    Burl,
    Connected,
    DataChunk,
    Ehlo,
    EndOfChunk,
    EndOfData,
    Noop,
    ServerConnection,
    State,
)
from mailcore.smtp.wire.data import LINE_TOO_LONG, MESSAGE_TOO_BIG, STRAY_OCTETS, ChunkDecoder

from .post_office import ENVELOPE, NEVER, QUEUED, Line, Store, plain, submission
from .test_smtp_connection import codes, cuts, run

BINARY = ("MAIL FROM:<a@b> BODY=BINARYMIME", "RCPT TO:<c@d>")
LINES = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"


def ready(**options: Any) -> ServerConnection:
    connection = ServerConnection(options.pop("limits", Limits()), chunking=True, **options)
    hello = b"LHLO x\r\n" if options.get("lmtp") else b"EHLO x\r\n"
    assert run(connection, [b"", hello]) == [Connected(), Ehlo("x")]
    connection.data_to_send()
    return connection


# ------------------------------------------------------------------------------ the connection


def test_a_message_in_chunks_for_every_split() -> None:
    data = LINES + b"BDAT 6\r\n.\r\nab\rBDAT 0\r\nBDAT 4 LAST\r\n\n.\r\nNOOP\r\n"
    for pieces in cuts(data):
        events = run(ready(), pieces)[2:]
        assert events == [
            DataChunk(b".\r\nab\r"),
            EndOfChunk(6),
            EndOfChunk(0),
            # The chunks may cut a CRLF in two, and a dot in them is a dot.
            DataChunk(b"\n.\r\n"),
            EndOfData(),
            Noop(),
        ]


def test_the_octets_of_a_chunk_are_never_commands() -> None:
    for pieces in cuts(LINES + b"BDAT 8 LAST\r\nNOOP\r\n.\nNOOP\r\n"):
        events = [one for one in run(ready(), pieces)[2:] if not isinstance(one, DataChunk)]
        assert events == [EndOfData(STRAY_OCTETS), Noop()]
    for pieces in cuts(b"BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n"):
        assert codes(run(ready(), pieces)) == [503, "Noop"]


def test_the_last_chunk_may_be_empty() -> None:
    for pieces in cuts(LINES + b"BDAT 3\r\na\r\nBDAT 0 LAST\r\n"):
        assert run(ready(), pieces)[2:] == [DataChunk(b"a\r\n"), EndOfChunk(3), EndOfData()]
    assert run(ready(), [LINES + b"BDAT 0 LAST\r\n"])[2:] == [EndOfData()]


def test_a_cr_at_the_very_end_is_a_bare_one() -> None:
    assert run(ready(), [LINES + b"BDAT 2\r\na\rBDAT 0 LAST\r\n"])[-1] == EndOfData(STRAY_OCTETS)


@pytest.mark.parametrize("line", [b"DATA\r\n", b"RCPT TO:<e@f>\r\n", b"MAIL FROM:<a@b>\r\n"])
def test_between_chunks_there_are_chunks_only(line: bytes) -> None:
    events = run(ready(), [LINES, b"BDAT 3\r\na\r\n", line, b"BDAT 0 LAST\r\n"])[3:]
    assert codes(events) == ["EndOfChunk", 503, "EndOfData"]


def test_between_chunks_the_transaction_may_be_dropped() -> None:
    for line in (b"RSET\r\n", b"EHLO x\r\n"):
        connection = ready()
        run(connection, [LINES + b"BDAT 3\r\na\r\n", line])
        assert connection.state is State.READY
        assert codes(run(connection, [b"BDAT 3 LAST\r\na\r\n"])) == [503]


def test_binary_needs_chunks_and_may_hold_anything() -> None:
    mail = b"MAIL FROM:<a@b> BODY=BINARYMIME\r\nRCPT TO:<c@d>\r\n"
    data = b"\0\r\n\n\r.\xff" + b"x" * 5000
    connection = ready()
    assert codes(run(connection, [mail, b"DATA\r\n"])) == ["MailFrom", "RcptTo", 503]
    events = run(connection, [b"BDAT %d LAST\r\n" % len(data) + data])
    assert events == [DataChunk(data), EndOfData()]
    # The next transaction is text again.
    assert codes(run(connection, [LINES, b"DATA\r\n"])) == ["MailFrom", "RcptTo", "Data"]


def test_sizes_of_chunks_and_their_sum() -> None:
    limits = Limits(message_size=10, smtp_swallow=20)
    assert codes(run(ready(limits=limits), [LINES, b"BDAT 21\r\n"]))[-1] == 552
    # What is too big is read all the same, and none of it is kept (RFC 3030 §2).
    for last, end in (
        (b"", EndOfChunk(11, MESSAGE_TOO_BIG)),
        (b" LAST", EndOfData(MESSAGE_TOO_BIG)),
    ):
        data = LINES + b"BDAT 11" + last + b"\r\nMAIL \r\nabcdNOOP\r\n"
        for pieces in cuts(data):
            assert run(ready(limits=limits), pieces)[2:] == [end, Noop()]
    connection = ready(limits=limits)
    events = run(connection, [LINES, b"BDAT 8\r\naaaaaa\r\nBDAT 8 LAST\r\nbbbbbb\r\n"])
    assert events[-1] == EndOfData(MESSAGE_TOO_BIG)
    events = run(connection, [LINES, b"BDAT 8\r\naaaaaa\r\nBDAT 8\r\nbbbbbb\r\n"])
    assert events[-1] == EndOfChunk(8, MESSAGE_TOO_BIG)


def test_chunks_that_are_out_of_place_are_not_counted_as_errors() -> None:
    connection = ready(limits=Limits(bad_commands=2))
    assert codes(run(connection, [b"BDAT 2\r\nX\n" * 50])) == [503] * 50
    assert not connection.closed


def test_faults_of_chunks() -> None:
    decoder = ChunkDecoder(Limits(smtp_text_line=10))
    assert decoder.feed(b"12345678\r") == b"12345678\r"
    assert decoder.fault(last=True) is STRAY_OCTETS
    assert decoder.feed(b"\n") == b"\n"
    assert decoder.fault(last=True) is None
    assert decoder.feed(b"123456789") == b"123456789"
    assert decoder.feed(b"\r\n") == b""
    assert decoder.fault() is LINE_TOO_LONG


def test_a_url_is_a_part_like_a_chunk() -> None:
    connection = ready()
    events = run(connection, [LINES, b"BURL imap://a/b\r\nBDAT 3\r\na\r\nBURL imap://a/c LAST\r\n"])
    assert events[2:] == [
        Burl("imap://a/b"),
        DataChunk(b"a\r\n"),
        EndOfChunk(3),
        Burl("imap://a/c", last=True),
    ]
    assert connection.state is State.READY
    assert codes(run(connection, [b"BURL imap://a/b LAST\r\n"])) == [503]


def test_lmtp_answers_the_last_part_for_each_recipient() -> None:
    for last in (b"BDAT 0 LAST\r\n", b"BURL imap://a/b LAST\r\n"):
        connection = ready(lmtp=True)
        run(connection, [LINES])
        connection.data_to_send()
        connection.receive_data(last)
        assert isinstance(connection.next_event(), (EndOfData, Burl))
        connection.send(QUEUED, NEVER)
        assert connection.data_to_send().count(b"\r\n") == 2


def test_without_chunking_a_chunk_is_swallowed() -> None:
    connection = ServerConnection()
    run(connection, [b"", b"EHLO x\r\n", LINES])
    assert codes(run(connection, [b"BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n"])) == [502, "Noop"]
    assert connection.state is State.RCPT


def test_eof_within_a_chunk_is_no_end() -> None:
    connection = ready()
    run(connection, [LINES, b"BDAT 10 LAST\r\n123"])
    connection.receive_eof()
    assert run(connection, [b""]) == []
    assert connection.closed


# ------------------------------------------------------------------------------ the session


def test_a_message_by_bdat(store: Store) -> None:
    line = Line(store)
    assert "CHUNKING" in line.say("EHLO x")
    assert line.codes(*ENVELOPE, b"BDAT 5\r\nSub:1BDAT 4 LAST\r\n\r\n\r\n") == [
        "250 2.1.0",
        "250 2.1.5",
        "250 2.0.0",
        "250 2.6.0",
    ]
    assert store.mail[0][1] == b"Sub:1\r\n\r\n"
    assert line.codes(*ENVELOPE, b"BDAT 0 LAST\r\n")[-1] == "250 2.6.0"
    assert store.mail[1][1] == b""


def test_a_chunk_that_fails_ends_its_transaction(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    failed = line.codes(*ENVELOPE, b"BDAT 3\r\na\n\nBDAT 3 LAST\r\nb\r\n")
    assert failed[2:] == ["550 5.6.11", "503 5.5.1"]
    assert store.mail == []
    assert line.codes(*ENVELOPE, b"BDAT 3 LAST\r\na\r\n")[-1] == "250 2.6.0"


def test_no_room_for_a_chunk(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = Line(store, limits=Limits(spool_memory=2))
    line.say("EHLO x")
    line.say(*ENVELOPE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    assert line.codes(b"BDAT 3\r\na\r\nBDAT 0 LAST\r\n") == ["452 4.3.1", "503 5.5.1"]


def test_reset_between_chunks_forgets_them(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.say(*ENVELOPE, b"BDAT 3\r\na\r\n", "RSET")
    assert line.codes(*ENVELOPE, b"BDAT 3 LAST\r\nb\r\n")[-1] == "250 2.6.0"
    assert [data for _, data in store.mail] == [b"b\r\n"]


def test_chunking_can_be_disabled(store: Store) -> None:
    line = Line(store, disabled=("chunking",))
    assert "CHUNKING" not in line.say("EHLO x")
    assert line.codes(*ENVELOPE, b"BDAT 6 LAST\r\nNOOP\r\n", "NOOP")[2:] == [
        "502 5.5.1",
        "250 2.0.0",
    ]


def test_binary_only_where_the_backend_takes_it(store: Store) -> None:
    line = Line(store)
    assert "BINARYMIME" not in line.say("EHLO x")
    assert line.codes(BINARY[0]) == ["555 5.5.4"]
    store.honoured = Honoured(binary_mime=True)
    assert "BINARYMIME" in line.say("EHLO x")
    assert line.codes(*BINARY, b"BDAT 3 LAST\r\n\0\r\r")[-1] == "250 2.6.0"
    assert store.mail[0][1] == b"\0\r\r"
    assert store.mail[0][0].parameters.body == "BINARYMIME"
    assert line.codes(*BINARY, "DATA")[-1] == "503 5.5.1"


def test_shutting_down_waits_for_the_chunk(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.say(*ENVELOPE, b"BDAT 3 LAST\r\na")
    line.session.shut_down("Restarting")
    assert line.read() == ""
    assert line.codes(b"\r\n") == ["250 2.6.0", "421 4.3.2"]


def composer(store: Store, **more: Any) -> Line:
    store.honoured = Honoured(urls=True)
    line = submission(store, **more)
    assert "\r\n250-BURL\r\n" in line.say("EHLO x")
    line.say(plain("composer"))
    assert "\r\n250-BURL imap\r\n" in line.say("EHLO x")
    return line


def test_a_message_by_url(store: Store) -> None:
    store.urls = {"imap://h/one": b"Subject: x\r\n\r\n", "imap://h/two": b"two\r\n"}
    line = composer(store)
    assert line.codes(
        *ENVELOPE,
        "BURL imap://h/one",
        b"BDAT 5\r\nbdat\n"[:8] + b"one\r\n",
        "BURL imap://h/two LAST",
    )[2:] == ["250 2.5.0", "250 2.0.0", "250 2.6.0"]
    assert store.mail[0][1] == b"Subject: x\r\n\r\none\r\ntwo\r\n"


def test_urls_that_fail(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.urls = {"imap://h/bare": b"a\nb", "imap://h/big": b"a\r\n" * 9, "imap://h/ok": b"a\r\n"}
    line = composer(store, limits=Limits(message_size=20))
    for url, code in (("gone", "554 5.6.6"), ("bare", "550 5.6.11"), ("big", "552 5.3.4")):
        assert line.codes(*ENVELOPE, f"BURL imap://h/{url} LAST")[2:] == [code]
        assert line.codes(*ENVELOPE, f"BURL imap://h/{url}", "BDAT 0 LAST")[2:] == [
            code,
            "503 5.5.1",
        ]
    assert line.codes("BURL imap://h/ok LAST") == ["503 5.5.1"]
    assert store.mail == []
    # All parts together count.
    assert line.codes(*ENVELOPE, b"BDAT 18\r\n" + b"a\r\n" * 6, "BURL imap://h/ok LAST")[3:] == [
        "552 5.3.4"
    ]
    store.trouble = {"imap://h/ok": ZeroDivisionError()}
    assert line.codes(*ENVELOPE, "BURL imap://h/ok LAST")[2:] == ["451 4.3.0"]
    store.trouble = {"imap://h/ok": Unavailable()}
    assert line.codes(*ENVELOPE, "BURL imap://h/ok LAST")[2:] == ["451 4.3.0"]
    assert len(caplog.records) == 1


def test_no_urls_for_others(store: Store) -> None:
    store.urls = {"imap://h/one": b"a\r\n"}
    line = submission(store)
    line.say(plain("composer"))
    assert "BURL" not in line.say("EHLO x")
    assert line.codes(*ENVELOPE, "BURL imap://h/one LAST")[2:] == ["502 5.5.1"]
    store.honoured = Honoured(urls=True)
    line = Line(store)
    assert "BURL" not in line.say("EHLO x")
    assert line.codes(*ENVELOPE, "BURL imap://h/one", "RCPT TO:<e@f>")[2:] == [
        "502 5.5.1",
        "503 5.5.1",
    ]
