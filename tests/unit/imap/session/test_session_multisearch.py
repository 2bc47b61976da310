"""ESEARCH, the command: one search through several mailboxes (RFC 7377)."""

from __future__ import annotations

import logging

import pytest

from mailcore.backend import Changes, MessageState, Unavailable, all_messages
from mailcore.limits import Limits
from mailcore.testing import new_message, run
from mailcore.testing.memory.sharing import AccessList

# UIDVALIDITY of each mailbox of the memory backend is the order in which it was made.
TREE = ("Projects", "Projects/Apple", "Projects/Apple/Core", "Projects/Pear", "Projectsx")


@pytest.fixture
def account(backend):
    (account,) = backend.users.values()
    return account


@pytest.fixture
def client(connect, account):
    """Nothing selected; in each mailbox of a tree, and in INBOX, are lunch and dinner."""
    client = connect(select=None)
    for name in TREE:
        client.ok(f"CREATE {name}")
    for name in ("INBOX", *TREE):
        mailbox = account.open(name)
        for subject in (b"lunch", b"dinner", b"lunch"):
            run(mailbox.append([new_message(b"Subject: %b\r\n\r\n" % subject)]))
    return client


def searched(client, command: str) -> dict[str, str]:
    """Return what is told of each mailbox, all in the right form."""
    found = {}
    for line in client.ok(command):
        head, _, answer = line.partition(") UID")
        words = head.removeprefix('* ESEARCH (TAG "t" MAILBOX ').split(" UIDVALIDITY ")
        assert len(words) == 2, line
        assert words[1].isdigit()
        assert words[0] not in found
        found[words[0]] = answer.strip()
    return found


@pytest.mark.parametrize(
    ("sources", "names"),
    [
        ("inboxes", ["INBOX"]),
        ("personal", ["INBOX", *TREE]),
        ("subtree Projects", TREE[:4]),
        ("subtree-one Projects", ["Projects", "Projects/Apple", "Projects/Pear"]),
        ("subtree (Projects/Apple Projectsx)", [TREE[1], TREE[2], TREE[4]]),
        ("mailboxes (INBOX Projects/Pear)", ["INBOX", "Projects/Pear"]),
        ("mailboxes Projects inboxes subtree-one Projects/Pear", ["INBOX", TREE[0], TREE[3]]),
        # What is not there is passed over, and each mailbox is searched once (§2.2).
        ("mailboxes (None INBOX) inboxes", ["INBOX"]),
        ("mailboxes None", []),
    ],
)
def test_sources(client, sources: str, names: list[str]) -> None:
    found = searched(client, f"ESEARCH IN ({sources}) SUBJECT lunch")
    assert found == dict.fromkeys(names, "ALL 1,3")


def test_subscribed(client) -> None:
    for name in TREE[:3]:
        client.ok(f"SUBSCRIBE {name}")
    subscribed = {line.split()[-1].strip('"') for line in client.ok('LSUB "" *')}
    found = searched(client, "ESEARCH IN (subscribed) ALL")
    assert set(TREE[:3]) <= set(found) <= subscribed


@pytest.mark.parametrize(
    ("returns", "answer"),
    [
        ("", "ALL 1,3"),
        ("RETURN () ", "ALL 1,3"),
        ("RETURN (MIN MAX COUNT) ", "MIN 1 MAX 3 COUNT 2"),
        ("RETURN (PARTIAL -1:-1) ", "PARTIAL (-1:-1 3)"),
        ("RETURN (COUNT) CHARSET UTF-8 ", "COUNT 2"),
    ],
)
def test_answers(client, returns: str, answer: str) -> None:
    found = searched(client, f"ESEARCH IN (mailboxes Projects) {returns}SUBJECT lunch")
    assert found == {"Projects": answer}


def test_where_nothing_is_found_nothing_is_told(client, account) -> None:
    run(account.open("Projects/Pear").append([new_message(b"Subject: supper\r\n\r\n")]))
    assert searched(client, "ESEARCH IN (personal) RETURN (COUNT) SUBJECT supper") == {
        "Projects/Pear": "COUNT 1"
    }
    assert client.ok("ESEARCH IN (personal) RETURN (COUNT) SUBJECT breakfast") == []


