"""``admin backup`` and ``admin restore``."""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import trio

from mailcore.serve.admin import Administration, Answer, NotDone
from mailcore.serve.lock import data_directory
from mailcore_agentpost.admin.words import Commands, word
from mailcore_agentpost.store import FILE
from mailcore_agentpost.store.schema import MIGRATIONS

# Pages between two reports.
_STEP: Final = 2000


async def backup(admin: Administration) -> Answer:
    target: Path = admin.arguments.directory
    source = admin.data / FILE
    if not source.is_file():
        raise NotDone(f"there is no AgentPost in {admin.data}; --data names its directory")
    if target.exists():
        raise NotDone(f"{target} is there already")
    return await trio.to_thread.run_sync(partial(_backup, admin, source, target))


def _backup(admin: Administration, source: Path, target: Path) -> Answer:
    # Under another name until it is whole: what has the name is a backup that can be restored.
    draft = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    with admin.progress("backup", source.stat().st_size) as done:
        _copy_database(source, draft / FILE, done)
    for name in _other_files(admin.data):
        _copy(admin.data / name, draft / name)
    _check(draft / FILE)
    draft.rename(target)
    octets = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    return {"backup": str(target), "octets": octets, "messages": _count(target / FILE)}


def _copy_database(source: Path, target: Path, done: Callable[[int], None]) -> None:
    """Copy a database as it is at one moment, while others write to it."""
    with closing(sqlite3.connect(source, timeout=30, isolation_level=None)) as reading:
        (page,) = reading.execute("PRAGMA page_size").fetchone()
        copied = 0

        def progress(status: int, remaining: int, total: int) -> None:
            nonlocal copied
            done((total - remaining - copied) * page)
            copied = total - remaining

        # One transaction over all steps: what others commit meanwhile is not seen.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with closing(sqlite3.connect(target)) as writing:
            target.chmod(0o600)
            reading.backup(writing, pages=_STEP, progress=progress, sleep=0)
            writing.execute("PRAGMA journal_mode = DELETE")
        reading.execute("ROLLBACK")


def _other_files(data: Path) -> Iterator[str]:
    """Yield what else is in a data directory: signing keys, certificates."""
    for path in sorted(data.iterdir()):
        # The index of texts is made again of what it indexes.
        passing = path.name.startswith(("agentpost", ".")) or path.name == "lock"
        if not passing and (path.is_file() or path.is_dir()):
            yield path.name


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def _check(path: Path) -> None:
    """Raise NotDone for a file that is no whole database of ours."""
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise NotDone(f"{path} can not be read: {error}") from None
    if found != "ok":
        raise NotDone(f"{path} is damaged: {found}")
    if not 0 < version <= len(MIGRATIONS):
        raise NotDone(f"{path} is of another version of AgentPost")


def _count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        count: int = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
    return count


async def restore(admin: Administration) -> Answer:
    return await trio.to_thread.run_sync(partial(_restore, admin))


def _restore(admin: Administration) -> Answer:
    source: Path = admin.arguments.directory
    if not (source / FILE).is_file():
        raise NotDone(f"{source} is no backup: it has no {FILE}")
    _check(source / FILE)
    with data_directory(admin.data):
        present = admin.data / FILE
        kept = None
        if present.exists():
            if not admin.arguments.replace:
                raise NotDone(f"{present} is there already; --replace puts it aside")
            kept = _put_aside(present)
        draft = present.with_name(f".{FILE}.restoring")
        draft.unlink(missing_ok=True)
        with admin.progress("restore", (source / FILE).stat().st_size) as done:
            _copy_database(source / FILE, draft, done)
        if not admin.arguments.keep_uids:
            _renumber_folders(draft)
        draft.rename(present)
        for name in _other_files(source):
            _copy(source / name, admin.data / name)
    return {"restored": str(present), "messages": _count(present), "put aside": kept}


def _put_aside(path: Path) -> str:
    name = f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    # The log holds what is not in the file yet, and belongs to it.
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(name + suffix))
    return str(path.with_name(name))


def _renumber_folders(path: Path) -> None:
    """Give every folder another id, which is its UIDVALIDITY.

    Clients have seen messages that came after the backup. Their UIDs will be given to others, and
    a client must not take the one for the other (RFC 9051 §2.3.1.1).
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        lowest, highest = connection.execute("SELECT min(id), max(id) FROM folders").fetchone()
        if lowest is None:
            return
        (last,) = connection.execute(
            "SELECT seq FROM sqlite_sequence WHERE name = 'folders'"
        ).fetchone()
        offset = max(int(time.time()), last + 1, highest + 1) - lowest
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        for (table,) in tables.fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            if "folder" in columns:
                connection.execute(
                    f"UPDATE {table} SET folder = folder + ? WHERE folder > 0", (offset,)
                )
        connection.execute("UPDATE folders SET id = id + ?", (offset,))
        connection.execute(
            "UPDATE sqlite_sequence SET seq = ? WHERE name = 'folders'", (highest + offset,)
        )


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    made = word(
        commands, "backup", backup, "copy everything as it is at one moment, while the server runs"
    )
    made.add_argument("directory", type=Path, help="a new directory")
    back = word(commands, "restore", restore, "put a backup in place; the server must not run")
    back.add_argument("directory", type=Path, help="what backup has made")
    back.add_argument("--replace", action="store_true", help="put what is there aside")
    back.add_argument(
        "--keep-uids",
        action="store_true",
        help="nothing has happened since the backup (a move to another machine): clients keep what "
        "they have; without this they read all folders anew",
    )
