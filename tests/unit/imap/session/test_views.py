"""Views: what a client counts is what its view counts, whatever happens to the snapshot."""

from __future__ import annotations

import random
from array import array

import pytest

from mailcore.backend import Changes, FlagsChanged, MessageState
from mailcore.imap.responses import Exists, Expunged, FetchResponse
from mailcore.imap.session.view import View
from mailcore.imap.snapshot import Snapshots
from mailcore.limits import Limits
from mailcore.testing import run

SEEN = frozenset({"\\Seen"})


class Told:
    """A mailbox that says what it is told to say."""

    id = "told"
    uid_validity = 1

    def __init__(self) -> None:
        self.modseq = 0
        self.next = Changes(())

    def say(self, *new: int, gone: tuple[int, ...] = (), seen: tuple[int, ...] = ()) -> None:
        self.modseq += 1
        states = [MessageState(uid, modseq=self.modseq) for uid in new]
        flagged = [FlagsChanged(seen, SEEN, self.modseq)] if seen else ()
        self.next = Changes(states, gone, highest_modseq=self.modseq, flagged=flagged)

    async def changes(self, since: int) -> Changes:
        said, self.next = self.next, Changes((), highest_modseq=self.modseq)
        return said

    async def read(self, uid: int, start: int, end: int) -> bytes:
        raise KeyError(uid)


class Client:
    """What somebody counts who believes what a view tells."""

    def __init__(self, mailbox: Told, snapshots: Snapshots) -> None:
        self.view = View("INBOX", mailbox, snapshots, read_only=True)
        run(self.view.open())
        self.known = list(self.view.uids)

    def look(self, *, expunge: bool = True) -> None:
        for response in self.view.updates(expunge=expunge, told={}):
            match response:
                case Expunged(number):
                    del self.known[number - 1]
                case Exists(count):
                    self.known += self.view.uids[len(self.known) : count]
                    assert len(self.known) == count
                case FetchResponse(number):
                    assert 1 <= number <= len(self.known)
        self.check()

    def check(self) -> None:
        view, known = self.view, self.known
        assert list(view.uids) == known
        assert (view.count, view.last) == (len(known), known[-1] if known else 0)
        assert [view.number(uid) for uid in known] == list(range(1, len(known) + 1))
        assert view.numbers(known[::-1]) == list(range(len(known), 0, -1))
        assert view.numbers(known[:1]) == [1][: len(known)]
        assert view.number(10_000) is None
        if known:
            assert list(view.after(known[0])) == known[1:]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("log", [3, 10_000])
def test_clients_count_what_their_views_count(seed, log):
    draw = random.Random(seed)
    mailbox, snapshots = Told(), Snapshots(Limits(queued_changes=log))
    there: set[int] = set()
    clients = [Client(mailbox, snapshots)]
    top = 1
    for _ in range(120):
        new = set(range(top, top + draw.choice([0, 1, 1, 3])))
        if draw.random() < 0.1:
            # Low ones that come late, and perhaps one that was there before.
            new |= {draw.randrange(1, top + 1)}
        gone = {uid for uid in there if draw.random() < draw.choice([0, 0, 0.1, 0.5])}
        new -= there
        there = (there - gone) | new
        top = max(top, *new, 0) + draw.randint(1, 2) if new else top
        seen = tuple(sorted(there - new)) if draw.random() < 0.2 else ()
        mailbox.say(*new, gone=tuple(gone), seen=seen)
        run(clients[0].view.refresh())
        assert list(clients[0].view.snapshot.uids) == sorted(there)
        for client in clients:
            client.check()
            if draw.random() < 0.5:
                client.look(expunge=draw.random() < 0.6)
        if draw.random() < 0.1:
            clients.append(Client(mailbox, snapshots))
            assert clients[-1].known == sorted(there)
    for client in clients:
        client.look()
        assert set(client.known) <= there


def test_views_that_know_the_same_share_it():
    mailbox, snapshots = Told(), Snapshots()
    mailbox.say(*range(1, 100))
    clients = [Client(mailbox, snapshots) for _ in range(3)]
    mailbox.say(100)
    run(clients[0].view.refresh())
    clients[0].look()
    mailbox.say(gone=(5,))
    run(clients[0].view.refresh())
    for client in clients:
        client.look()
        assert client.view._known is client.view.snapshot.uids


def test_what_a_view_hands_out_is_its_own():
    mailbox, snapshots = Told(), Snapshots()
    mailbox.say(1, 2)
    view = Client(mailbox, snapshots).view
    uids = view.uids
    mailbox.say(3)
    run(view.refresh())
    view.updates(expunge=True, told={})
    assert uids == array("I", [1, 2])
    assert view.all_messages()[-1] == (3, 3)
