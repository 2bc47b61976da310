"""Hypothesis strategies for what SMTP clients and servers say.

Everything is in the one form that the parsers make, so ``parse(encode(x)) == x``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from mailcore.smtp import commands as c
from mailcore.smtp.types import (
    DeliverBy,
    ForwardPath,
    MailParameters,
    RcptParameters,
    Reply,
    ReversePath,
)

_PRINTABLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_WIDE = st.characters(min_codepoint=0xA1, exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"])
#: Printable ASCII, spaces too.
printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=30)
#: One word of printable ASCII.
words = st.text(_PRINTABLE, min_size=1, max_size=30)

_LABELS = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?\Z")
#: Domains and address literals.
domains = st.one_of(
    st.lists(_LABELS, min_size=1, max_size=4).map(".".join),
    st.sampled_from(["[192.0.2.1]", "[IPv6:2001:db8::1]", "under_score.example"]),
)
#: Local parts in ASCII, without the quotes that some of them need.
local_parts = st.one_of(
    st.sampled_from(["ann", "ann.lee", "a b", '"', "\\", "a..b", "", ".", "a@b", "<>", "x+tag"]),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=20),
)
#: The same in Unicode, for transactions with SMTPUTF8.
wide_local_parts = st.one_of(local_parts, st.text(_WIDE, min_size=1, max_size=10))

mailboxes = st.builds(
    "{}@{}".format, st.from_regex(r"\A[a-z]{1,4}(\.[a-z0-9]{1,4}){0,2}\Z"), _LABELS
)


def reverse_paths(local: st.SearchStrategy[str] = local_parts) -> st.SearchStrategy[ReversePath]:
    """Senders, the null path among them."""
    return st.one_of(st.just(ReversePath()), st.builds(ReversePath, local, domains))


def forward_paths(local: st.SearchStrategy[str] = local_parts) -> st.SearchStrategy[ForwardPath]:
    """Recipients, the bare postmaster among them."""
    bare = st.sampled_from(["postmaster", "Postmaster"]).map(lambda name: ForwardPath(name, ""))
    return st.one_of(bare, st.builds(ForwardPath, local, domains))


def _deliver_by(seconds: int, returns: bool, trace: bool) -> DeliverBy:
    return DeliverBy(max(1, seconds) if returns else seconds, returns, trace)


_moments = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))
mail_parameters = st.builds(
    MailParameters,
    size=st.none() | st.integers(0, 10**20 - 1),
    body=st.sampled_from(["7BIT", "8BITMIME", "BINARYMIME"]),
    smtputf8=st.booleans(),
    auth=st.none() | st.just("<>") | mailboxes,
    ret=st.sampled_from([None, "FULL", "HDRS"]),
    envid=st.none() | printable,
    require_tls=st.booleans(),
    hold=st.none() | st.integers(1, 999_999_999) | _moments,
    deliver_by=st.none()
    | st.builds(_deliver_by, st.integers(-999_999_999, 999_999_999), st.booleans(), st.booleans()),
    priority=st.none() | st.integers(-9, 9),
)
_EVENTS = st.permutations(["SUCCESS", "FAILURE", "DELAY"])
rcpt_parameters = st.builds(
    RcptParameters,
    notify=st.one_of(
        st.sampled_from([(), ("NEVER",)]),
        st.builds(lambda events, count: tuple(events[:count]), _EVENTS, st.integers(1, 3)),
    ),
    orcpt=st.one_of(
        st.none(),
        printable.map("rfc822;{}".format),
        st.text(_WIDE | _PRINTABLE, min_size=1, max_size=20).map("utf-8;{}".format),
    ),
)


def _mail(path: ReversePath, parameters: MailParameters) -> c.MailFrom:
    """Ask for SMTPUTF8 where the path needs it."""
    if path.address.isascii() or parameters.smtputf8:
        return c.MailFrom(path, parameters)
    return c.MailFrom(path, MailParameters(size=parameters.size, smtputf8=True))


_HOSTS = st.ip_addresses().map(lambda host: f"IPV6:{host}" if host.version == 6 else str(host))
_PORTS = st.integers(1, 65535).map(str)
_UNKNOWN = st.just("")
xclients = st.dictionaries(st.sampled_from(["NAME", "HELO"]), words | _UNKNOWN, min_size=1).flatmap(
    lambda some: st.fixed_dictionaries(
        {name: st.just(value) for name, value in some.items()},
        optional={
            "ADDR": _HOSTS | _UNKNOWN,
            "PORT": _PORTS | _UNKNOWN,
            "PROTO": st.sampled_from(["SMTP", "ESMTP"]),
            "LOGIN": printable | _UNKNOWN,
            "DESTADDR": _HOSTS,
            "DESTPORT": _PORTS,
        },
    )
)
xforwards = st.fixed_dictionaries(
    {"SOURCE": st.sampled_from(["LOCAL", "REMOTE"])},
    optional={
        "NAME": words | _UNKNOWN,
        "ADDR": _HOSTS | _UNKNOWN,
        "PORT": _PORTS,
        "PROTO": words,
        "HELO": words | _UNKNOWN,
        "IDENT": words,
    },
)
_ARGUMENTS = printable.map(lambda text: "x" + text.rstrip())
_URLS = st.builds(
    "imap://{}/{};uid={}".format, _LABELS, st.from_regex(r"\A[A-Za-z0-9%/]{1,20}\Z"), st.integers(1)
)
mechanisms = st.from_regex(r"\A[A-Z0-9_-]{1,20}\Z")

#: Every command, as a client with SMTPUTF8 may say it.
commands: st.SearchStrategy[c.Command] = st.one_of(
    st.builds(c.Ehlo, words),
    st.builds(c.Helo, words),
    st.builds(_mail, reverse_paths(wide_local_parts), mail_parameters),
    st.builds(c.RcptTo, forward_paths(wide_local_parts), rcpt_parameters),
    st.builds(c.Bdat, st.integers(0, 10**20 - 1), st.booleans()),
    st.builds(c.Burl, _URLS, st.booleans()),
    st.sampled_from([c.Data(), c.Rset(), c.Noop(), c.Quit(), c.StartTls(), c.Help()]),
    st.builds(c.Vrfy, _ARGUMENTS),
    st.builds(c.Expn, _ARGUMENTS),
    st.builds(c.Help, _ARGUMENTS),
    st.builds(c.Auth, mechanisms, st.none() | st.binary(max_size=60)),
    st.builds(c.XClient, xclients),
    st.builds(c.XForward, xforwards),
)

_DETAILS = st.builds("{}.{}".format, st.integers(0, 999), st.integers(0, 999))
_LINES = st.lists(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60),
    min_size=1,
    max_size=5,
).map(tuple)


def _reply(code: int, detail: str | None, lines: tuple[str, ...]) -> Reply:
    enhanced = None if detail is None or 300 <= code < 400 else f"{code // 100}.{detail}"
    return Reply(code, enhanced, lines)


#: Replies with texts that fit their lines.
replies = st.builds(_reply, st.integers(200, 599), st.none() | _DETAILS, _LINES)
