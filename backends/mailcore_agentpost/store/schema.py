"""The tables, and how a file of an earlier version becomes one of this version."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Final

from sqlite_utils import Database

from mailcore.sasl import ITERATIONS
from mailcore_agentpost.ids import new_id


def _create(database: Database) -> None:
    database.table("organizations").create(
        {"id": str, "name": str, "status": str, "created_at": float}, pk="id"
    )
    database.table("inboxes").create(
        {
            "id": str,
            "organization": str,
            "address": str,
            "display_name": str,
            "client_id": str,
            "send_paused": int,
            "created_at": float,
        },
        pk="id",
        foreign_keys=[("organization", "organizations", "id")],
        not_null={"organization", "address", "display_name", "send_paused", "created_at"},
    )
    database.table("inboxes").create_index(["address"], unique=True)
    database.table("inboxes").create_index(["organization", "client_id"], unique=True)
    database.table("keys").create(
        {
            "id": str,
            "organization": str,
            "name": str,
            "hash": bytes,
            "prefix": str,
            "last_four": str,
            "scopes": str,
            "inbox": str,
            "created_at": float,
            "expires_at": float,
            "revoked_at": float,
        },
        pk="id",
        foreign_keys=[("organization", "organizations", "id")],
        not_null={"organization", "name", "hash", "prefix", "last_four", "scopes", "created_at"},
    )
    database.table("keys").create_index(["hash"], unique=True)
    # A folder's id is its UIDVALIDITY as well. Ids begin at the time when the file was made and are
    # never used again, so neither a folder nor a file made anew repeats one.
    database.execute(
        "CREATE TABLE folders (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " inbox TEXT NOT NULL REFERENCES inboxes(id), name TEXT NOT NULL, special_use TEXT,"
        " subscribed INTEGER NOT NULL, uid_next INTEGER NOT NULL, modseq INTEGER NOT NULL)"
    )
    database.execute(
        "INSERT INTO sqlite_sequence (name, seq) VALUES ('folders', ?)", (int(time.time()),)
    )
    database.table("folders").create_index(["inbox", "name"], unique=True)
    _create_mail(database)
    _create_sending(database)


def _create_mail(database: Database) -> None:
    database.table("bodies").create({"id": int, "size": int}, pk="id", not_null={"size"})
    database.table("chunks").create(
        {"body": int, "number": int, "octets": bytes},
        pk=("body", "number"),
        not_null={"octets"},
    )
    database.table("messages").create(
        {
            "number": int,
            "id": str,
            "inbox": str,
            "thread": str,
            "direction": str,
            "body": int,
            "message_id": str,
            "sent": float,
            "has_attachments": int,
            "created_at": float,
            "header": bytes,
            "summary": bytes,
        },
        pk="number",
        foreign_keys=[("inbox", "inboxes", "id"), ("body", "bodies", "id")],
        not_null={"id", "inbox", "thread", "direction", "body", "created_at"},
    )
    database.table("messages").create_index(["id"], unique=True)
    database.table("messages").create_index(["inbox", "id"])
    database.table("messages").create_index(["inbox", "message_id"])
    database.table("messages").create_index(["body"])
    # Narrow, and apart from the messages: ten thousand flags are changed without touching one.
    database.execute(
        "CREATE TABLE placements (folder INTEGER NOT NULL, uid INTEGER NOT NULL,"
        " modseq INTEGER NOT NULL, flags TEXT NOT NULL, message INTEGER NOT NULL,"
        " size INTEGER NOT NULL, date INTEGER NOT NULL, zone INTEGER NOT NULL,"
        " PRIMARY KEY (folder, uid)) WITHOUT ROWID"
    )
    database.table("placements").create_index(["folder", "modseq"])
    database.table("placements").create_index(["message"])
    database.execute(
        "CREATE TABLE vanished (folder INTEGER NOT NULL, modseq INTEGER NOT NULL,"
        " uid INTEGER NOT NULL, PRIMARY KEY (folder, modseq, uid)) WITHOUT ROWID"
    )


def _create_sending(database: Database) -> None:
    database.table("rules").create(
        {
            "id": str,
            "organization": str,
            "direction": str,
            "action": str,
            "match_type": str,
            "value": str,
            "created_at": float,
        },
        pk="id",
        foreign_keys=[("organization", "organizations", "id")],
        not_null={"organization", "direction", "action", "match_type", "value", "created_at"},
    )
    database.table("rules").create_index(["organization", "direction", "match_type", "value"])
    database.table("sends").create(
        {
            "id": int,
            "organization": str,
            "key": str,
            "inbox": str,
            "message": str,
            "at": float,
            "fingerprint": bytes,
        },
        pk="id",
        not_null={"organization", "key", "inbox", "message", "at"},
    )
    database.table("sends").create_index(["key", "at"])
    database.table("sends").create_index(["inbox", "at"])
    database.table("sends").create_index(["organization", "at"])
    database.table("sends").create_index(["inbox", "fingerprint"])
    database.table("sends").create_index(["at"])
    database.table("recipients").create(
        {"message": str, "address": str, "status": str},
        pk=("message", "address"),
        not_null={"status"},
    )
    database.table("idempotency").create(
        {"organization": str, "key": str, "fingerprint": bytes, "message": str, "at": float},
        pk=("organization", "key"),
        not_null={"fingerprint", "message", "at"},
    )


def _create_events(database: Database) -> None:
    database.table("events").create(
        {
            "id": str,
            "organization": str,
            "inbox": str,
            "message": str,
            "type": str,
            "at": float,
            "detail": str,
        },
        pk="id",
        foreign_keys=[("organization", "organizations", "id")],
        not_null={"organization", "type", "at", "detail"},
    )
    database.table("events").create_index(["organization", "id"])
    database.table("events").create_index(["at"])
    database.table("messages").create_index(["thread"])


def _create_webhooks(database: Database) -> None:
    database.table("webhooks").create(
        {
            "id": str,
            "organization": str,
            "url": str,
            "event_types": str,
            "inbox": str,
            "description": str,
            "secret": str,
            "old_secret": str,
            "old_secret_until": float,
            "failures": int,
            "disabled": str,
            "created_at": float,
        },
        pk="id",
        foreign_keys=[("organization", "organizations", "id")],
        not_null={"organization", "url", "event_types", "description", "secret", "failures"},
    )
    database.table("webhooks").create_index(["organization", "id"])
    database.table("deliveries").create(
        {
            "id": str,
            "webhook": str,
            "event": str,
            "event_type": str,
            "status": str,
            "attempts": int,
            "next_at": float,
            "response_status": int,
            "error": str,
            "body": bytes,
            "attempted_at": float,
            "created_at": float,
        },
        pk="id",
        foreign_keys=[("webhook", "webhooks", "id")],
        not_null={"webhook", "event", "event_type", "status", "attempts", "created_at"},
    )
    database.table("deliveries").create_index(["webhook", "id"])
    database.table("deliveries").create_index(["status", "next_at"])
    database.table("deliveries").create_index(["created_at"])


def _note_save_dates(database: Database) -> None:
    # Seconds; NULL for what was placed before this version.
    database.execute("ALTER TABLE placements ADD COLUMN saved INTEGER")


def _create_annotations(database: Database) -> None:
    # Of a folder, or of the inbox as a whole: folder 0.
    database.table("annotations").create(
        {"inbox": str, "folder": int, "name": str, "value": bytes},
        pk=("inbox", "folder", "name"),
        not_null={"value"},
    )


def _create_queue(database: Database) -> None:
    # A row is one recipient outside who does not have the message yet.
    database.table("queue").create(
        {
            "id": str,
            "organization": str,
            "inbox": str,
            "message": str,
            "body": int,
            "sender": str,
            "recipient": str,
            "destination": str,
            "attempts": int,
            "next_at": float,
            "noticed": int,
            "last_reply": str,
            "created_at": float,
        },
        pk="id",
        not_null={
            *("organization", "inbox", "message", "body", "sender", "recipient", "destination"),
            *("attempts", "next_at", "noticed", "last_reply", "created_at"),
        },
    )
    database.table("queue").create_index(["next_at"])
    database.table("queue").create_index(["message", "destination"])
    database.table("queue").create_index(["body"])
    # Addresses that no mail is to be sent to any more.
    database.table("suppressions").create(
        {
            "organization": str,
            "address": str,
            "reason": str,
            "message": str,
            "created_at": float,
        },
        pk=("organization", "address"),
        foreign_keys=[("organization", "organizations", "id")],
        not_null={"reason", "created_at"},
    )


def _name_drafts(database: Database) -> None:
    # Ties the revisions of a draft together; NULL for what was never in Drafts.
    database.execute("ALTER TABLE messages ADD COLUMN draft TEXT")
    database.table("messages").create_index(["draft"])
    drafts = database.execute(
        "SELECT DISTINCT message FROM placements JOIN folders ON folders.id = folder"
        " WHERE special_use = '\\Drafts'"
    ).fetchall()
    for (number,) in drafts:
        database.execute("UPDATE messages SET draft = ? WHERE number = ?", (new_id("drf"), number))


def _create_uploads(database: Database) -> None:
    # Attachments that wait to be cited; the body is NULL until its octets have come.
    database.table("uploads").create(
        {
            "id": str,
            "organization": str,
            "inbox": str,
            "filename": str,
            "mime_type": str,
            "ticket": bytes,
            "body": int,
            "size": int,
            "created_at": float,
        },
        pk="id",
        foreign_keys=[("organization", "organizations", "id")],
        not_null={"organization", "filename", "mime_type", "ticket", "size", "created_at"},
        defaults={"size": 0},
    )
    database.table("uploads").create_index(["organization", "created_at"])
    database.table("uploads").create_index(["created_at"])
    database.table("uploads").create_index(["body"])


def _create_audit(database: Database) -> None:
    database.table("audit").create(
        {
            "id": str,
            "organization": str,
            "at": float,
            "actor": str,
            "action": str,
            "subject": str,
            "peer": str,
            "count": int,
            "detail": str,
        },
        pk="id",
        not_null={"at", "actor", "action", "subject", "peer", "count", "detail"},
    )
    database.table("audit").create_index(["organization", "id"])
    database.table("audit").create_index(["action", "at"])


def _note_authentication(database: Database) -> None:
    # JSON: what SPF, DKIM and DMARC say of a message; NULL for what was not checked.
    database.execute("ALTER TABLE messages ADD COLUMN authentication TEXT")


def _queue_wishes(database: Database) -> None:
    # JSON: what the sender asked for by SMTP extensions. Those that are urgent go first.
    database.execute("ALTER TABLE queue ADD COLUMN wishes TEXT NOT NULL DEFAULT '{}'")
    database.execute("ALTER TABLE queue ADD COLUMN priority INTEGER NOT NULL DEFAULT 0")
    database.table("queue").create_index(["priority", "next_at"])


def _create_sts_policies(database: Database) -> None:
    # MTA-STS (RFC 8461): what domains want, until a moment; names as JSON.
    database.table("sts_policies").create(
        {"domain": str, "id": str, "mode": str, "names": str, "max_age": int, "until": float},
        pk="domain",
        not_null={"id", "mode", "names", "max_age", "until"},
    )


def _keep_scram_keys(database: Database) -> None:
    # NULL for keys from before this version, and for certificates: mail/scram.py says why.
    database.execute("ALTER TABLE keys ADD COLUMN scram_stored BLOB")
    database.execute("ALTER TABLE keys ADD COLUMN scram_server BLOB")
    database.table("keys").create_index(["scram_stored"])
    database.table("scram").create(
        {"salt": bytes, "iterations": int}, not_null={"salt", "iterations"}
    )
    database.execute("INSERT INTO scram VALUES (?, ?)", (secrets.token_bytes(16), ITERATIONS))


def _create_url_keys(database: Database) -> None:
    database.table("url_keys").create({"folder": int, "key": bytes}, pk="folder", not_null={"key"})


def _drop_index_of_modseqs(database: Database) -> None:
    # It made each STORE change two trees for one, and was read by nobody: a folder that was changed
    # by this process is in memory, and one that another has changed is read through.
    database.execute("DROP INDEX idx_placements_folder_modseq")


def _keep_events_once(database: Database) -> None:
    # One tree for four: ids rise with time, so they tell what is old, too. And what is no draft is
    # in no index of drafts.
    database.execute(
        "CREATE TABLE kept_events (organization TEXT NOT NULL REFERENCES organizations(id),"
        " id TEXT NOT NULL, inbox TEXT, message TEXT, type TEXT NOT NULL, at FLOAT NOT NULL,"
        " detail TEXT NOT NULL, PRIMARY KEY (organization, id)) WITHOUT ROWID"
    )
    database.execute(
        "INSERT INTO kept_events SELECT organization, id, inbox, message, type, at, detail"
        " FROM events ORDER BY organization, id"
    )
    database.execute("DROP TABLE events")
    database.execute("ALTER TABLE kept_events RENAME TO events")
    database.execute("DROP INDEX idx_messages_draft")
    database.execute("CREATE INDEX idx_messages_draft ON messages (draft) WHERE draft IS NOT NULL")


def _note_ends_of_vanished(database: Database) -> None:
    # Those that go together are a row, from ``uid`` to this one; NULL for a single one from before.
    database.execute("ALTER TABLE vanished ADD COLUMN last INTEGER")


#: What makes version n of n - 1. Never changed once released, only added to.
MIGRATIONS: Final[tuple[Callable[[Database], None], ...]] = (
    _create,
    _create_events,
    _create_webhooks,
    _note_save_dates,
    _create_annotations,
    _create_queue,
    _name_drafts,
    _create_uploads,
    _create_audit,
    _note_authentication,
    _queue_wishes,
    _create_sts_policies,
    _keep_scram_keys,
    _create_url_keys,
    _drop_index_of_modseqs,
    _keep_events_once,
    _note_ends_of_vanished,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to this version, in one transaction.

    The version is read within it, so that of two processes that start at once one migrates and the
    other finds it done.

    Raises:
        sqlite3.DatabaseError: the file is of a later version, or no database.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise sqlite3.DatabaseError("it was written by a later version of mailcore")
        database = Database(connection)
        for migration in MIGRATIONS[version:]:
            migration(database)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
