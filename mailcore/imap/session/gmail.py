"""X-GM-EXT-1: ids of messages and threads as numbers, labels, and queries.

Labels are what the mailbox has already: its keywords, and ``\\Starred`` for ``\\Flagged``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from mailcore.backend import Cannot, FlagAction, LimitReached, ObjectIds
from mailcore.imap import searchkeys as keys
from mailcore.imap.query import QueryTooLong, parse_query
from mailcore.imap.responses import FetchAttribute, GmailLabels, GmailMessageId, GmailThreadId
from mailcore.imap.types import FetchAtt, SequenceSet
from mailcore.imap.wire.gmail import is_system
from mailcore.imap.wire.quoting import is_keyword

#: Items that need :class:`~mailcore.backend.IdentifiesMessages`.
GMAIL_IDS: Final = frozenset({FetchAtt("X-GM-MSGID"), FetchAtt("X-GM-THRID")})
GMAIL_LABELS: Final = FetchAtt("X-GM-LABELS")
_STARRED: Final = "\\starred"
_FLAGGED: Final = "\\Flagged"


def gmail_id(text: str) -> int:
    """Return a backend's id as a number: above none, and of 63 bits, as all clients can hold it."""
    digest = sha256(text.encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(digest[:8], "big") >> 1) or 1


def gmail_ids(known: ObjectIds) -> dict[str, int]:
    """Return the numbers of a message by their names; one without a thread is one by itself."""
    message = gmail_id(known.email_id)
    thread = message if known.thread_id is None else gmail_id(known.thread_id)
    return {"X-GM-MSGID": message, "X-GM-THRID": thread}


def id_attribute(name: str, known: ObjectIds) -> FetchAttribute:
    """Return X-GM-MSGID or X-GM-THRID of a message."""
    number = gmail_ids(known)[name]
    return GmailMessageId(number) if name == "X-GM-MSGID" else GmailThreadId(number)


def labels_of(flags: Collection[str]) -> GmailLabels:
    """Return the labels that flags stand for."""
    keywords = sorted(flag for flag in flags if not flag.startswith("\\"))
    return GmailLabels(("\\Starred",) * (_FLAGGED in flags) + tuple(keywords))


def flags_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the flags that labels stand for.

    Raises:
        Cannot: one of them is not for STORE to set, or can be no keyword.
    """
    return tuple(map(_flag_of, labels))


def _flag_of(label: str) -> str:
    if label.lower() == _STARRED:
        return _FLAGGED
    if is_system(label):
        raise Cannot("Of the system labels only \\Starred can be stored; move or copy instead")
    if not is_keyword(label):
        raise Cannot("Labels are keywords here: letters and digits, no spaces")
    return label


def label_steps(
    action: str, flags: frozenset[str], before: Iterable[frozenset[str]]
) -> list[tuple[FlagAction, frozenset[str]]]:
    """Return how flags are to be changed, step by step.

    Arguments:
        action: of STORE.
        flags: that stand for the labels.
        before: the flags that the messages have. Those that stand for no label stay.
    """
    steps = [(FlagAction.REMOVE if action.startswith("-") else FlagAction.ADD, flags)]
    if action[0] not in "+-":
        labels = {
            flag
            for some in before
            for flag in some
            if flag == _FLAGGED or not flag.startswith("\\")
        }
        steps.insert(0, (FlagAction.REMOVE, frozenset(labels - flags)))
    return [(step, some) for step, some in steps if some]


# ------------------------------------------------------------------------------------ SEARCH


def asks_gmail(key: keys.SearchKey) -> bool:
    """Tell whether a key is one of X-GM-EXT-1."""
    return isinstance(key, keys.GmailId | keys.GmailLabel | keys.GmailRaw)


def asks_gmail_ids(key: keys.SearchKey) -> bool:
    """Tell whether a key looks for an id of X-GM-EXT-1."""
    return isinstance(key, keys.GmailId)


def with_queries(key: keys.SearchKey, mailbox: str, most: int) -> keys.SearchKey:
    """Return a search key with what they mean in the place of labels and queries.

    Arguments:
        mailbox: the name of the one that is searched.
        most: words of one query.

    Raises:
        LimitReached: there are more.
    """

    def place(one: keys.SearchKey) -> keys.SearchKey:
        match one:
            case keys.InMailbox(name):
                there = name.lower() == mailbox.lower()
                return keys.All() if there else keys.Not(keys.All())
            case _:
                return one

    def meant(one: keys.SearchKey) -> keys.SearchKey:
        match one:
            case keys.GmailLabel(label) if label.lower() == _STARRED:
                return keys.HasFlag(_FLAGGED)
            case keys.GmailLabel(label) if is_system(label):
                return keys.InMailbox(label[1:])
            case keys.GmailLabel(label):
                return keys.HasFlag(label)
            case keys.GmailRaw(query):
                try:
                    return parse_query(query, most)
                except QueryTooLong:
                    raise LimitReached(f"A query has at most {most} words") from None
            case _:
                return one

    return keys.map_keys(keys.map_keys(key, meant), place)


def with_gmail_id(key: keys.GmailId, ids: Mapping[int, ObjectIds]) -> keys.SearchKey:
    """Return the messages that have an id, in the place of the key that looks for it."""
    found = [uid for uid, known in ids.items() if gmail_ids(known)[key.name] == key.value]
    return keys.InSet(SequenceSet.of(found), uid=True)
