"""What a client can say: one frozen dataclass a command, and the events around them.

Mailbox names are Unicode here; INBOX is spelled "INBOX" however it was written. All commands that
come in a plain
and a UID form carry ``uid``.
"""

from __future__ import annotations

from mailcore.imap.commands.appending import (
    AppendAborted,
    AppendBegin,
    AppendChunk,
    AppendEnd,
    CatenateText,
    CatenateUrl,
    Replace,
)
from mailcore.imap.commands.base import (
    Command,
)
from mailcore.imap.commands.events import (
    BadCommand,
    ConnectionClosed,
    IdleDone,
    SaslResponse,
)
from mailcore.imap.commands.general import (
    Capability,
    Comparator,
    Compress,
    Enable,
    Id,
    Idle,
    Language,
    Logout,
    Noop,
    Unauthenticate,
)
from mailcore.imap.commands.login import (
    Authenticate,
    Login,
    StartTls,
)
from mailcore.imap.commands.mailboxes import (
    Create,
    Delete,
    List,
    Lsub,
    Namespace,
    QResync,
    Rename,
    Select,
    StatusCommand,
    Subscribe,
    Unsubscribe,
)
from mailcore.imap.commands.metadata import (
    GetMetadata,
    SetMetadata,
)
from mailcore.imap.commands.multisearch import (
    Esearch,
    MailboxFilter,
)
from mailcore.imap.commands.notify import (
    EventGroup,
    Notify,
)
from mailcore.imap.commands.quotas import (
    GetQuota,
    GetQuotaRoot,
    SetQuota,
)
from mailcore.imap.commands.rights import (
    DeleteAcl,
    GetAcl,
    ListRights,
    MyRights,
    SetAcl,
)
from mailcore.imap.commands.selected import (
    CancelUpdate,
    Check,
    Close,
    Copy,
    Expunge,
    Fetch,
    Move,
    Search,
    Sort,
    Store,
    Thread,
    Unselect,
)
from mailcore.imap.commands.urls import (
    GenUrlAuth,
    ResetKey,
    UrlFetch,
    WantedUrl,
)

Event = (
    Command
    | AppendChunk
    | AppendEnd
    | AppendAborted
    | CatenateUrl
    | CatenateText
    | SaslResponse
    | IdleDone
    | BadCommand
    | ConnectionClosed
)

__all__ = [
    "AppendAborted",
    "AppendBegin",
    "AppendChunk",
    "AppendEnd",
    "Authenticate",
    "BadCommand",
    "CancelUpdate",
    "Capability",
    "CatenateText",
    "CatenateUrl",
    "Check",
    "Close",
    "Command",
    "Comparator",
    "Compress",
    "ConnectionClosed",
    "Copy",
    "Create",
    "Delete",
    "DeleteAcl",
    "Enable",
    "Esearch",
    "Event",
    "EventGroup",
    "Expunge",
    "Fetch",
    "GenUrlAuth",
    "GetAcl",
    "GetMetadata",
    "GetQuota",
    "GetQuotaRoot",
    "Id",
    "Idle",
    "IdleDone",
    "Language",
    "List",
    "ListRights",
    "Login",
    "Logout",
    "Lsub",
    "MailboxFilter",
    "Move",
    "MyRights",
    "Namespace",
    "Noop",
    "Notify",
    "QResync",
    "Rename",
    "Replace",
    "ResetKey",
    "SaslResponse",
    "Search",
    "Select",
    "SetAcl",
    "SetMetadata",
    "SetQuota",
    "Sort",
    "StartTls",
    "StatusCommand",
    "Store",
    "Subscribe",
    "Thread",
    "Unauthenticate",
    "Unselect",
    "Unsubscribe",
    "UrlFetch",
    "WantedUrl",
]
