"""STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mailcore.backend import FlagAction, Flaggable, NotPermitted
from mailcore.imap import commands
from mailcore.imap.responses import (
    FetchColumn,
    FetchResponse,
    FetchTable,
    ModSequence,
    Response,
    SectionColumn,
    Tagged,
    Uid,
    Untagged,
)
from mailcore.imap.session.answers import cannot, no, ok
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.flags import all_changeable, changeable
from mailcore.imap.session.gmail import flags_of, label_steps, labels_of
from mailcore.imap.session.long_commands import within_limit
from mailcore.imap.session.view import View
from mailcore.imap.snapshot import Rows
from mailcore.imap.types import SYSTEM_FLAGS, ResponseCode, SequenceSet, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

_LABELS = "X-GM-LABELS"
_SYSTEM = {flag.lower(): flag for flag in SYSTEM_FLAGS}


async def store(session: Session, command: commands.Store) -> Tagged:
    """STORE: messages that are gone are passed over."""
    view = session.selected
    mailbox = view.mailbox
    if view.read_only:
        return no(command, "The mailbox is opened read-only", "NOPERM")
    if not isinstance(mailbox, Flaggable):
        return cannot(command, "STORE")
    if command.unchanged_since is not None:
        session.use_modseqs()
    chosen, limited = within_limit(view.select(command.numbers, command.uid), session.limits)
    change = _store_labels if command.action.endswith(_LABELS) else _store_flags
    modified, told = await change(session, mailbox, command, chosen)
    await session.tell_updates(expunge=command.uid, told=told)
    code = _code(command, chosen, modified, view)
    if limited is not None and code is not None:
        session.send(Untagged(Status.OK, "Not all was stored", code))
    return ok(command, code=limited or code)


# What is left alone because it has changed, and what the client was told: mod-sequences by UID.
_Stored = tuple[set[int], dict[int, int]]


async def _store_flags(
    session: Session, mailbox: Flaggable, command: commands.Store, chosen: Chosen
) -> _Stored:
    view = session.selected
    action, flags = FlagAction(command.action), _permitted(view, mailbox, command, command.flags)
    expected = _expected(view, chosen, action, flags) if command.silent else {}
    modified = await _change(view, mailbox, chosen.uids, action, flags, command.unchanged_since)
    # Without a refresh there is nothing to tell but the flags as they were.
    await session.refresh()
    done = chosen.without(modified)
    rows = view.snapshot.columns(done.uids)
    done = done.only(rows.uids)
    told = dict(zip(rows.uids, rows.modseqs, strict=True))
    if not command.silent:
        session.send(_flags_table(session, command, done, rows))
    else:
        _tell_surprises(session, command, done, expected)
    return modified, told


async def _store_labels(
    session: Session, mailbox: Flaggable, command: commands.Store, chosen: Chosen
) -> _Stored:
    """Change the flags that stand for labels.

    What becomes of the flags is news to the client: it is told as if another had done it.
    """
    view = session.selected
    flags = _permitted(view, mailbox, command, flags_of(command.flags))
    await session.refresh()
    left = view.snapshot.still(chosen.uids)
    modified: set[int] = set()
    unchanged_since = command.unchanged_since
    for action, some in label_steps(command.action, flags, view.snapshot.rows(left).flags):
        some = changeable(some, view.rights)
        modified |= set(await mailbox.store_flags(left, action, some, unchanged_since))
        left = [uid for uid in left if uid not in modified]
        unchanged_since = None
    await session.refresh()
    if not command.silent:
        done = chosen.without(modified)
        for number, uid in done.only(view.snapshot.still(done.uids)):
            session.send(_labels_response(view, command, number, uid))
    return modified, {}


def _labels_response(view: View, command: commands.Store, number: int, uid: int) -> Response:
    labels = labels_of(view.snapshot.flags(uid))
    if view.uid_only:
        return FetchResponse(uid, (labels,), uid_only=True)
    return FetchResponse(number, (Uid(uid), labels) if command.uid else (labels,))


def _permitted(
    view: View, mailbox: Flaggable, command: commands.Store, flags: tuple[str, ...]
) -> frozenset[str]:
    """Return those of the flags that the user may change, as the mailbox spells them.

    Raises:
        NotPermitted: there is none of them (RFC 4314 §4), or they can not be changed here.
    """
    found = canonical(flags, view.snapshot.known_flags())
    possible = changeable(found, view.rights)
    if found and not possible and command.action.startswith(("+", "-")):
        raise NotPermitted("You lack the right to change these flags")
    check_permanent(possible, mailbox.permanent_flags)
    return possible


@lru_cache(maxsize=1024)
def canonical(flags: tuple[str, ...], known: frozenset[str]) -> frozenset[str]:
    """Spell flags as the mailbox does: they are the same in any case (RFC 9051 §2.3.2).

    Arguments:
        flags: as the client wrote them.
        known: those of the messages in the mailbox.
    """
    spelled = {flag.lower(): flag for flag in known} | _SYSTEM
    return frozenset(spelled.get(flag.lower(), flag) for flag in flags)


async def _change(
    view: View,
    mailbox: Flaggable,
    uids: Sequence[int],
    action: FlagAction,
    flags: frozenset[str],
    unchanged_since: int | None,
) -> set[int]:
    """Change flags; return the UIDs left alone because they changed after ``unchanged_since``."""
    if action is not FlagAction.REPLACE or all_changeable(view.rights):
        return set(await mailbox.store_flags(uids, action, flags, unchanged_since))
    # What the user may not change stays as it is.
    modified = set(await mailbox.store_flags(uids, FlagAction.ADD, flags, unchanged_since))
    uids = [uid for uid in uids if uid not in modified]
    present = frozenset().union(*(view.snapshot.flags(uid) for uid in uids if uid in view.snapshot))
    if surplus := changeable(present, view.rights) - flags:
        await mailbox.store_flags(uids, FlagAction.REMOVE, surplus)
    return modified


def check_permanent(flags: frozenset[str], permanent: frozenset[str]) -> None:
    """Raise NotPermitted if one of the flags is not to be changed here."""
    refused = flags - permanent
    if "\\*" in permanent:
        refused = frozenset(flag for flag in refused if flag.startswith("\\"))
    if refused:
        raise NotPermitted(f"Flags that can not be changed here: {' '.join(sorted(refused))}")


def _flags_table(session: Session, command: commands.Store, done: Chosen, rows: Rows) -> FetchTable:
    """Return the responses that tell the flags of some messages, of which none is gone."""
    view = session.selected
    columns: dict[FetchColumn | SectionColumn, Sequence[Any]] = {}
    if _with_uid(session, command) and not view.uid_only:
        columns[FetchColumn.UID] = rows.uids
    columns[FetchColumn.FLAGS] = view.flags_of(rows)
    if view.condstore:
        columns[FetchColumn.MODSEQ] = rows.modseqs
    return FetchTable(done.uids if view.uid_only else done.numbers, columns, view.uid_only)


def _tell_surprises(
    session: Session,
    command: commands.Store,
    done: Chosen,
    expected: Mapping[int, frozenset[str]],
) -> None:
    """Tell a client that knows the flags what it does not know: others' changes, mod-sequences."""
    view = session.selected
    for number, uid in done:
        if view.snapshot.flags(uid) != expected.get(uid):
            with_uid = _with_uid(session, command)
            session.send(view.flags_response(number, uid, with_uid=with_uid))
        elif view.condstore:
            # RFC 7162 §3.1.3: the new mod-sequence is told even so.
            modseq = ModSequence(view.snapshot.modseq(uid))
            if view.uid_only:
                session.send(FetchResponse(uid, (modseq,), uid_only=True))
            else:
                session.send(FetchResponse(number, (Uid(uid), modseq)))


