from __future__ import annotations

import mailbox
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore_agentpost.formats import (
    Mail,
    MaildirWriter,
    MboxWriter,
    is_maildir,
    read_maildir,
    read_mbox,
)
from mailcore_agentpost.formats.maildir import read_file

DATE = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)
ALL = frozenset({"\\Seen", "\\Answered", "\\Flagged", "\\Draft", "\\Deleted"})
TRICKY = (
    b"Subject: From here\r\n"
    b" folded\r\n"
    b"\r\n"
    b"From the start\r\n"
    b">From quoted\r\n"
    b"\r\n"
    b"From after an empty line\r\n"
    b"Status: not a note\r\n"
    b"\r\n"
)

lines = st.one_of(
    st.sampled_from([b"", b"From x", b">From x", b">>From", b"Status: RO", b".", b" From "]),
    st.binary(max_size=20).map(lambda text: text.replace(b"\r", b"").replace(b"\n", b"")),
)
fields = st.lists(
    st.sampled_from([b"Subject: hi", b"X-Long: a\r\n b", b"From: a@example.com", b"To: b"]),
    min_size=1,
    max_size=3,
)
mails = st.builds(
    lambda head, body, flags, date: Mail(
        b"".join(line + b"\r\n" for line in [*head, b"", *body]), flags, date, 0
    ),
    fields,
    st.lists(lines, max_size=5),
    st.frozensets(st.sampled_from(sorted(ALL))),
    st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
        lambda when: when.replace(microsecond=0)
    ),
)


def parts(mail: Mail) -> tuple[bytes, frozenset[str], datetime | None]:
    return mail.octets, mail.flags, mail.date


@given(st.lists(mails, max_size=4))
def test_what_an_mbox_was_given_it_gives_back(given_mails: list[Mail]) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "a.mbox"
        with MboxWriter(path) as writer:
            for mail in given_mails:
                writer.write(mail)
        assert [parts(mail) for mail in read_mbox(path)] == [parts(mail) for mail in given_mails]
        assert sum(mail.size for mail in read_mbox(path)) == path.stat().st_size


@given(mails)
def test_what_a_maildir_was_given_it_gives_back(mail: Mail) -> None:
    with TemporaryDirectory() as directory:
        MaildirWriter(Path(directory), "INBOX").write(mail)
        ((folder, file, letters),) = read_maildir(Path(directory))
        assert folder == "INBOX"
        assert parts(read_file(file, letters)) == parts(mail)


@pytest.mark.parametrize("name", ["Archive/2024", "Größe", "a.b/c.d", "Sent & done"])
def test_folders_of_a_maildir_keep_their_names(tmp_path: Path, name: str) -> None:
    MaildirWriter(tmp_path, "INBOX")
    MaildirWriter(tmp_path, name).write(Mail(TRICKY, frozenset(), DATE, 0))
    ((folder, _, _),) = read_maildir(tmp_path)
    assert folder == name
    assert is_maildir(tmp_path)


def test_the_standard_library_reads_both(tmp_path: Path) -> None:
    mail = Mail(TRICKY, frozenset({"\\Seen", "\\Flagged", "label"}), DATE, 0)
    with MboxWriter(tmp_path / "a.mbox") as writer:
        writer.write(mail)
        writer.write(mail)
    MaildirWriter(tmp_path / "m", "INBOX").write(mail)
    box = mailbox.mbox(tmp_path / "a.mbox", create=False)
    try:
        messages = [*box]
        assert [message.get_flags() for message in messages] == ["ROF", "ROF"]
        assert messages[0]["X-Keywords"] == "label"
    finally:
        box.close()
    (message,) = mailbox.Maildir(str(tmp_path / "m"), create=False)
    assert message.get_flags() == "FS"
    assert message.get_date() == DATE.timestamp()


def test_what_others_write(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(
        b"From anna@example.com  Thu Mar  4 05:06:07 2021\r\n"
        b"Subject: one\r\nStatus: RO\r\nX-Keywords: todo  work \r\n\r\ntext\r\n\r\n"
        b"From MAILER-DAEMON Thu Mar  4 05:06:07 UTC 2021\n"
        b"Subject: two\n\nno newline at the end"
    )
    one, two = read_mbox(path)
    assert parts(one) == (
        b"Subject: one\r\n\r\ntext\r\n",
        frozenset({"\\Seen", "todo", "work"}),
        DATE,
    )
    assert parts(two) == (b"Subject: two\r\n\r\nno newline at the end\r\n", frozenset(), DATE)


def test_what_is_neither(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"Subject: a message, not a box\n")
    with pytest.raises(ValueError, match="no mbox"):
        list(read_mbox(file))
    with pytest.raises(ValueError, match="no Maildir"):
        list(read_maildir(tmp_path))
    file.write_bytes(b"")
    assert list(read_mbox(file)) == []
    file.write_bytes(b"From x@y\n")
    (mail,) = read_mbox(file)
    assert mail.date is None
