"""IMAP URLs (RFC 5092): servers, mailboxes, messages, parts of messages, and who may read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from mailcore.imap.types import Section
from mailcore.imap.wire.cursor import MAX_32, Cursor, ParseError
from mailcore.imap.wire.encode_fetch import encode_section
from mailcore.imap.wire.fetch import section as parse_section

#: The section of a URL that names a whole message.
WHOLE: Final = Section()


class UrlError(ValueError):
    """This is no IMAP URL, or it can not be written as one."""


@dataclass(frozen=True, slots=True)
class UrlAuthorization:
    """Who may read what a URL names, and the proof that its owner said so (RFC 5092 §6.1).

    Arguments:
        access: "submit+", "user+", "authuser" or "anonymous".
        user: whom the first two mean; "" for the others.
        expire: after which it is worth nothing, or None; carries a time zone.
        mechanism: upper case; "" where the proof is still missing (a *rump* URL).
        token: hexadecimal digits, as written.
    """

    access: str
    user: str = ""
    expire: datetime | None = None
    mechanism: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class ImapUrl:
    """An IMAP URL, with what was percent-encoded decoded. ``str()`` writes it.

    Arguments:
        host: as written, an IPv6 address in its brackets.
        port: or None for 143.
        user: whose mailboxes it means, or None.
        auth: the SASL mechanism to log in by, "*" for any, or None.
        mailbox: in Unicode; None for the server as a whole.
        uid_validity: under which ``uid`` counts, or None.
        search: a search program that chooses messages, or None.
        uid: of a message, or None.
        section: what of the message; the whole of it by default.
        partial: offset and number of octets of that; None for all, (n, None) for all behind n.
        authorization: see :class:`UrlAuthorization`; None without it.
    """

    host: str
    port: int | None = None
    user: str | None = None
    auth: str | None = None
    mailbox: str | None = None
    uid_validity: int | None = None
    search: str | None = None
    uid: int | None = None
    section: Section = WHOLE
    partial: tuple[int, int | None] | None = None
    authorization: UrlAuthorization | None = None

    def __str__(self) -> str:
        """Write the URL.

        Raises:
            UrlError: a text in it is not Unicode, or there is no such section.
        """
        return f"imap://{self._server()}/{self._command()}"

    def _server(self) -> str:
        auth = "" if self.auth is None else f";AUTH={_encoded(self.auth, _ACHARS)}"
        user = _encoded(self.user or "", _ACHARS) + auth
        port = "" if self.port is None else f":{self.port}"
        return f"{user}@{self.host}{port}" if user else f"{self.host}{port}"

    def _command(self) -> str:
        if self.mailbox is None:
            return ""
        text = _encoded_mailbox(self.mailbox)
        if self.uid_validity is not None:
            text += f";UIDVALIDITY={self.uid_validity}"
        if self.uid is None:
            return text if self.search is None else f"{text}?{_encoded(self.search, _BCHARS)}"
        text += f"/;UID={self.uid}"
        if self.section != WHOLE:
            text += f"/;SECTION={_encoded(_section_text(self.section), _BCHARS)}"
        if self.partial is not None:
            first, count = self.partial
            text += f"/;PARTIAL={first}" + ("" if count is None else f".{count}")
        return text + _written(self.authorization)


# sub-delims-sh   =  "!" / "$" / "'" / "(" / ")" / "*" / "+" / ","
# uchar           =  unreserved / sub-delims-sh / pct-encoded
# achar           =  uchar / "&" / "="
# bchar           =  achar / ":" / "@" / "/"
_ACHARS: Final = "!$'()*+,&="
_BCHARS: Final = _ACHARS + ":@/"
_ACHAR: Final = r"[A-Za-z0-9\-._~!$'()*+,&=%]"
_BCHAR: Final = r"[A-Za-z0-9\-._~!$'()*+,&=%:@/]"
# nz-number       =  digit-nz *DIGIT
_NZ_NUMBER: Final = "[1-9][0-9]{0,9}"
# iserver         =  [iuserinfo "@"] host [":" port]
# iuserinfo       =  enc-user [iauth] / [enc-user] iauth
# iauth           =  ";AUTH=" ("*" / enc-auth-type)
_SERVER: Final = re.compile(
    rf"(?:(?P<user>{_ACHAR}++)?(?:;AUTH=(?P<auth>{_ACHAR}++))?(?<=[^/])@)?"
    rf"(?P<host>\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9\-._~%]++)(?::(?P<port>[0-9]{{1,5}}))?",
    re.IGNORECASE,
)
# iurlauth        =  iurlauth-rump ":" uauth-mechanism ":" enc-urlauth
# iurlauth-rump   =  [expire] ";URLAUTH=" access
# access          =  ("submit+" enc-user) / ("user+" enc-user) / "authuser" / "anonymous"
# expire          =  ";EXPIRE=" date-time                                    ; RFC 3339 §5.6
_URLAUTH: Final = (
    r"(?:;EXPIRE=(?P<expire>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]++)?(?:Z|[+-][0-9]{2}:[0-9]{2})))?"
    rf";URLAUTH=(?P<access>(?:submit|user)\+(?P<of>{_ACHAR}++)|authuser|anonymous)"
    r"(?::(?P<mechanism>[A-Za-z0-9.\-]++):(?P<token>[0-9A-Fa-f]{32,}))?"
)
# icommand        =  imessagelist / imessagepart [iurlauth]
# imessagelist    =  imailbox-ref ["?" enc-search]
# imessagepart    =  imailbox-ref iuid [isection] [ipartial]
# imailbox-ref    =  enc-mailbox [";UIDVALIDITY=" nz-number]
# partial-range   =  number ["." nz-number]
_COMMAND: Final = re.compile(
    rf"(?P<mailbox>{_BCHAR}+?)(?:;UIDVALIDITY=(?P<validity>{_NZ_NUMBER}))?"
    rf"(?:/;UID=(?P<uid>{_NZ_NUMBER})(?:/;SECTION=(?P<section>{_BCHAR}+?))?"
    rf"(?:/;PARTIAL=(?P<first>[0-9]{{1,19}})(?:\.(?P<count>[1-9][0-9]{{0,18}}))?)?"
    rf"(?:{_URLAUTH})?|\?(?P<search>{_BCHAR}++)|/)?",
    re.IGNORECASE,
)
_BAD_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
# RFC 3986 appendix B, for a scheme that has no fragments.
_REFERENCE: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*):)?(?://(?P<server>[^/?]*))?"
    r"(?P<path>[^?]*)(?P<query>\?.*)?"
)


def parse_url(text: str, base: ImapUrl | None = None) -> ImapUrl:
    """Read an IMAP URL.

    Arguments:
        text: of the URL.
        base: what a relative one goes out from; None to take absolute ones only (RFC 5092 §7).

    Raises:
        UrlError: it is none.
    """
    server, path, query = _absolute(text, base)
    found = _SERVER.fullmatch(server)
    if found is None or (found["port"] and int(found["port"]) > 65535):
        raise UrlError("not an IMAP server")
    known = ImapUrl(
        found["host"],
        int(found["port"]) if found["port"] else None,
        _decoded(found["user"]),
        _decoded(found["auth"]),
    )
    command = path.removeprefix("/") + query
    return known if not command else _parse_command(known, command)


def is_absolute(text: str) -> bool:
    """Tell whether a URL names a server, and not only something on the one that it is said to."""
    found = _REFERENCE.fullmatch(text)
    return found is not None and not (found["scheme"] is None and found["server"] is None)


def _parse_command(server: ImapUrl, text: str) -> ImapUrl:
    found = _COMMAND.fullmatch(text)
    if found is None:
        raise UrlError("not a mailbox, nor a message in one")
    return ImapUrl(
        server.host,
        server.port,
        server.user,
        server.auth,
        _mailbox(found["mailbox"]),
        _number(found["validity"]),
        _decoded(found["search"]),
        _number(found["uid"]),
        _section(found["section"]),
        _partial(found["first"], found["count"]),
        _authorization(found),
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if int(text) > MAX_32:
        raise UrlError("a number is too large")
    return int(text)


def _decoded(text: str | None) -> str | None:
    if text is None:
        return None
    if _BAD_PERCENT.search(text):
        raise UrlError("% is followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise UrlError("what is percent-encoded is UTF-8") from None


def _mailbox(text: str) -> str:
    name = _decoded(text) or ""
    if _CONTROL.search(name):
        raise UrlError("a mailbox name holds no control characters")
    return "INBOX" if name.encode().upper() == b"INBOX" else name


def _section(text: str | None) -> Section:
    if text is None:
        return WHOLE
    cursor = Cursor(f"[{_decoded(text)}]".encode())
    try:
        section = parse_section(cursor)
        cursor.end()
    except ParseError as error:
        raise UrlError(f"not a section: {error.text}") from None
    return section


def _partial(first: str | None, count: str | None) -> tuple[int, int | None] | None:
    if first is None:
        return None
    return int(first), None if count is None else int(count)


def _authorization(found: re.Match[str]) -> UrlAuthorization | None:
    if found["access"] is None:
        return None
    try:
        expire = datetime.fromisoformat(found["expire"].upper()) if found["expire"] else None
    except ValueError:
        raise UrlError("no such date or time") from None
    access = found["access"].partition("+")
    return UrlAuthorization(
        (access[0] + access[1]).lower(),
        _decoded(found["of"]) or "",
        expire,
        (found["mechanism"] or "").upper(),
        found["token"] or "",
    )


# ---------------------------------------------------------------------------------- relative ones


def _absolute(text: str, base: ImapUrl | None) -> tuple[str, str, str]:
    """Return server, path and query of a URL or of a reference (RFC 3986 §5.2.2)."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise UrlError("a URL is one line")
    scheme, server, path, query = found["scheme"], found["server"], found["path"], found["query"]
    if scheme is None and base is None:
        raise UrlError("not an absolute URL")
    if scheme is not None and (scheme.lower() != "imap" or server is None):
        raise UrlError("not a URL of the scheme imap")
    if server is None:
        assert base is not None
        server, whole = base._server(), _REFERENCE.fullmatch(f"/{base._command()}")
        assert whole is not None
        if not path:
            return server, whole["path"], query or whole["query"] or ""
        path = _merged(whole["path"], path)
    return server, _without_dots(path), query or ""


