"""FETCH told by one reader and checked octet by octet against the message itself.

BODYSTRUCTURE is read here by a few lines that share nothing with the engine, and every number and
every section that it promises is then asked for.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.backend import Peer
from mailcore.imap.session import Session
from mailcore.testing import Link, MemoryBackend, new_message, run
from mailcore.testing.strategies import mime

from ..integration.torture import MESSAGES

USER = "alice@example.test"
_TOKEN = re.compile(
    rb'(?P<open>\()|(?P<close>\))|(?P<space> )|"(?P<quoted>(?:[^"\\\r\n]|\\["\\])*)"'
    rb"|\{(?P<literal>\d+)\}\r\n|(?P<atom>[^(){\s\"]+)"
)


def read(text: bytes) -> list[Any]:
    """Read lists, strings (bytes), numbers and NIL; a space stands between two values, only there.

    RFC 9051 lets addresses and the parts of a multipart stand without one.
    """
    stack: list[list[Any]] = [[]]
    position, before = 0, b"("
    while position < len(text):
        found = _TOKEN.match(text, position)
        assert found is not None, text[position:]
        kind, position = str(found.lastgroup), found.end()
        if kind == "space":
            assert before not in (b"(", b" "), text
        elif kind == "open":
            assert before in (b"(", b" ", b")"), text
            stack.append([])
        elif kind == "close":
            assert before != b" ", text
            stack[-2].append(stack.pop())
        elif kind == "literal":
            size = int(found["literal"])
            stack[-1].append(text[position : position + size])
            position += size
        else:
            assert before in (b"(", b" "), text
            stack[-1].append(value(found, kind))
        before = {"open": b"(", "close": b")", "space": b" "}.get(kind, b"x")
    (values,) = [stack.pop()]
    assert stack == []
    return values


def value(found: re.Match[bytes], kind: str) -> Any:
    if kind == "quoted":
        return re.sub(rb"\\(.)", rb"\1", found["quoted"])
    atom = found["atom"]
    if atom == b"NIL":
        return None
    return int(atom) if atom.isdigit() else atom.decode("ascii")


class Box:
    """A mailbox with one message, read over the session."""

    def __init__(self, data: bytes) -> None:
        backend = MemoryBackend({USER: "secret"})
        run(backend.users[USER].inbox.append([new_message(data)]))
        session = Session(backend, Peer("imap", "127.0.0.1", tls=True))
        self.link = Link(session)
        self.data = data
        self.link.say()
        self.link.say(f"a LOGIN {USER} secret\r\nb EXAMINE INBOX\r\n".encode())

    def fetch(self, items: str) -> dict[str, Any]:
        """Return the items of the message by their names; ``BODY[...]`` as one word."""
        output = self.link.say(f"t FETCH 1 ({items})\r\n".encode())
        head, begin, rest = output.partition(b"* 1 FETCH ")
        text, end, _ = rest.rpartition(b"\r\nt OK")
        assert (head, bool(begin), bool(end)) == (b"", True, True), output
        (values,) = read(text)
        return dict(zip(values[::2], values[1::2], strict=True))

    def section(self, section: str, partial: str = "") -> bytes | None:
        """Return the octets of a section, None for NIL."""
        answer = self.fetch(f"BODY.PEEK[{section}]{partial}")
        origin = f"<{partial[1:].partition('.')[0]}>" if partial else ""
        (told,) = answer.values()
        assert list(answer) == [f"BODY[{section}]{origin}"]
        assert told is None or isinstance(told, bytes)
        return told


def audit(data: bytes) -> None:
    box = Box(data)
    told = box.fetch(
        "RFC822.SIZE BODY BODYSTRUCTURE ENVELOPE BODY.PEEK[] RFC822.HEADER RFC822.TEXT"
    )
    assert told["BODY[]"] == data
    assert told["RFC822.SIZE"] == len(data)
    assert told["RFC822.HEADER"] + told["RFC822.TEXT"] == data
    assert box.section("HEADER") == told["RFC822.HEADER"]
    assert box.section("TEXT") == told["RFC822.TEXT"]
    structure = told["BODYSTRUCTURE"]
    assert told["BODY"] == without_extensions(structure)
    if is_multipart(structure):
        walk_multipart(box, structure, "")
    else:
        assert box.section("1") == told["RFC822.TEXT"]
        walk(box, structure, "1")
    audit_partials(box, "")
    audit_partials(box, "TEXT")


def is_multipart(structure: list[Any]) -> bool:
    return isinstance(structure[0], list)


def parts_of(structure: list[Any]) -> list[Any]:
    parts = [one for one in structure if isinstance(one, list)]
    count = next(index for index, one in enumerate(structure) if not isinstance(one, list))
    return parts[:count]


def without_extensions(structure: list[Any]) -> list[Any]:
    """RFC 9051 §7.5.2: BODY is BODYSTRUCTURE without its extension data."""
    if is_multipart(structure):
        parts = parts_of(structure)
        return [*map(without_extensions, parts), structure[len(parts)]]
    kind = structure[0].lower(), structure[1].lower()
    if kind == (b"message", b"rfc822"):
        return [*structure[:8], without_extensions(structure[8]), structure[9]]
    return structure[:8] if kind[0] == b"text" else structure[:7]


def walk_multipart(box: Box, structure: list[Any], path: str) -> None:
    """Check a multipart: its parts lie in the message one behind the other."""
    parts = parts_of(structure)
    assert parts
    subtype, parameters, *rest = structure[len(parts) :]
    assert isinstance(subtype, bytes)
    check_parameters(parameters)
    check_extension(rest)
    position = 0
    for number, part in enumerate(parts, 1):
        place = f"{path}.{number}".strip(".")
        if is_multipart(part):
            walk_multipart(box, part, place)
        else:
            walk(box, part, place)
        mime, octets = box.section(f"{place}.MIME"), box.section(place)
        assert mime is not None
        assert octets is not None
        position = box.data.find(mime + octets, position) + len(mime + octets)
        assert position >= len(mime + octets)
    assert box.section(f"{path}.{len(parts) + 1}".strip(".")) is None


def walk(box: Box, structure: list[Any], path: str) -> None:
    """Check a part that is no multipart."""
    kind, subtype, parameters, content_id, description, encoding, size, *rest = structure
    check_parameters(parameters)
    assert all(isinstance(one, bytes) for one in (kind, subtype, encoding))
    assert all(one is None or isinstance(one, bytes) for one in (content_id, description))
    octets = box.section(path)
    assert octets is not None
    assert size == len(octets)
    if (kind.lower(), subtype.lower()) == (b"message", b"rfc822"):
        envelope, inner, lines, *rest = rest
        walk_message(box, octets, envelope, inner, path)
        assert lines == octets.count(b"\n")
    else:
        assert box.section(f"{path}.HEADER") is None
        assert box.section(f"{path}.TEXT") is None
    if kind.lower() == b"text":
        lines, *rest = rest
        assert lines == octets.count(b"\n")
    md5, *rest = rest
    assert md5 is None or isinstance(md5, bytes)
    check_extension(rest)
    audit_partials(box, path)


def walk_message(box: Box, octets: bytes, envelope: Any, inner: Any, path: str) -> None:
    """Check a message within: it is what it would be by itself."""
    assert len(envelope) == 10
    header, text = box.section(f"{path}.HEADER"), box.section(f"{path}.TEXT")
    assert header is not None
    assert text is not None
    if not header + text:
        return  # encoded: what it holds is not looked into
    assert header + text == octets
    if is_multipart(inner):
        walk_multipart(box, inner, path)
    else:
        walk(box, inner, f"{path}.1")
    alone = Box(octets).fetch("ENVELOPE BODYSTRUCTURE")
    assert (alone["ENVELOPE"], alone["BODYSTRUCTURE"]) == (envelope, inner)


def check_parameters(parameters: Any) -> None:
    assert parameters is None or (parameters and len(parameters) % 2 == 0)
    assert all(isinstance(one, bytes) for one in parameters or ())


def check_extension(extension: list[Any]) -> None:
    """Disposition, language and location, in their places."""
    disposition, language, location = extension
    if disposition is not None:
        name, parameters = disposition
        assert isinstance(name, bytes)
        check_parameters(parameters)
    assert language is None or isinstance(language, bytes) or all(language)
    assert location is None or isinstance(location, bytes)


def audit_partials(box: Box, section: str) -> None:
    whole = box.section(section)
    assert whole is not None
    size = len(whole)
    for first in {0, 1, size // 2, max(size - 1, 0), size, size + 7, 2**63 - 1}:
        for count in (0, 1, 7, size + 1, 2**63 - 1):
            told = box.section(section, f"<{first}.{count}>")
            assert told == whole[first : first + count]


@pytest.mark.parametrize("data", MESSAGES.values(), ids=MESSAGES)
def test_messages_that_other_servers_get_wrong(data: bytes) -> None:
    audit(data)
    audit(data.replace(b"\r\n", b"\n"))
    audit(data.removesuffix(b"\r\n"))


@given(mime.torture | mime.messages | st.binary(max_size=50))
@settings(max_examples=60, deadline=None)
def test_any_message(data: bytes) -> None:
    audit(data)


@given(st.lists(st.sampled_from([*MESSAGES.values()]), min_size=1, max_size=3))
@settings(max_examples=10, deadline=None)
def test_messages_within_messages(messages: list[bytes]) -> None:
    parts = [b"Content-Type: message/rfc822\r\n\r\n" + one for one in messages]
    audit(
        b"Content-Type: multipart/mixed; boundary=zz-zz\r\n\r\n"
        + b"".join(b"--zz-zz\r\n" + part + b"\r\n" for part in parts)
        + b"--zz-zz--\r\n"
    )


def test_the_reader_notices_what_broke_other_servers() -> None:
    """A stray space, a missing one, a negative number."""
    assert read(b'(("a" NIL) 1 {3}\r\n)x( "b\\"")') == [[[b"a", None], 1, b")x(", b'b"']]
    for wrong in (b"( 1)", b"(1 )", b"(1  2)", b'("a""b")'):
        with pytest.raises(AssertionError):
            read(wrong)
    assert read(b"(-1)") == [["-1"]]
