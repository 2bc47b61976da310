"""Quotas on the wire, both ways (RFC 9208 §7)."""

from __future__ import annotations

from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.wire.cursor import Cursor
from mailcore.imap.wire.strings import atom, mailbox, text_astring


# getquota        =  "GETQUOTA" SP quota-root-name            ; astring
def get_quota(cursor: Cursor, tag: str) -> c.GetQuota:
    """Parse from behind the word."""
    cursor.space()
    return c.GetQuota(tag, text_astring(cursor))


# getquotaroot    =  "GETQUOTAROOT" SP mailbox
def get_quota_root(cursor: Cursor, tag: str) -> c.GetQuotaRoot:
    """Parse from behind the word."""
    cursor.space()
    return c.GetQuotaRoot(tag, mailbox(cursor))


# setquota        =  "SETQUOTA" SP quota-root-name SP setquota-list
# setquota-list   =  "(" [setquota-resource *(SP setquota-resource)] ")"
def set_quota(cursor: Cursor, tag: str) -> c.SetQuota:
    """Parse from behind the word."""
    cursor.space()
    root = text_astring(cursor)
    cursor.space()
    return c.SetQuota(tag, root, tuple(cursor.bracketed(_limit, "resources", empty=True)))


# setquota-resource = resource-name SP resource-limit
def _limit(cursor: Cursor) -> tuple[str, int]:
    name = atom(cursor, "a resource").upper()
    cursor.space()
    return name, cursor.number64()


# quota-response  =  "QUOTA" SP quota-root-name SP quota-list
def quota(cursor: Cursor) -> r.QuotaResponse:
    """Return the resources of a root."""
    cursor.space()
    root = text_astring(cursor)
    cursor.space()
    return r.QuotaResponse(root, tuple(cursor.bracketed(_resource, "resources", empty=True)))


# quota-resource  =  resource-name SP resource-usage SP resource-limit
def _resource(cursor: Cursor) -> tuple[str, int, int]:
    name, usage = _limit(cursor)
    cursor.space()
    return name, usage, cursor.number64()


# quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
def quota_root(cursor: Cursor) -> r.QuotaRootResponse:
    """Return the roots of a mailbox."""
    cursor.space()
    name = mailbox(cursor)
    roots = []
    while cursor.skip(b" "):
        roots.append(text_astring(cursor))
    return r.QuotaRootResponse(name, tuple(roots))
