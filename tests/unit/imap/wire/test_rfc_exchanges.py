"""Every line that the RFCs show in their examples is read, by the role that would read it.

``tests/data/imap_exchanges.txt`` holds them: lines of RFC 3501, 4314, 4467, 4469, 5256, 5267, 5465,
5524, 6203, 7162, 7377, 8440, 8508 and 9051.
With ``MAILCORE_RFCS`` set to a directory of ``rfcNNNN.txt`` the extraction itself is checked.
"""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

from mailcore.flow import NEED_DATA
from mailcore.imap import ClientConnection, ServerConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.state import ALLOWED
from mailcore.imap.types import State, Status
from mailcore.imap.wire.commands import VERBS, read_head

DATA = Path(__file__).parents[3] / "data"
LINES = [line.split(" ", 2) for line in (DATA / "imap_exchanges.txt").read_text().splitlines()]

_LITERAL = re.compile(r"\{([0-9]+)\+?\}$")

#: What is not in the grammar of its own RFC, and why.
ERRATA = {
    '* LIST () "."  "INBOX"': "two spaces",
    '* LIST (\\Subscribed) "."  "INBOX"': "two spaces",
    '* NAMESPACE (("INBOX." ".")) NIL  NIL': "two spaces",
    "* STATUS Lists/Lemonade (HIGHESTMODSEQ 65666665 UIDVALIDITY": "wrapped without a margin",
    **dict.fromkeys(
        (
            '* ESEARCH (TAG "tag1" MAILBOX "folder1" UIDVALIDITY 1) UID ALL',
            '* ESEARCH (TAG "tag2" MAILBOX "folder1" UIDVALIDITY 1) UID ALL',
            '* ESEARCH (TAG "tag2" MAILBOX "folder2/salmon" UIDVALIDITY',
            'tag2 ESEARCH IN (mailboxes "folder1" subtree-one "folder2")',
        ),
        "wrapped without a margin",
    ),
    "A001 LOGIN {11}": "goes on behind its literal",
    "B01 SORT RETURN (UPDATE) FLAGGED": "neither criteria nor charset",
    "B02 UID SORT RETURN (UPDATE COUNT) UTF-8 KEYWORD $Junk": "no criteria",
    '* ESEARCH (TAG "a00") (COUNT 17)': "brackets that RFC 4731 §3.1 has not",
    "* 1 FETCH (FLAGS (\\Draft \\Deleted)": "a bracket is missing",
    "* 2 FETCH (FLAGS (\\Answered)": "a bracket is missing",
    "* 3 FETCH (FLAGS ($Forwarded \\Seen)": "a bracket is missing",
    "A003 APPEND Drafts (\\Seen \\Draft $MDNSent) CATENATE": "wrapped with a narrow margin",
    **{line: "two spaces" for _, _, line in LINES if line.startswith("A001 URLFETCH  (")},
}


def said_by(who: str) -> list[str]:
    return [line for _, speaker, line in LINES if speaker == who]


def complete(line: str) -> bytes:
    """Return the line with a literal of the size that it announces, and the brackets closed."""
    data = line.encode()
    found = _LITERAL.search(line)
    if found is not None:
        data += b"\r\n" + b"x" * int(found[1])
        data += b")" * (line.count("(") - line.count(")"))
    return data + b"\r\n"


@pytest.mark.parametrize("line", said_by("S"))
def test_what_servers_say(line: str) -> None:
    client = ClientConnection()
    client.receive_data(b"* PREAUTH hello\r\n")
    client.next_event()
    client.enabled.add("IMAP4REV2")
    tag = line.split(" ")[0]
    if tag != "*":
        client.send(c.Noop(tag))
    client.receive_data(complete(line))
    event = client.next_event()
    assert event is not NEED_DATA
    problem = event.problem if isinstance(event, r.UnknownResponse) else ""
    assert bool(problem) == (line in ERRATA)
    assert client.next_event() is NEED_DATA


def state_for(kind: type[c.Command]) -> State:
    for state in (State.SELECTED, State.AUTHENTICATED, State.NOT_AUTHENTICATED):
        if kind in ALLOWED[state]:
            return state
    raise AssertionError(kind)


def server_in(state: State) -> ServerConnection:
    server = ServerConnection(tls_available=True)
    if state is not State.NOT_AUTHENTICATED:
        server.send(r.Untagged(Status.PREAUTH, "hello"))
        server.enabled.add("IMAP4REV2")
    if state is State.SELECTED:
        server.receive_data(b"select SELECT INBOX\r\n")
        server.next_event()
        server.send(r.Tagged("select", Status.OK, "done"))
    return server


def known(line: str) -> bool:
    """Whether it is a command of this engine, with all its words."""
    verb = read_head(line.encode())[1]
    return verb in VERBS and line not in ERRATA


@pytest.mark.parametrize("line", list(filter(known, said_by("C"))))
def test_what_clients_say(line: str) -> None:
    kind = VERBS[read_head(line.encode())[1]][0]
    server = server_in(state_for(kind))
    server.receive_data(complete(line))
    event = server.next_event()
    assert isinstance(event, kind), event


def test_the_lines_are_those_of_the_rfcs() -> None:
    directory = os.environ.get("MAILCORE_RFCS")
    if not directory:
        pytest.skip("MAILCORE_RFCS is not set")
    file = DATA / "extract_exchanges.py"
    spec = importlib.util.spec_from_file_location("extract_exchanges", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.extract(Path(directory)) == (DATA / "imap_exchanges.txt").read_text()
