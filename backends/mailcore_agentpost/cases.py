"""Every refusal of AgentPost, in the words of each door: one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailcore.backend import BackendError
from mailcore.smtp.types import Reply


@dataclass(frozen=True, slots=True)
class Case:
    """One reason to refuse.

    Arguments:
        smtp: reply code and enhanced status code (RFC 5321, RFC 3463).
        status: the HTTP status.
        code: what programs decide by in a problem document.
        text: one line for a person.
        fix: what to do about it.
        imap: the response code (RFC 5530).
    """

    smtp: tuple[int, str]
    status: int
    code: str
    text: str
    fix: str
    imap: str | None = None


BAD_KEY: Final = Case(
    (535, "5.7.8"), 401, "unauthorized",
    "Invalid credentials",
    "Use the address of an inbox and an API key that opens it.",
    "AUTHENTICATIONFAILED",
)  # fmt: skip
KEY_EXPIRED: Final = Case(
    (535, "5.7.8"), 401, "key_expired",
    "This API key has expired",
    "Make another key.",
    "EXPIRED",
)  # fmt: skip
MISSING_SCOPE: Final = Case(
    (535, "5.7.8"), 403, "missing_scope",
    "This API key lacks a scope",
    "Use a key that has it.",
    "AUTHORIZATIONFAILED",
)  # fmt: skip
ORG_SUSPENDED: Final = Case(
    (525, "5.7.13"), 403, "org_suspended",
    "This organization is suspended",
    "Ask whoever runs this server.",
    "CONTACTADMIN",
)  # fmt: skip
SENDER_NOT_ALLOWED: Final = Case(
    (550, "5.7.1"), 403, "sender_not_allowed",
    "This sender is not yours",
    "Send from the address of the inbox, or from a plus address of it.",
)  # fmt: skip
MESSAGE_REJECTED: Final = Case(
    (550, "5.7.1"), 403, "message_rejected",
    "A filter rule or a suppression blocks this",
    "Look at /api/v1/filter-rules and /api/v1/suppressions.",
)  # fmt: skip
UNKNOWN_RECIPIENT: Final = Case(
    (550, "5.1.1"), 422, "unknown_recipient",
    "There is no such inbox here",
    "Correct the address.",
)  # fmt: skip
NOT_RELAYED: Final = Case(
    (550, "5.7.1"), 403, "not_relayed",
    "This address is not here, and nothing is relayed",
    "Send by the submission port, logged in.",
)  # fmt: skip
SEND_PAUSED: Final = Case(
    (550, "5.7.0"), 403, "send_paused",
    "Sending from this inbox is paused",
    "Set send_paused to false at /api/v1/inboxes/{id}.",
)  # fmt: skip
NOT_AUTHENTIC: Final = Case(
    (550, "5.7.26"), 403, "not_authentic",
    "The domain of the author asks to refuse this: neither SPF nor DKIM speaks for it",
    "Send by a server that the domain allows, or sign the message.",
)  # fmt: skip
RATE_LIMITED: Final = Case(
    (451, "4.7.1"), 429, "rate_limited",
    "Too many messages",
    "Wait as long as Retry-After says.",
)  # fmt: skip
TOO_MANY_RECIPIENTS: Final = Case(
    (452, "4.5.3"), 422, "too_many_recipients",
    "Too many recipients",
    "Send to fewer at a time.",
)  # fmt: skip
MESSAGE_TOO_BIG: Final = Case(
    (552, "5.3.4"), 413, "message_too_big",
    "The message is too big",
    "Send less.",
)  # fmt: skip
IDEMPOTENCY_CONFLICT: Final = Case(
    (451, "4.3.0"), 409, "idempotency_conflict",
    "This Idempotency-Key was used for another request",
    "Use a new key for each message.",
)  # fmt: skip
DRAFT_CHANGED: Final = Case(
    (451, "4.3.0"), 409, "draft_changed",
    "This draft has been changed or sent meanwhile",
    "Read it again, and change or send it as it is now.",
)  # fmt: skip
TOO_MANY_UPLOADS: Final = Case(
    (452, "4.2.2"), 429, "too_many_uploads",
    "Too many attachments wait to be cited",
    "Delete some at /api/v1/attachments/{key}, or wait until they expire.",
)  # fmt: skip
LIMIT_REACHED: Final = Case(
    (452, "4.5.3"), 422, "limit_reached",
    "A limit was reached",
    "Use fewer.",
    "LIMIT",
)  # fmt: skip
OVER_QUOTA: Final = Case(
    (452, "4.2.2"), 507, "over_quota",
    "This inbox is full",
    "Delete messages, and those in Trash too.",
    "OVERQUOTA",
)  # fmt: skip
UNAVAILABLE: Final = Case(
    (451, "4.3.0"), 503, "unavailable",
    "Temporarily unavailable",
    "Try again in a minute.",
    "UNAVAILABLE",
)  # fmt: skip


class Refusal(BackendError):
    """AgentPost refuses.

    Arguments:
        case: why.
        text: instead of the text of the case.
        retry_after: seconds until it would be accepted, or None if that helps nothing.
        recipients: those that it is about.
    """

    def __init__(
        self,
        case: Case,
        text: str = "",
        *,
        retry_after: float | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        text = text or case.text
        super().__init__(text, code=case.imap, reply=Reply.of(*case.smtp, text))
        self.case = case
        self.retry_after = retry_after
        self.recipients = tuple(recipients)
