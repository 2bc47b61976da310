"""IDLE as phones do it, octet by octet (RFC 2177)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .accounts import Account, Wire

MAIL = b"Subject: x\r\n\r\nText\r\n"


@pytest.fixture
def phone(anna: Account) -> Iterator[Wire]:
    """A connection with INBOX selected."""
    wire = anna.raw_imap()
    wire.send(b"s SELECT INBOX\r\n")
    assert wire.until(b"s ").startswith(b"s OK")
    yield wire
    wire.close()


def test_a_command_right_behind_done_runs(phone: Wire) -> None:
    phone.send(b"i IDLE\r\n")
    assert phone.line().startswith(b"+")
    phone.send(b"DONE\r\nn NOOP\r\nf UID SEARCH ALL\r\n")
    assert phone.line().startswith(b"i OK")
    assert phone.until(b"n ").startswith(b"n OK")
    assert phone.until(b"f ").startswith(b"f OK")


def test_a_second_idle_while_idling_harms_nothing(phone: Wire, anna: Account) -> None:
    phone.send(b"i IDLE\r\n")
    assert phone.line().startswith(b"+")
    phone.send(b"j IDLE\r\nDONE\r\nn NOOP\r\n")
    assert phone.until(b"n ").startswith(b"n OK")
    anna.append("INBOX", MAIL)
    phone.send(b"o NOOP\r\n")
    assert phone.until(b"* 1 EXISTS")
    assert phone.until(b"o ").startswith(b"o OK")


def test_a_change_just_before_idle_is_told_at_its_start(phone: Wire, anna: Account) -> None:
    anna.append("INBOX", MAIL)
    phone.send(b"i IDLE\r\n")
    assert phone.until(b"* 1 EXISTS")
    phone.send(b"DONE\r\n")
    assert phone.until(b"i ").startswith(b"i OK")


def test_all_that_happens_elsewhere_is_told(phone: Wire, anna: Account) -> None:
    anna.fill("INBOX", [MAIL] * 3)
    phone.send(b"i IDLE\r\n")
    assert phone.until(b"* 3 EXISTS")
    with anna.imap("INBOX") as other:
        other.store("2", "+FLAGS", r"(\Flagged)")
        told = phone.until(b"* 2 FETCH ")
        assert rb"\Flagged" in told
        other.store("1", "+FLAGS", r"(\Deleted)")
        assert rb"\Deleted" in phone.until(b"* 1 FETCH ")
        other.expunge()
        assert phone.line() == b"* 1 EXPUNGE\r\n"
        other.uid("MOVE", "2", "Trash")
        assert phone.line() == b"* 1 EXPUNGE\r\n"
    phone.send(b"DONE\r\nf FETCH 1 (UID)\r\n")
    assert phone.until(b"* 1 FETCH ") == b"* 1 FETCH (UID 3)\r\n"


def test_a_search_that_goes_on_is_told_too(phone: Wire, anna: Account) -> None:
    anna.fill("INBOX", [b"Subject: b\r\n\r\n", b"Subject: a\r\n\r\n"])
    phone.send(b"n NOOP\r\nk UID SORT RETURN (UPDATE ALL) (SUBJECT) UTF-8 UNSEEN\r\ni IDLE\r\n")
    assert phone.until(b"* ESEARCH") == b'* ESEARCH (TAG "k") UID ALL 2,1\r\n'
    assert phone.until(b"+")
    with anna.imap("INBOX") as other:
        other.store("2", "+FLAGS", r"(\Seen)")
        told = phone.until(b"* ESEARCH")
        assert told == b'* ESEARCH (TAG "k") UID REMOVEFROM (1 2)\r\n'
        other.store("1", "+FLAGS", r"(\Deleted)")
        other.expunge()
        told = phone.until(b"* ESEARCH")
        assert told == b'* ESEARCH (TAG "k") UID REMOVEFROM (1 1)\r\n'
        assert phone.line() == b"* 1 EXPUNGE\r\n"
    anna.append("INBOX", b"Subject: c\r\n\r\n")
    assert phone.until(b"* ESEARCH") == b'* ESEARCH (TAG "k") UID ADDTO (1 3)\r\n'
    phone.send(b'DONE\r\nc CANCELUPDATE "k"\r\n')
    assert phone.until(b"c ").startswith(b"c OK")


def test_a_number_never_names_the_wrong_message(phone: Wire, anna: Account) -> None:
    anna.fill("INBOX", [b"Subject: %d\r\n\r\n" % number for number in range(1, 4)])
    phone.send(b"n NOOP\r\n")
    assert phone.until(b"n ").startswith(b"n OK")
    with anna.imap("INBOX") as other:
        other.store("1", "+FLAGS", r"(\Deleted)")
        other.expunge()
    phone.send(b"f FETCH 2 BODY.PEEK[HEADER.FIELDS (SUBJECT)]\r\n")
    assert phone.until(b"Subject: ") == b"Subject: 2\r\n"
    phone.until(b"f ")
    phone.send(b"g FETCH 1 (UID BODY.PEEK[])\r\n")
    lines = []
    while not lines or not lines[-1].startswith(b"g "):
        lines.append(phone.line())
        assert b"UID 2" not in lines[-1]
        assert b"UID 3" not in lines[-1]
