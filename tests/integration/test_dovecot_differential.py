"""The same script to our server and to Dovecot: the answers are the same, or listed here.

What is compared is what the answers mean: both are read by our client. Texts for people, response
codes beyond those that matter, and what only one server knows (``\\Recent``, UIDVALIDITY) are not.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC

from mailcore.backend import Peer
from mailcore.flow import NEED_DATA
from mailcore.imap import ClientConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.session import Session
from mailcore.limits import Limits
from mailcore.message import Part
from mailcore.testing import Link, MemoryBackend

from .dovecot import PASSWORD
from .dovecot import running as dovecot
from .torture import MESSAGES

USER = "alice@example.test"
PEER = Peer("imap", host="127.0.0.1", tls=True)
# What is wrong on purpose does not end the connection here.
LIMITS = Limits(bad_commands=1000)

#: Commands whose answers differ (regular expressions), and what allows ours.
DIFFERENCES = {
    # RFC 9394 §3.1: "the original range"; §4: "A range 500:400 is the same as 400:500".
    r"UID SEARCH RETURN \(PARTIAL 2:1\) ALL": "the range is told as it was asked for, or in order",
    r'LSUB "" \*|LIST \(SUBSCRIBED\) .*': "RFC 9051 §6.3.4 does not say whether CREATE subscribes",
    r"STORE 1 \+FLAGS \(\\Seen\)": "RFC 9051 §6.4.6: NO; the number is in the grammar",
    r"FETCH 5 BODY(STRUCTURE)?|FETCH [58] .*BODY.PEEK\[[12]\].*|FETCH 5 \(BODY.PEEK\[2.HEADER.*": (
        "RFC 2046 §5.1.1: the CRLF before a delimiter line belongs to the delimiter"
    ),
    r"FETCH 9 ENVELOPE": "RFC 5322 §3.2.2: comments; which one is a name is nowhere said",
    r"FETCH 10 ENVELOPE": "RFC 5322 §2.2.3: unfolding takes away CRLF, and leaves the tab",
    r"FETCH 11 ENVELOPE": "RFC 5322 §3.6: Subject comes once: the first here, the last there",
    r"FETCH 12 BODYSTRUCTURE": "RFC 9051 §7.5.2: servers SHOULD decode RFC 2231",
    r"FETCH 14 BODY(STRUCTURE)?": "RFC 2045 §5.2: a Content-Type that is none is text/plain",
    r"FETCH [0-9]+ \(BODY.PEEK\[1.1\] BODY.PEEK\[2.1\]\)": (
        "RFC 9051 §6.4.5.1: there is no part within a part that is no multipart or message"
    ),
    r"SEARCH SENTBEFORE .*": "RFC 9051 §6.4.4: whose Date header is earlier; without one, none is",
    r"STORE 1 \+FLAGS \(\\Bogus\)": "RFC 9051 §9: flag-extension is in the grammar; so NO, not BAD",
    r"SELECT INBOX extra|NOOP extra|ENABLE": "RFC 9051 §9: not in the grammar; Dovecot is lenient",
    r"CREATE &AOQ": "RFC 9051 §2.2.1: BAD for what is not in the grammar; NO there",
}


Exchange = Callable[[bytes], bytes]


class Dialogue:
    """A connection to a server: lines out as they are, responses in.

    Arguments:
        exchange: sends octets and returns what comes back, at least something.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._client = ClientConnection()
        self._count = 0
        self._until(r.Untagged, b"")

    def _until(self, kind: type, data: bytes, tag: str | None = None) -> list[object]:
        heard: list[object] = []
        while True:
            event = self._client.next_event()
            if event is NEED_DATA:
                self._client.receive_data(self._exchange(data))
                data = b""
                continue
            heard.append(event)
            if isinstance(event, kind) and (tag is None or getattr(event, "tag", "") == tag):
                return heard

    def say(self, line: bytes) -> list[object]:
        """Give a command without its tag; return what came, the tagged response last."""
        self._count += 1
        tag = f"t{self._count}"
        # Our client reads; what it would write does not matter, for the line is given.
        self._client.send(c.Noop(tag))
        self._client.data_to_send()
        return self._until(r.Tagged, tag.encode() + b" " + line + b"\r\n", tag)


