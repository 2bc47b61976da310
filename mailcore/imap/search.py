"""SEARCH as three-valued logic: yes, no, or not to be told without reading more (RFC 9051 §6.4.4).

A key is compiled once. Its matcher is asked first with what costs nothing (flags, dates, sizes),
then with the summary, then with the message, and only while the answer is still open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from mailcore.imap import searchkeys as keys
from mailcore.imap.collation import Collation, casemap
from mailcore.imap.fuzzy import Likeness
from mailcore.imap.searchkeys import SearchKey
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.message import (
    Buffer,
    Part,
    decode_header,
    headers,
    iter_text_parts,
    parse_structure,
)

#: The fields that a summary holds.
SUMMARY_FIELDS = frozenset({"FROM", "TO", "CC", "BCC", "SUBJECT"})
#: Raised with every change of what a :class:`MessageText` is: whoever keeps some makes them anew.
TEXT_VERSION: Final = 1


class SummaryFacts(Protocol):
    """What SEARCH wants of a summary."""

    @property
    def sent(self) -> datetime | None: ...
    @property
    def has_attachments(self) -> bool: ...

    def header(self, name: str) -> str | None: ...


class Candidate(Protocol):
    """A message that SEARCH looks at. What is None is not at hand yet."""

    @property
    def uid(self) -> int: ...
    @property
    def flags(self) -> Collection[str]: ...
    @property
    def modseq(self) -> int: ...
    @property
    def internal_date(self) -> datetime: ...
    @property
    def size(self) -> int | None: ...
    @property
    def summary(self) -> SummaryFacts | None: ...
    @property
    def text(self) -> MessageText | None: ...


@dataclass(frozen=True, slots=True)
class MessageText:
    """A message decoded for searching, all of it as a collation compares it.

    Arguments:
        fields: name in upper case and value of each header field.
        body: the text parts.
    """

    fields: tuple[tuple[str, str], ...]
    body: tuple[str, ...] = ()

    @classmethod
    def of_header(cls, block: bytes, collate: Collation = casemap) -> MessageText:
        """Decode a header block."""
        return cls(
            tuple(
                (header.name.decode("ascii").upper(), collate(decode_header(header.value)))
                for header in headers(block)
            )
        )

    @classmethod
    def of_message(cls, data: Buffer, collate: Collation = casemap) -> MessageText:
        """Decode a whole message."""
        return cls.of_part(data, parse_structure(data), collate)

    @classmethod
    def of_part(cls, data: Buffer, part: Part, collate: Collation = casemap) -> MessageText:
        """Decode a whole message whose structure is known."""
        fields = cls.of_header(data[: part.body], collate).fields
        return cls(fields, tuple(map(collate, iter_text_parts(data, part))))

    @property
    def lines(self) -> Iterator[str]:
        """The fields as TEXT looks at them: each with its name."""
        return (f"{name}: {text}" for name, text in self.fields)


class Relevancy:
    """How relevant messages are to a search with FUZZY (RFC 6203 §4).

    Arguments:
        limits: how many words are compared.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        # For each message how near each text is, by the place of the text in the search.
        self._scores: dict[int, dict[int, int]] = {}
        self._texts = 0

    def new_text(self) -> int:
        """Return the place of another text that is looked for."""
        self._texts += 1
        return self._texts

    def note(self, uid: int, text: int, score: int) -> None:
        """Take note of how near a text is in a message, from 1 to 100."""
        self._scores.setdefault(uid, {})[text] = score

    def of(self, uid: int) -> int:
        """Return the mean of what is near in a message: 100 where no text was needed."""
        scores = self._scores.get(uid)
        return sum(scores.values()) // len(scores) if scores else 100


#: Asked about a candidate: True, False, or None if it is not to be told yet.
Matcher = Callable[[Candidate], bool | None]


def compile_key(
    key: SearchKey,
    uids: Sequence[int],
    collate: Collation = casemap,
    now: datetime | None = None,
    relevancy: Relevancy | None = None,
) -> Matcher:
    """Make the matcher of a key.

    Arguments:
        key: what was asked for. How deep it nests is bounded by the grammar.
        uids: the messages that the session knows of, by sequence number.
        collate: how texts compare (RFC 5255 §4); that of the :class:`MessageText` too.
        now: the time, with a zone, for OLDER and YOUNGER.
        relevancy: takes note of how near texts are that FUZZY finds.

    Raises:
        ValueError: OLDER or YOUNGER, and no time.
    """

    def compiled(key: SearchKey) -> Matcher:
        return compile_key(key, uids, collate, now, relevancy)

    match key:
        case keys.All():
            return lambda _: True
        case keys.And(parts):
            return _all_of([compiled(part) for part in parts])
        case keys.Or(left, right):
            return _either(compiled(left), compiled(right))
        case keys.Not(inner):
            return _negated(compiled(inner))
        case keys.HasFlag(flag):
            return _has_flag(flag)
        case keys.InSet(numbers, uid):
            chosen = set(
                numbers.select(uids)
                if uid
                else (uids[number - 1] for number in numbers.select(range(1, len(uids) + 1)))
            )
            return lambda message: message.uid in chosen
        case keys.ModSeq(modseq):
            return lambda message: message.modseq >= modseq
        case keys.Larger(size):
            return lambda message: None if message.size is None else message.size > size
        case keys.Smaller(size):
            return lambda message: None if message.size is None else message.size < size
        case keys.HasAttachment():
            return lambda message: (
                None if message.summary is None else message.summary.has_attachments
            )
        case (
            keys.SaveDatesKept()
            | keys.ObjectIdKey()
            | keys.GmailId()
            | keys.GmailLabel()
            | keys.GmailRaw()
            | keys.InMailbox()
        ):
            raise ValueError("the mailbox is to be asked first")
        case keys.Fuzzy():
            return compiled(keys.without_fuzzy(key))
        case keys.Like(text):
            return _like(text, relevancy or Relevancy())
        case keys.DateKey(field, relation, day):
            return _date(field, relation, day)
        case keys.Age(relation, seconds):
            return _age(relation, seconds, now)
        case keys.Header(name, value):
            return _header(name.upper(), collate(value), collate)
        case keys.Body(value):
            return _body(collate(value))
        case keys.Text(value):
            return _text(collate(value))


