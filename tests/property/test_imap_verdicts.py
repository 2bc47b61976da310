"""A search of all messages at once decides what a look at each of them decides."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from mailcore.backend import Changes, MessageState
from mailcore.imap import searchkeys as keys
from mailcore.imap.search import compile_key
from mailcore.imap.snapshot import Snapshot
from mailcore.imap.sorting import COLUMN_KEYS, order, sort_key
from mailcore.imap.types import SequenceSet, SortCriterion
from mailcore.imap.verdicts import judge

DAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 7, 12, 30, 0, 500_000, tzinfo=UTC)
FLAGS = ["\\Seen", "\\Flagged", "todo", "ToDo"]
zones = st.sampled_from([-720, -1, 0, 0, 0, 60, 840])
# Around the days that are asked for, where a second and a zone decide.
moments = st.builds(
    lambda days, seconds, zone: (
        datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=days, seconds=seconds)
    ).astimezone(timezone(timedelta(minutes=zone))),
    st.integers(-2, 2),
    st.sampled_from([-1, 0, 1, 43200, 45000]),
    zones,
) | st.sampled_from(
    [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(9999, 12, 30, tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
    ]
)


@dataclass
class Sent:
    sent: datetime | None


@dataclass
class One:
    """A message, as a look at it alone sees it."""

    uid: int
    flags: tuple[str, ...]
    modseq: int
    internal_date: datetime
    size: int | None
    summary: Sent | None
    text: None = None
    number: int = field(default=0)


@st.composite
def mailboxes(draw) -> list[One]:
    uids = sorted(draw(st.sets(st.integers(1, 12), max_size=8)))
    return [
        One(
            uid,
            tuple(draw(st.sets(st.sampled_from(FLAGS)))),
            draw(st.integers(1, 5)),
            draw(moments),
            draw(st.none() | st.integers(0, 4)),
            draw(st.none() | st.builds(Sent, st.none() | moments)),
        )
        for uid in uids
    ]


numbers = st.integers(0, 13)
sets = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=3).map(
    lambda pairs: SequenceSet(tuple(pairs))
)
days = st.integers(-2, 2).map(lambda days: DAY + timedelta(days=days))
relations = st.sampled_from(["BEFORE", "ON", "SINCE"])
leaves = st.one_of(
    st.just(keys.All()),
    st.sampled_from([*FLAGS, "\\SEEN", "\\recent", "none"]).map(keys.HasFlag),
    st.builds(keys.InSet, sets, st.booleans()),
    st.builds(keys.ModSeq, st.integers(0, 6)),
    st.builds(keys.Larger, st.integers(0, 4)),
    st.builds(keys.Smaller, st.integers(0, 4)),
    st.builds(keys.DateKey, st.sampled_from([keys.INTERNAL, keys.SENT]), relations, days),
    st.builds(
        keys.Age,
        st.sampled_from(["OLDER", "YOUNGER"]),
        st.sampled_from([1, 1800, 45000, 86400, 131400, 2**32 - 1]),
    ),
    st.just(keys.Text("x")),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: keys.And(tuple(parts))),
        st.builds(keys.Or, inner, inner),
        inner.map(keys.Not),
        inner.map(keys.Fuzzy),
    ),
    max_leaves=6,
)


def snapshot_of(messages: list[One]) -> Snapshot:
    snapshot = Snapshot()
    states = [
        MessageState(one.uid, frozenset(one.flags), one.modseq, one.internal_date, one.size)
        for one in messages
    ]
    snapshot._apply(Changes(states, highest_modseq=9, uid_next=20, complete=True))
    for one in messages:
        if one.summary is not None:
            snapshot.set_sent(one.uid, one.summary.sent)
    return snapshot


@given(messages=mailboxes(), key=trees, recent=st.sampled_from([(), ((3, 5), (9, 9))]))
def test_all_at_once_is_each_alone(messages, key, recent):
    uids = array("I", [one.uid for one in messages])
    yes, opens = judge(key, snapshot_of(messages).columns(uids, recent), uids, NOW)
    for one in messages:
        if any(low <= one.uid <= high for low, high in recent):
            one.flags = (*one.flags, "\\Recent")
    ask = compile_key(key, uids, now=NOW)
    found = [None if is_open else bool(is_yes) for is_yes, is_open in zip(yes, opens, strict=True)]
    assert found == [ask(one) for one in messages]


@given(messages=mailboxes(), gone=st.sets(st.integers(1, 12)), key=trees)
def test_of_messages_that_are_gone_nothing_is_told(messages, gone, key):
    uids = array("I", [one.uid for one in messages])
    left = [one for one in messages if one.uid not in gone]
    columns = snapshot_of(left).columns(uids)
    assert list(columns.uids) == [one.uid for one in left]
    yes, opens = judge(key, columns, uids, NOW)
    ask = compile_key(key, uids, now=NOW)
    found = [None if is_open else bool(is_yes) for is_yes, is_open in zip(yes, opens, strict=True)]
    assert found == [ask(one) for one in left]


criteria = st.lists(
    st.builds(SortCriterion, st.sampled_from(sorted(COLUMN_KEYS)), st.booleans()),
    min_size=1,
    max_size=3,
)


@given(messages=mailboxes(), criteria=criteria)
def test_columns_are_sorted_as_messages_are(messages, criteria):
    for one in messages:
        one.size = one.size or 0
    columns = snapshot_of(messages).columns(array("I", [one.uid for one in messages]))
    expected = sorted(messages, key=lambda one: sort_key(one, criteria, str))
    assert [messages[place] for place in order(columns, criteria)] == expected
