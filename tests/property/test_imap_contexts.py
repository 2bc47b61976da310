"""Whatever happens, the results that a client keeps are those of a new search (RFC 5267 §4.3)."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mailcore.backend import Peer
from mailcore.imap import ClientEvent
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys as keys
from mailcore.imap.session import Session
from mailcore.imap.types import STAR, FetchAtt, SequenceSet, SortCriterion
from mailcore.testing import MemoryBackend, new_message, run
from mailcore.testing.pair import Pair

USER, PASSWORD = "alice@example.test", "secret"
FLAGS = ("\\Seen", "\\Flagged")
KEYS = (
    keys.All(),
    keys.HasFlag("\\Flagged"),
    keys.Not(keys.HasFlag("\\Seen")),
    keys.Body("odd"),
    keys.Or(keys.Header("Subject", "b"), keys.HasFlag("\\Recent")),
    keys.And((keys.HasFlag("\\Seen"), keys.Not(keys.Body("odd")))),
    keys.InSet(SequenceSet(((1, STAR),)), uid=True),
)
CRITERIA = (
    (),
    (SortCriterion("SUBJECT"),),
    (SortCriterion("SUBJECT", reverse=True), SortCriterion("ARRIVAL", reverse=True)),
    (SortCriterion("DATE"),),
    (SortCriterion("SIZE"), SortCriterion("DATE", reverse=True)),
)


class Kept:
    """What a client keeps of a search that goes on."""

    def __init__(self, command: c.Search | c.Sort) -> None:
        self.command = command
        self.results: list[int] = []


class Contexts(RuleBasedStateMachine):
    """One client keeps the results of searches; another one changes the mailbox."""

    #: What the client asks for when it has selected the mailbox.
    first: tuple[c.Command, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        backend = MemoryBackend({USER: PASSWORD})
        self.inbox = backend.users[USER].inbox
        self.pair, self.other = (Pair(Session(backend, Peer("imap", tls=True))) for _ in range(2))
        for pair in (self.pair, self.other):
            pair.talk()
            pair.do(c.Login("l", USER, PASSWORD))
            pair.do(c.Select("s", "INBOX"))
        for command in self.first:
            self.pair.do(command)
        self.kept: dict[str, Kept] = {}
        self.count = 0
        self.added = 0
        self.idling = False

    @initialize(
        count=st.integers(2, 5),
        searches=st.lists(
            st.tuples(st.sampled_from(KEYS), st.sampled_from(CRITERIA), st.booleans()),
            min_size=2,
            max_size=3,
        ),
    )
    def fill(
        self,
        count: int,
        searches: list[tuple[keys.SearchKey, tuple[SortCriterion, ...], bool]],
    ) -> None:
        for number in range(count):
            self.deliver("abc"[number % 3])
        for search in searches:
            self.begin(*search)

    # ------------------------------------------------------------------------- what is told

    def do(self, command: c.Command) -> list[ClientEvent]:
        """Give a command outside of IDLE."""
        if self.idling:
            self.pair.client.send(c.IdleDone("i"))
            self.note(self.pair.talk())
            self.idling = False
        heard = self.pair.do(command)
        assert isinstance(heard[-1], r.Tagged)
        assert heard[-1].status.value == "OK"
        return heard

    def note(self, heard: list[ClientEvent]) -> None:
        """Take in what is told without being asked for."""
        for event in heard:
            if isinstance(event, r.Exists):
                self.count = event.count
            elif isinstance(event, r.Expunged):
                self.count -= 1
                for kept in self.kept.values():
                    if not kept.command.uid:
                        assert event.number not in kept.results, "gone before it was taken away"
                        kept.results = [n - (n > event.number) for n in kept.results]
            elif isinstance(event, r.EsearchResponse) and event.updates:
                for update in event.updates:
                    kept = self.kept[event.tag]
                    before = set(kept.results)
                    changed = {n for _, numbers in update.places for n in numbers.numbers()}
                    update.apply(kept.results)
                    assert changed.isdisjoint(before) == (update.name == "ADDTO")
                    assert len(set(kept.results)) == len(kept.results)
                    if not kept.command.uid:
                        assert all(1 <= n <= self.count for n in kept.results)

    # --------------------------------------------------------------------------------- rules

    picks = st.lists(st.integers(0, 9), min_size=1, max_size=3)

    @rule(key=st.sampled_from(KEYS), criteria=st.sampled_from(CRITERIA), uid=st.booleans())
    def begin(self, key: keys.SearchKey, criteria: tuple[SortCriterion, ...], uid: bool) -> None:
        if len(self.kept) >= 5:
            return
        tag = f"k{self.added}"
        self.added += 1
        command: c.Search | c.Sort = c.Search(tag, key, uid, ("UPDATE", "ALL"))
        if criteria:
            command = c.Sort(tag, criteria, key, uid, ("UPDATE", "ALL"))
        heard = self.do(command)
        answer = next(i for i, event in enumerate(heard) if isinstance(event, r.EsearchResponse))
        found = heard[answer].all  # type: ignore[union-attr]
        self.note(heard[:answer])
        self.kept[tag] = Kept(command)
        self.kept[tag].results = list(found.numbers()) if found is not None else []
        self.note(heard[answer + 1 :])

    @rule()
    def cancel(self) -> None:
        if self.kept:
            tag = next(iter(self.kept))
            heard = self.do(c.CancelUpdate("x", (tag,)))
            del self.kept[tag]
            self.note([e for e in heard if getattr(e, "tag", None) != tag])

    @rule(subject=st.sampled_from("abc"))
    def deliver(self, subject: str) -> None:
        parity = "odd" if len(self.inbox.messages) % 2 else "even"
        # Sent in another order than they come; some do not say when.
        date = f"Date: {3 - ord(subject) % 3} Feb 2026 10:00:00 +0000\r\n" * (subject != "c")
        message = f"Subject: {subject}\r\n{date}\r\n{parity}\r\n".encode()
        run(self.inbox.append([new_message(message)]))

    def some(self, picks: list[int]) -> list[int]:
        """Return UIDs of messages that are there."""
        there = list(self.inbox.messages)
        return sorted({there[pick % len(there)] for pick in picks}) if there else []

    @rule(picks=picks, flag=st.sampled_from(FLAGS), action=st.sampled_from(["+FLAGS", "-FLAGS"]))
    def store(self, picks: list[int], flag: str, action: str) -> None:
        self.other.do(c.Noop("n"))
        if uids := self.some(picks):
            self.other.do(c.Store("o", SequenceSet.of(uids), action, (flag,), uid=True))

    @rule(picks=picks)
    def expunge(self, picks: list[int]) -> None:
        run(self.inbox.expunge(self.some(picks)))

    @rule()
    def idle(self) -> None:
        if not self.idling:
            self.pair.client.send(c.Idle("i"))
            self.idling = True
            self.note(self.pair.talk())

    @rule()
    def look(self) -> None:
        """A command by number, in which nothing may be expunged."""
        if self.count:
            numbers = SequenceSet(((1, self.count),))
            self.note(self.do(c.Fetch("f", numbers, (FetchAtt("FLAGS"),))))

    @rule()
    def noop(self) -> None:
        self.note(self.do(c.Noop("n")))

    @rule()
    def compare(self) -> None:
        self.noop()
        for kept in self.kept.values():
            command = kept.command
            again: c.Command = c.Search("a", command.key, command.uid, ("ALL",))
            if isinstance(command, c.Sort):
                again = c.Sort("a", command.criteria, command.key, command.uid, ("ALL",))
            heard = self.do(again)
            (answer,) = (event for event in heard if isinstance(event, r.EsearchResponse))
            assert kept.results == (list(answer.all.numbers()) if answer.all is not None else [])

    @invariant()
    def what_is_told_unasked_is_noted(self) -> None:
        self.note(self.pair.talk())

    def teardown(self) -> None:
        self.compare()
        self.pair.close()
        self.other.close()


class ContextsWithNotify(Contexts):
    """What happens is told when it happens, with or without a command (RFC 5465)."""

    first = (
        c.Notify(
            "y",
            (c.EventGroup("selected", (), ("MessageNew", "MessageExpunge", "FlagChange")),),
        ),
    )


TestContextsWithNotify = ContextsWithNotify.TestCase
TestContextsWithNotify.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestContexts = Contexts.TestCase
TestContexts.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
