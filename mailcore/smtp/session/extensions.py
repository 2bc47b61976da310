"""What EHLO offers: one table, told and enforced by the same rows (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mailcore.backend import Honoured
from mailcore.limits import Limits
from mailcore.smtp.session import replies
from mailcore.smtp.types import MailParameters, RcptParameters, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an offer depends on.

    Arguments:
        limits: of the listener.
        submission: users submit here.
        tls: the connection is encrypted.
        starttls: it can become so.
        mechanisms: of SASL, that may be used now.
        honoured: what the backend does.
        resolves_urls: the account that is logged in is :class:`mailcore.backend.ResolvesUrls`.
        trusted: the peer speaks for others (XCLIENT, XFORWARD).
    """

    limits: Limits
    submission: bool = False
    tls: bool = False
    starttls: bool = False
    mechanisms: tuple[str, ...] = ()
    honoured: Honoured
    resolves_urls: bool = False
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One extension.

    Arguments:
        keyword: its name.
        offer: gives what EHLO says behind the keyword, None where it is not offered.
        mail: whether MAIL asks for it.
        rcpt: whether RCPT asks for it.
        needs: the extension without which this one must not be offered, or "".
    """

    keyword: str
    offer: Callable[[Facts], str | None]
    mail: Callable[[MailParameters], bool] = lambda _: False
    rcpt: Callable[[RcptParameters], bool] = lambda _: False
    needs: str = ""


def _always(facts: Facts) -> str:
    return ""


def _where(condition: bool) -> str | None:
    return "" if condition else None


def _future_release(facts: Facts) -> str | None:
    """RFC 4865 §4.2: on the submission port and nowhere else."""
    hold = facts.honoured.future_release
    if hold is None or not facts.submission:
        return None
    until = hold.until.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return f"{hold.seconds} {until}"


def _deliver_by(facts: Facts) -> str | None:
    least = facts.honoured.deliver_by
    return None if least is None else str(least or "")


def _burl(facts: Facts) -> str | None:
    """RFC 4468 §3.1: for submission only; without "imap" until the login shows that it works."""
    if not facts.submission or not facts.honoured.urls:
        return None
    return "imap" if facts.resolves_urls else ""


TABLE: Final = (
    Row("PIPELINING", _always),
    Row("SIZE", lambda facts: str(facts.limits.message_size), lambda mail: mail.size is not None),
    Row("8BITMIME", _always, lambda mail: mail.body == "8BITMIME"),
    Row("SMTPUTF8", _always, lambda mail: mail.smtputf8, needs="8BITMIME"),  # RFC 6531 §3.1
    Row("ENHANCEDSTATUSCODES", _always),
    Row("CHUNKING", _always),
    Row(
        "BINARYMIME",
        lambda facts: _where(facts.honoured.binary_mime),
        lambda mail: mail.body == "BINARYMIME",
        needs="CHUNKING",  # RFC 3030 §3
    ),
    Row(
        "DSN",
        lambda facts: _where(facts.honoured.dsn),
        lambda mail: mail.ret is not None or mail.envid is not None,
        lambda rcpt: bool(rcpt.notify) or rcpt.orcpt is not None,
    ),
    Row("DELIVERBY", _deliver_by, lambda mail: mail.deliver_by is not None),
    Row("FUTURERELEASE", _future_release, lambda mail: mail.hold is not None),
    Row(
        "MT-PRIORITY", lambda facts: facts.honoured.priority, lambda mail: mail.priority is not None
    ),
    Row(
        "REQUIRETLS",  # RFC 8689 §2: within TLS only
        lambda facts: _where(facts.honoured.require_tls and facts.tls),
        lambda mail: mail.require_tls,
    ),
    # RFC 9422: what is enforced may be told.
    Row("LIMITS", lambda facts: f"RCPTMAX={facts.limits.smtp_recipients}"),
    Row("BURL", _burl, needs="8BITMIME"),  # RFC 4468 §4
    Row("STARTTLS", lambda facts: _where(facts.starttls and not facts.tls)),
    Row(
        "AUTH",
        lambda facts: " ".join(facts.mechanisms) or None,
        lambda mail: mail.auth is not None,
    ),
    Row("XCLIENT", lambda facts: "NAME ADDR PORT PROTO HELO" if facts.trusted else None),
    Row(
        "XFORWARD",
        lambda facts: "NAME ADDR PORT PROTO HELO IDENT SOURCE" if facts.trusted else None,
    ),
    Row("HELP", _always),
)

#: What a listener can be told not to offer.
KEYWORDS: Final = frozenset(row.keyword for row in TABLE)


def check_keywords(keywords: Collection[str]) -> frozenset[str]:
    """Return keywords in capitals.

    Raises:
        ValueError: one of them is no extension of this server.
    """
    known = frozenset(keyword.upper() for keyword in keywords)
    if unknown := known - KEYWORDS:
        listing = ", ".join(sorted(KEYWORDS))
        raise ValueError(f"{min(unknown)} is no SMTP extension of this server: {listing}")
    return known


class Offers:
    """What is offered to one connection now.

    Arguments:
        facts: what that depends on.
        disabled: keywords in capitals that the listener does without.
    """

    def __init__(self, facts: Facts, disabled: frozenset[str]) -> None:
        self._facts = facts
        self._arguments = {
            row.keyword: argument
            for row in TABLE
            if disabled.isdisjoint((row.keyword, row.needs))
            and (argument := row.offer(facts)) is not None
        }
        self._missing = [row for row in TABLE if row.keyword not in self._arguments]

    def __contains__(self, keyword: str) -> bool:
        return keyword in self._arguments

    def lines(self) -> list[str]:
        """Return what EHLO says, a line each."""
        return [f"{keyword} {text}".rstrip() for keyword, text in self._arguments.items()]

    def refuse_mail(self, asked: MailParameters) -> Reply | None:
        """Return why MAIL can not have what it asks for, or None (RFC 5321 §4.1.1.11)."""
        for row in self._missing:
            if row.mail(asked):
                return replies.not_offered(row.keyword)
        if (asked.size or 0) > self._facts.limits.message_size:
            return replies.TOO_BIG
        if asked.hold is not None or asked.deliver_by is not None:
            return self._refuse_times(asked)
        return None

    def refuse_rcpt(self, asked: RcptParameters) -> Reply | None:
        """Return why RCPT can not have what it asks for, or None."""
        for row in self._missing:
            if row.rcpt(asked):
                return replies.not_offered(row.keyword)
        return None

    def _refuse_times(self, asked: MailParameters) -> Reply | None:
        hold, by, honoured = asked.hold, asked.deliver_by, self._facts.honoured
        longest = honoured.future_release
        if hold is not None and longest is not None:
            latest = longest.until if isinstance(hold, datetime) else longest.seconds
            if hold > latest:  # type: ignore[operator]  # both moments, or both seconds
                return replies.HELD_TOO_LONG
        if by is not None and by.returns and by.seconds < (honoured.deliver_by or 0):
            return replies.TOO_URGENT
        # RFC 4865 §5.2.2. A moment is for the backend to compare, which has a clock.
        if by is not None and isinstance(hold, int) and hold > by.seconds:
            return replies.HELD_TOO_LONG
        return None