def test_numbers_are_those_of_each_mailbox(client, account) -> None:
    run(account.open("Projects").expunge([1]))
    assert searched(client, "ESEARCH IN (mailboxes (Projects INBOX)) 2:9") == {
        "INBOX": "ALL 2:3",
        "Projects": "ALL 3",
    }


def test_nothing_is_selected_and_no_flag_is_set(client, account) -> None:
    client.ok("SELECT Projects")
    client.ok("ESEARCH IN (personal) TEXT lunch")
    assert client.ok("FETCH 1 FLAGS") == ["* 1 FETCH (FLAGS (\\Recent))"]
    client.ok("UNSELECT")
    # The search was not the first to be told of these messages (RFC 3501 §2.3.2).
    assert "* 3 RECENT" in client.ok("SELECT INBOX")


def test_names_are_told_as_they_are_spelled(client) -> None:
    client.ok("CREATE Entw&APw-rfe")
    client.say(b"a APPEND Entw&APw-rfe {1+}\r\nx\r\n")
    assert searched(client, "ESEARCH IN (mailboxes Entw&APw-rfe) ALL") == {"Entw&APw-rfe": "ALL 1"}


# --------------------------------------------------------------------------- the selected mailbox


def test_the_selected_mailbox(client, account) -> None:
    client.ok("SELECT Projects")
    assert searched(client, "ESEARCH SUBJECT dinner") == {"Projects": "ALL 2"}
    assert searched(client, "ESEARCH IN (selected inboxes) SUBJECT dinner") == {
        "Projects": "ALL 2",
        "INBOX": "ALL 2",
    }
    # It is searched as its client knows it: messages that are not told yet are not in it.
    run(account.open("Projects").append([new_message(b"Subject: dinner\r\n\r\n")]))
    *lines, exists, _ = client.ok("ESEARCH IN (personal) 1:* SUBJECT dinner")
    assert next(line for line in lines if "MAILBOX Projects " in line).endswith("ALL 2")
    assert exists == "* 4 EXISTS"


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        ("ESEARCH ALL", "No mailbox is selected"),
        ("ESEARCH IN (selected) ALL", "No mailbox is selected"),
        ("ESEARCH IN (inboxes selected) ALL", "No mailbox is selected"),
        ("ESEARCH IN (inboxes) RETURN (UPDATE) ALL", "No mailbox is selected"),
        ("ESEARCH IN (inboxes) RETURN (SAVE) ALL", "What is saved is of the selected mailbox"),
        ("ESEARCH IN (inboxes) $", "What is saved is of the selected mailbox"),
        ("ESEARCH IN (selected-delayed) ALL", "Unknown mailbox specifier"),
        ("ESEARCH IN (mailboxes) ALL", "Expected"),
        ("ESEARCH IN () ALL", "Expected"),
        ("ESEARCH IN (personal (x)) ALL", "Unknown scope option"),
        ("ESEARCH IN (personal)", "Expected"),
    ],
)
def test_what_is_refused(client, command: str, refusal: str) -> None:
    assert client.tagged(command).startswith(f"BAD {refusal}")


def test_what_is_saved(client) -> None:
    client.ok("SELECT Projects")
    assert client.ok("ESEARCH RETURN (SAVE) SUBJECT lunch") == []
    assert client.ok("UID SEARCH $") == ["* SEARCH 1 3"]
    assert searched(client, "ESEARCH IN (selected) $") == {"Projects": "ALL 1,3"}
    refusal = "BAD What is saved is of the selected mailbox alone"
    assert client.tagged("ESEARCH IN (selected inboxes) $") == refusal


def test_updates_are_of_the_selected_mailbox(client, connect) -> None:
    lines = client.ok("SELECT Projects")
    validity = next(line for line in lines if "[UIDVALIDITY " in line).split()[3].rstrip("]")
    # Nothing is found, and nothing told: but it goes on.
    assert client.say(b"a ESEARCH IN (personal) RETURN (UPDATE) FLAGGED\r\n") == (
        b"a OK Esearch completed\r\n"
    )
    other = connect(select="Projects")
    other.ok("STORE 2 +FLAGS (\\Flagged)")
    told = f'* ESEARCH (TAG "a" MAILBOX Projects UIDVALIDITY {validity}) UID ADDTO (0 2)'
    assert client.ok("NOOP")[-1] == told
    assert client.say(b"a ESEARCH RETURN (UPDATE) ALL\r\n") == b"a BAD Tag reuse\r\n"
    *_, refusal, _ = client.say(b"b ESEARCH IN (inboxes) RETURN (UPDATE) ALL\r\n").splitlines()
    assert refusal == b'* NO [NOUPDATE "b"] This is not the mailbox that is selected'