def needs_body(key: SearchKey) -> bool:
    """Tell whether a key looks at more of a message than its header."""

    def looks(one: SearchKey) -> bool:
        return isinstance(one.key if isinstance(one, keys.Like) else one, keys.Body | keys.Text)

    return keys.any_key(key, looks)


def asks_modseq(key: SearchKey) -> bool:
    """Tell whether MODSEQ is in a key, so that the answer carries one (RFC 7162 §3.1.5)."""
    return keys.any_key(key, lambda one: isinstance(one, keys.ModSeq))


def asks_sent(key: SearchKey) -> bool:
    """Tell whether a sent date is in a key."""
    return keys.any_key(key, lambda one: isinstance(one, keys.DateKey) and one.field == keys.SENT)


def asks_age(key: SearchKey) -> bool:
    """Tell whether OLDER or YOUNGER is in a key, so that it is the time that decides."""
    return keys.any_key(key, lambda one: isinstance(one, keys.Age))


def _all_of(parts: Sequence[Matcher]) -> Matcher:
    def matcher(message: Candidate) -> bool | None:
        result: bool | None = True
        for part in parts:
            answer = part(message)
            if answer is False:
                return False
            if answer is None:
                result = None
        return result

    return matcher


def _either(left: Matcher, right: Matcher) -> Matcher:
    def matcher(message: Candidate) -> bool | None:
        first = left(message)
        if first is True:
            return True
        second = right(message)
        return first if second is False else second

    return matcher


def _negated(inner: Matcher) -> Matcher:
    def matcher(message: Candidate) -> bool | None:
        answer = inner(message)
        return None if answer is None else not answer

    return matcher


def _has_flag(flag: str) -> Matcher:
    wanted = flag.lower()
    return lambda message: any(known.lower() == wanted for known in message.flags)


def compares(moment: datetime, relation: str, day: date) -> bool:
    """Compare a moment with a day, disregarding its time and zone (RFC 9051 §6.4.4)."""
    if relation == "BEFORE":
        return moment.date() < day
    return moment.date() == day if relation == "ON" else moment.date() >= day


def _date(field: keys.DateField, relation: str, day: date) -> Matcher:
    def compare(moment: datetime | None) -> bool:
        return moment is not None and compares(moment, relation, day)

    if field == keys.INTERNAL:
        return lambda message: compare(message.internal_date)
    return lambda message: None if message.summary is None else compare(message.summary.sent)


def _age(relation: str, seconds: int, now: datetime | None) -> Matcher:
    if now is None:
        raise ValueError("OLDER and YOUNGER need the time")
    moment = now - timedelta(seconds=seconds)
    if relation == "OLDER":
        return lambda message: message.internal_date <= moment
    return lambda message: message.internal_date >= moment


def _header(name: str, value: str, collate: Collation) -> Matcher:
    def in_summary(message: Candidate) -> bool | None:
        if message.summary is None:
            return None
        text = message.summary.header(name)
        return text is not None and value in collate(text)

    def in_header(message: Candidate) -> bool | None:
        if message.text is None:
            return None
        return any(value in text for known, text in message.text.fields if known == name)

    return in_summary if name in SUMMARY_FIELDS else in_header


def _body(value: str) -> Matcher:
    def matcher(message: Candidate) -> bool | None:
        return None if message.text is None else any(value in text for text in message.text.body)

    return matcher


def _like(key: keys.Header | keys.Body | keys.Text, relevancy: Relevancy) -> Matcher:
    likeness, place = Likeness(key.value, relevancy.limits), relevancy.new_text()

    def matcher(message: Candidate) -> bool | None:
        texts = _texts(message, key)
        if texts is None:
            return None
        score = likeness.score(texts)
        if score:
            relevancy.note(message.uid, place, score)
        return score > 0

    return matcher


def _texts(message: Candidate, key: keys.Header | keys.Body | keys.Text) -> Iterable[str] | None:
    """Return the texts of a message that a key looks at; None if they are not at hand yet."""
    if isinstance(key, keys.Header) and key.name.upper() in SUMMARY_FIELDS:
        if message.summary is None:
            return None
        text = message.summary.header(key.name.upper())
        return () if text is None else (text,)
    if message.text is None:
        return None
    match key:
        case keys.Header(name):
            return (text for known, text in message.text.fields if known == name.upper())
        case keys.Body():
            return message.text.body
        case keys.Text():
            return (*message.text.lines, *message.text.body)


def _text(value: str) -> Matcher:
    def matcher(message: Candidate) -> bool | None:
        if message.text is None:
            return None
        return any(value in text for text in (*message.text.lines, *message.text.body))

    return matcher
