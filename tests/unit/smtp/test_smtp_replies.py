"""Replies on the wire."""

from __future__ import annotations

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.smtp.types import Reply
from mailcore.smtp.wire.replies import encode_reply


def test_the_enhanced_code_is_on_each_line() -> None:
    reply = Reply.of(250, "2.1.0", "one", "two")
    assert encode_reply(reply) == b"250-2.1.0 one\r\n250 2.1.0 two\r\n"


def test_a_list_of_lines_does_as_well() -> None:
    reply = Reply(250, None, ["one", "two"])  # type: ignore[arg-type]  # embedders do
    assert encode_reply(reply) == b"250-one\r\n250 two\r\n"


def test_no_text_is_no_problem() -> None:
    assert encode_reply(Reply(220, None, ())) == b"220 \r\n"
    # RFC 4954 §4: the space is there even before an empty challenge.
    assert encode_reply(Reply.of(334, None)) == b"334 \r\n"


def test_no_line_end_can_be_injected() -> None:
    reply = Reply.of(550, "5.7.1", "no\r\n250 yes\0\x85ü\tz")
    assert encode_reply(reply) == b"550 5.7.1 no??250 yes???\tz\r\n"


def test_a_long_text_goes_on_in_the_next_line() -> None:
    lines = encode_reply(Reply.of(550, "5.7.1", "x" * 1200)).splitlines(keepends=True)
    assert [len(line) for line in lines] == [512, 512, 200 + 12]
    assert [line[:10] for line in lines] == [b"550-5.7.1 ", b"550-5.7.1 ", b"550 5.7.1 "]


def test_a_challenge_stays_one_line() -> None:
    assert encode_reply(Reply.of(334, None, "x" * 2000)) == b"334 " + b"x" * 2000 + b"\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        Reply.of(199, None),
        Reply.of(600, None),
        Reply.of(250, "5.0.0"),
        Reply.of(250, "2.0"),
        Reply.of(250, "2.0.0\r\n"),
        Reply.of(354, "3.0.0"),
    ],
)
def test_what_is_no_reply(reply: Reply) -> None:
    with pytest.raises(LocalProtocolError):
        encode_reply(reply)
