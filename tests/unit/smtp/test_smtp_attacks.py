"""The SMTP rows of the table of limits and attacks, one test for each, for every split."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from mailcore.backend import Peer
from mailcore.flow import CLOSE
from mailcore.limits import Limits
from mailcore.smtp.session import Session

from .post_office import Line, Store, finish, plain
from .test_smtp_connection import cuts

ENVELOPE = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Arguments:
        name: what it says.
        said: before, each line answered before the next.
        data: the attack, which is fed for every split.
        codes: the replies to it.
        closes: whether the connection ends.
        stored: messages that were stored.
        at_once: the attack is what came too soon, so that all of it is there before the answer.
        more: options of the session.
    """

    name: str
    data: bytes
    codes: list[str]
    said: tuple[bytes, ...] = (b"EHLO x\r\n",)
    closes: bool = False
    stored: int = 0
    at_once: bool = False
    more: dict[str, Any] = field(default_factory=dict)


MESSAGE = (b"EHLO x\r\n", ENVELOPE, b"DATA\r\n")
STRAY = ["550 5.6.11", "250 2.0.0"]
# Whatever a careless peer takes for the end of data: nothing of it may be.
NO_ENDS = [
    b"\n.\n",
    b"\n.\r",
    b"\r.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
]
ROWS = [
    *(
        Row(
            f"end of data is CRLF . CRLF and not {end!r}",
            b"a" + end + b"MAIL FROM:<smuggled@x>\r\n.\r\nNOOP\r\n",
            STRAY,
            said=MESSAGE,
        )
        for end in NO_ENDS
    ),
    Row("a true end behind a bare CR", b"a\r\r\n.\r\nNOOP\r\n", STRAY, said=MESSAGE),
    Row("a first line of two dots", b"..\r\n.\r\n", ["250 2.6.0"], said=MESSAGE, stored=1),
    Row("an immediate end", b".\r\n", ["250 2.6.0"], said=MESSAGE, stored=1),
    Row(
        "bytes behind STARTTLS, a whole line",
        b"STARTTLS\r\nEHLO evil\r\n",
        ["554 5.5.0"],
        closes=True,
        at_once=True,
        more={"starttls": True},
    ),
    Row(
        "bytes behind STARTTLS, part of a line",
        b"STARTTLS\r\nE",
        ["554 5.5.0"],
        closes=True,
        at_once=True,
        more={"starttls": True},
    ),
    Row(
        "AUTH without TLS", b"AUTH PLAIN AGEAYg==\r\n", ["538 5.7.11"], more={"mode": "submission"}
    ),
    Row(
        "AUTH within a transaction",
        b"AUTH PLAIN AGEAYg==\r\n",
        ["503 5.5.1"],
        said=(b"EHLO x\r\n", plain("ann").encode() + b"\r\n", b"MAIL FROM:<a@b>\r\n"),
        more={"mode": "submission", "tls": True},
    ),
    Row(
        "AUTH twice",
        plain("ann").encode() + b"\r\n",
        ["503 5.5.1"],
        said=(b"EHLO x\r\n", plain("ann").encode() + b"\r\n"),
        more={"mode": "submission", "tls": True},
    ),
    *(
        Row(f"pipelining past {data!r}", data, [*codes, "554 5.5.0"], closes=True, at_once=True)
        for data, codes in (
            (b"EHLO y\r\nNOOP\r\n", []),
            (b"AUTH PLAIN\r\nYQ==\r\n", []),
            (ENVELOPE + b"DATA\r\nSubject: x\r\n", ["250 2.1.0", "250 2.1.5"]),
        )
    ),
    Row("DATA with no valid recipient", b"DATA\r\n", ["503 5.5.1"]),
    Row(
        "BDAT with no valid recipient",
        b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
        ["503 5.5.1", "250 2.0.0"],
    ),
    Row("an over-long line", b"N" * 300 + b"\r\nNOOP\r\n", ["500 5.5.2", "250 2.0.0"]),
    Row("a control in a path", b"MAIL FROM:<a\x01@b>\r\nNOOP\r\n", ["501 5.5.2", "250 2.0.0"]),
    Row("DEL in a path", b'MAIL FROM:<"a\x7f"@b>\r\n', ["501 5.5.2"]),
    Row("a control in xtext", b"MAIL FROM:<a@b> AUTH=a+0Ab@c\r\n", ["501 5.5.4"]),
    Row("a duplicate parameter", b"MAIL FROM:<a@b> SIZE=1 SIZE=1\r\n", ["501 5.5.4"]),
    Row("an unknown parameter", b"MAIL FROM:<a@b> X-PARAMETER=1\r\n", ["555 5.5.4"]),
    Row(
        "unknown parameters of RCPT",
        b"RCPT TO:<c@d> X=1\r\nRCPT TO:<c@d> NOTIFY=NEVER\r\n",
        ["555 5.5.4", "555 5.5.4"],
        said=(b"EHLO x\r\n", b"MAIL FROM:<a@b>\r\n"),
    ),
    Row("8 bits without SMTPUTF8", "MAIL FROM:<ä@b>\r\n".encode(), ["553 5.6.7"]),
    Row("invalid UTF-8", b"MAIL FROM:<\xff@b> SMTPUTF8\r\n", ["500 5.5.2"]),
    Row("a size that is too much", b"MAIL FROM:<a@b> SIZE=101\r\n", ["552 5.3.4"]),
    Row("a size of 40 digits", b"MAIL FROM:<a@b> SIZE=" + b"9" * 40 + b"\r\n", ["501 5.5.4"]),
    Row(
        "more than the size",
        b"0123456789\r\n" * 9 + b".\r\nNOOP\r\n",
        ["552 5.3.4", "250 2.0.0"],
        said=MESSAGE,
    ),
    Row("an HTTP request", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ["421 4.7.0"], closes=True),
    Row("a POST", b"POST / HTTP/1.1\r\n\r\nMAIL FROM:<a@b>\r\n", ["421 4.7.0"], closes=True),
    Row("a TLS hello", b"\x16\x03\x01\x02\x00\x01\r\nQUIT\r\n", ["421 4.7.0"], closes=True),
    Row("lines that end in LF", b"NOOP\nNOOP\n", ["500 5.5.2", "500 5.5.2"]),
    Row("ETRN and TURN", b"ETRN x\r\nTURN\r\n", ["502 5.5.1", "502 5.5.1"]),
    Row(
        "an errors' end",
        b"X\r\n" * 4 + b"NOOP\r\n",
        ["500 5.5.1"] * 3 + ["421 4.7.0"],
        closes=True,
        more={"mode": "submission", "tls": True},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_for_every_split(row: Row) -> None:
    limits = Limits(message_size=100, smtp_line=200)
    for pieces in cuts(row.data):
        store = Store()
        options = {"mode": "mx", "limits": limits} | row.more
        line = Line(store, **options)
        for said in row.said:
            line.say(said)
        if row.at_once:
            for piece in pieces:
                line.session.receive_data(piece)
            pieces = [b""]
        codes = [code for piece in pieces for code in line.codes(piece)]
        assert codes == row.codes, pieces
        assert (line.step is CLOSE) is row.closes, pieces
        assert len(store.mail) == row.stored
        if not row.closes:
            assert line.codes("RSET") == ["250 2.0.0"]


def test_starttls_forgets_hello_and_envelope() -> None:
    line = Line(Store(), starttls=True)
    for said in ("EHLO x", "MAIL FROM:<a@b>", "RSET", "STARTTLS"):
        line.say(said)
    line.session.tls_started()
    assert line.codes("MAIL FROM:<a@b>") == ["503 5.5.1"]


def test_talking_before_the_greeting_closes() -> None:
    session = Session(Store(), Peer("smtp"), hostname="mail.example", mode="mx")
    session.receive_data(b"EHLO x\r\nMAIL FROM:<a@b>\r\n")
    assert finish(session.step()).startswith(b"554 5.5.0 ")
    assert finish(session.step()) is CLOSE


def test_recipients_without_end() -> None:
    line = Line(Store(), limits=Limits(smtp_recipients=3))
    line.say("EHLO x")
    codes = line.codes("MAIL FROM:<a@b>", *["RCPT TO:<c@d>"] * 50)
    assert codes[1:] == ["250 2.1.5"] * 3 + ["452 4.5.3"] * 47


def test_failed_logins_are_answered_ever_more_slowly() -> None:
    line = Line(Store(), "submission", tls=True, limits=Limits(failed_logins=20))
    line.say("EHLO x")
    line.delays.clear()
    answers = [line.codes(plain("ann", "wrong"))[0] for _ in range(20)]
    assert answers == ["535 5.7.8"] * 19 + ["421 4.7.0"]
    assert line.delays == sorted(line.delays)
    assert line.step is CLOSE
