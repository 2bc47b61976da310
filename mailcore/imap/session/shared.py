"""What all IMAP sessions of one backend share in one event loop: snapshots and summaries."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Final
from weakref import WeakKeyDictionary

from mailcore.backend import (
    Account,
    KeepsSummaries,
    Mailbox,
    NoSuchMailbox,
    offered_by,
)
from mailcore.imap.session.view import View
from mailcore.imap.snapshot import Snapshots
from mailcore.imap.summary import Summary, summarize
from mailcore.imap.verdicts import UNKNOWN_DATE
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.spool import CHUNK, Content

logger: Final = logging.getLogger("mailcore.imap")

#: Summaries to ask for at a time: a question costs as much as reading a few dozen.
SUMMARIES: Final = 500

#: A mailbox: its id and UIDVALIDITY.
_Key = tuple[str, int]
# Octets of a summary beside those that it is made of, about.
_OBJECT: Final = 512


class SummaryCache:
    """Summaries that were asked for lately; a message never gets another one.

    The least recently used go first: those of the mailbox that was asked about least recently.

    Arguments:
        limit: octets of all of them.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[_Key, OrderedDict[int, Summary]] = OrderedDict()

    def get(self, mailbox: _Key, uids: Sequence[int]) -> dict[int, Summary]:
        """Return the summaries of messages that are still there."""
        kept = self._kept.get(mailbox)
        if kept is None:
            return {}
        self._kept.move_to_end(mailbox)
        found = {uid: kept[uid] for uid in uids if uid in kept}
        for uid in found:
            kept.move_to_end(uid)
        return found

    def put(self, mailbox: _Key, found: Mapping[int, Summary]) -> None:
        """Keep summaries for a while."""
        kept = self._kept.setdefault(mailbox, OrderedDict())
        self._kept.move_to_end(mailbox)
        for uid, summary in found.items():
            if uid not in kept:
                kept[uid] = summary
                self._size += _size(summary)
        while self._size > self._limit:
            self._drop()

    def _drop(self) -> None:
        mailbox, kept = next(iter(self._kept.items()))
        if kept:
            _, oldest = kept.popitem(last=False)
            self._size -= _size(oldest)
        else:
            del self._kept[mailbox]


def _size(summary: Summary) -> int:
    return len(summary.to_bytes()) + _OBJECT


class Shared:
    """The registry behind the sessions of one backend.

    Arguments:
        limits: bounds of what is kept.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.snapshots = Snapshots(limits)
        self._limits = limits
        self._cache = SummaryCache(limits.summary_cache)
        self._offers: dict[type, frozenset[type]] = {}

    async def offers(self, account: Account, protocols: Collection[type]) -> frozenset[type]:
        """Return the optional protocols that an account and its mailboxes implement.

        INBOX, or whatever mailbox there is, stands for all mailboxes of all accounts of a class:
        capabilities are told before any mailbox is selected. A mailbox that can do less than
        another answers ``NO [CANNOT]`` to what it can not.
        """
        kind = type(account)
        if kind not in self._offers:
            try:
                mailbox = await _any_mailbox(account)
            except Exception as error:
                # Login goes on; the next connection asks again.
                logger.info("no mailbox of %s to look at: %r", kind.__name__, error)
                return offered_by((account,), protocols)
            self._offers[kind] = offered_by((mailbox,), protocols)
        return self._offers[kind] | offered_by((account,), protocols)

    async def summaries(self, mailbox: Mailbox, uids: Sequence[int]) -> dict[int, Summary]:
        """Return the summaries of messages; those that are gone are left out.

        What the mailbox has not kept, or kept in another version, is made from the message.
        """
        key = (mailbox.id, mailbox.uid_validity)
        found = self._cache.get(key, uids)
        if len(found) == len(uids):
            return found
        missing = [uid for uid in uids if uid not in found]
        new: dict[int, Summary] = {}
        if isinstance(mailbox, KeepsSummaries):
            for uid, data in (await mailbox.summaries(missing)).items():
                with suppress(ValueError):
                    new[uid] = Summary(data)
        for uid in missing:
            if uid not in new:
                summary = await self._make(mailbox, uid)
                if summary is not None:
                    new[uid] = summary
        self._cache.put(key, new)
        return found | new

    async def learn_sent(self, view: View, uids: Sequence[int]) -> None:
        """Note in the snapshot when these messages were sent, where nobody has looked yet."""
        columns = view.columns(uids)
        if UNKNOWN_DATE not in columns.sents:
            return
        dates = zip(columns.uids, columns.sents, strict=True)
        missing = [uid for uid, sent in dates if sent == UNKNOWN_DATE]
        for start in range(0, len(missing), SUMMARIES):
            batch = missing[start : start + SUMMARIES]
            for uid, summary in (await self.summaries(view.mailbox, batch)).items():
                view.snapshot.set_sent(uid, summary.sent)

    async def _make(self, mailbox: Mailbox, uid: int) -> Summary | None:
        try:
            with Content(memory=self._limits.spool_memory) as content:
                await read_into(content, mailbox, uid)
                return summarize(content.buffer(), self._limits)
        except KeyError:
            return None


async def _any_mailbox(account: Account) -> Mailbox:
    try:
        return await account.open("INBOX")
    except NoSuchMailbox:
        names = [info.name for info in await account.mailboxes() if info.selectable]
        return await account.open(names[0])


async def read_into(content: Content, mailbox: Mailbox, uid: int) -> None:
    """Read a whole message; KeyError if it is gone."""
    while data := await mailbox.read(uid, content.size, content.size + CHUNK):
        content.write(data)
        if len(data) < CHUNK:
            return


_shared: WeakKeyDictionary[object, Shared] = WeakKeyDictionary()


def shared_by(backend: object, limits: Limits) -> Shared:
    """Return the registry of a backend, so that sessions made one by one have the same."""
    try:
        shared = _shared.get(backend)
        if shared is None:
            shared = _shared[backend] = Shared(limits)
    except TypeError:  # no weak reference to it, or no hash: its owner passes a registry
        shared = Shared(limits)
    return shared
