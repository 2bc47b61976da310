"""From a complete command to its dataclass: dispatch on the whole word (RFC 9051 §6 and §9)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from mailcore.imap import commands as c
from mailcore.imap.types import SequenceSet
from mailcore.imap.wire import quotas, rights, urls
from mailcore.imap.wire.bounds import Bounds
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.fetch import fetch_items
from mailcore.imap.wire.flags import store_flags
from mailcore.imap.wire.framer import tag_of
from mailcore.imap.wire.gmail import labels
from mailcore.imap.wire.listing import parse_list
from mailcore.imap.wire.metadata import get_metadata, set_metadata
from mailcore.imap.wire.modifiers import (
    create_parameters,
    fetch_modifiers,
    select_parameters,
    store_modifiers,
)
from mailcore.imap.wire.multisearch import esearch
from mailcore.imap.wire.notify import notify
from mailcore.imap.wire.search import search_charset, search_keys, search_returns
from mailcore.imap.wire.sets import message_set
from mailcore.imap.wire.sort import parse_sort, parse_thread
from mailcore.imap.wire.status import status_items
from mailcore.imap.wire.strings import (
    atom,
    list_mailbox,
    mailbox,
    nstring,
    reference,
    string,
    text,
    text_astring,
)
from mailcore.sasl import SaslError, decode_initial_response

Parser = Callable[[Cursor, str], c.Command]

# command         =  tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
_HEAD = re.compile(rb"[^ ]++ ((?:UID )?[A-Z]++)(?![^ ])", re.IGNORECASE)
# The same with a tag that is one: what nearly every line begins with, found at one go.
_TAG_AND_VERB = re.compile(
    rb'([^\x00-\x20\x7f-\xff(){%*"\\+]++) ((?:UID )?[A-Z]++)(?![^ ])', re.IGNORECASE
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]++")
# RFC 2971 §3.3
_ID_PAIRS = 30
# Languages or collations that a client may wish for at a time.
_PREFERENCES = 50
_STORE_ACTION = re.compile(rb"([+-]?(?:FLAGS|X-GM-LABELS))(\.SILENT)?(?= )", re.IGNORECASE)


class Head(NamedTuple):
    """How a command begins.

    Arguments:
        tag: None where there is none to read.
        verb: in upper case, and of two words after UID; "" where there is none to read.
    """

    tag: str | None
    verb: str

    def cursor(self, data: bytes, bounds: Bounds, *, utf8: bool) -> Cursor:
        """Return the place behind it.

        Arguments:
            data: what begins with it.
            bounds: how deep and how much.
            utf8: whether mailbox names are UTF-8 throughout (RFC 9051 §5.1).
        """
        position = len(self.tag or "") + 1 + len(self.verb)
        return Cursor(data, position, bounds.nesting, ranges=bounds.ranges, utf8=utf8)


def read_head(line: bytes) -> Head:
    """Return the head of a command's first line."""
    match = _TAG_AND_VERB.match(line)
    if match is not None:
        return Head(match[1].decode("ascii"), match[2].decode("ascii").upper())
    match = _HEAD.match(line)
    return Head(tag_of(line), match[1].decode("ascii").upper() if match else "")


def parse_command(head: Head, cursor: Cursor) -> c.Command:
    """Parse what stands behind the head of a command.

    Raises:
        ParseError: it is not in the grammar.
    """
    if head.tag is None:
        raise ParseError("Expected a tag")
    known = VERBS.get(head.verb)
    if known is None:
        raise ParseError("Unknown command")
    kind, parse = known
    command = kind(head.tag) if parse is None else parse(cursor, head.tag)
    cursor.end()
    return command


# id              =  "ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)
def _id(cursor: Cursor, tag: str) -> c.Command:
    cursor.space()
    if cursor.skip_word("NIL"):
        return c.Id(tag, None)
    pairs = cursor.bracketed(_id_pair, "ID parameters", empty=True)
    if len(pairs) > _ID_PAIRS:
        raise ParseError("Too many ID parameters")
    return c.Id(tag, dict(pairs))


def _id_pair(cursor: Cursor) -> tuple[str, str | None]:
    name = text(string(cursor))
    cursor.space()
    value = nstring(cursor)
    return name, None if value is None else text(value)


# authenticate    =  "AUTHENTICATE" SP auth-type [SP initial-resp]
# initial-resp    =  (base64 / "=")
def _authenticate(cursor: Cursor, tag: str) -> c.Command:
    cursor.space()
    mechanism = atom(cursor, "a mechanism").upper()
    if not cursor.skip(b" "):
        return c.Authenticate(tag, mechanism)
    encoded = cursor.need(_BASE64, "base64")[0]
    try:
        return c.Authenticate(tag, mechanism, decode_initial_response(encoded))
    except SaslError:
        raise ParseError("Bad base64") from None


# login           =  "LOGIN" SP userid SP password            ; both astring
def _login(cursor: Cursor, tag: str) -> c.Command:
    cursor.space()
    username = text_astring(cursor)
    cursor.space()
    return c.Login(tag, username, text_astring(cursor))


