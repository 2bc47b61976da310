"""LIST and its kin, and the commands that make and unmake mailboxes."""

from __future__ import annotations

import pytest


def names(lines: list[str]) -> list[str]:
    return [line.rsplit(' "/" ', 1)[1] for line in lines]


def test_list_tells_children_and_special_use(connect):
    # clients.md 8
    client = connect(select=None)
    client.ok("CREATE Projects")
    client.ok("CREATE Projects/2026")
    assert client.ok('LIST "" *') == [
        '* LIST (\\HasNoChildren) "/" INBOX',
        '* LIST (\\HasNoChildren \\Drafts) "/" Drafts',
        '* LIST (\\HasChildren) "/" Projects',
        '* LIST (\\HasNoChildren) "/" Projects/2026',
        '* LIST (\\HasNoChildren \\Sent) "/" Sent',
        '* LIST (\\HasNoChildren \\Trash) "/" Trash',
    ]


def test_the_empty_pattern_asks_for_the_delimiter(connect):
    client = connect(select=None)
    assert client.ok('LIST "" ""') == ['* LIST (\\Noselect) "/" ""']


def test_a_name_between_that_is_no_mailbox_is_shown_as_such(connect):
    client = connect(select=None)
    client.ok("CREATE a/b/c")
    assert '* LIST (\\HasChildren \\Noselect) "/" a' in client.ok('LIST "" %')
    assert names(client.ok('LIST "" a/%')) == ["a/b"]
    assert names(client.ok('LIST a/ "*"')) == ["a/b", "a/b/c"]


@pytest.mark.parametrize("pattern", ["INBOX", "inbox", "InB*", "%box"])
def test_inbox_is_found_in_any_case(connect, pattern):
    client = connect(select=None)
    assert names(client.ok(f'LIST "" "{pattern}"')) == ["INBOX"]


def test_only_special_use_or_subscribed(connect):
    client = connect(select=None)
    client.ok("CREATE plain")
    client.ok("UNSUBSCRIBE plain")
    assert names(client.ok('LIST (SPECIAL-USE) "" *')) == ["Drafts", "Sent", "Trash"]
    assert "plain" not in names(client.ok('LIST (SUBSCRIBED) "" *'))
    (line,) = client.ok('LIST "" Sent RETURN (SUBSCRIBED)')
    assert "\\Subscribed" in line


def test_lsub_shows_what_is_subscribed_and_what_is_above_it(connect):
    client = connect(select=None)
    client.ok("CREATE a/b")
    client.ok("UNSUBSCRIBE Trash")
    assert client.ok('LSUB "" *')[0] == '* LSUB () "/" INBOX'
    assert names(client.ok('LSUB "" *')) == ["INBOX", "Drafts", "Sent", "a/b"]
    assert '* LSUB (\\Noselect) "/" a' in client.ok('LSUB "" %')


@pytest.mark.parametrize(
    "written",
    ["R&AOk-sum&AOk-", "&2D3cjA-", '"a \\"quoted\\" b"', '"Tom &- Jerry"', '"trailing "'],
)
def test_names_go_both_ways(connect, written):
    # clients.md 9
    client = connect(select=None)
    client.ok(f"CREATE {written}")
    assert f'* LIST (\\HasNoChildren) "/" {written}' in client.ok('LIST "" *')
    client.ok(f"SELECT {written}")
    client.ok(f"DELETE {written}")


def test_create_what_exists(connect):
    client = connect(select=None)
    assert client.tagged("CREATE inbox").startswith("NO [ALREADYEXISTS]")
    assert client.tagged("CREATE Sent").startswith("NO [ALREADYEXISTS]")


def test_delete(connect):
    client = connect(select=None)
    assert client.tagged("DELETE nowhere").startswith("NO [NONEXISTENT]")
    assert client.tagged("DELETE INBOX").startswith("NO [CANNOT]")
    client.ok("CREATE gone")
    client.ok("DELETE gone")
    assert client.tagged("SELECT gone").startswith("NO [NONEXISTENT]")


def test_rename_takes_the_children_along(connect):
    client = connect(select=None)
    client.ok("CREATE old")
    client.ok("CREATE old/child")
    client.ok("RENAME old new")
    assert names(client.ok('LIST "" new*')) == ["new", "new/child"]
    assert client.tagged("RENAME new Sent").startswith("NO [ALREADYEXISTS]")


def test_rename_of_inbox_moves_its_messages(connect, deliver):
    deliver(b"Subject: x\r\n\r\n")
    client = connect(select=None)
    client.ok("RENAME INBOX archive")
    assert client.ok("STATUS INBOX (MESSAGES)") == ["* STATUS INBOX (MESSAGES 0)"]
    assert client.ok("STATUS archive (MESSAGES)") == ["* STATUS archive (MESSAGES 1)"]


def test_namespace(connect):
    assert connect(select=None).ok("NAMESPACE") == ['* NAMESPACE (("" "/")) NIL NIL']


def test_an_account_without_the_optional_parts_says_cannot(connect, one_mailbox, inbox):
    client = connect(select=None, over=one_mailbox(inbox))
    for command in ("CREATE a", "DELETE a", "RENAME a b", "SUBSCRIBE a", "UNSUBSCRIBE a"):
        assert client.tagged(command).startswith("NO [CANNOT]")
