"""GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailcore.backend import RESOURCES, STORAGE, HasQuotas, SetsQuotas
from mailcore.imap import commands
from mailcore.imap.responses import QuotaResponse, QuotaRootResponse, Tagged
from mailcore.imap.session.answers import cannot, no, ok

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# RFC 9208 §5.1
_STORAGE_UNIT: Final = 1024
_NO_ROOT: Final = "No such quota root"


async def get_quota(session: Session, command: commands.GetQuota) -> Tagged:
    """GETQUOTA (RFC 9208 §4.1.1)."""
    account = session.open_account
    if not isinstance(account, HasQuotas):
        return cannot(command, "GETQUOTA")
    try:
        session.send(await _quota(account, command.root))
    except KeyError:
        return no(command, _NO_ROOT, "NONEXISTENT")
    return ok(command)


async def get_quota_root(session: Session, command: commands.GetQuotaRoot) -> Tagged:
    """GETQUOTAROOT (RFC 9208 §4.1.2)."""
    account = session.open_account
    if not isinstance(account, HasQuotas):
        return cannot(command, "GETQUOTAROOT")
    roots = await account.quota_roots(command.mailbox)
    quotas = [await _quota(account, root) for root in roots]
    session.send(QuotaRootResponse(command.mailbox, tuple(roots)))
    for quota in quotas:
        session.send(quota)
    return ok(command)


async def set_quota(session: Session, command: commands.SetQuota) -> Tagged:
    """SETQUOTA (RFC 9208 §4.1.3): limits that it does not name are none."""
    account = session.open_account
    if not isinstance(account, HasQuotas) or not isinstance(account, SetsQuotas):
        return cannot(command, "SETQUOTA")
    limits = dict(command.limits)
    for name in limits:
        if name not in RESOURCES:
            return no(command, f"{name} is not limited here", "CANNOT")
    if STORAGE in limits:
        limits[STORAGE] *= _STORAGE_UNIT
    try:
        await account.set_quota(command.root, limits)
        session.send(await _quota(account, command.root))
    except KeyError:
        return no(command, _NO_ROOT, "NONEXISTENT")
    return ok(command)


async def _quota(account: HasQuotas, root: str) -> QuotaResponse:
    found = await account.quota(root)
    resources = []
    for name in RESOURCES:
        if name in found:
            usage, limit = found[name].usage, found[name].limit
            if name == STORAGE:
                # What is begun counts, and what is promised is there.
                usage, limit = -(-usage // _STORAGE_UNIT), limit // _STORAGE_UNIT
            resources.append((name, usage, limit))
    return QuotaResponse(root, tuple(resources))