# enable          =  "ENABLE" 1*(SP capability)
def _enable(cursor: Cursor, tag: str) -> c.Command:
    names = []
    cursor.space()
    names.append(atom(cursor, "a capability").upper())
    while cursor.skip(b" "):
        names.append(atom(cursor, "a capability").upper())
    return c.Enable(tag, tuple(names))


# select          =  "SELECT" SP mailbox [SP select-params]
def _select(*, read_only: bool) -> Parser:
    def parse(cursor: Cursor, tag: str) -> c.Command:
        name = _mailbox(cursor)
        found = select_parameters(cursor) if cursor.skip(b" ") else {}
        condstore = "CONDSTORE" in found
        return c.Select(tag, name, read_only, condstore, found.get("QRESYNC"))

    return parse


# compress        =  "COMPRESS" SP algorithm
def _compress(cursor: Cursor, tag: str) -> c.Command:
    cursor.space()
    return c.Compress(tag, atom(cursor, "an algorithm").upper())


# language-cmd    =  "LANGUAGE" *(SP lang-range-quoted)      ; astring
# comparator-cmd  =  "COMPARATOR" *(SP comp-order-quoted)    ; astring
def _preferences(make: type[c.Language] | type[c.Comparator]) -> Parser:
    def parse(cursor: Cursor, tag: str) -> c.Command:
        wanted = []
        while cursor.skip(b" "):
            wanted.append(text_astring(cursor))
            if len(wanted) > _PREFERENCES:
                raise ParseError("Too many arguments")
        return make(tag, tuple(wanted))

    return parse


def _mailbox(cursor: Cursor) -> str:
    cursor.space()
    return mailbox(cursor)


# create          =  "CREATE" SP mailbox [SP "(" create-param *(SP create-param) ")"]
def _create(cursor: Cursor, tag: str) -> c.Command:
    # RFC 9051 §6.3.4: the delimiter at the end says that names below this one will follow.
    name = _mailbox(cursor).removesuffix("/")
    found = create_parameters(cursor) if cursor.skip(b" ") else {}
    return c.Create(tag, name, found.get("USE", ()))


def _rename(cursor: Cursor, tag: str) -> c.Command:
    return c.Rename(tag, _mailbox(cursor), _mailbox(cursor))


def _lsub(cursor: Cursor, tag: str) -> c.Command:
    cursor.space()
    prefix = reference(cursor)
    cursor.space()
    return c.Lsub(tag, prefix, list_mailbox(cursor))


# status          =  "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
def _status(cursor: Cursor, tag: str) -> c.Command:
    name = _mailbox(cursor)
    cursor.space()
    return c.StatusCommand(tag, name, status_items(cursor))


def _append(cursor: Cursor, tag: str) -> c.Command:
    # A complete command without a message literal; those that have one never come here.
    raise ParseError("Expected a message, which is a literal")


def _uid_expunge(cursor: Cursor, tag: str) -> c.Command:
    cursor.space()
    return c.Expunge(tag, message_set(cursor))


# search          =  "SEARCH" [search-return-opts] SP search-program
def _search(*, uid: bool) -> Parser:
    def parse(cursor: Cursor, tag: str) -> c.Command:
        cursor.space()
        found = search_returns(cursor)
        charset = search_charset(cursor)
        key = search_keys(cursor)
        return c.Search(tag, key, uid, found.words, charset, found.partial, found.update_items)

    return parse


# command-select  =/ "CANCELUPDATE" 1*(SP quoted)
def _cancel_update(cursor: Cursor, tag: str) -> c.Command:
    tags = []
    cursor.space()
    tags.append(text(string(cursor)))
    while cursor.skip(b" "):
        tags.append(text(string(cursor)))
    return c.CancelUpdate(tag, tuple(tags))


def _numbers(cursor: Cursor) -> SequenceSet:
    cursor.space()
    numbers = message_set(cursor)
    cursor.space()
    return numbers


# fetch           =  "FETCH" SP sequence-set SP fetch-items [fetch-modifiers]
def _fetch(*, uid: bool) -> Parser:
    def parse(cursor: Cursor, tag: str) -> c.Command:
        numbers = _numbers(cursor)
        items = fetch_items(cursor)
        found = fetch_modifiers(cursor, uid=uid) if cursor.skip(b" ") else {}
        return c.Fetch(
            tag,
            numbers,
            items,
            uid,
            found.get("CHANGEDSINCE"),
            found.get("VANISHED", False),
            found.get("PARTIAL"),
        )

    return parse


# store           =  "STORE" SP sequence-set [SP "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"]
#                    SP store-att-flags
# store-att-flags =  (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag))) /
#                    (["+" / "-"] "X-GM-LABELS" [".SILENT"]) SP (label-list / (label *(SP label)))
def _store(*, uid: bool) -> Parser:
    def parse(cursor: Cursor, tag: str) -> c.Command:
        numbers = _numbers(cursor)
        unchanged_since = None
        if cursor.at(b"("):
            unchanged_since = store_modifiers(cursor)["UNCHANGEDSINCE"]
            cursor.space()
        match = cursor.need(_STORE_ACTION, "FLAGS")
        action = match[1].decode("ascii").upper()
        cursor.space()
        return c.Store(
            tag,
            numbers,
            action,
            store_flags(cursor) if action.endswith("FLAGS") else labels(cursor),
            match[2] is not None,
            uid,
            unchanged_since,
        )

    return parse