def _with_uid(session: Session, command: commands.Store) -> bool:
    # RFC 9051 §7.5.2 and RFC 7162 §3.2.3 want the UID in what a client did not ask to be told.
    return command.uid or session.selected.condstore or session.rev2


def _expected(
    view: View, chosen: Chosen, action: FlagAction, flags: frozenset[str]
) -> dict[int, frozenset[str]]:
    """Return what the client will take the flags to be after its STORE, where it knows them."""
    untold = view.untold()
    uids = view.snapshot.still(chosen.uids)
    flags_before = view.snapshot.rows(uids).flags
    before = {
        uid: known for uid, known in zip(uids, flags_before, strict=True) if uid not in untold
    }
    match action:
        case FlagAction.REPLACE:
            return dict.fromkeys(before, flags)
        case FlagAction.ADD:
            return {uid: known | flags for uid, known in before.items()}
        case FlagAction.REMOVE:
            return {uid: known - flags for uid, known in before.items()}


def _code(
    command: commands.Store, chosen: Chosen, modified: set[int], view: View
) -> ResponseCode | None:
    if modified:
        failed = (uid if command.uid else number for number, uid in chosen if uid in modified)
        return ResponseCode("MODIFIED", str(SequenceSet.of(failed)))
    if not command.uid and len(view.snapshot.still(chosen.uids)) < len(chosen):
        return ResponseCode("EXPUNGEISSUED")
    return None
