"""Random programs of changes, done to two mailboxes and to two dictionaries alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailcore.backend import (
    Appendable,
    Copied,
    Copyable,
    Expungeable,
    FlagAction,
    Flaggable,
    ManagesMailboxes,
)
from mailcore.testing.conformance.box import Box, message
from mailcore.testing.conformance.suite import Suite, new_mailbox, open_box

_EXAMPLES: Final = 40
_STEPS: Final = 25
_FLAGS: Final = 3
_NEEDS: Final[Mapping[str, type]] = {
    "append": Appendable,
    "store": Flaggable,
    "expunge": Expungeable,
    "copy": Copyable,
    "move": Copyable,
}


@dataclass(frozen=True)
class Step:
    """One change to one of two mailboxes.

    Arguments:
        kind: what to do.
        place: the mailbox, 0 or 1; copy and move go to the other one.
        chosen: messages, as indexes into all that ever were there, those that are gone included;
            for append as many new ones.
        action: for store.
        flags: for store and append, as indexes.
        guarded: for store: only what has not changed since the last look.
        look: whether to ask for changes afterwards.
    """

    kind: str
    place: int
    chosen: tuple[int, ...]
    action: FlagAction
    flags: frozenset[int]
    guarded: bool
    look: bool


PROGRAMS: Final = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(list(_NEEDS)),
        place=st.integers(0, 1),
        chosen=st.lists(st.integers(0, 30), min_size=1, max_size=4).map(tuple),
        action=st.sampled_from(FlagAction),
        flags=st.frozensets(st.integers(0, _FLAGS - 1)),
        guarded=st.booleans(),
        look=st.booleans(),
    ),
    max_size=_STEPS,
)


class Twin:
    """A mailbox, and a dictionary of what must be in it.

    Arguments:
        box: the mailbox. What is in it already stays out of this.
    """

    def __init__(self, box: Box) -> None:
        self.box = box
        #: Octets and flags of what is here, by UID.
        self.kept: dict[int, tuple[bytes, frozenset[str]]] = {}
        self._others = frozenset(box.states)
        self._ever: list[int] = []
        # Since the last look: what changed, and what was set to the flags that it had, which a
        # mailbox may take for a change.
        self._changed: set[int] = set()
        self._perhaps: set[int] = set()

    def choose(self, indexes: Sequence[int]) -> list[int]:
        """Return UIDs that are here or were, each once."""
        ever = self._ever
        return list(dict.fromkeys(ever[index % len(ever)] for index in indexes)) if ever else []

    def here(self, uids: Sequence[int]) -> set[int]:
        """Return those that are here."""
        return set(uids) & set(self.kept)

    def came(self, uids: Sequence[int], messages: Sequence[tuple[bytes, frozenset[str]]]) -> None:
        """Note new messages."""
        assert not set(uids) & {*self._ever, *self._others}, "a UID is used twice"
        self.kept |= zip(uids, messages, strict=True)
        self._ever += uids
        self._changed |= set(uids)

    async def store(
        self, uids: list[int], action: FlagAction, flags: frozenset[str], guarded: bool
    ) -> None:
        """Change flags in both."""
        since = self.box.highest_modseq if guarded else None
        left = set(await self.box.store(uids, action, flags, since))
        here = self.here(uids)
        if guarded:
            assert here & self._changed <= left <= here & (self._changed | self._perhaps)
        else:
            assert not left
        for uid in here - left:
            data, old = self.kept[uid]
            new = changed(old, action, flags)
            self.kept[uid] = data, new
            (self._perhaps if new == old else self._changed).add(uid)

    async def look(self) -> None:
        """Ask for changes, and compare flags."""
        await self.box.news()
        mine = self.box.states.keys() - self._others
        assert {uid: self.box.flags(uid) for uid in mine} == {
            uid: flags for uid, (_, flags) in self.kept.items()
        }
        self._changed.clear()
        self._perhaps.clear()

    async def read(self) -> None:
        """Compare octets."""
        for uid, (data, _) in self.kept.items():
            assert await self.box.read(uid) == data


def changed(old: frozenset[str], action: FlagAction, flags: frozenset[str]) -> frozenset[str]:
    """Return what STORE makes of flags."""
    match action:
        case FlagAction.REPLACE:
            return flags
        case FlagAction.ADD:
            return old | flags
        case FlagAction.REMOVE:
            return old - flags


class Play:
    """Programs, done to both twins.

    Arguments:
        twins: a mailbox, and another one if there can be one.
    """

    def __init__(self, twins: Sequence[Twin]) -> None:
        self._twins = twins
        self._count = 0
        mailbox = twins[0].box.mailbox
        permanent = mailbox.permanent_flags if isinstance(mailbox, Flaggable) else frozenset()
        self._flags = sorted(permanent - {"\\*"})[:_FLAGS]

    async def do(self, step: Step) -> None:
        """Do one step, if these mailboxes can."""
        twin = self._twins[step.place % len(self._twins)]
        flags = frozenset(self._flags[index] for index in step.flags if index < len(self._flags))
        uids = twin.choose(step.chosen)
        if not isinstance(twin.box.mailbox, _NEEDS[step.kind]):
            return
        match step.kind:
            case "append":
                await self._append(twin, len(step.chosen), flags)
            case "store":
                await twin.store(uids, step.action, flags, step.guarded)
            case "expunge":
                await twin.box.expunge(uids)
                for uid in twin.here(uids):
                    del twin.kept[uid]
            case _ if len(self._twins) > 1:
                target = self._twins[1 - step.place]
                await self._transfer(twin, uids, target, moving=step.kind == "move")
        if step.look:
            await twin.look()

    async def _append(self, twin: Twin, count: int, flags: frozenset[str]) -> None:
        new = []
        for _ in range(count):
            self._count += 1
            new.append((b"Subject: %d\r\n\r\n" % self._count, flags))
        twin.came(await twin.box.add(*(message(*one) for one in new)), new)

    async def _transfer(self, twin: Twin, uids: list[int], target: Twin, *, moving: bool) -> None:
        work = twin.box.move if moving else twin.box.copy
        copied: Copied = await work(uids, target.box.name)
        assert set(copied.source) == twin.here(uids)
        target.came(copied.target, [twin.kept[uid] for uid in copied.source])
        if moving:
            for uid in copied.source:
                del twin.kept[uid]


class Programs(Suite):
    """All that changes a mailbox, in any order."""

    def test_any_program_leaves_what_it_says(self) -> None:
        @settings(
            max_examples=_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        )
        @given(PROGRAMS)
        def check(program: list[Step]) -> None:
            async def main() -> None:
                await self._play(program)

            self.run(main)

        check()

    async def _play(self, program: list[Step]) -> None:
        async with self.opened() as (account, box):
            twins = [Twin(box)]
            if isinstance(account, ManagesMailboxes):
                twins.append(Twin(await open_box(account, await new_mailbox(account))))
            play = Play(twins)
            for step in program:
                await play.do(step)
            for twin in twins:
                await twin.look()
                await twin.read()
