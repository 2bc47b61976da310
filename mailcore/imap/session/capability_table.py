"""The capabilities of the server, one row each: an extension adds its row here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from mailcore.backend import (
    RESOURCES,
    Appendable,
    AuthorizesUrls,
    Copyable,
    CreatesSpecialUse,
    Expungeable,
    Flaggable,
    HasQuotas,
    HasRights,
    IdentifiesMessages,
    KeepsHistory,
    KeepsMetadata,
    KeepsSaveDates,
    Replaceable,
    SetsQuotas,
    Watchable,
)
from mailcore.imap import commands as c
from mailcore.imap.search import asks_age, asks_modseq
from mailcore.imap.searchkeys import SearchKey, any_key, is_fuzzy
from mailcore.imap.session.acl import NEW_RIGHTS
from mailcore.imap.session.capabilities import Capabilities, Row, Situation, Uses, When, whole
from mailcore.imap.session.gmail import GMAIL_IDS, GMAIL_LABELS, asks_gmail
from mailcore.imap.session.identities import ID_ITEMS, SAVE_DATE, asks_ids, asks_save_dates
from mailcore.imap.session.saved import saves_or_uses, uses_saved
from mailcore.imap.session.search import asks_relevancy
from mailcore.imap.threading import ALGORITHMS
from mailcore.imap.types import FetchAtt, FetchBinary, FetchBinarySize, FetchPreview

# Commands that look for messages, and those of them that have return options.
_SEARCHING: Final = (c.Search, c.Sort, c.Thread, c.Esearch)
_RETURNING: Final = (c.Search, c.Sort, c.Esearch)
_GMAIL_ITEMS: Final = GMAIL_IDS | {GMAIL_LABELS}


def _append_limit(situation: Situation) -> tuple[str, ...]:
    return (str(situation.limits.message_size),)


def _fetches_modseq(command: c.Fetch) -> bool:
    return command.changed_since is not None or FetchAtt("MODSEQ") in command.items


def _status(item: str) -> dict[type[c.Command], Uses]:
    """Return the uses of an item of STATUS, by that command and by LIST (RFC 5819)."""
    return {
        c.StatusCommand: lambda command: item in command.items,
        c.List: lambda command: item in command.status,
    }


def _searches(test: Callable[[SearchKey], bool]) -> dict[type[c.Command], Uses]:
    return dict.fromkeys(_SEARCHING, lambda command: any_key(command.key, test))


def _goes_on(command: c.Search | c.Sort | c.Esearch) -> bool:
    return not {"CONTEXT", "UPDATE"}.isdisjoint(command.returns or ())


def _sorts_by_display(command: c.Sort) -> bool:
    return any(criterion.key.startswith("DISPLAY") for criterion in command.criteria)


# What RFC 9051 has made part of the protocol (appendix E, 2-3), by the names that it had before.
_REV2: Final = (
    "SASL-IR",
    "LITERAL-",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "SPECIAL-USE",
    "STATUS=SIZE",
    "UNSELECT",
    "UIDPLUS",
    "MOVE",
    "ESEARCH",
    "SEARCHRES",
    "BINARY",
)

CAPABILITIES: Final = Capabilities(
    (
        Row("IMAP4rev1", When.ALWAYS),
        Row("IMAP4rev2", When.ALWAYS, includes=_REV2, enable=True),
        # ------------------------------------------------------------- the connection itself
        Row(
            "STARTTLS",
            When.BEFORE,
            given=lambda now: now.can_start_tls,
            commands={c.StartTls: whole},
        ),
        Row(
            "LOGINDISABLED",
            When.BEFORE,
            given=lambda now: not (now.may_authenticate and now.takes_passwords),
        ),
        Row(
            "AUTH=",
            When.BEFORE,
            given=lambda now: now.may_authenticate,
            values=lambda now: now.mechanisms,
        ),
        Row(
            "SASL-IR",
            When.BEFORE,
            options={c.Authenticate: lambda command: command.initial is not None},
        ),
        Row("LITERAL-", When.BEFORE),
        Row("LITERAL+"),
        Row("ID", When.ALWAYS, commands={c.Id: whole}),
        Row("ENABLE", When.ALWAYS, commands={c.Enable: whole}),
        Row("LANGUAGE", When.ALWAYS, commands={c.Language: whole}),
        Row(
            "COMPRESS=DEFLATE",
            given=lambda now: not now.compressed,
            commands={c.Compress: whole},
        ),
        Row("UNAUTHENTICATE", commands={c.Unauthenticate: whole}),
        Row("IDLE", commands={c.Idle: whole}),
        Row("UTF8=ACCEPT", enable=True),
        # ------------------------------------------------------------------------- mailboxes
        Row("NAMESPACE", commands={c.Namespace: whole}),
        Row("CHILDREN", options={c.List: lambda command: "CHILDREN" in command.returns}),
        Row(
            "SPECIAL-USE",
            options={
                c.List: lambda command: "SPECIAL-USE" in (*command.select, *command.returns),
            },
        ),
        Row(
            "CREATE-SPECIAL-USE",
            needs=(CreatesSpecialUse,),
            includes=("SPECIAL-USE",),
            options={c.Create: lambda command: bool(command.special_use)},
        ),
        Row("LIST-EXTENDED", options={c.List: lambda command: command.is_extended}),
        Row("LIST-STATUS", options={c.List: lambda command: bool(command.status)}),
        Row(
            "METADATA",
            needs=(KeepsMetadata,),
            commands={c.GetMetadata: whole, c.SetMetadata: whole},
            enable=True,
        ),
        Row(
            "LIST-METADATA",
            needs=(KeepsMetadata,),
            includes=("LIST-EXTENDED", "METADATA"),
            options={c.List: lambda command: bool(command.metadata)},
        ),
        Row(
            "NOTIFY",
            needs=(Watchable,),
            includes=("LIST-EXTENDED",),
            commands={c.Notify: whole},
            options=dict.fromkeys(_RETURNING, lambda command: bool(command.update_items)),
        ),
        Row(
            "ACL",
            needs=(HasRights,),
            commands=dict.fromkeys(
                (c.SetAcl, c.DeleteAcl, c.GetAcl, c.ListRights, c.MyRights), whole
            ),
        ),
        Row("RIGHTS=", needs=(HasRights,), values=lambda now: (NEW_RIGHTS,), includes=("ACL",)),
        Row(
            "LIST-MYRIGHTS",
            needs=(HasRights,),
            includes=("LIST-EXTENDED", "ACL"),
            options={c.List: lambda command: "MYRIGHTS" in command.returns},
        ),
        Row("STATUS=SIZE", options=_status("SIZE")),
        Row(
            "APPENDLIMIT=",
            values=_append_limit,
            options=_status("APPENDLIMIT"),
        ),
        Row(
            "QUOTA",
            needs=(HasQuotas,),
            commands={c.GetQuota: whole, c.GetQuotaRoot: whole, c.SetQuota: whole},
        ),
        Row(
            "QUOTA=RES-",
            needs=(HasQuotas,),
            values=lambda now: RESOURCES,
            includes=("QUOTA",),
            options=_status("DELETED-STORAGE"),
        ),
        Row(
            "QUOTASET",
            needs=(HasQuotas, SetsQuotas),
            includes=("QUOTA",),
            commands={c.SetQuota: whole},
        ),
        # -------------------------------------------------------------- the selected mailbox
        Row("UNSELECT", commands={c.Unselect: whole}),
        Row(
            "UIDPLUS",
            needs=(Expungeable,),
            commands={c.Expunge: lambda command: command.uids is not None},
        ),
        Row("MOVE", needs=(Copyable,), commands={c.Move: whole}),
        Row(
            "CONDSTORE",
            needs=(KeepsHistory,),
            options={
                c.Select: lambda command: command.condstore,
                **_status("HIGHESTMODSEQ"),
                c.Fetch: _fetches_modseq,
                c.Store: lambda command: command.unchanged_since is not None,
                **dict.fromkeys(_SEARCHING, lambda command: asks_modseq(command.key)),
            },
            enable=True,
        ),
        Row(
            "QRESYNC",
            needs=(KeepsHistory,),
            includes=("ENABLE", "CONDSTORE"),
            options={
                c.Select: lambda command: command.qresync is not None,
                c.Fetch: lambda command: command.vanished,
            },
            enable=True,
            implies=("CONDSTORE",),
        ),
        Row(
            "OBJECTID",
            needs=(IdentifiesMessages,),
            options={
                c.Fetch: lambda command: not ID_ITEMS.isdisjoint(command.items),
                **_searches(asks_ids),
                **_status("MAILBOXID"),
            },
        ),
        Row(
            "X-GM-EXT-1",
            needs=(IdentifiesMessages, Flaggable),
            options={
                c.Fetch: lambda command: not _GMAIL_ITEMS.isdisjoint(command.items),
                c.Store: lambda command: command.action.endswith("X-GM-LABELS"),
                **_searches(asks_gmail),
            },
        ),
        Row(
            "SAVEDATE",
            needs=(KeepsSaveDates,),
            options={
                c.Fetch: lambda command: SAVE_DATE in command.items,
                **_searches(asks_save_dates),
            },
        ),
        Row(
            "PREVIEW",
            options={
                c.Fetch: lambda command: any(
                    isinstance(item, FetchPreview) for item in command.items
                )
            },
        ),
        Row(
            "MULTIAPPEND",
            needs=(Appendable,),
            options={c.AppendBegin: lambda command: command.index > 0},
        ),
        Row(
            "CATENATE",
            needs=(Appendable,),
            options=dict.fromkeys((c.AppendBegin, c.Replace), lambda command: command.catenate),
        ),
        Row("URL-PARTIAL", needs=(Appendable,), includes=("CATENATE",)),
        Row(
            "URLAUTH",
            needs=(AuthorizesUrls,),
            given=lambda now: now.has_time,
            commands=dict.fromkeys((c.GenUrlAuth, c.ResetKey, c.UrlFetch), whole),
        ),
        Row(
            "URLAUTH=BINARY",
            needs=(AuthorizesUrls,),
            given=lambda now: now.has_time,
            includes=("URLAUTH",),
            options={c.UrlFetch: lambda command: any(one.items for one in command.urls)},
        ),
        Row(
            "BINARY",
            options={
                c.Fetch: lambda command: any(
                    isinstance(item, FetchBinary | FetchBinarySize) for item in command.items
                ),
                c.AppendBegin: lambda command: command.binary,
                c.Replace: lambda command: command.binary,
            },
        ),
        Row("REPLACE", needs=(Replaceable,), commands={c.Replace: whole}),
        Row("UIDONLY", enable=True),
        Row("MESSAGELIMIT=", values=lambda now: (str(now.limits.messages_per_command),)),
        Row("INPROGRESS", given=lambda now: now.has_clock),
        Row("I18NLEVEL=2", commands={c.Comparator: whole}),
        Row(
            "SEARCHRES",
            options={
                **dict.fromkeys(_RETURNING, saves_or_uses),
                **dict.fromkeys(
                    (c.Thread, c.Fetch, c.Store, c.Copy, c.Move, c.Expunge), uses_saved
                ),
            },
        ),
        Row(
            "WITHIN",
            given=lambda now: now.has_time,
            options=dict.fromkeys(_SEARCHING, lambda command: asks_age(command.key)),
        ),
        Row(
            "PARTIAL",
            includes=("ESEARCH",),
            options=dict.fromkeys(
                (*_RETURNING, c.Fetch), lambda command: command.partial is not None
            ),
        ),
        Row(
            "CONTEXT=SEARCH",
            includes=("ESEARCH", "PARTIAL"),
            commands={c.CancelUpdate: whole},
            options={c.Search: _goes_on, c.Esearch: _goes_on},
        ),
        Row(
            "SEARCH=FUZZY",
            options=dict.fromkeys(
                _SEARCHING, lambda command: is_fuzzy(command.key) or asks_relevancy(command)
            ),
        ),
        Row("MULTISEARCH", includes=("ESEARCH",), commands={c.Esearch: whole}),
        Row(
            "CONTEXT=SORT",
            includes=("ESORT", "SORT", "CONTEXT=SEARCH", "ESEARCH", "PARTIAL"),
            options={c.Sort: _goes_on},
        ),
        Row("ESEARCH", options={c.Search: lambda command: command.returns is not None}),
        Row("SORT", commands={c.Sort: whole}),
        Row("SORT=DISPLAY", includes=("SORT",), options={c.Sort: _sorts_by_display}),
        Row(
            "ESORT",
            includes=("SORT",),
            options={c.Sort: lambda command: command.returns is not None},
        ),
        Row(
            "THREAD=",
            values=lambda now: ALGORITHMS,
            commands={c.Thread: whole},
        ),
    )
)
