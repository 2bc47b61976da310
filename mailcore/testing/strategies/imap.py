"""Hypothesis strategies for what IMAP clients say: commands of all kinds, and what is in them.

Everything is in the one form that the parser makes, so ``parse(encode(command)) == command``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from mailcore.imap import commands as c
from mailcore.imap import searchkeys as keys
from mailcore.imap.sorting import SORT_KEYS
from mailcore.imap.types import (
    SAVED,
    STAR,
    BinaryPart,
    FetchAtt,
    FetchBinary,
    FetchBinarySize,
    FetchBody,
    FetchItem,
    FetchPreview,
    PartialRange,
    Section,
    SequenceSet,
    SortCriterion,
)

_ATOM_ALPHABET = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '(){%*"\\]')
_NUMBERS = st.integers(1, (1 << 32) - 1)
_MOD_SEQUENCES = st.integers(0, (1 << 63) - 1)

#: What a string may hold: anything but NUL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
atoms = st.text(_ATOM_ALPHABET, min_size=1, max_size=12)
tags = st.text(_ATOM_ALPHABET.replace("+", "") + "]", min_size=1, max_size=12)
keywords = atoms


def _usual_inbox(name: str) -> str:
    return "INBOX" if name.encode().upper() == b"INBOX" else name


_NAME_CHARACTERS = st.characters(
    exclude_categories=["Cs"],
    exclude_characters="".join(map(chr, (*range(0x20), 0x7F))),
)
_NAMES = st.one_of(
    st.sampled_from(
        [
            "INBOX",
            "\u0131nbox",
            "",
            "R&D",
            "Entwürfe",
            "台北/日本語",
            "😀",
            'say "hi"',
            "back\\slash",
        ]
    ),
    st.text(_NAME_CHARACTERS, max_size=20),
    atoms,
)
#: Names of mailboxes in Unicode, with what has broken servers: "&", emoji, quotes, spaces.
mailbox_names = _NAMES.map(_usual_inbox)
#: The same, and patterns with wildcards.
mailbox_patterns = st.one_of(_NAMES, st.sampled_from(["*", "%", "INBOX/%", "R&D*", "Entwürfe%"]))

#: Labels of X-GM-EXT-1, and names that only look like system labels.
gmail_labels = _NAMES | st.sampled_from(["\\Inbox", "\\Starred", "\\", "\\two words", ""])

#: Names of annotations (RFC 5464 §3.2), and some with their values.
entry_names = st.one_of(
    st.sampled_from(["/private/comment", "/shared/comment", "/shared/vendor/x-own/a[b]"]),
    st.from_regex(r'/(private|shared)(/[a-z0-9"\\(){]{1,5}){1,3}', fullmatch=True),
)
annotation_values = st.dictionaries(
    entry_names, st.none() | st.binary(max_size=20), min_size=1, max_size=3
)

_SEQUENCE_NUMBERS = st.one_of(st.just(STAR), st.integers(1, 20), _NUMBERS)
_RANGES = st.one_of(
    st.tuples(_SEQUENCE_NUMBERS, _SEQUENCE_NUMBERS), _SEQUENCE_NUMBERS.map(lambda n: (n, n))
)
#: Sequence sets as clients write them: backwards, overlapping, with ``*`` anywhere.
sequence_sets = st.lists(_RANGES, min_size=1, max_size=6).map(
    lambda ranges: SequenceSet(tuple(ranges))
)
#: The same, and ``$`` (RFC 5182).
message_sets = st.one_of(sequence_sets, st.just(SAVED))
_KNOWN_SETS = sequence_sets.filter(lambda known: all(STAR not in pair for pair in known.ranges))

_SYSTEM_FLAGS = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"]
flags = st.one_of(st.sampled_from([*_SYSTEM_FLAGS, "$Junk", "$Forwarded"]), keywords)
flag_tuples = st.lists(flags, max_size=4, unique=True).map(tuple)
#: Moments with a zone of whole minutes, in whole seconds, as INTERNALDATE has them.
internal_dates = st.builds(
    lambda moment, minutes: moment.replace(
        microsecond=0, tzinfo=timezone(timedelta(minutes=minutes))
    ),
    st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)),
    st.integers(-23 * 60, 23 * 60),
)

_FIELDS = st.lists(st.one_of(st.sampled_from(["From", "X-]"]), texts), min_size=1, max_size=3)
sections = st.one_of(
    st.builds(
        Section,
        st.lists(_NUMBERS, max_size=5).map(tuple),
        st.sampled_from([None, "HEADER", "TEXT"]),
    ),
    st.builds(
        Section,
        st.lists(_NUMBERS, max_size=5).map(tuple),
        st.sampled_from(["HEADER.FIELDS", "HEADER.FIELDS.NOT"]),
        _FIELDS.map(tuple),
    ),
    st.builds(Section, st.lists(_NUMBERS, min_size=1, max_size=5).map(tuple), st.just("MIME")),
)
binary_parts = st.builds(BinaryPart, st.lists(_NUMBERS, max_size=5).map(tuple))
_FETCH_ATTRIBUTES = (
    "ENVELOPE",
    "FLAGS",
    "INTERNALDATE",
    "RFC822",
    "RFC822.HEADER",
    "RFC822.SIZE",
    "RFC822.TEXT",
    "BODY",
    "BODYSTRUCTURE",
    "UID",
    "MODSEQ",
    "EMAILID",
    "THREADID",
    "SAVEDATE",
    "X-GM-MSGID",
    "X-GM-THRID",
    "X-GM-LABELS",
)
fetch_items: st.SearchStrategy[FetchItem] = st.one_of(
    st.sampled_from(_FETCH_ATTRIBUTES).map(FetchAtt),
    st.builds(FetchPreview, st.booleans()),
    st.builds(
        FetchBinary,
        binary_parts,
        st.booleans(),
        st.none() | st.tuples(_MOD_SEQUENCES, st.integers(1, (1 << 63) - 1)),
    ),
    st.builds(FetchBinarySize, binary_parts),
    st.builds(
        FetchBody,
        sections,
        st.booleans(),
        st.none() | st.tuples(_MOD_SEQUENCES, st.integers(1, (1 << 63) - 1)),
    ),
)

_SEARCH_LEAVES: st.SearchStrategy[keys.SearchKey] = st.one_of(
    st.just(keys.All()),
    st.just(keys.SaveDatesKept()),
    st.builds(
        keys.ObjectIdKey,
        st.sampled_from(["EMAILID", "THREADID"]),
        st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True),
    ),
    st.builds(keys.GmailId, st.sampled_from(["X-GM-MSGID", "X-GM-THRID"]), _MOD_SEQUENCES),
    st.builds(keys.GmailLabel, gmail_labels),
    st.builds(keys.GmailRaw, texts),
    st.builds(keys.HasFlag, st.sampled_from([*_SYSTEM_FLAGS, "\\Recent"]) | keywords),
    st.builds(keys.InSet, message_sets, st.booleans()),
    st.builds(keys.Header, st.sampled_from(["From", "Subject", "X-Spam"]) | texts, texts),
    st.builds(keys.Body, texts),
    st.builds(keys.Text, texts),
    st.builds(
        keys.DateKey,
        st.sampled_from([keys.INTERNAL, keys.SENT, keys.SAVED]),
        st.sampled_from(["BEFORE", "ON", "SINCE"]),
        st.dates(),
    ),
    st.builds(keys.Age, st.sampled_from(["OLDER", "YOUNGER"]), st.integers(1, 2**32 - 1)),
    st.builds(keys.Larger, _MOD_SEQUENCES),
    st.builds(keys.Smaller, _MOD_SEQUENCES),
    st.builds(keys.ModSeq, _MOD_SEQUENCES),
)


def _search_branches(
    children: st.SearchStrategy[keys.SearchKey],
) -> st.SearchStrategy[keys.SearchKey]:
    return st.one_of(
        st.builds(keys.Not, children),
        st.builds(keys.Fuzzy, children),
        st.builds(keys.Or, children, children),
        st.lists(children, min_size=2, max_size=4).map(lambda parts: keys.And(tuple(parts))),
    )


#: Trees of search keys.
search_keys = st.recursive(_SEARCH_LEAVES, _search_branches, max_leaves=8)


def _perhaps_vanished(command: c.Fetch) -> st.SearchStrategy[c.Fetch]:
    """VANISHED is for UID FETCH with CHANGEDSINCE."""
    possible = command.uid and command.changed_since is not None
    return st.sampled_from([command, replace(command, vanished=possible)])


def _perhaps_with_status(command: c.Notify) -> st.SearchStrategy[c.Notify]:
    """STATUS is for SET."""
    return st.sampled_from([command, replace(command, status=command.groups is not None)])


_EVENTS = st.sampled_from(
    [
        ("MessageNew", "MessageExpunge"),
        ("FlagChange", "MessageNew", "MessageExpunge", "AnnotationChange"),
        ("MailboxName", "SubscriptionChange", "MailboxMetadataChange", "X-Own"),
        (),
    ]
)
_FILTERS = st.one_of(
    st.tuples(
        st.sampled_from(["selected", "selected-delayed", "inboxes", "personal", "subscribed"]),
        st.just(()),
    ),
    st.tuples(
        st.sampled_from(["subtree", "mailboxes"]),
        st.lists(mailbox_names, min_size=1, max_size=3).map(tuple),
    ),
)


_SOURCES = st.one_of(
    st.builds(c.MailboxFilter, st.sampled_from(["selected", "inboxes", "personal", "subscribed"])),
    st.builds(
        c.MailboxFilter,
        st.sampled_from(["subtree", "subtree-one", "mailboxes"]),
        st.lists(mailbox_names, min_size=1, max_size=3).map(tuple),
    ),
)


def _event_group(
    of: tuple[str, tuple[str, ...]], events: tuple[str, ...], items: list[FetchItem]
) -> c.EventGroup:
    return c.EventGroup(*of, events, tuple(items) if "MessageNew" in events else ())


#: What NOTIFY asks for.
event_groups = st.builds(_event_group, _FILTERS, _EVENTS, st.lists(fetch_items, max_size=3))


def _words(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), max_size=len(names), unique=True).map(tuple)


_STATUS_ITEMS = _words("MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "MAILBOXID")

_PLACES = st.integers(1, 2**32 - 1)
partial_ranges = st.one_of(
    st.builds(PartialRange, _PLACES, _PLACES),
    st.builds(lambda a, b: PartialRange(-a, -b), _PLACES, _PLACES),
)


_Returning = c.Search | c.Sort | c.Esearch


def _perhaps_partial(command: _Returning) -> st.SearchStrategy[_Returning]:
    """PARTIAL stands among the return options, and not beside ALL."""
    if command.returns is None:
        return st.just(command)
    words = tuple(word for word in command.returns if word != "ALL")
    return st.just(command) | partial_ranges.map(
        lambda wanted: replace(command, returns=words, partial=wanted)
    )


def _perhaps_told_of_new(command: _Returning) -> st.SearchStrategy[_Returning]:
    """UPDATE may say what of new messages is told."""
    if "UPDATE" not in (command.returns or ()):
        return st.just(command)
    items = st.lists(fetch_items, min_size=1, max_size=3).map(tuple)
    return st.just(command) | items.map(lambda wanted: replace(command, update_items=wanted))


def _perhaps_page(command: c.Fetch) -> st.SearchStrategy[c.Fetch]:
    """PARTIAL is for UID FETCH."""
    if not command.uid:
        return st.just(command)
    return st.just(command) | partial_ranges.map(lambda wanted: replace(command, partial=wanted))


_RETURN_OPTIONS = ("MIN", "MAX", "ALL", "COUNT", "SAVE", "CONTEXT", "UPDATE", "RELEVANCY")
_RETURNS = st.none() | _words(*_RETURN_OPTIONS).filter(bool)
_RIGHTS = st.text("lrswipkxteacd019", max_size=8)


def _stores(actions: Sequence[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[c.Command]:
    return st.builds(
        c.Store,
        tags,
        message_sets,
        st.sampled_from(actions),
        values.map(tuple),
        st.booleans(),
        st.booleans(),
        st.none() | _MOD_SEQUENCES,
    )


_MECHANISMS = st.sampled_from(["INTERNAL", "XSAMPLE"])

#: One strategy a kind of command.
COMMANDS: dict[type[c.Command], st.SearchStrategy[c.Command]] = {
    **{
        kind: st.builds(kind, tags)
        for kind in (
            c.Capability,
            c.Noop,
            c.Logout,
            c.StartTls,
            c.Namespace,
            c.Idle,
            c.Check,
            c.Close,
            c.Unselect,
            c.Unauthenticate,
        )
    },
    c.Id: st.builds(c.Id, tags, st.none() | st.dictionaries(texts, st.none() | texts, max_size=4)),
    c.Authenticate: st.builds(
        c.Authenticate, tags, atoms.map(str.upper), st.none() | st.binary(max_size=40)
    ),
    c.Login: st.builds(c.Login, tags, texts, texts),
    c.Enable: st.builds(
        c.Enable, tags, st.lists(atoms.map(str.upper), min_size=1, max_size=3).map(tuple)
    ),
    c.Compress: st.builds(c.Compress, tags, atoms.map(str.upper)),
    c.Language: st.builds(c.Language, tags, st.lists(texts, max_size=3).map(tuple)),
    c.Comparator: st.builds(c.Comparator, tags, st.lists(texts, max_size=3).map(tuple)),
    c.Select: st.builds(
        c.Select,
        tags,
        mailbox_names,
        st.booleans(),
        st.booleans(),
        st.none()
        | st.builds(
            c.QResync,
            st.integers(0, (1 << 32) - 1),
            st.integers(1, (1 << 63) - 1),
            st.none() | _KNOWN_SETS,
            st.none() | st.tuples(_KNOWN_SETS, _KNOWN_SETS),
        ),
    ),
    c.Create: st.builds(
        c.Create,
        tags,
        mailbox_names.filter(lambda name: name[-1:] != "/"),
        st.sampled_from([(), ("\\Sent",), ("\\Archive", "\\Junk")]),
    ),
    c.Delete: st.builds(c.Delete, tags, mailbox_names),
    c.Rename: st.builds(c.Rename, tags, mailbox_names, mailbox_names),
    c.Subscribe: st.builds(c.Subscribe, tags, mailbox_names),
    c.Unsubscribe: st.builds(c.Unsubscribe, tags, mailbox_names),
    c.List: st.builds(
        c.List,
        tags,
        mailbox_patterns,
        st.lists(mailbox_patterns, min_size=1, max_size=3).map(tuple),
        _words("SUBSCRIBED", "SPECIAL-USE"),
        _words("SUBSCRIBED", "SPECIAL-USE", "CHILDREN", "MYRIGHTS"),
        _STATUS_ITEMS,
        st.just(()) | st.lists(entry_names, min_size=1, max_size=3).map(tuple),
    ),
    c.Notify: st.builds(
        c.Notify,
        tags,
        st.none() | st.lists(event_groups, min_size=1, max_size=3).map(tuple),
    ).flatmap(_perhaps_with_status),
    c.GetMetadata: st.builds(
        c.GetMetadata,
        tags,
        mailbox_names,
        st.lists(entry_names | st.just("/private"), min_size=1, max_size=3).map(tuple),
        st.none() | st.integers(0, (1 << 32) - 1),
        st.sampled_from([0, 1, None]),
    ),
    c.SetMetadata: st.builds(
        c.SetMetadata,
        tags,
        mailbox_names,
        annotation_values.map(lambda values: tuple(values.items())),
    ),
    c.Lsub: st.builds(c.Lsub, tags, mailbox_patterns, mailbox_patterns),
    c.StatusCommand: st.builds(c.StatusCommand, tags, mailbox_names, _STATUS_ITEMS.filter(bool)),
    c.AppendBegin: st.builds(
        c.AppendBegin,
        tags,
        mailbox_names,
        flag_tuples,
        st.none() | internal_dates,
        st.integers(0, 1000),
        st.booleans(),
        binary=st.booleans(),
    ),
    c.Replace: st.builds(
        c.Replace,
        tags,
        mailbox_names,
        flag_tuples,
        st.none() | internal_dates,
        st.integers(0, 1000),
        st.booleans(),
        binary=st.booleans(),
        number=_SEQUENCE_NUMBERS,
        uid=st.booleans(),
    ),
    c.GetQuota: st.builds(c.GetQuota, tags, texts),
    c.GetQuotaRoot: st.builds(c.GetQuotaRoot, tags, mailbox_names),
    c.SetQuota: st.builds(
        c.SetQuota,
        tags,
        texts,
        st.lists(st.tuples(atoms.map(str.upper), _MOD_SEQUENCES), max_size=3).map(tuple),
    ),
    c.SetAcl: st.builds(
        c.SetAcl, tags, mailbox_names, texts, _RIGHTS, st.sampled_from(["", "+", "-"])
    ),
    c.DeleteAcl: st.builds(c.DeleteAcl, tags, mailbox_names, texts),
    c.GetAcl: st.builds(c.GetAcl, tags, mailbox_names),
    c.ListRights: st.builds(c.ListRights, tags, mailbox_names, texts),
    c.MyRights: st.builds(c.MyRights, tags, mailbox_names),
    c.GenUrlAuth: st.builds(
        c.GenUrlAuth,
        tags,
        st.lists(st.tuples(texts, _MECHANISMS), min_size=1, max_size=3).map(tuple),
    ),
    c.ResetKey: st.builds(c.ResetKey, tags)
    | st.builds(
        c.ResetKey, tags, mailbox_names, st.lists(_MECHANISMS, max_size=2, unique=True).map(tuple)
    ),
    c.UrlFetch: st.builds(
        c.UrlFetch,
        tags,
        st.lists(
            st.builds(
                c.WantedUrl,
                texts,
                st.sampled_from([(), ("BODY",), ("BODYPARTSTRUCTURE", "BINARY")]),
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
    ),
    c.Expunge: st.builds(c.Expunge, tags, st.none() | message_sets),
    c.Search: st.builds(
        c.Search,
        tags,
        search_keys,
        st.booleans(),
        _RETURNS,
        st.sampled_from([None, "UTF-8"]),
    )
    .flatmap(_perhaps_partial)
    .flatmap(_perhaps_told_of_new),
    c.Esearch: st.builds(
        c.Esearch,
        tags,
        search_keys,
        st.just(()) | st.lists(_SOURCES, min_size=1, max_size=3).map(tuple),
        _RETURNS,
        st.sampled_from([None, "UTF-8"]),
    )
    .flatmap(_perhaps_partial)
    .flatmap(_perhaps_told_of_new),
    c.CancelUpdate: st.builds(
        c.CancelUpdate, tags, st.lists(tags, min_size=1, max_size=3).map(tuple)
    ),
    c.Sort: st.builds(
        c.Sort,
        tags,
        st.lists(
            st.builds(SortCriterion, st.sampled_from(sorted(SORT_KEYS)), st.booleans()),
            min_size=1,
            max_size=4,
        ).map(tuple),
        search_keys,
        st.booleans(),
        _RETURNS,
        st.just("UTF-8"),
    )
    .flatmap(_perhaps_partial)
    .flatmap(_perhaps_told_of_new),
    c.Thread: st.builds(
        c.Thread,
        tags,
        st.sampled_from(["ORDEREDSUBJECT", "REFERENCES", "X-OWN"]),
        search_keys,
        st.booleans(),
        st.just("UTF-8"),
    ),
    c.Fetch: st.builds(
        c.Fetch,
        tags,
        message_sets,
        st.lists(fetch_items, min_size=1, max_size=4).map(tuple),
        st.booleans(),
        st.none() | _MOD_SEQUENCES,
    )
    .flatmap(_perhaps_vanished)
    .flatmap(_perhaps_page),
    c.Store: _stores(["FLAGS", "+FLAGS", "-FLAGS"], flag_tuples)
    | _stores(["X-GM-LABELS", "+X-GM-LABELS", "-X-GM-LABELS"], st.lists(gmail_labels, max_size=3)),
    c.Copy: st.builds(c.Copy, tags, message_sets, mailbox_names, st.booleans()),
    c.Move: st.builds(c.Move, tags, message_sets, mailbox_names, st.booleans()),
}

#: Any command.
commands: st.SearchStrategy[c.Command] = st.one_of(list(COMMANDS.values()))
