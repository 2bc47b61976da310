"""LIST with options (RFC 5258, RFC 5819), CREATE with a use (RFC 6154), what RENAME and DELETE do
to names.
"""

from __future__ import annotations

import pytest

from mailcore.limits import Limits


def names(lines: list[str]) -> list[str]:
    return [line.split(' "/" ', 1)[1] for line in lines]


@pytest.fixture
def fruit(connect):
    """The mailboxes of the examples of RFC 5258 §5, by and large."""
    client = connect(select=None)
    for name in ("INBOX", "Drafts", "Sent", "Trash"):
        client.ok(f"UNSUBSCRIBE {name}")
    for name in ("foo2", "foo2/bar1", "foo2/bar2", "baz2", "baz2/bar2", "baz2/bar22", "eps2"):
        client.ok(f"CREATE {name}")
    for name in ("eps2/mamba", "qux2/bar2"):
        client.ok(f"CREATE {name}")
    for name in ("foo2", "baz2"):
        client.ok(f"UNSUBSCRIBE {name}")
    client.ok("SUBSCRIBE nowhere/below2")
    return client


def test_recursive_match_tells_what_is_hidden_below(fruit):
    # RFC 5258 §5, example 9
    lines = fruit.ok('LIST (RECURSIVEMATCH SUBSCRIBED) "" *2')
    assert names(lines) == [
        "baz2/bar2",
        "baz2/bar22",
        'eps2 ("CHILDINFO" ("SUBSCRIBED"))',
        'foo2 ("CHILDINFO" ("SUBSCRIBED"))',
        "foo2/bar2",
        "nowhere/below2",
        "qux2/bar2",
    ]
    assert '* LIST (\\HasChildren) "/" foo2 ("CHILDINFO" ("SUBSCRIBED"))' in lines
    assert '* LIST (\\HasChildren \\Subscribed) "/" eps2 ("CHILDINFO" ("SUBSCRIBED"))' in lines


def test_recursive_match_shows_names_between(fruit):
    assert fruit.ok('LIST (SUBSCRIBED RECURSIVEMATCH REMOTE) "" (qux% now%)') == [
        '* LIST (\\HasNoChildren \\NonExistent) "/" nowhere ("CHILDINFO" ("SUBSCRIBED"))',
        '* LIST (\\HasChildren \\NonExistent) "/" qux2 ("CHILDINFO" ("SUBSCRIBED"))',
    ]


@pytest.mark.parametrize("options", ["RECURSIVEMATCH", "RECURSIVEMATCH REMOTE"])
def test_recursive_match_alone_is_bad(fruit, options):
    assert fruit.tagged(f'LIST ({options}) "" *').startswith("BAD ")


def test_a_subscription_outlives_its_mailbox(fruit):
    assert fruit.ok('LIST (SUBSCRIBED) "" nowhere/*') == [
        '* LIST (\\HasNoChildren \\NonExistent \\Subscribed) "/" nowhere/below2'
    ]
    assert fruit.ok('LSUB "" nowhere/*') == ['* LSUB (\\Noselect) "/" nowhere/below2']
    assert fruit.ok('LIST "" nowhere*') == []
    fruit.ok("DELETE qux2/bar2")
    assert fruit.ok('LIST (SUBSCRIBED) "" qux2/*') == [
        '* LIST (\\HasNoChildren \\NonExistent \\Subscribed) "/" qux2/bar2'
    ]
    assert fruit.ok('LIST "" qux2*') == []
    fruit.ok("UNSUBSCRIBE qux2/bar2")
    assert fruit.ok('LSUB "" qux2*') == []


def test_several_patterns_show_each_mailbox_once(fruit):
    assert names(fruit.ok('LIST "" ("foo2" "foo%" eps2/*)')) == ["eps2/mamba", "foo2"]


def test_names_between_are_said_in_the_words_that_the_client_knows(fruit):
    assert fruit.ok('LIST "" qux%') == ['* LIST (\\HasChildren \\Noselect) "/" qux2']
    assert fruit.ok('LIST "" qux% RETURN (CHILDREN)') == [
        '* LIST (\\HasChildren \\NonExistent) "/" qux2'
    ]
    fruit.session.connection.enabled.add("IMAP4REV2")
    assert fruit.ok('LIST "" qux%') == ['* LIST (\\HasChildren \\NonExistent) "/" qux2']


def test_both_criteria_must_be_met(connect):
    client = connect(select=None)
    client.ok("UNSUBSCRIBE Sent")
    assert names(client.ok('LIST (SPECIAL-USE SUBSCRIBED) "" *')) == ["Drafts", "Trash"]


def test_status_of_each_mailbox_comes_behind_it(connect, deliver):
    deliver(b"Subject: a\r\n\r\n", b"Subject: b\r\n\r\n")
    client = connect()
    client.ok("CREATE a/b")
    assert client.ok('LIST "" (INBOX a%) RETURN (STATUS (MESSAGES UNSEEN) CHILDREN)') == [
        '* LIST (\\HasNoChildren) "/" INBOX',
        "* STATUS INBOX (MESSAGES 2 UNSEEN 2)",
        '* LIST (\\HasChildren \\NonExistent) "/" a',
    ]


