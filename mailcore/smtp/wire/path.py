"""Paths and mailboxes: regexes under their ABNF (RFC 5321 §4.1.2, RFC 6531 §3.3)."""

from __future__ import annotations

import ipaddress
import re

from mailcore.smtp.types import ForwardPath, ReversePath

#: No path may hold these, quoted or not: C0, DEL, C1, and what Unicode takes for line ends.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# UTF8-non-ascii: RFC 6531 §3.3 adds it to atext, qtextSMTP, and (as U-label) to sub-domain.
_WIDE = "\u00a0-\u2027\u202a-\U0010ffff"

# atext = ALPHA / DIGIT / "!" / "#" / ... (RFC 5322 §3.2.3)
_ATOM = rf"[A-Za-z0-9!#$%&'*+\-/=?^_`{{|}}~{_WIDE}]+"
# Dot-string = Atom *("."  Atom)
DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
# Quoted-string = DQUOTE *QcontentSMTP DQUOTE
# qtextSMTP = %d32-33 / %d35-91 / %d93-126;  quoted-pairSMTP = %d92 %d32-126
QUOTED_STRING = re.compile(rf'"(?:[ !#-\[\]-~{_WIDE}]|\\[ -~])*"')
# sub-domain = Let-dig [Ldh-str];  Domain = sub-domain *("." sub-domain)
# No more of one kind than a label or a name in the DNS can have (RFC 1035 §2.3.4). Also taken: "_",
# which host names may not hold, and which hosts that send mail hold all the same.
_LABEL = rf"[A-Za-z0-9_{_WIDE}](?:[A-Za-z0-9_\-{_WIDE}]{{0,61}}[A-Za-z0-9_{_WIDE}])?"
DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# address-literal = "[" ( IPv4-address-literal / IPv6-address-literal /
#                         General-address-literal ) "]"
# General-address-literal = Standardized-tag ":" 1*dcontent;  dcontent = %d33-90 / %d94-126
ADDRESS_LITERAL = re.compile(r"\[(?:([A-Za-z0-9-]*[A-Za-z0-9]):)?([!-Z^-~]+)\]")
# A-d-l = At-domain *( "," At-domain );  At-domain = "@" Domain
SOURCE_ROUTE = re.compile(rf"@{DOMAIN.pattern}(?:,@{DOMAIN.pattern})*:")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)

_DOMAIN_OCTETS = 255


class PathError(ValueError):
    """Not a path, or not a mailbox."""


def parse_mailbox(text: str, start: int = 0) -> tuple[str, str, int]:
    """Parse ``Mailbox = Local-part "@" ( Domain / address-literal )``.

    Returns:
        the local part without quotes, the domain, and where the mailbox ends in ``text``.

    Raises:
        PathError: there is none at ``start``.
    """
    if found := DOT_STRING.match(text, start):
        local_part = found[0]
    elif found := QUOTED_STRING.match(text, start):
        local_part = _QUOTED_PAIR.sub(r"\1", found[0][1:-1])
    else:
        raise PathError("no local part")
    at = found.end()
    if not text.startswith("@", at):
        raise PathError("no @ after the local part")
    if found := ADDRESS_LITERAL.match(text, at + 1):
        _check_literal(found[1], found[2])
    elif not (found := DOMAIN.match(text, at + 1)):
        raise PathError("no domain")
    if len(found[0].encode()) > _DOMAIN_OCTETS:
        raise PathError("the domain is too long")
    return local_part, found[0], found.end()


def _check_literal(tag: str | None, content: str) -> None:
    # Python would take a zone id ("%eth0") too, which says nothing to anyone else.
    if "%" in content:
        raise PathError("not an IP address")
    try:
        if tag is None:
            ipaddress.IPv4Address(content)
        elif tag.upper() == "IPV6":
            ipaddress.IPv6Address(content)
    except ValueError:
        raise PathError("not an IP address") from None


def parse_path(text: str, start: int = 0, *, brackets: bool = True) -> tuple[str, str, int]:
    """Parse ``Path = "<" [ A-d-l ":" ] Mailbox ">"``, dropping the source route (RFC 5321 §C).

    Arguments:
        brackets: False lets a bare mailbox pass (:attr:`Quirk.PATH_WITHOUT_BRACKETS`).

    Returns:
        the local part without quotes, the domain, and where the path ends in ``text``.

    Raises:
        PathError: there is none at ``start``.
    """
    if not text.startswith("<", start):
        if brackets:
            raise PathError("an address stands in <>")
        return parse_mailbox(text, start)
    start += 1
    if route := SOURCE_ROUTE.match(text, start):
        start = route.end()
    local_part, domain, end = parse_mailbox(text, start)
    if not text.startswith(">", end):
        raise PathError("no > after the address")
    return local_part, domain, end + 1


def parse_reverse_path(
    text: str, start: int = 0, *, brackets: bool = True
) -> tuple[ReversePath, int]:
    """Parse ``Reverse-path = Path / "<>"``; return it and where it ends.

    Raises:
        PathError: there is none at ``start``.
    """
    if text.startswith("<>", start):
        return ReversePath(), start + 2
    local_part, domain, end = parse_path(text, start, brackets=brackets)
    return ReversePath(local_part, domain), end


def parse_forward_path(
    text: str, start: int = 0, *, brackets: bool = True
) -> tuple[ForwardPath, int]:
    """Parse the path of RCPT, ``"<Postmaster>"`` included; return it and where it ends.

    Raises:
        PathError: there is none at ``start``.
    """
    bare = text[start : start + 12]
    if bare.lower() == "<postmaster>":
        return ForwardPath(bare[1:-1], ""), start + 12
    local_part, domain, end = parse_path(text, start, brackets=brackets)
    return ForwardPath(local_part, domain), end


def format_path(path: ReversePath | ForwardPath) -> str:
    """Write a path, with the local part quoted where it has to be: the inverse of parsing.

    Raises:
        PathError: it holds a control character, which nothing can quote.
    """
    if isinstance(path, ReversePath) and path.is_null:
        return "<>"
    if CONTROL.search(path.local_part + path.domain):
        raise PathError("a control character in an address")
    local_part = path.local_part
    if not DOT_STRING.fullmatch(local_part):
        escaped = local_part.replace("\\", "\\\\").replace('"', '\\"')
        local_part = f'"{escaped}"'
    return f"<{local_part}@{path.domain}>" if path.domain else f"<{local_part}>"
