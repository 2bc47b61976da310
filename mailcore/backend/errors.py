"""How a backend refuses: each kind has its IMAP response code and its SMTP reply."""

from __future__ import annotations

from mailcore.smtp.types import Reply


class BackendError(Exception):
    """A refusal that the client is told.

    Arguments:
        text: one line for a person.
        code: an IMAP response code of RFC 5530 (``"NOPERM"``), or None for none.
        reply: the SMTP reply to give instead of the default of the class.
    """

    code: str | None = None
    reply: Reply = Reply.of(451, "4.3.0", "Requested action aborted: local error in processing")

    def __init__(
        self, text: str = "", *, code: str | None = None, reply: Reply | None = None
    ) -> None:
        super().__init__(text or (self.__doc__ or "").split("\n", 1)[0].rstrip("."))
        if code is not None:
            self.code = code
        if reply is not None:
            self.reply = reply


class AuthenticationFailed(BackendError):
    """Invalid credentials."""

    code = "AUTHENTICATIONFAILED"
    reply = Reply.of(535, "5.7.8", "Authentication credentials invalid")


class AuthorizationFailed(BackendError):
    """These credentials do not allow this."""

    code = "AUTHORIZATIONFAILED"
    reply = Reply.of(535, "5.7.8", "These credentials do not allow this")


class NoSuchMailbox(BackendError):
    """No such mailbox."""

    code = "NONEXISTENT"


class MailboxExists(BackendError):
    """Mailbox already exists."""

    code = "ALREADYEXISTS"


class NotPermitted(BackendError):
    """Not permitted."""

    code = "NOPERM"
    reply = Reply.of(550, "5.7.1", "Not permitted")


class Cannot(BackendError):
    """This mailbox can not do that."""

    code = "CANNOT"


class CannotServe(BackendError):
    """No mailbox can be made for this use."""

    code = "USEATTR"


class OverQuota(BackendError):
    """Over quota."""

    code = "OVERQUOTA"
    reply = Reply.of(452, "4.2.2", "Mailbox full")


class TooBig(BackendError):
    """Message too big."""

    code = "TOOBIG"
    reply = Reply.of(552, "5.3.4", "Message too big")


class LimitReached(BackendError):
    """A limit was reached; try again later."""

    code = "LIMIT"
    reply = Reply.of(451, "4.7.1", "Rate limit reached; try again later")


class Unavailable(BackendError):
    """Temporarily unavailable."""

    code = "UNAVAILABLE"
    reply = Reply.of(451, "4.3.0", "Temporarily unavailable")