@contextmanager
def both() -> Iterator[tuple[Dialogue, Dialogue]]:
    """Our server and Dovecot, each with an empty INBOX, logged in."""
    session = Session(MemoryBackend({USER: PASSWORD}), PEER, limits=LIMITS)
    with dovecot() as server, socket.create_connection(("127.0.0.1", server.port), 10) as theirs:

        def over_socket(data: bytes) -> bytes:
            theirs.sendall(data)
            received = theirs.recv(1 << 16)
            assert received, "Dovecot has closed the connection"
            return received

        dialogues = Dialogue(Link(session).say), Dialogue(over_socket)
        for dialogue in dialogues:
            dialogue.say(b"LOGIN %b %b" % (USER.encode(), PASSWORD.encode()))
        for name in (b"Drafts", b"Sent", b"Trash"):
            dialogues[1].say(b"CREATE " + name)
        yield dialogues


# ---------------------------------------------------------------------------------- the script

ON_MAILBOXES = r"""
CREATE Box
CREATE "a b"
CREATE Entw&APw-rfe
CREATE R&-D
CREATE deep/er/still
CREATE Box
LIST "" *
LIST "" %
LIST "" B*
LIST "" deep/%
LIST "" deep/*
LIST "" "deep/%/%"
LIST "deep/" *
LIST "" inbox
LIST "" INBOX
LIST "" ""
LIST "" nothing
LIST "" "*er*"
LIST "" "R&-D"
SUBSCRIBE Box
LSUB "" *
LIST (SUBSCRIBED) "" *
UNSUBSCRIBE Box
LSUB "" *
RENAME Box Renamed
RENAME Renamed Box
RENAME nowhere else
DELETE nowhere
DELETE INBOX
CREATE INBOX
STATUS Box (MESSAGES UIDNEXT UNSEEN)
STATUS nowhere (MESSAGES)
SELECT nowhere
EXAMINE INBOX
STORE 1 +FLAGS (\Seen)
UNSELECT
CLOSE
FETCH 1 FLAGS
NAMESPACE
"""

# Of each message.
ITEMS = """
(UID RFC822.SIZE INTERNALDATE FLAGS)
ENVELOPE
BODYSTRUCTURE
BODY
BODY.PEEK[]
BODY.PEEK[HEADER]
BODY.PEEK[TEXT]
BODY.PEEK[1]
(BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[2.MIME])
(BODY.PEEK[2.HEADER] BODY.PEEK[2.TEXT] BODY.PEEK[9])
(BODY.PEEK[1.1] BODY.PEEK[2.1])
(BODY.PEEK[HEADER.FIELDS (Subject X-None)] BODY.PEEK[HEADER.FIELDS.NOT (Subject From)])
(BODY.PEEK[]<0.10> BODY.PEEK[]<5.1000000> BODY.PEEK[]<1000000.5> BODY.PEEK[TEXT]<2.3>)
"""

FETCHES = """
FETCH * UID
FETCH 1,3,5 UID
FETCH 3:1 UID
FETCH *:12 UID
FETCH 2:2,2 UID
FETCH 1:4,3:6 UID
UID FETCH 1:* RFC822.SIZE
UID FETCH * RFC822.SIZE
UID FETCH 99 RFC822.SIZE
UID FETCH 99:* RFC822.SIZE
UID FETCH 3,1 RFC822.SIZE
FETCH 1 FAST
FETCH 1 ALL
FETCH 1 FULL
FETCH 1 (RFC822.HEADER)
FETCH 1 RFC822.TEXT
FETCH 1 BODY[]
FETCH 1 FLAGS
"""

