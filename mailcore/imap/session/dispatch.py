"""Which function answers which command: tables."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final

from mailcore.imap import commands
from mailcore.imap.responses import Tagged
from mailcore.imap.session import (
    acl,
    append,
    auth,
    contexts,
    copy,
    expunge,
    fetch,
    general,
    i18n,
    idle,
    listing,
    mailboxes,
    metadata,
    multisearch,
    notify,
    quotas,
    replace,
    search,
    select,
    sort,
    store,
    urlauth,
)

# Each takes the session and its command. A coroutine returns the tagged response, or None if that
# comes with a later event; a generator yields None where octets may be sent, and at last the
# tagged response.
Handler = Callable[[Any, Any], Awaitable[Tagged | None]]
Stream = Callable[[Any, Any], AsyncGenerator[Tagged | None, None]]

HANDLERS: Final[dict[type[commands.Command], Handler]] = {
    commands.Capability: general.capability,
    commands.Noop: idle.noop,
    commands.Logout: general.logout,
    commands.Id: general.identify,
    commands.Language: i18n.language,
    commands.Compress: general.compress,
    commands.Unauthenticate: general.unauthenticate,
    commands.Comparator: i18n.comparator,
    commands.StartTls: general.start_tls,
    commands.Authenticate: auth.authenticate,
    commands.Login: auth.login,
    commands.Enable: general.enable,
    commands.Create: mailboxes.create,
    commands.Delete: mailboxes.delete,
    commands.Rename: mailboxes.rename,
    commands.Subscribe: mailboxes.subscribe,
    commands.Unsubscribe: mailboxes.unsubscribe,
    commands.Lsub: listing.list_subscribed,
    commands.Namespace: listing.namespace,
    commands.GetMetadata: metadata.get_metadata,
    commands.SetMetadata: metadata.set_metadata,
    commands.StatusCommand: select.status,
    commands.CancelUpdate: contexts.cancel_update,
    commands.AppendBegin: append.begin,
    commands.Replace: replace.begin,
    commands.GetQuota: quotas.get_quota,
    commands.GetQuotaRoot: quotas.get_quota_root,
    commands.SetQuota: quotas.set_quota,
    commands.SetAcl: acl.set_acl,
    commands.DeleteAcl: acl.delete_acl,
    commands.GetAcl: acl.get_acl,
    commands.ListRights: acl.list_rights,
    commands.MyRights: acl.my_rights,
    commands.GenUrlAuth: urlauth.generate,
    commands.ResetKey: urlauth.reset,
    commands.Idle: idle.idle,
    commands.Check: idle.noop,
    commands.Close: expunge.close,
    commands.Unselect: expunge.unselect,
    commands.Expunge: expunge.expunge,
    commands.Store: store.store,
    commands.Copy: copy.copy,
    commands.Move: copy.move,
}

STREAMS: Final[dict[type[commands.Command], Stream]] = {
    commands.Fetch: fetch.fetch,
    commands.Notify: notify.notify,
    commands.List: listing.list_mailboxes,
    commands.Search: search.search,
    commands.Sort: sort.sort,
    commands.Esearch: multisearch.esearch,
    commands.Thread: sort.thread,
    commands.Select: select.select,
    commands.UrlFetch: urlauth.fetch,
}

# Functions that answer without waiting for anything, or return None to leave it to the handler.
# Nothing is looked at before these commands: they have no arguments, take no rights, and are always
# offered.
AT_ONCE: Final[dict[type[commands.Command], Callable[[Any, Any], Tagged | None]]] = {
    commands.Noop: idle.noop_at_once,
    commands.Check: idle.noop_at_once,
}

EVENTS: Final[dict[type[object], Handler]] = {
    commands.AppendChunk: append.chunk,
    commands.CatenateUrl: append.catenate_url,
    commands.CatenateText: append.catenate_text,
    commands.AppendEnd: replace.end,
    commands.AppendAborted: append.aborted,
    commands.SaslResponse: auth.sasl_response,
    commands.IdleDone: idle.done,
}