# ------------------------------------------------------------------------------ bounds and errors


def test_too_many_mailboxes(client, connect) -> None:
    few = connect(select=None, limits=Limits(search_mailboxes=2))
    assert few.do("ESEARCH IN (personal) ALL") == ["t NO [LIMIT] Too many mailboxes at a time"]
    assert len(few.ok("ESEARCH IN (mailboxes (INBOX Projects)) ALL")) == 2


def test_messages_count_together(client, connect) -> None:
    few = connect(select=None, limits=Limits(messages_per_command=4))
    *lines, tagged = few.do("ESEARCH IN (subtree Projects) ALL")
    assert tagged == "t OK [LIMIT] Esearch completed"
    # All of the first, and the newest of the second.
    assert [line.rpartition(" ")[2] for line in lines] == ["1:3", "3"]
    *lines, tagged = few.do("ESEARCH IN (mailboxes INBOX) ALL")
    assert tagged == "t OK Esearch completed"


def test_a_mailbox_that_can_not_be_read_is_passed_over(
    client, account, monkeypatch, caplog
) -> None:
    caplog.set_level(logging.INFO, "mailcore.imap")

    async def changes(since: int) -> None:
        raise Unavailable("out of order")

    monkeypatch.setattr(account.open("Projects/Apple"), "changes", changes)
    found = searched(client, "ESEARCH IN (subtree Projects) ALL")
    assert list(found) == ["Projects", "Projects/Apple/Core", "Projects/Pear"]
    assert "Projects/Apple is not searched" in caplog.text


def test_mod_sequences(client) -> None:
    found = searched(client, "ESEARCH IN (mailboxes Projects) RETURN (COUNT) MODSEQ 3")
    assert found == {"Projects": "COUNT 2 MODSEQ 4"}
    assert "CONDSTORE" in client.session.connection.enabled


def test_after_enabling_uidonly_numbers_are_no_more(client) -> None:
    client.ok("ENABLE UIDONLY")
    assert client.tagged("ESEARCH IN (inboxes) 1:5").startswith("BAD [UIDREQUIRED]")
    assert searched(client, "ESEARCH IN (inboxes) UID 2:5") == {"INBOX": "ALL 2:3"}


def test_a_mailbox_that_fails_within_the_search(client, account, monkeypatch) -> None:
    async def read(uid: int, start: int, end: int) -> bytes:
        raise Unavailable("out of order")

    monkeypatch.setattr(account.open("Projects"), "read", read)
    command = "ESEARCH IN (mailboxes (Projects INBOX)) SUBJECT lunch TEXT lunch"
    assert searched(client, command) == {"INBOX": "ALL 1,3"}
    # Of the selected one the client is told.
    client.ok("SELECT Projects")
    assert client.tagged("ESEARCH TEXT lunch") == "NO [UNAVAILABLE] out of order"


def test_a_mailbox_without_mod_sequences(client, account) -> None:
    account.mailboxes["Projects/Pear"] = Listed()
    assert searched(client, "ESEARCH IN (subtree-one Projects/Pear) ALL") == {
        "Projects/Pear": "ALL 7"
    }
    found = searched(client, "ESEARCH IN (subtree Projects) RETURN (COUNT) MODSEQ 1")
    assert list(found) == ["Projects", "Projects/Apple", "Projects/Apple/Core"]
    client.ok("SELECT Projects/Pear")
    assert client.tagged("ESEARCH MODSEQ 1") == "BAD This mailbox keeps no mod-sequences"


class Listed:
    """A mailbox that is listed anew each time."""

    id, uid_validity = "listed", 1
    access = AccessList("alice@example.test")

    async def changes(self, since: int) -> Changes:
        return all_messages([MessageState(7)])

    async def read(self, uid: int, start: int, end: int) -> bytes:
        return b"Subject: x\r\n\r\n"[start:end]


def test_so_many_mailboxes_at_a_time(connect) -> None:
    client = connect(limits=Limits(search_mailboxes=1))
    assert client.tagged("ESEARCH IN (personal) ALL") == "NO [LIMIT] Too many mailboxes at a time"
    client.ok("ESEARCH IN (inboxes) ALL")