SEARCHES = """
SEARCH ALL
SEARCH ANSWERED
SEARCH UNANSWERED
SEARCH DELETED
SEARCH NOT DELETED
SEARCH DRAFT
SEARCH FLAGGED
SEARCH SEEN
SEARCH UNSEEN
SEARCH UNFLAGGED
SEARCH KEYWORD $Work
SEARCH UNKEYWORD $Work
SEARCH KEYWORD nope
SEARCH 1:3
SEARCH *
SEARCH UID 2:4
SEARCH UID *
SEARCH UID 99
SEARCH UID 99:*
SEARCH NOT 1:3
SEARCH OR 1 2
SEARCH OR (SEEN) (FLAGGED)
SEARCH (1:5 SEEN)
SEARCH NOT NOT SEEN
SEARCH LARGER 300
SEARCH SMALLER 100
SEARCH LARGER 0
SEARCH SUBJECT hello
SEARCH SUBJECT afternoon
SEARCH SUBJECT AFTERNOON
SEARCH SUBJECT ""
SEARCH FROM example.com
SEARCH FROM fred
SEARCH TO mooch
SEARCH CC plain
SEARCH BCC nobody
SEARCH HEADER X-Long ""
SEARCH HEADER X-Long word
SEARCH HEADER X-None x
SEARCH HEADER Message-ID 1@example
SEARCH BODY tomorrow
SEARCH TEXT tomorrow
SEARCH TEXT afternoon
SEARCH BODY html
SEARCH ON 3-Feb-2020
SEARCH SINCE 5-Feb-2020
SEARCH BEFORE 5-Feb-2020
SEARCH SENTON 7-Feb-1994
SEARCH SENTBEFORE 1-Jan-2000
SEARCH SENTSINCE 1-Jan-2000
SEARCH CHARSET NOPE ALL
SEARCH CHARSET US-ASCII ALL
SEARCH RETURN () SEEN
UID SEARCH RETURN () SEEN
SEARCH RETURN (MIN MAX COUNT) ALL
UID SEARCH RETURN (MIN MAX COUNT) ALL
SEARCH RETURN (ALL) 1:5
UID SEARCH RETURN (ALL) 1:5
SEARCH RETURN (COUNT) KEYWORD nope
UID SEARCH RETURN (COUNT) KEYWORD nope
SEARCH RETURN (MIN) KEYWORD nope
UID SEARCH RETURN (MIN) KEYWORD nope
SEARCH RETURN (PARTIAL 1:2) ALL
UID SEARCH RETURN (PARTIAL 2:1) ALL
UID SEARCH RETURN (PARTIAL 2:500 COUNT) UNSEEN
UID SEARCH RETURN (PARTIAL 900:990) ALL
SEARCH RETURN (PARTIAL 1:2 ALL) ALL
SEARCH RETURN (PARTIAL 0:2) ALL
SEARCH RETURN (PARTIAL 1:*) ALL
SEARCH RETURN (CONTEXT COUNT) ALL
UID SORT RETURN (PARTIAL 1:3) (REVERSE ARRIVAL) UTF-8 ALL
"""

CHANGES = r"""
STORE 1 +FLAGS (\Flagged)
STORE 1 FLAGS ()
STORE 1:3 +FLAGS.SILENT (\Deleted)
FETCH 1:3 FLAGS
STORE 2 -FLAGS \Deleted
STORE 1 FLAGS $New
UID STORE 99 +FLAGS (\Seen)
STORE 99 +FLAGS (\Seen)
STORE 1 +FLAGS (\Bogus)
COPY 1:2 Box
COPY 1 nowhere
UID COPY 99 Box
STATUS Box (MESSAGES UIDNEXT)
UID MOVE 4 Box
EXPUNGE
UID STORE 5:6 +FLAGS (\Deleted)
UID EXPUNGE 5
UID EXPUNGE 99
SEARCH ALL
UID SEARCH ALL
CLOSE
STATUS INBOX (MESSAGES UIDNEXT)
"""

WRONG = r"""

NOTHING
FETCH
FETCH 1
FETCH 0 FLAGS
FETCH x FLAGS
FETCH 1 (FLAGS
FETCH 1 NOTHING
FETCH 1 BODY[
FETCH 1 BODY[NOTHING]
FETCH 1,, FLAGS
SEARCH
SEARCH NOTHING
SEARCH OR SEEN
SEARCH (SEEN
SEARCH ON yesterday
STORE 1 FLAGS (
STORE 1 *FLAGS ()
SELECT
SELECT INBOX extra
LOGIN a b
CREATE
CREATE &AOQ
STATUS INBOX
STATUS INBOX ()
STATUS INBOX (NOTHING)
LIST
LIST ""
COPY 1
UID
UID NOOP
UID EXPUNGE
RENAME one
APPEND INBOX
APPEND INBOX (\Seen)
NOOP extra
ENABLE
STARTTLS
"""


def lines_of(text: str) -> list[bytes]:
    return text.strip("\n").encode().split(b"\n")


def literal(data: bytes) -> bytes:
    return b"{%d+}\r\n%b" % (len(data), data)


