"""METADATA (RFC 5464) and LIST-METADATA (RFC 9590)."""

from __future__ import annotations

import pytest

from mailcore.imap.session.metadata import chosen
from mailcore.limits import Limits


def test_annotations_of_a_mailbox(connect):
    client = connect(select=None)
    client.ok('SETMETADATA INBOX (/private/Comment "mine" /shared/comment {5+}\r\na\r\nbc)')
    assert client.ok("GETMETADATA INBOX (/PRIVATE/comment /shared/comment /private/none)") == [
        '* METADATA INBOX (/private/comment "mine" /shared/comment {5}',
        "a",
        "bc /private/none NIL)",
    ]
    client.ok("SETMETADATA INBOX (/private/comment NIL)")
    assert client.ok("GETMETADATA INBOX /private/comment") == [
        "* METADATA INBOX (/private/comment NIL)"
    ]


def test_values_are_octets(connect):
    client = connect(select=None)
    client.say(b"t SETMETADATA INBOX (/private/x ~{4+}\r\n\0\xff\r\n)\r\n")
    output = client.say(b"t GETMETADATA INBOX /private/x\r\n")
    assert output.startswith(b"* METADATA INBOX (/private/x ~{4}\r\n\0\xff\r\n)\r\nt OK ")


def test_annotations_of_the_server(connect, backend):
    client = connect(select=None)
    backend.metadata["/shared/admin"] = b"mailto:postmaster@example.test"
    client.ok('SETMETADATA "" (/private/comment "own")')
    assert client.ok('GETMETADATA "" (/shared/admin /private/comment)') == [
        '* METADATA "" (/shared/admin "mailto:postmaster@example.test" /private/comment "own")'
    ]
    assert client.tagged('SETMETADATA "" (/shared/comment "x")').startswith("NO [NOPERM]")


def test_depth_and_size(connect):
    client = connect(select=None)
    client.ok(
        'SETMETADATA INBOX (/private/a "1" /private/a/b "22" /private/a/b/c "333" /private/ab "4")'
    )
    get = "GETMETADATA {} INBOX /private/a"
    assert client.ok(get.format("(DEPTH 1)")) == [
        '* METADATA INBOX (/private/a "1" /private/a/b "22")'
    ]
    assert client.ok(get.format("(DEPTH infinity)")) == [
        '* METADATA INBOX (/private/a "1" /private/a/b "22" /private/a/b/c "333")'
    ]
    assert client.do(get.format("(MAXSIZE 1 DEPTH infinity)")) == [
        '* METADATA INBOX (/private/a "1")',
        "t OK [METADATA LONGENTRIES 3] GetMetadata completed",
    ]
    # As the examples of RFC 5464 §4.2 have it.
    assert client.do("GETMETADATA INBOX (MAXSIZE 0) (/private/a)") == [
        "t OK [METADATA LONGENTRIES 1] GetMetadata completed"
    ]
    assert client.ok("GETMETADATA (DEPTH 1) INBOX /shared") == []


def test_each_name_is_told_once():
    kept = ["/private/a/b", "/private/a", "/private/a/b/c"]
    assert chosen(kept, ["/private/a", "/private/a/b", "/private"], None) == [
        "/private/a",
        "/private/a/b",
        "/private/a/b/c",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        "GETMETADATA INBOX comment",
        "GETMETADATA INBOX /private//a",
        "GETMETADATA INBOX /private/a/",
        'GETMETADATA INBOX "/private/*"',
        "GETMETADATA INBOX /privateer/a",
        "GETMETADATA INBOX ()",
        "GETMETADATA (DEPTH 2) INBOX /private/a",
        "GETMETADATA (MAXSIZE) INBOX /private/a",
        "SETMETADATA INBOX ()",
        'SETMETADATA INBOX (/private "x")',
        'SETMETADATA INBOX (/private/a "x" /private/A "y")',
        "SETMETADATA INBOX (/private/a)",
    ],
)
def test_bad_arguments(connect, arguments):
    client = connect(select=None)
    assert client.tagged(arguments).startswith("BAD ")
    client.ok("NOOP")


def test_no_annotations_without_a_mailbox(connect):
    client = connect(select=None)
    assert client.tagged("GETMETADATA nowhere /private/a").startswith("NO [NONEXISTENT]")
    assert client.tagged('SETMETADATA nowhere (/private/a "x")').startswith("NO [NONEXISTENT]")


def test_annotations_are_bounded(connect):
    client = connect(select=None, limits=Limits(metadata_value=3, metadata_entries=2))
    client.ok('SETMETADATA INBOX (/private/a "1" /private/b "2")')
    assert client.tagged('SETMETADATA INBOX (/private/a "4444")').startswith(
        "NO [METADATA MAXSIZE 3]"
    )
    assert client.tagged('SETMETADATA INBOX (/private/c "3")').startswith("NO [METADATA TOOMANY]")
    client.ok('SETMETADATA INBOX (/private/a NIL /private/c "3")')
    client.ok('SETMETADATA INBOX (/private/c "33")')


def test_changes_of_others_are_told_once_enabled(connect):
    client, other = connect(), connect()
    other.ok('SETMETADATA INBOX (/private/a "1")')
    assert client.ok("NOOP") == []
    assert client.ok("ENABLE METADATA") == ["* ENABLED METADATA"]
    other.ok('SETMETADATA INBOX (/private/a "1" /private/b NIL)')
    assert client.ok("NOOP") == ["* METADATA INBOX /private/a /private/b"]
    client.ok('SETMETADATA INBOX (/private/a "2")')
    assert client.ok("NOOP") == []


def test_changes_are_told_within_idle(connect):
    client, other = connect(select=None), connect()
    client.ok("ENABLE METADATA")
    woken = []
    client.session.wake = lambda: woken.append(1)
    client.say(b"i IDLE\r\n")
    other.ok('SETMETADATA "" (/private/a "1")')
    assert woken
    assert client.say() == b'* METADATA "" /private/a\r\n'


def test_list_tells_annotations(connect):
    client = connect(select=None)
    client.ok('SETMETADATA Sent (/private/color "red")')
    assert client.ok('LIST "" (Sent Trash) RETURN (METADATA (/private/color) CHILDREN)') == [
        '* LIST (\\HasNoChildren \\Sent) "/" Sent',
        '* METADATA Sent (/private/color "red")',
        '* LIST (\\HasNoChildren \\Trash) "/" Trash',
        "* METADATA Trash (/private/color NIL)",
    ]


def test_a_backend_without_annotations_says_cannot(connect, one_mailbox, inbox):
    client = connect(select=None, over=one_mailbox(inbox))
    assert client.tagged("GETMETADATA INBOX /private/a").startswith("NO [CANNOT]")
    assert client.tagged('SETMETADATA INBOX (/private/a "x")').startswith("NO [CANNOT]")
    assert client.tagged('LIST "" * RETURN (METADATA /private/a)').startswith("BAD ")
