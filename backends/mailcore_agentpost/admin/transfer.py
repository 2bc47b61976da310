"""``admin import`` and ``admin export``: mbox and Maildir."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from mailcore.backend import BackendError, MailboxExists, NewMessage
from mailcore.limits import MIB
from mailcore.serve.admin import Administration, Answer, NotDone
from mailcore.spool import Content
from mailcore_agentpost.admin.opening import actor, inbox_of, opened
from mailcore_agentpost.admin.words import Commands, word
from mailcore_agentpost.formats import (
    Mail,
    MaildirWriter,
    MboxWriter,
    is_maildir,
    read_maildir,
    read_mbox,
)
from mailcore_agentpost.formats.maildir import read_file
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.mail import audit, folders, messages, placements
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mailbox import Access, Mailbox
from mailcore_agentpost.policy import Sender
from mailcore_agentpost.settings import Settings
from mailcore_agentpost.store import FILE, TEXTS, Store, Transaction
from mailcore_agentpost.texts import TextIndex
from mailcore_agentpost.types import InboxRow

# Messages, and octets, that share a transaction.
_BATCH: Final = 100
_BATCH_OCTETS: Final = 8 * MIB


class _Importer:
    """Puts mail into the folders of an inbox."""

    def __init__(self, admin: Administration, store: Store, inbox: InboxRow) -> None:
        self._admin = admin
        self._store = store
        self._inbox = inbox
        self._access = Access(
            store,
            # Nobody listens here, and the index is not opened: a server that runs has its own.
            Hub(),
            TextIndex(admin.data / TEXTS, admin.data / FILE, admin.limits),
            admin.options or Settings(),
            admin.limits,
            Sender(actor(), inbox.org_id, inbox.id, inbox.address),
            may_write=True,
        )
        self._folder = ""
        self._waiting: list[Mail] = []
        self.imported = 0
        self.known = 0

    async def add(self, folder: str, mail: Mail) -> None:
        """Take a message; it may wait for others."""
        if self._admin.arguments.skip_known and await self._is_known(mail):
            self.known += 1
            return
        if folder != self._folder:
            await self.flush()
            self._folder = folder
        self._waiting.append(mail)
        octets = sum(len(one.octets) for one in self._waiting)
        if len(self._waiting) >= _BATCH or octets >= _BATCH_OCTETS:
            await self.flush()

    async def _is_known(self, mail: Mail) -> bool:
        name = digest(mail.octets, self._admin.limits).message_id

        def work(connection: sqlite3.Connection) -> bool:
            row = connection.execute(
                "SELECT 1 FROM messages WHERE inbox = ? AND message_id = ?", (self._inbox.id, name)
            ).fetchone()
            return row is not None

        return name is not None and await self._store.read(work)

    async def flush(self) -> None:
        """Store what waits."""
        if not self._waiting:
            return
        with ExitStack() as spools:
            new = [
                NewMessage(
                    spools.enter_context(Content(one.octets)),
                    one.flags,
                    one.date,
                    self._admin.limits,
                )
                for one in self._waiting
            ]
            await (await self._mailbox()).append(new)
        self.imported += len(self._waiting)
        self._waiting.clear()

    async def _mailbox(self) -> Mailbox:
        def work(transaction: Transaction) -> folders.Folder:
            with suppress(MailboxExists):
                folders.create_folder(transaction, self._inbox.id, self._folder)
            return folders.find_folder(transaction.connection, self._inbox.id, self._folder)

        return Mailbox(self._access, await self._store.write(work))


async def import_mail(admin: Administration) -> Answer:
    path: Path = admin.arguments.path
    with opened(admin) as store:
        inbox = await store.read(partial(inbox_of, address=admin.arguments.address))
        importer = _Importer(admin, store, inbox)
        found = list(read_maildir(path)) if path.is_dir() else []
        total = sum(file.stat().st_size for _, file, _ in found) if found else path.stat().st_size
        try:
            with admin.progress("import", total) as done:
                for folder, mail in _mail_of(path, found, admin.arguments.folder):
                    await importer.add(folder, mail)
                    done(mail.size)
                await importer.flush()
        except BackendError as error:
            raise NotDone(f"{error}; {importer.imported} messages were imported") from error
        finally:
            await store.write(partial(_note_import, inbox=inbox, count=importer.imported))
    return {"imported": importer.imported, "known": importer.known, "email": inbox.address}


def _mail_of(
    path: Path, found: Sequence[tuple[str, Path, str]], folder: str | None
) -> Iterator[tuple[str, Mail]]:
    if path.is_dir():
        for own, file, letters in found:
            yield folder or own, read_file(file, letters)
    else:
        for mail in read_mbox(path):
            yield folder or folders.INBOX, mail


def _note_import(transaction: Transaction, inbox: InboxRow, count: int) -> None:
    if count:
        audit.note(
            transaction,
            "mail.imported",
            organization=inbox.org_id,
            actor=actor(),
            subject=inbox.id,
            now=datetime.now(UTC),
            messages=count,
        )


async def export_mail(admin: Administration) -> Answer:
    given = admin.arguments
    root: Path = given.path
    with opened(admin) as store:
        inbox = await store.read(partial(inbox_of, address=given.address))
        all_folders = await store.read(partial(folders.all_folders, inbox=inbox.id))
        known = {one.name: one for one in all_folders}
        if missing := [one for one in given.folder if one not in known]:
            raise NotDone(f"{inbox.address} has no folder {', '.join(missing)}")
        if root.exists() and not (given.format == "maildir" and is_maildir(root)):
            raise NotDone(f"{root} is there already")
        exported = 0
        chosen = [known[name] for name in given.folder] or all_folders
        counts = {one.name: await store.read(partial(_uids, folder=one.id)) for one in chosen}
        with admin.progress("export", sum(map(len, counts.values()))) as done:
            for folder in chosen:
                with ExitStack() as files:
                    write = _writer(given.format, root, folder.name, files)
                    for uid in counts[folder.name]:
                        mail = await store.read(partial(_read, folder=folder.id, uid=uid))
                        if mail is not None:
                            write(mail)
                            exported += 1
                        done(1)
    return {"exported": exported, "folders": len(chosen), "path": str(root)}


def _writer(kind: str, root: Path, folder: str, files: ExitStack) -> Callable[[Mail], None]:
    if kind == "maildir":
        return MaildirWriter(root, folder).write
    # A folder that is named like a way out of the directory is no such thing.
    parts = [part.replace("\0", "") for part in folder.split("/")]
    safe = [f"_{part}" if part.startswith(".") else part for part in parts]
    return files.enter_context(MboxWriter(root.joinpath(*safe[:-1], f"{safe[-1]}.mbox"))).write


def _uids(connection: sqlite3.Connection, folder: int) -> list[int]:
    rows = connection.execute("SELECT uid FROM placements WHERE folder = ? ORDER BY uid", (folder,))
    return [row["uid"] for row in rows.fetchall()]


def _read(connection: sqlite3.Connection, folder: int, uid: int) -> Mail | None:
    """Return a message; None for one that is gone since."""
    found = placements.find_placement(connection, folder, uid)
    if found is None:
        return None
    octets = messages.read_placed(connection, folder, uid, 0, found.size)
    return Mail(octets, found.flags, found.date, found.size)


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    taken = word(
        commands, "import", import_mail, "put mail from an mbox or a Maildir into an inbox"
    )
    taken.add_argument("address", help="of the inbox")
    taken.add_argument("path", type=Path, help="an mbox file, or the directory of a Maildir")
    taken.add_argument(
        "--folder", metavar="NAME", help="where to; a Maildir's own folders, or INBOX, if not given"
    )
    taken.add_argument(
        "--skip-known",
        action="store_true",
        help="leave out what the inbox has already, by Message-ID: to go on after an interruption",
    )
    given = word(commands, "export", export_mail, "write an inbox to mbox files or a Maildir")
    given.add_argument("address", help="of the inbox")
    given.add_argument("path", type=Path, help="a new directory")
    given.add_argument("--format", choices=["mbox", "maildir"], default="mbox", help="(mbox)")
    given.add_argument(
        "--folder",
        action="append",
        default=[],
        metavar="NAME",
        help="this one only; again for more",
    )