def script() -> Iterator[bytes]:
    """Yield all commands, without their tags."""
    yield from lines_of(ON_MAILBOXES)
    flags = (b"", b"(\\Seen) ", b"(\\Flagged $Work) ", b"(\\Answered \\Draft) ")
    for index, message in enumerate(MESSAGES.values()):
        date = b'"%2d-Feb-2020 10:00:00 +0100" ' % (index + 1)
        yield b"APPEND INBOX " + flags[index % 4] + date + literal(message)
    yield b"APPEND nowhere " + literal(b"Subject: x\r\n\r\n")
    yield b"STATUS INBOX (MESSAGES UIDNEXT UNSEEN)"
    yield b"SELECT INBOX"
    for number in range(1, len(MESSAGES) + 1):
        for items in lines_of(ITEMS):
            yield b"FETCH %d %b" % (number, items)
    yield from lines_of(FETCHES)
    yield from lines_of(SEARCHES)
    yield b"SEARCH CHARSET UTF-8 SUBJECT " + literal("h\u00fcbsch".encode())
    yield b"SEARCH BODY " + literal("h\u00fc".encode())
    yield from lines_of(CHANGES)
    yield b"SELECT INBOX"
    yield from lines_of(WRONG)
    yield b"NOOP"


# ------------------------------------------------------------------------------- normalising


def meaning(responses: list[object]) -> list[object]:
    """Return what an answer says, in an order that does not matter."""
    *untagged, tagged = responses
    assert isinstance(tagged, r.Tagged)
    assert not [x for x in untagged if isinstance(x, r.UnknownResponse)], "our client reads it all"
    said = [plain for response in untagged if (plain := _plain(response)) is not None]
    return [tagged.status, *sorted(said, key=repr)]


def _plain(response: object) -> object:
    match response:
        case r.Recent() | r.Untagged() | r.CapabilityResponse():
            return None
        case r.FlagsResponse():
            return None
        case r.FetchResponse(number, attributes):
            return number, sorted(map(_attribute, attributes), key=repr)
        case r.ListResponse(name, attributes):
            if "\\noselect" in map(str.lower, attributes):
                # RFC 9051 §6.3.9: levels that are no mailbox have to be told for "%" only.
                return None
            told = {word.lower() for word in attributes} & {"\\subscribed"}
            return "LIST", name, sorted(told), response.delimiter
        case r.EsearchResponse():
            return replace(response, tag="")
        case r.SearchResponse(numbers):
            return r.SearchResponse(tuple(sorted(numbers)))
        case r.StatusResponse(name, items):
            return "STATUS", name, sorted(items.items())
        case _:
            return response


def _attribute(attribute: r.FetchAttribute) -> tuple[object, ...]:
    match attribute:
        case r.Flags(flags):
            return "FLAGS", *sorted(set(flags) - {"\\Recent"})
        case r.InternalDate(date):
            return "INTERNALDATE", date.astimezone(UTC)
        case r.BodySection(section, data, origin):
            # RFC 9051 §9: nstring; what is not there is NIL here, and empty there.
            # Names of header fields are the same in any letter case (RFC 5322 §1.2.2).
            fields = tuple(name.upper() for name in section.fields)
            return "BODY", replace(section, fields=fields), origin, data or b""
        case r.Rfc822(name, data):
            return name, data
        case r.BodyAttribute(part, extended):
            return "STRUCTURE", extended, _part(part)
        case _:
            return type(attribute).__name__, attribute


def _part(part: Part) -> Part:
    """Return the part as both tell it."""
    # RFC 2045 §5.2: the character set of text is US-ASCII, told or not; RFC 2046 §4.1.2: names of
    # character sets are the same in any letter case.
    found = dict(part.parameters)
    if part.type == "text":
        found["charset"] = found.get("charset", "us-ascii").lower()
    children = tuple(map(_part, part.children))
    return part._replace(parameters=tuple(sorted(found.items())), children=children)


def test_the_answers_mean_the_same() -> None:
    lines = list(script())
    assert len(lines) > 300
    different: dict[str, str] = {}
    with both() as (ours, theirs):
        for line in lines:
            mine, other = meaning(ours.say(line)), meaning(theirs.say(line))
            if mine != other:
                different[line.decode(errors="replace")] = f"\n  {mine}\n  {other}"
    unexpected = {line: text for line, text in different.items() if not _reason(line)}
    assert not unexpected, "".join(f"\n{line}{text}" for line, text in unexpected.items())
    gone = [known for known in DIFFERENCES if not any(re.fullmatch(known, x) for x in different)]
    assert not gone, "listed, but the answers are the same"


def _reason(line: str) -> str:
    return next((why for known, why in DIFFERENCES.items() if re.fullmatch(known, line)), "")