def _merged(base: str, path: str) -> str:
    """Put a relative path in the place of the last segment of another (RFC 3986 §5.2.3).

    ";UID=20" means a message in the mailbox that the base names (RFC 5092 §9.1), and takes the
    place of another message only.
    """
    if path.startswith("/"):
        return path
    before, _, last = base.rpartition("/")
    if path.startswith(";") and not last.startswith(";"):
        before = base.rstrip("/")
    return f"{before}/{path}"


def _without_dots(path: str) -> str:
    """Resolve "." and ".." (RFC 3986 §5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == ".." and len(kept) > 1:
            kept.pop()
        elif segment not in (".", ".."):
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)


# --------------------------------------------------------------------------------------- writing


def _encoded(text: str, safe: str) -> str:
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise UrlError("this text is not Unicode") from None


def _encoded_mailbox(name: str) -> str:
    """Encode a name so that no relative resolution changes it (RFC 5092 §7 and §7.1)."""
    if not name:
        raise UrlError("a URL has no way to say an empty mailbox name")
    segments = [
        segment.replace(".", "%2E") if segment in (".", "..") else _encoded(segment, _BCHARS)
        for segment in name.split("/")
    ]
    text = "/".join(segments)
    if text.startswith("/"):
        text = "%2F" + text[1:]
    return text[:-1] + "%2F" if text.endswith("/") else text


def _section_text(section: Section) -> str:
    return encode_section(section)[1:-1].decode()


def _written(authorization: UrlAuthorization | None) -> str:
    if authorization is None:
        return ""
    one = authorization
    expire = "" if one.expire is None else f";EXPIRE={one.expire.isoformat()}"
    text = f"{expire};URLAUTH={one.access}{_encoded(one.user, _ACHARS)}"
    return f"{text}:{one.mechanism}:{one.token}" if one.mechanism else text
