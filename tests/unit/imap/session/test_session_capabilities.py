"""A capability is told where it is served, and served where it is told: a walk over the table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace

import pytest

from mailcore.backend import Changes, MailboxInfo, MessageState, NoSuchMailbox, Peer, all_messages
from mailcore.imap.session.capabilities import Capabilities, Row, Situation, When
from mailcore.imap.session.capability_table import CAPABILITIES
from mailcore.sasl import Credentials, PlainCredentials
from mailcore.testing import MemoryBackend, run

ROWS = list(CAPABILITIES)
#: What is served only with a capability: commands of a client that is logged in and has selected
#: INBOX with one message, or of one that is not logged in.
PROBES: dict[str, str] = {
    "ACL": "MYRIGHTS INBOX",
    "LIST-MYRIGHTS": 'LIST "" INBOX RETURN (MYRIGHTS)',
    "APPENDLIMIT=": "STATUS INBOX (APPENDLIMIT)",
    "BINARY": "FETCH 1 (BINARY.SIZE[1])",
    "CATENATE": "APPEND INBOX CATENATE (URL /INBOX/;UID=1)",
    "CHILDREN": 'LIST "" * RETURN (CHILDREN)',
    "COMPRESS=DEFLATE": "COMPRESS DEFLATE",
    "CONDSTORE": "FETCH 1 (MODSEQ)",
    "CONTEXT=SEARCH": "SEARCH RETURN (UPDATE) ALL",
    "CONTEXT=SORT": "SORT RETURN (CONTEXT COUNT) (DATE) UTF-8 ALL",
    "CREATE-SPECIAL-USE": "CREATE Archive (USE (\\Archive))",
    "ENABLE": "ENABLE X",
    "ESEARCH": "SEARCH RETURN (ALL) ALL",
    "I18NLEVEL=2": "COMPARATOR",
    "ID": "ID NIL",
    "LANGUAGE": "LANGUAGE",
    "NOTIFY": "NOTIFY NONE",
    "METADATA": "GETMETADATA INBOX /private/comment",
    "LIST-METADATA": 'LIST "" INBOX RETURN (METADATA /private/comment)',
    "LIST-EXTENDED": 'LIST "" (INBOX Sent)',
    "LIST-STATUS": 'LIST "" INBOX RETURN (STATUS (MESSAGES))',
    "MOVE": "MOVE 1 Trash",
    "MULTISEARCH": "ESEARCH IN (personal) ALL",
    "NAMESPACE": "NAMESPACE",
    "OBJECTID": "FETCH 1 (EMAILID)",
    "PARTIAL": "SEARCH RETURN (PARTIAL 1:5) ALL",
    "PREVIEW": "FETCH 1 (PREVIEW)",
    "SAVEDATE": "FETCH 1 (SAVEDATE)",
    "QUOTA": 'GETQUOTA ""',
    "QUOTASET": 'SETQUOTA "" ()',
    "QUOTA=RES-": "STATUS INBOX (DELETED-STORAGE)",
    "SASL-IR": "AUTHENTICATE PLAIN AGFsaWNlQGV4YW1wbGUudGVzdABzZWNyZXQ=",
    "SEARCH=FUZZY": "SEARCH FUZZY TEXT x",
    "SEARCHRES": "SEARCH RETURN (SAVE) ALL",
    "SORT": "SORT (ARRIVAL) UTF-8 ALL",
    "SORT=DISPLAY": "SORT (DISPLAYFROM) UTF-8 ALL",
    "ESORT": "SORT RETURN (COUNT) (ARRIVAL) UTF-8 ALL",
    "THREAD=": "THREAD REFS UTF-8 ALL",
    "SPECIAL-USE": 'LIST (SPECIAL-USE) "" *',
    "STARTTLS": "STARTTLS",
    "STATUS=SIZE": "STATUS INBOX (SIZE)",
    "UNAUTHENTICATE": "UNAUTHENTICATE",
    "UIDPLUS": "UID EXPUNGE 1",
    "UNSELECT": "UNSELECT",
    "URL-PARTIAL": "APPEND INBOX CATENATE (URL /INBOX/;UID=1/;PARTIAL=0.1)",
    "URLAUTH": "RESETKEY",
    "URLAUTH=BINARY": "URLFETCH (x BODY)",
    "WITHIN": "SEARCH OLDER 60",
    "X-GM-EXT-1": "FETCH 1 (X-GM-LABELS)",
}
#: Capabilities that nothing can be said for which would not be served without them; why not.
WITHOUT_PROBE = {
    "IMAP4REV1": "all of the protocol",
    "RIGHTS=": "says which rights ACL knows: test_session_acl.py",
    "REPLACE": "takes a literal: test_session_replace.py",
    "MULTIAPPEND": "takes two literals: test_session_append.py",
    "IMAP4REV2": "changes answers after ENABLE: test_session_rev2.py",
    "QRESYNC": "changes answers after ENABLE: test_session_qresync.py",
    "MESSAGELIMIT=": "a bound, whether it is told or not: test_session_long_commands.py",
    "INPROGRESS": "told when a command is slow: test_session_long_commands.py",
    "UIDONLY": "changes answers after ENABLE: test_session_uid_only.py",
    "UTF8=ACCEPT": "changes answers after ENABLE: test_session_rev2.py",
    "LOGINDISABLED": "says what is not served: test_session_auth.py",
    "AUTH=": "a family: test_session_auth.py",
    "LITERAL-": "of the framer: test_imap_framer.py",
    "LITERAL+": "of the framer: test_imap_framer.py",
    "IDLE": "goes on until DONE: test_session_idle.py",
}

NOW = partial(datetime, 2026, 3, 1, tzinfo=UTC)


class Shelf:
    """A backend, account and mailbox without any optional protocol."""

    id, uid_validity = "shelf", 1

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Shelf:
        return self

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        return [MailboxInfo("INBOX", self.id)]

    async def open(self, name: str) -> Shelf:
        if name != "INBOX":
            raise NoSuchMailbox
        return self

    async def changes(self, since: int) -> Changes:
        return all_messages([MessageState(1)])

    async def read(self, uid: int, start: int, end: int) -> bytes:
        return b"Subject: x\r\n\r\n"[start:end]


def told(client) -> set[str]:
    """Return what CAPABILITY answers, in upper case."""
    (line,) = client.ok("CAPABILITY")
    return set(line.removeprefix("* CAPABILITY ").upper().split())


def is_told(row: Row, names: set[str]) -> bool:
    if row.values is not None:
        return any(name.startswith(row.name.upper()) for name in names)
    return row.name.upper() in names


def served(client, row: Row) -> str:
    """Say what is only served with a capability; return OK, NO or BAD."""
    return client.tagged(PROBES[row.name.upper()]).split()[0]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_has_a_probe_or_a_reason(row: Row) -> None:
    assert (row.name.upper() in PROBES) != (row.name.upper() in WITHOUT_PROBE)


PROBED = [row for row in ROWS if row.name.upper() in PROBES]


@pytest.mark.parametrize("row", PROBED, ids=lambda row: row.name)
def test_what_is_told_is_served_and_what_is_served_is_told(row: Row, connect, deliver) -> None:
    deliver(b"Subject: x\r\n\r\n")
    before = When.AFTER not in row.when
    client = connect(
        login=not before,
        start_tls=before,
        peer=Peer("imap", tls=row.name != "STARTTLS"),
        now=NOW,
    )
    assert is_told(row, told(client))
    assert served(client, row) == "OK"


@pytest.mark.parametrize("row", PROBED, ids=lambda row: row.name)
def test_what_is_disabled_is_neither_told_nor_served(row: Row, connect, deliver) -> None:
    deliver(b"Subject: x\r\n\r\n")
    before = When.AFTER not in row.when
    client = connect(
        login=not before,
        start_tls=before,
        peer=Peer("imap", tls=row.name != "STARTTLS"),
        now=NOW,
        disabled={row.name.lower()},
    )
    assert not is_told(row, told(client))
    assert served(client, row) == "BAD"


@pytest.mark.parametrize("row", [row for row in PROBED if row.needs], ids=lambda row: row.name)
def test_what_the_backend_cannot_do_is_neither_told_nor_served(row: Row, connect) -> None:
    client = connect(over=Shelf())
    assert not is_told(row, told(client))
    assert served(client, row) in ("NO", "BAD")


def test_an_account_may_do_without_some_capabilities(connect, backend, monkeypatch) -> None:
    real = MemoryBackend.authenticate

    async def authenticate(self, credentials, peer):
        found = await real(self, credentials, peer)
        found.disabled_capabilities = ("move", "AUTH=PLAIN")
        return found

    monkeypatch.setattr(MemoryBackend, "authenticate", authenticate)
    client = connect()
    assert "MOVE" not in told(client)
    assert client.tagged("MOVE 1 Trash") == "BAD MOVE is not offered here"


def test_one_of_a_family_is_disabled_alone(connect) -> None:
    client = connect(login=False, disabled=["auth=login"])
    names = told(client)
    assert "AUTH=PLAIN" in names
    assert "AUTH=LOGIN" not in names
    assert client.tagged("AUTHENTICATE LOGIN").startswith("NO [CANNOT]")


@pytest.mark.parametrize("row", [row for row in ROWS if row.enable], ids=lambda row: row.name)
def test_what_is_told_can_be_enabled_and_nothing_else(row: Row, connect) -> None:
    name = row.name.upper()
    if row.includes and not is_told(row, told(connect())):
        pytest.skip(f"parts of {row.name} are missing")
    assert connect().ok(f"ENABLE {name}") == [f"* ENABLED {name}"]
    assert connect(disabled=[name]).ok(f"ENABLE {name}") == ["* ENABLED"]
    if row.needs:
        assert connect(over=Shelf()).ok(f"ENABLE {name}") == ["* ENABLED"]


def test_enable_takes_no_capability_that_changes_nothing(connect) -> None:
    assert connect().ok("ENABLE IDLE ID X-UNKNOWN") == ["* ENABLED"]


def test_a_capability_includes_others() -> None:
    table = Capabilities((Row("A", includes=("B", "C")), Row("B"), Row("C")))
    after = Situation(logged_in=True)
    assert table.names(after) == ("A", "B", "C")
    assert table.names(Situation(logged_in=True, disabled=frozenset({"C"}))) == ("B",)
    assert Capabilities((Row("A", includes=("B",)),)).names(after) == ()


def test_an_account_without_an_inbox_shows_what_its_mailboxes_can_do(connect, backend) -> None:
    class Renamed(SimpleNamespace):
        async def authenticate(self, credentials, peer):
            self.account = await backend.authenticate(credentials, peer)
            return self

        async def mailboxes(self):
            return [MailboxInfo("Above", "", selectable=False), MailboxInfo("Sent", "s")]

        async def open(self, name):
            if name == "INBOX":
                raise NoSuchMailbox
            return await self.account.open(name)

    assert "CONDSTORE" in told(connect(over=Renamed(), select="Sent"))


def test_login_does_not_fail_because_no_mailbox_can_be_looked_at(connect) -> None:
    class Broken(Shelf):
        async def open(self, name: str) -> Shelf:
            raise RuntimeError("broken")

    assert "IDLE" in told(connect(over=Broken(), select=None))


def test_a_mailbox_without_history_has_no_mod_sequences(connect) -> None:
    client = connect(over=Shelf(), select=None)
    lines = client.ok("SELECT INBOX")
    assert "* OK [NOMODSEQ] No mod-sequences" in lines
    assert not any("HIGHESTMODSEQ" in line for line in lines)


def test_among_mailboxes_with_history_one_may_have_none(connect, backend, monkeypatch) -> None:
    """RFC 7162 §3.1.2.2: what uses mod-sequences there is BAD; STATUS says 0."""
    client = connect()
    real = type(run(backend.authenticate(ALICE, Peer("imap")))).open

    async def open_shelf(self, name):
        return Shelf() if name == "Sent" else await real(self, name)

    monkeypatch.setattr(type(client.session.account), "open", open_shelf)
    client.ok("ENABLE CONDSTORE")
    client.ok("SELECT Sent")
    assert client.ok("FETCH 1 (FLAGS)") == ["* 1 FETCH (FLAGS (\\Recent))"]
    for command in ("FETCH 1 (MODSEQ)", "FETCH 1 FLAGS (CHANGEDSINCE 1)", "SEARCH MODSEQ 1"):
        assert client.tagged(command) == "BAD This mailbox keeps no mod-sequences"
    assert client.ok("STATUS Sent (HIGHESTMODSEQ)") == ["* STATUS Sent (HIGHESTMODSEQ 0)"]


ALICE = PlainCredentials("alice@example.test", "secret")
