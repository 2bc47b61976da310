"""Maildir, with folders as Maildir++ has them: ``.Archive.2024`` below the root."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mailcore.imap.wire.mutf7 import decode_mutf7, encode_mutf7
from mailcore.smtp import with_crlf
from mailcore_agentpost.formats.mail import FORWARDED, Mail, from_letters, to_letters, to_lf

_LETTERS: Final = {
    "D": "\\Draft",
    "F": "\\Flagged",
    "P": FORWARDED,
    "R": "\\Answered",
    "S": "\\Seen",
    "T": "\\Deleted",
}
_PARTS: Final = ("cur", "new", "tmp")
# Names end at a dot there; this is how Dovecot writes one that a name holds.
_DOT: Final = "&AC4-"

_numbers = itertools.count(1)


def is_maildir(path: Path) -> bool:
    """Tell whether a directory is one."""
    return all((path / part).is_dir() for part in _PARTS[:2])


def read_maildir(path: Path) -> Iterator[tuple[str, Path, str]]:
    """Yield what there is to read: folder, file and flag letters, in the order of arrival.

    Raises:
        OSError: it can not be read.
        ValueError: it is no Maildir.
    """
    if not is_maildir(path):
        raise ValueError(f"{path} is no Maildir: it has no cur and new")
    yield from _read_folder("INBOX", path)
    for below in sorted(path.glob(".*")):
        if below.name not in (".", "..") and is_maildir(below):
            yield from _read_folder(_folder_name(below.name), below)


def _read_folder(folder: str, path: Path) -> Iterator[tuple[str, Path, str]]:
    files = [file for part in _PARTS[:2] for file in (path / part).iterdir() if file.is_file()]
    for file in sorted(files, key=lambda one: (one.stat().st_mtime, one.name)):
        if not file.name.startswith("."):
            _, _, letters = file.name.partition(":2,")
            yield folder, file, letters


def read_file(file: Path, letters: str) -> Mail:
    """Read one message; raises OSError."""
    data = file.read_bytes()
    date = datetime.fromtimestamp(file.stat().st_mtime, UTC).replace(microsecond=0)
    return Mail(with_crlf(data), from_letters(letters, _LETTERS), date, len(data))


def _folder_name(directory: str) -> str:
    name = "/".join(part.replace(_DOT, ".") for part in directory[1:].split("."))
    try:
        return decode_mutf7(name)
    except ValueError:
        return name


def _directory_name(folder: str) -> str:
    encoded = encode_mutf7(folder).decode("ascii")
    return "." + ".".join(part.replace(".", _DOT) for part in encoded.split("/"))


class MaildirWriter:
    """Writes one folder of a Maildir, which is made if it is not there.

    Arguments:
        root: of the Maildir.
        folder: its name; INBOX is the root itself.

    Raises:
        OSError: it can not be written.
    """

    def __init__(self, root: Path, folder: str) -> None:
        self._path = root if folder == "INBOX" else root / _directory_name(folder)
        for part in _PARTS:
            (self._path / part).mkdir(parents=True, exist_ok=True)
        if self._path != root:
            (self._path / "maildirfolder").touch()
        self._host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")

    def write(self, mail: Mail) -> None:
        """Add a message. Keywords that have no letter here are lost."""
        name = f"{time.time():.0f}.M{next(_numbers)}P{os.getpid()}.{self._host}"
        draft = self._path / "tmp" / name
        draft.write_bytes(to_lf(mail.octets))
        if mail.date is not None:
            seconds = mail.date.timestamp()
            os.utime(draft, (seconds, seconds))
        draft.rename(self._path / "cur" / f"{name}:2,{to_letters(mail.flags, _LETTERS)}")
