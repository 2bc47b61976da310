"""STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailcore.backend import FlagAction, Flaggable, NotPermitted
from mailcore.imap import commands
from mailcore.imap.responses import FetchResponse, ModSequence, Response, Tagged, Uid, Untagged
from mailcore.imap.session.answers import cannot, no, ok
from mailcore.imap.session.long_commands import within_limit
from mailcore.imap.session.view import View
from mailcore.imap.types import SYSTEM_FLAGS, ResponseCode, SequenceSet, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

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
    flags = canonical(command.flags, view.snapshot.known_flags())
    check_permanent(flags, mailbox.permanent_flags)
    action = FlagAction(command.action)
    chosen, limited = within_limit(view.select(command.numbers, command.uid), session.limits)
    expected = _expected(view, chosen, action, flags)
    modified = set(
        await mailbox.store_flags(
            [uid for _, uid in chosen], action, flags, command.unchanged_since
        )
    )
    # Without a refresh there is nothing to tell but the flags as they were.
    await view.refresh()
    told: dict[int, int] = {}
    for number, uid in chosen:
        if uid in modified or uid not in view.snapshot:
            continue
        told[uid] = view.snapshot.modseq(uid)
        surprising = view.snapshot.flags(uid) != expected.get(uid)
        if (response := _response(session, command, number, uid, surprising)) is not None:
            session.send(response)
    await session.tell_updates(expunge=command.uid, told=told)
    code = _code(command, chosen, modified, view)
    if limited is not None and code is not None:
        session.send(Untagged(Status.OK, "Not all was stored", code))
    return ok(command, code=limited or code)


def canonical(flags: tuple[str, ...], known: frozenset[str]) -> frozenset[str]:
    """Spell flags as the mailbox does: they are the same in any case (RFC 9051 §2.3.2).

    Arguments:
        flags: as the client wrote them.
        known: those of the messages in the mailbox.
    """
    spelled = {flag.lower(): flag for flag in known} | _SYSTEM
    return frozenset(spelled.get(flag.lower(), flag) for flag in flags)


def check_permanent(flags: frozenset[str], permanent: frozenset[str]) -> None:
    """Raise NotPermitted if one of the flags is not to be changed here."""
    refused = flags - permanent
    if "\\*" in permanent:
        refused = frozenset(flag for flag in refused if flag.startswith("\\"))
    if refused:
        raise NotPermitted(f"Flags that can not be changed here: {' '.join(sorted(refused))}")


def _expected(
    view: View, chosen: list[tuple[int, int]], action: FlagAction, flags: frozenset[str]
) -> dict[int, frozenset[str]]:
    """Return what the client will take the flags to be after its STORE, where it knows them."""
    untold = view.untold()
    before = {
        uid: view.snapshot.flags(uid)
        for _, uid in chosen
        if uid in view.snapshot and uid not in untold
    }
    match action:
        case FlagAction.REPLACE:
            return dict.fromkeys(before, flags)
        case FlagAction.ADD:
            return {uid: known | flags for uid, known in before.items()}
        case FlagAction.REMOVE:
            return {uid: known - flags for uid, known in before.items()}


def _response(
    session: Session, command: commands.Store, number: int, uid: int, surprising: bool
) -> Response | None:
    view = session.selected
    if not command.silent or surprising:
        # RFC 9051 §7.5.2 and RFC 7162 §3.2.3 want the UID in what a client did not ask to be told.
        with_uid = command.uid or view.condstore or session.rev2
        return view.flags_response(number, uid, with_uid=with_uid)
    if not view.condstore:
        return None
    # RFC 7162 §3.1.3: the new mod-sequence is told even to a client that knows the flags.
    modseq = ModSequence(view.snapshot.modseq(uid))
    if view.uid_only:
        return FetchResponse(uid, (modseq,), uid_only=True)
    return FetchResponse(number, (Uid(uid), modseq))


def _code(
    command: commands.Store, chosen: list[tuple[int, int]], modified: set[int], view: View
) -> ResponseCode | None:
    if modified:
        failed = (uid if command.uid else number for number, uid in chosen if uid in modified)
        return ResponseCode("MODIFIED", str(SequenceSet.of(failed)))
    if not command.uid and any(uid not in view.snapshot for _, uid in chosen):
        return ResponseCode("EXPUNGEISSUED")
    return None
