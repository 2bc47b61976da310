"""The contract between the engine and whoever has messages.

A backend stores octets, flags and UIDs; everything that can be derived from them (envelopes,
structures, search, sequence numbers, untagged updates) is the engine's. The smallest useful backend
is :meth:`Backend.authenticate`, :meth:`Account.mailboxes`, :meth:`Account.open`,
:meth:`Mailbox.changes` and :meth:`Mailbox.read`. Everything else is an *optional protocol*:
implement its methods and the engine finds them by ``isinstance``, advertises the matching
capability and uses them; leave them out and the command is answered ``NO [CANNOT]``.

All methods may be slow; they are awaited in the task of the connection that needs them. Raise
:class:`BackendError` (or one of its kinds) to refuse: its code and text reach the client. Anything
else that is raised is logged and answered as a server bug, and the connection lives on.
"""

from __future__ import annotations

from mailcore.backend.accounts import (
    Account,
    Closes,
    CreatesSpecialUse,
    MailboxInfo,
    ManagesMailboxes,
    ManagesSubscriptions,
    Watchable,
)
from mailcore.backend.changes import (
    Changes,
    FlagsChanged,
    MessageColumns,
    MessageState,
    all_messages,
    unchanged,
)
from mailcore.backend.credentials import KeepsScramKeys, TakesCredentials
from mailcore.backend.errors import (
    AuthenticationFailed,
    AuthorizationFailed,
    BackendError,
    Cannot,
    CannotServe,
    LimitReached,
    MailboxExists,
    NoSuchMailbox,
    NotPermitted,
    OverQuota,
    TooBig,
    Unavailable,
)
from mailcore.backend.extensions import (
    NOTHING_HONOURED,
    FutureRelease,
    Honoured,
    HonoursExtensions,
    ResolvesUrls,
)
from mailcore.backend.hints import (
    AccountEnded,
    Hint,
    MailboxMoved,
    MetadataChanged,
    NameChanged,
    SubscriptionChanged,
)
from mailcore.backend.history import KeepsHistory
from mailcore.backend.identities import IdentifiesMessages, KeepsSaveDates, ObjectIds
from mailcore.backend.mailboxes import (
    Appendable,
    Copied,
    Copyable,
    Expungeable,
    FlagAction,
    Flaggable,
    KeepsSummaries,
    Mailbox,
    NewMessage,
    OctetRange,
    ReadsRanges,
)
from mailcore.backend.metadata import KeepsMetadata
from mailcore.backend.offers import WithholdsCapabilities, offered_by
from mailcore.backend.peer import Peer
from mailcore.backend.quotas import (
    MAILBOX,
    MESSAGE,
    RESOURCES,
    STORAGE,
    HasQuotas,
    Resource,
    SetsQuotas,
)
from mailcore.backend.replacing import Replaceable
from mailcore.backend.rights import (
    ALL_RIGHTS,
    ANYONE,
    Grantable,
    HasRights,
    Rights,
    RightsChange,
)
from mailcore.backend.searching import SearchesText, TextKey, TextMatches
from mailcore.backend.sending import (
    Delivery,
    Forwarded,
    MailTransaction,
    Recipient,
    Submits,
)
from mailcore.backend.server import (
    Backend,
    Receives,
)
from mailcore.backend.urls import AuthorizesUrls, UrlRole

__all__ = [
    "ALL_RIGHTS",
    "ANYONE",
    "MAILBOX",
    "MESSAGE",
    "NOTHING_HONOURED",
    "RESOURCES",
    "STORAGE",
    "Account",
    "AccountEnded",
    "Appendable",
    "AuthenticationFailed",
    "AuthorizationFailed",
    "AuthorizesUrls",
    "Backend",
    "BackendError",
    "Cannot",
    "CannotServe",
    "Changes",
    "Closes",
    "Copied",
    "Copyable",
    "CreatesSpecialUse",
    "Delivery",
    "Expungeable",
    "FlagAction",
    "Flaggable",
    "FlagsChanged",
    "Forwarded",
    "FutureRelease",
    "Grantable",
    "HasQuotas",
    "HasRights",
    "Hint",
    "Honoured",
    "HonoursExtensions",
    "IdentifiesMessages",
    "KeepsHistory",
    "KeepsMetadata",
    "KeepsSaveDates",
    "KeepsScramKeys",
    "KeepsSummaries",
    "LimitReached",
    "MailTransaction",
    "Mailbox",
    "MailboxExists",
    "MailboxInfo",
    "MailboxMoved",
    "ManagesMailboxes",
    "ManagesSubscriptions",
    "MessageColumns",
    "MessageState",
    "MetadataChanged",
    "NameChanged",
    "NewMessage",
    "NoSuchMailbox",
    "NotPermitted",
    "ObjectIds",
    "OctetRange",
    "OverQuota",
    "Peer",
    "ReadsRanges",
    "Receives",
    "Recipient",
    "Replaceable",
    "ResolvesUrls",
    "Resource",
    "Rights",
    "RightsChange",
    "SearchesText",
    "SetsQuotas",
    "Submits",
    "SubscriptionChanged",
    "TakesCredentials",
    "TextKey",
    "TextMatches",
    "TooBig",
    "Unavailable",
    "UrlRole",
    "Watchable",
    "WithholdsCapabilities",
    "all_messages",
    "offered_by",
    "unchanged",
]
