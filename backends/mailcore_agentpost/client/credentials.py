"""The credential export, as the server gave it and as typed rows."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Credential:
    """What a mail client needs to log in to one inbox. Both doors are implicit TLS."""

    email: str
    imap_host: str
    imap_port: int
    smtp_host: str
    smtp_port: int
    username: str
    password: str = field(repr=False)


class CredentialExport(str):
    """The CSV text of the export (RFC 4180), which is also a plain ``str``.

    Every ``password`` in it is the API key that asked: keep it as you keep the key.
    """

    __slots__ = ()

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Its rows, typed."""
        return tuple(
            Credential(
                email=row["email"],
                imap_host=row["imap_host"],
                imap_port=int(row["imap_port"]),
                smtp_host=row["smtp_host"],
                smtp_port=int(row["smtp_port"]),
                username=row["username"],
                password=row["password"],
            )
            for row in csv.DictReader(io.StringIO(self, newline=""))
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it to a new file that only its owner can read.

        Raises:
            FileExistsError: the file is there already.
        """
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(self)
        return Path(path)