def _copy(make: type[c.Copy] | type[c.Move], *, uid: bool) -> Parser:
    return lambda cursor, tag: make(tag, _numbers(cursor), mailbox(cursor), uid)


#: What each verb makes, and how; None for those that take no arguments.
VERBS: dict[str, tuple[type[c.Command], Parser | None]] = {
    "CAPABILITY": (c.Capability, None),
    "NOOP": (c.Noop, None),
    "LOGOUT": (c.Logout, None),
    "ID": (c.Id, _id),
    "COMPRESS": (c.Compress, _compress),
    "UNAUTHENTICATE": (c.Unauthenticate, None),
    "LANGUAGE": (c.Language, _preferences(c.Language)),
    "COMPARATOR": (c.Comparator, _preferences(c.Comparator)),
    "STARTTLS": (c.StartTls, None),
    "AUTHENTICATE": (c.Authenticate, _authenticate),
    "LOGIN": (c.Login, _login),
    "ENABLE": (c.Enable, _enable),
    "SELECT": (c.Select, _select(read_only=False)),
    "EXAMINE": (c.Select, _select(read_only=True)),
    "CREATE": (c.Create, _create),
    "DELETE": (c.Delete, lambda cursor, tag: c.Delete(tag, _mailbox(cursor))),
    "RENAME": (c.Rename, _rename),
    "SUBSCRIBE": (c.Subscribe, lambda cursor, tag: c.Subscribe(tag, _mailbox(cursor))),
    "UNSUBSCRIBE": (c.Unsubscribe, lambda cursor, tag: c.Unsubscribe(tag, _mailbox(cursor))),
    "LIST": (c.List, parse_list),
    "LSUB": (c.Lsub, _lsub),
    "NAMESPACE": (c.Namespace, None),
    "NOTIFY": (c.Notify, notify),
    "GETMETADATA": (c.GetMetadata, get_metadata),
    "SETMETADATA": (c.SetMetadata, set_metadata),
    "STATUS": (c.StatusCommand, _status),
    "ESEARCH": (c.Esearch, esearch),
    "APPEND": (c.AppendBegin, _append),
    "GETQUOTA": (c.GetQuota, quotas.get_quota),
    "GETQUOTAROOT": (c.GetQuotaRoot, quotas.get_quota_root),
    "SETQUOTA": (c.SetQuota, quotas.set_quota),
    "GENURLAUTH": (c.GenUrlAuth, urls.gen_url_auth),
    "RESETKEY": (c.ResetKey, urls.reset_key),
    "URLFETCH": (c.UrlFetch, urls.url_fetch),
    "SETACL": (c.SetAcl, rights.set_acl),
    "DELETEACL": (c.DeleteAcl, rights.delete_acl),
    "GETACL": (c.GetAcl, rights.get_acl),
    "LISTRIGHTS": (c.ListRights, rights.list_rights),
    "MYRIGHTS": (c.MyRights, rights.my_rights),
    "REPLACE": (c.Replace, _append),
    "UID REPLACE": (c.Replace, _append),
    "IDLE": (c.Idle, None),
    "CHECK": (c.Check, None),
    "CLOSE": (c.Close, None),
    "UNSELECT": (c.Unselect, None),
    "EXPUNGE": (c.Expunge, None),
    "UID EXPUNGE": (c.Expunge, _uid_expunge),
    "SEARCH": (c.Search, _search(uid=False)),
    "UID SEARCH": (c.Search, _search(uid=True)),
    "CANCELUPDATE": (c.CancelUpdate, _cancel_update),
    "SORT": (c.Sort, parse_sort(uid=False)),
    "UID SORT": (c.Sort, parse_sort(uid=True)),
    "THREAD": (c.Thread, parse_thread(uid=False)),
    "UID THREAD": (c.Thread, parse_thread(uid=True)),
    "FETCH": (c.Fetch, _fetch(uid=False)),
    "UID FETCH": (c.Fetch, _fetch(uid=True)),
    "STORE": (c.Store, _store(uid=False)),
    "UID STORE": (c.Store, _store(uid=True)),
    "COPY": (c.Copy, _copy(c.Copy, uid=False)),
    "UID COPY": (c.Copy, _copy(c.Copy, uid=True)),
    "MOVE": (c.Move, _copy(c.Move, uid=False)),
    "UID MOVE": (c.Move, _copy(c.Move, uid=True)),
}

# The first verb of each: not EXAMINE, and not those of UID.
_NAMES: dict[type[c.Command], str] = {kind: verb for verb, (kind, _) in reversed(VERBS.items())}


def name_of(command: c.Command) -> str:
    """Return what a command is called, by number or UID alike: ``FETCH``."""
    return _NAMES[type(command)]