def test_the_items_of_status_are_those_of_the_command(connect):
    client = connect(select=None)
    items = "MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ APPENDLIMIT RECENT"
    _, listed = client.ok(f'LIST "" INBOX RETURN (STATUS ({items}))')
    assert [listed] == client.ok(f"STATUS INBOX ({items})")
    for bad in ("STATUS", "STATUS ()", "STATUS (NOTHING)"):
        assert client.tagged(f'LIST "" INBOX RETURN ({bad})').startswith("BAD ")


def test_a_mailbox_without_a_status_is_listed_all_the_same(connect, backend, monkeypatch):
    # RFC 5819 §2
    from mailcore.backend import NotPermitted

    client = connect(select=None)
    account = client.session.account

    async def refuse(name: str):
        raise NotPermitted

    monkeypatch.setattr(account, "open", refuse)
    assert len(client.ok('LIST "" INBOX RETURN (STATUS (MESSAGES))')) == 1


def test_create_for_a_use(connect):
    # clients.md 8
    client = connect(select=None)
    client.ok("CREATE Old (USE (\\archive))")
    assert client.ok('LIST (SPECIAL-USE) "" Old') == ['* LIST (\\HasNoChildren \\Archive) "/" Old']
    for command in (
        "CREATE Other (USE (\\Archive))",
        "CREATE Other (USE (\\Sent))",
        "CREATE Other (USE (\\Junk \\All))",
        "CREATE Other (USE (\\Nonsense))",
    ):
        assert client.tagged(command).startswith("NO [USEATTR]")
    assert client.tagged("CREATE Other (FOR (\\Junk))").startswith("BAD ")
    client.ok("CREATE Other (USE ())")
    client.ok("RENAME Old Older")
    assert names(client.ok('LIST (SPECIAL-USE) "" Old*')) == ["Older"]
    client.ok("DELETE Older")
    client.ok("CREATE Newer (USE (\\Archive))")


def test_rename_is_told_by_the_old_name_in_rev2(connect):
    client = connect(select=None)
    client.ok("CREATE a")
    assert client.ok("RENAME a b") == []
    client.session.connection.enabled.add("IMAP4REV2")
    assert client.ok('RENAME b "c d"') == ['* LIST () "/" "c d" ("OLDNAME" (b))']
    assert client.ok("RENAME INBOX e") == []


def test_a_selected_mailbox_can_be_renamed(connect):
    client = connect(select=None)
    client.ok("CREATE a/b")
    client.ok("SELECT a/b")
    client.ok("RENAME a c")
    assert client.session.selected.name == "c/b"
    client.ok("NOOP")


def test_a_parent_is_deleted_from_above_its_children(connect):
    # RFC 9051 §6.3.5
    client = connect(select=None)
    client.ok("CREATE foo")
    client.ok("CREATE foo/bar")
    client.ok("DELETE foo")
    assert client.ok('LIST "" foo*') == [
        '* LIST (\\HasChildren \\Noselect) "/" foo',
        '* LIST (\\HasNoChildren) "/" foo/bar',
    ]
    assert client.tagged("DELETE foo").startswith("NO [HASCHILDREN]")
    assert client.tagged("SELECT foo").startswith("NO [NONEXISTENT]")
    client.ok("RENAME foo zowie")
    assert names(client.ok('LIST "" (foo* zowie*)')) == ["zowie", "zowie/bar"]


@pytest.mark.parametrize("name", ['""', "/", "//", "a//b", "/a"])
def test_a_level_is_not_empty(connect, name):
    client = connect(select=None)
    client.ok("CREATE source")
    for command in (f"CREATE {name}", f"RENAME source {name}", f"SUBSCRIBE {name}"):
        assert client.tagged(command).startswith("NO [CANNOT]")


def test_names_are_bounded(connect):
    client = connect(select=None, limits=Limits(mailbox_name=20, mailbox_levels=3))
    client.ok("CREATE source")
    for name in ("x" * 21, "a/b/c/d"):
        for command in ("CREATE", "RENAME source", "SUBSCRIBE"):
            assert client.tagged(f"{command} {name}").startswith("NO [LIMIT]")
    client.ok("CREATE " + "x" * 20)
    client.ok("CREATE a/b/c")


def test_rename_onto_itself_its_children_and_inbox(connect):
    client = connect(select=None)
    client.ok("CREATE a")
    assert client.tagged("RENAME a a").startswith("NO [ALREADYEXISTS]")
    assert client.tagged("RENAME a a/b").startswith("NO [CANNOT]")
    assert client.tagged("RENAME a inbox").startswith("NO [ALREADYEXISTS]")
    client.ok("RENAME INBOX INBOX/old")


def test_many_wildcards_take_no_time(connect):
    # limits-and-attacks: LIST with many * over long names
    client = connect(select=None)
    client.ok("CREATE " + "a" * 900)
    assert client.ok('LIST "" "' + "*a" * 500 + '*b"') == []
