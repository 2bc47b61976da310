"""NOTIFY and METADATA over real TLS, on the store on disk: a client is told without asking."""

from __future__ import annotations

from .accounts import Account


def test_a_silent_client_is_told_of_mail_and_of_names(anna: Account) -> None:
    wire = anna.raw_imap()
    wire.send(b"n NOTIFY SET (personal (MessageNew MessageExpunge MailboxName))\r\n")
    assert wire.until(b"n ").startswith(b"n OK")
    anna.append("Sent", b"Subject: told\r\n\r\n")
    assert wire.line().startswith(b"* STATUS Sent (MESSAGES 1 UIDNEXT 2 ")
    with anna.imap() as other:
        other.create("News")
        assert wire.line() == b'* LIST (\\HasNoChildren \\Subscribed) "/" News\r\n'
        other.rename("News", "Olds")
        assert (
            wire.line() == b'* LIST (\\HasNoChildren \\Subscribed) "/" Olds ("OLDNAME" (News))\r\n'
        )
    wire.send(b"x NOOP\r\n")
    assert wire.line().startswith(b"x OK")
    wire.close()


def test_the_selected_mailbox_is_told_outside_of_idle(anna: Account) -> None:
    wire = anna.raw_imap()
    wire.send(b"s SELECT INBOX\r\n")
    wire.until(b"s ")
    wire.send(b"n NOTIFY SET (selected (MessageNew (UID) MessageExpunge))\r\n")
    assert wire.until(b"n ").startswith(b"n OK")
    anna.append("INBOX", b"Subject: told\r\n\r\n")
    assert wire.line() == b"* 1 EXISTS\r\n"
    wire.line()  # RECENT
    assert wire.line() == b"* 1 FETCH (UID 1)\r\n"
    wire.close()


def test_annotations_are_kept_and_told(anna: Account) -> None:
    watching, changing = anna.raw_imap(), anna.raw_imap()
    watching.send(b"e ENABLE METADATA\r\ni IDLE\r\n")
    watching.until(b"+ ")
    changing.send(b"m SETMETADATA INBOX (/private/comment ~{4+}\r\n\0\xff\r\n)\r\n")
    assert changing.line().startswith(b"m OK")
    assert watching.line() == b"* METADATA INBOX /private/comment\r\n"
    changing.send(b"g GETMETADATA INBOX /private/comment\r\n")
    lines = [changing.line() for _ in range(4)]
    assert b"".join(lines[:3]) == (b"* METADATA INBOX (/private/comment ~{4}\r\n\0\xff\r\n)\r\n")
    assert lines[3].startswith(b"g OK")
    watching.close()
    changing.close()
