"""What a server can say: one frozen dataclass a response (RFC 9051 §7)."""

from __future__ import annotations

from mailcore.imap.responses.fetch import (
    BinarySection,
    BinarySize,
    BodyAttribute,
    BodySection,
    EmailId,
    Encoded,
    EnvelopeAttribute,
    FetchAttribute,
    FetchBegin,
    FetchColumn,
    FetchEnd,
    FetchResponse,
    FetchTable,
    Flags,
    GmailLabels,
    GmailMessageId,
    GmailThreadId,
    InternalDate,
    LiteralBegin,
    LiteralChunk,
    ModSequence,
    Preview,
    Rfc822,
    Rfc822Size,
    SaveDate,
    SectionColumn,
    ThreadId,
    Uid,
    UnknownAttribute,
)
from mailcore.imap.responses.mailboxes import (
    Exists,
    Expunged,
    FlagsResponse,
    ListResponse,
    NamespaceResponse,
    Recent,
    StatusResponse,
    Vanished,
)
from mailcore.imap.responses.metadata import (
    MetadataEntries,
    MetadataResponse,
)
from mailcore.imap.responses.quotas import (
    QuotaResponse,
    QuotaRootResponse,
)
from mailcore.imap.responses.rights import (
    AclResponse,
    ListRightsResponse,
    MyRightsResponse,
)
from mailcore.imap.responses.search import (
    ContextUpdate,
    EsearchResponse,
    Line,
    SearchResponse,
    SortResponse,
    ThreadNode,
    ThreadResponse,
)
from mailcore.imap.responses.status import (
    CapabilityResponse,
    ComparatorResponse,
    Continuation,
    Enabled,
    IdResponse,
    LanguageResponse,
    Tagged,
    UnknownResponse,
    Untagged,
)
from mailcore.imap.responses.urls import (
    FetchedUrl,
    GenUrlAuthResponse,
    UrlFetchBegin,
    UrlFetchEnd,
    UrlFetchResponse,
)

Response = (
    Tagged
    | Untagged
    | Continuation
    | CapabilityResponse
    | Enabled
    | ListResponse
    | NamespaceResponse
    | MetadataResponse
    | MetadataEntries
    | StatusResponse
    | SearchResponse
    | SortResponse
    | ThreadResponse
    | EsearchResponse
    | Line
    | FlagsResponse
    | Exists
    | Recent
    | Expunged
    | Vanished
    | IdResponse
    | QuotaResponse
    | QuotaRootResponse
    | AclResponse
    | ListRightsResponse
    | MyRightsResponse
    | LanguageResponse
    | ComparatorResponse
    | FetchResponse
    | FetchTable
    | FetchBegin
    | LiteralBegin
    | LiteralChunk
    | FetchEnd
    | GenUrlAuthResponse
    | UrlFetchResponse
    | UrlFetchBegin
    | UrlFetchEnd
    | UnknownResponse
)

__all__ = [
    "AclResponse",
    "BinarySection",
    "BinarySize",
    "BodyAttribute",
    "BodySection",
    "CapabilityResponse",
    "ComparatorResponse",
    "ContextUpdate",
    "Continuation",
    "EmailId",
    "Enabled",
    "Encoded",
    "EnvelopeAttribute",
    "EsearchResponse",
    "Exists",
    "Expunged",
    "FetchAttribute",
    "FetchBegin",
    "FetchColumn",
    "FetchEnd",
    "FetchResponse",
    "FetchTable",
    "FetchedUrl",
    "Flags",
    "FlagsResponse",
    "GenUrlAuthResponse",
    "GmailLabels",
    "GmailMessageId",
    "GmailThreadId",
    "IdResponse",
    "InternalDate",
    "LanguageResponse",
    "Line",
    "ListResponse",
    "ListRightsResponse",
    "LiteralBegin",
    "LiteralChunk",
    "MetadataEntries",
    "MetadataResponse",
    "ModSequence",
    "MyRightsResponse",
    "NamespaceResponse",
    "Preview",
    "QuotaResponse",
    "QuotaRootResponse",
    "Recent",
    "Response",
    "Rfc822",
    "Rfc822Size",
    "SaveDate",
    "SearchResponse",
    "SectionColumn",
    "SortResponse",
    "StatusResponse",
    "Tagged",
    "ThreadId",
    "ThreadNode",
    "ThreadResponse",
    "Uid",
    "UnknownAttribute",
    "UnknownResponse",
    "Untagged",
    "UrlFetchBegin",
    "UrlFetchEnd",
    "UrlFetchResponse",
    "Vanished",
]
