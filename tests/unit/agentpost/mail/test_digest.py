"""What is kept of a message beside its octets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap.summary import Summary
from mailcore.limits import DEFAULT_LIMITS, KIB
from mailcore_agentpost.mail.digest import Digest, digest


def read(*lines: str) -> Digest:
    return digest("\r\n".join(lines).encode(), DEFAULT_LIMITS)


def test_what_threads_and_lists_are_made_of() -> None:
    found = read(
        "Message-ID: <own@x>",
        "Date: Sun, 1 Mar 2026 13:00:00 +0100",
        "In-Reply-To: <parent@x>",
        "References: <root@x> <parent@x>",
        " <near@x>",
        "Subject: x",
        "",
        "Hi.",
    )
    assert found.message_id == "<own@x>"
    assert found.sent == datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    assert found.ancestors == ("<parent@x>", "<near@x>", "<root@x>")
    assert found.header.endswith(b"Subject: x\r\n\r\n")
    assert not found.has_attachments


def test_a_message_without_fields_has_none_of_it() -> None:
    for data in (b"", b"\r\n", b"no header at all", b"\r\nbody"):
        found = digest(data, DEFAULT_LIMITS)
        assert (found.message_id, found.sent, found.ancestors) == (None, None, ())
        assert Summary(found.summary)


def test_dates_at_the_ends_of_time_are_kept() -> None:
    first = read("Date: Mon, 1 Jan 0001 00:00:00 +1400", "", "").sent
    last = read("Date: Fri, 31 Dec 9999 23:59:59 -1200", "", "").sent
    assert first is None or first < -6e10
    assert last is None or last > 2e11


def test_the_header_is_cut_where_nobody_reads_on() -> None:
    fields = "\r\n".join(f"X-{number}: {'y' * 100}" for number in range(1000))
    found = digest(f"Subject: x\r\n{fields}\r\n\r\n".encode(), DEFAULT_LIMITS)
    assert len(found.header) == 64 * KIB


def test_ancestors_are_bounded_and_the_nearest_stay() -> None:
    found = read("References: " + " ".join(f"<{number}@x>" for number in range(1000)), "", "")
    assert found.ancestors == tuple(f"<{number}@x>" for number in range(999, 979, -1))


PARTS = {
    "plain": (["Content-Type: text/plain"], False),
    "html": (["Content-Type: text/html"], False),
    "text to be saved": (["Content-Type: text/plain", "Content-Disposition: attachment"], True),
    "document": (["Content-Type: application/pdf"], True),
    "inline document": (
        ["Content-Type: application/pdf", "Content-Disposition: inline"],
        True,
    ),
    "cited picture": (["Content-Type: image/png", "Content-ID: <a@b>"], False),
    "shown picture": (
        ["Content-Type: image/png", "Content-ID: <a@b>", "Content-Disposition: inline"],
        False,
    ),
    "cited picture to be saved": (
        ["Content-Type: image/png", "Content-ID: <a@b>", "Content-Disposition: attachment"],
        True,
    ),
    "message": (["Content-Type: message/rfc822", "", "Subject: within"], True),
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_what_an_attachment_is(part: str, depth: int) -> None:
    lines, expected = PARTS[part]
    for level in range(depth):
        lines = [
            f'Content-Type: multipart/mixed; boundary="b{level}"',
            "",
            f"--b{level}",
            *lines,
            "",
            "x",
            f"--b{level}",
            "Content-Type: text/plain",
            "",
            "Hi.",
            f"--b{level}--",
        ]
    assert read("Subject: x", *lines, "", "x").has_attachments is expected


def test_parts_of_a_message_within_are_its_own() -> None:
    """An attached text message with a picture in it is one attachment, and the text none."""
    found = read(
        "Content-Type: multipart/digest; boundary=b",
        "",
        "--b",
        "",
        "Subject: within",
        "",
        "Hi.",
        "--b--",
    )
    assert found.has_attachments


@given(st.binary(max_size=300))
def test_no_octets_are_an_error(data: bytes) -> None:
    found = digest(data, DEFAULT_LIMITS)
    assert data.startswith(found.header)


@pytest.mark.parametrize("size", [0, 10, 300_000])
def test_octets_in_a_file_are_read_as_those_in_memory(tmp_path: Path, size: int) -> None:
    from mailcore.spool import Content

    data = b"Message-ID: <a@b>\r\n\r\n" + b"x" * size
    with Content(data, memory=0) as content:
        assert digest(content.buffer(), DEFAULT_LIMITS) == digest(data, DEFAULT_LIMITS)
