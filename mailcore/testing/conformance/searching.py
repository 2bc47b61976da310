"""Texts found by an index: nothing else than a look at every message finds (RFC 9051 §6.4.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from mailcore.backend import SearchesText, TextKey
from mailcore.imap.search import Candidate, MessageText, compile_key
from mailcore.imap.searchkeys import Body, Header, Text
from mailcore.imap.summary import Summary, summarize
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import Suite

_MESSAGES: Final = (
    b"From: Anna <anna@example.test>\r\nTo: a@example.test\r\nTo: b@example.test\r\n"
    b"Subject: Lunch at noon\r\nX-List: One\r\nX-List: two\r\n\r\nAt noon, as usual?\r\n",
    b"Subject: =?utf-8?q?Caf=C3=A9?= =?iso-8859-1?q?_=DF?=\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"SW0gQ2Fmw6ksIHVtIE1pdHRhZy4A\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>At <b>noon</b>: caf\xe9</p>\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\n\r\nhidden noon\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: within\r\n\r\ndeep\r\n--b--\r\n",
    b"Subject: n\r\nX-Empty:\r\n\r\n",
    b"no header at all",
)
_TEXTS: Final = (
    *("", "n", "no", "noon", "NOON", "at noon", "oo", "lunch", "café", "cafe\u0301", "é", "ß"),
    *("subject: lunch", "x-list: two", "one\r\nx-list", "hidden", "<b>noon", "within", "deep"),
    *("usual?", "a@example.test", '"noon"', "noon OR lunch", "no*", "mittag.\0", "\0", "%", "_"),
    *("noon" * 30, "\u00ff", "\ufffd", "\U0001f600"),
)
_NAMES: Final = ("Subject", "from", "TO", "X-List", "X-Empty", "X-None", "List")


@dataclass(frozen=True, slots=True)
class _Looked:
    """A message, looked at from beginning to end."""

    summary: Summary
    text: MessageText


def _scan(messages: dict[int, bytes], key: TextKey) -> set[int]:
    matches = compile_key(key, [*messages])
    return {
        uid
        for uid, data in messages.items()
        if matches(cast(Candidate, _Looked(summarize(data), MessageText.of_message(data))))
    }


class Searching(Suite):
    """``SearchesText``."""

    async def test_an_index_tells_what_a_look_at_every_message_does(self, place: str) -> None:
        async with self.box(place) as box:
            known = _searching(box)
            uids = await box.add(*map(message, _MESSAGES))
            there = dict(zip(uids, _MESSAGES, strict=True))
            keys: list[TextKey] = [make(text) for text in _TEXTS for make in (Text, Body)]
            keys += [Header(name, text) for name in _NAMES for text in _TEXTS]
            for key in keys:
                found = await known.search_text(key, uids)
                if found is None:
                    continue
                certain, possible = set(found.certain) & set(uids), set(found.possible)
                expected = _scan(there, key)
                assert certain <= expected, f"{key} is not at all that are certain"
                assert expected <= certain | possible, f"{key} is at more than are told"

    async def test_an_index_tells_nothing_of_what_is_gone(self) -> None:
        async with self.box() as box:
            known = _searching(box)
            uids = await box.add(*map(message, _MESSAGES[:2]))
            await box.expunge(uids[:1])
            found = await known.search_text(Text("lunch at noon"), uids)
            assert found is None or uids[0] not in found.certain


def _searching(box: Box) -> SearchesText:
    if not isinstance(box.mailbox, SearchesText):
        left_out("Mailbox is SearchesText")
    return box.mailbox
