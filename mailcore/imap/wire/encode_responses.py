"""Responses in wire notation (RFC 9051 §7 and §9)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Final

from mailcore.errors import LocalProtocolError
from mailcore.imap import responses as r
from mailcore.imap.types import ResponseCode, Status
from mailcore.imap.wire import urls
from mailcore.imap.wire.encode_fetch import encode_attributes, encode_item
from mailcore.imap.wire.encode_fetch_table import encode_fetch_table
from mailcore.imap.wire.encode_results import (
    encode_context_update,
    encode_search,
    encode_sort,
    encode_thread,
)
from mailcore.imap.wire.quoting import (
    astring,
    atom,
    code_argument,
    flag_list,
    line_text,
    mailbox,
    number,
    object_id,
    octets,
    partial_range,
    raw,
    sequence_set,
    string,
    tag,
)
from mailcore.sasl import encode_base64

_TAGGED = frozenset({Status.OK, Status.NO, Status.BAD})
# After ENABLE of one of these mailbox names are UTF-8 (RFC 6855 §3, RFC 9051 §5.1).
_UTF8 = frozenset({"UTF8=ACCEPT", "IMAP4REV2"})


def uses_utf8(enabled: Collection[str]) -> bool:
    """Tell whether mailbox names are UTF-8 with these extensions enabled."""
    return not _UTF8.isdisjoint(enabled)


class ResponseEncoder:
    """Writes responses; knows whether a streamed FETCH is open, and what is missing of it.

    Arguments:
        enabled: extensions that the client has enabled; looked at for each response.
    """

    def __init__(self, enabled: Collection[str] = ()) -> None:
        self._enabled = enabled
        #: Whether a streamed FETCH response is open: nothing else can be said.
        self.in_fetch = False
        # Whether it is one of URLFETCH, and with what it ends.
        self._in_url_fetch = False
        self._closing = b""
        self._separator = b""
        # Octets that the open literal still needs.
        self._due = 0

    def encode(self, response: r.Response) -> bytes:
        """Write one response.

        Raises:
            LocalProtocolError: it cannot be written, or not now; nothing has changed.
        """
        kind = type(response)
        if self.in_fetch and kind not in _STREAM:
            raise LocalProtocolError("a FETCH response is open")
        encode = _ALIKE.get(kind)
        return _OF_CONNECTION[kind](self, response) if encode is None else encode(response)

    @property
    def _utf8(self) -> bool:
        return uses_utf8(self._enabled)

    def _mailbox(self, name: str) -> bytes:
        return astring(mailbox(name, utf8=self._utf8), utf8=self._utf8)

    # mailbox-list    =  "(" [mbx-list-flags] ")" SP (DQUOTE QUOTED-CHAR DQUOTE / nil) SP mailbox
    #                    [SP mbox-list-extended]
    def _list(self, response: r.ListResponse) -> bytes:
        return b"* %b %b %b %b%b\r\n" % (
            b"LSUB" if response.lsub else b"LIST",
            flag_list(response.attributes),
            _delimiter(response.delimiter),
            self._mailbox(response.name),
            self._list_extended(response),
        )

    # mbox-list-extended = "(" [mbox-list-extended-item *(SP mbox-list-extended-item)] ")"
    # childinfo-extended-item = "CHILDINFO" SP "(" list-select-base-opt-quoted
    #                    *(SP list-select-base-opt-quoted) ")"
    # oldname-extended-item = "OLDNAME" SP "(" mailbox ")"
    def _list_extended(self, response: r.ListResponse) -> bytes:
        items = []
        if response.child_info:
            options = b" ".join(string(atom(option)) for option in response.child_info)
            items.append(b'"CHILDINFO" (%b)' % options)
        if response.old_name is not None:
            items.append(b'"OLDNAME" (%b)' % self._mailbox(response.old_name))
        return b" (%b)" % b" ".join(items) if items else b""

    # namespace-response = "NAMESPACE" SP namespace SP namespace SP namespace
    # namespace       =  nil / "(" 1*namespace-descr ")"
    def _namespace(self, response: r.NamespaceResponse) -> bytes:
        kinds = (response.personal, response.others, response.shared)
        return b"* NAMESPACE %b\r\n" % b" ".join(map(self._namespaces, kinds))

    def _namespaces(self, pairs: tuple[tuple[str, str | None], ...] | None) -> bytes:
        if not pairs:
            return b"NIL"
        return b"(%b)" % b"".join(
            b"(%b %b)"
            % (string(mailbox(prefix, utf8=self._utf8), utf8=self._utf8), _delimiter(delimiter))
            for prefix, delimiter in pairs
        )

    # "STATUS" SP mailbox SP "(" [status-att-list] ")"
    def _status(self, response: r.StatusResponse) -> bytes:
        items = (b"%b %b" % (atom(name), _item(value)) for name, value in response.items.items())
        return b"* STATUS %b (%b)\r\n" % (self._mailbox(response.mailbox), b" ".join(items))

    # metadata-resp   =  "METADATA" SP mailbox SP (entry-values / entry-list)
    def _metadata(self, response: r.MetadataResponse) -> bytes:
        if not response.values:
            raise LocalProtocolError("METADATA needs an annotation")
        pairs = (b"%b %b" % (_entry(name), octets(value)) for name, value in response.values)
        return b"* METADATA %b (%b)\r\n" % (self._mailbox(response.mailbox), b" ".join(pairs))

    def _metadata_entries(self, response: r.MetadataEntries) -> bytes:
        if not response.entries:
            raise LocalProtocolError("METADATA needs an annotation")
        names = b" ".join(map(_entry, response.entries))
        return b"* METADATA %b %b\r\n" % (self._mailbox(response.mailbox), names)

    # quotaroot-response = "QUOTAROOT" SP mailbox *(SP quota-root-name)
    def _quota_root(self, response: r.QuotaRootResponse) -> bytes:
        roots = map(astring, map(str.encode, response.roots))
        return b"* QUOTAROOT %b\r\n" % b" ".join((self._mailbox(response.mailbox), *roots))

    # esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
    # search-correlator = SP "(" one-correlator *(SP one-correlator) ")"
    def _esearch(self, response: r.EsearchResponse) -> bytes:
        correlators = [b'TAG "%b"' % tag(response.tag)]
        if response.mailbox is not None:
            correlators.append(b"MAILBOX " + self._mailbox(response.mailbox))
        if response.uid_validity is not None:
            correlators.append(b"UIDVALIDITY " + number(response.uid_validity))
        words = [b"* ESEARCH (%b)" % b" ".join(correlators)]
        if response.uid:
            words.append(b"UID")
        for name, value in (
            (b"MIN", response.min),
            (b"MAX", response.max),
            (b"COUNT", response.count),
            (b"MODSEQ", response.modseq),
        ):
            if value is not None:
                words.append(b"%b %b" % (name, number(value)))
        if response.all is not None:
            words.append(b"ALL " + sequence_set(response.all))
        if response.partial is not None:
            wanted, found = response.partial
            results = b"NIL" if found is None else sequence_set(found)
            words.append(b"PARTIAL (%b %b)" % (partial_range(wanted), results))
        if response.relevancy is not None:
            words.append(b"RELEVANCY (%b)" % b" ".join(map(number, response.relevancy)))
        words.extend(map(encode_context_update, response.updates))
        return b" ".join(words) + b"\r\n"

    # acl-data        =  "ACL" SP mailbox *(SP identifier SP rights)
    def _acl(self, response: r.AclResponse) -> bytes:
        words = [self._mailbox(response.mailbox)]
        words += [astring(word.encode()) for entry in response.entries for word in entry]
        return b"* ACL %b\r\n" % b" ".join(words)

    # listrights-data =  "LISTRIGHTS" SP mailbox SP identifier SP rights *(SP rights)
    def _list_rights(self, response: r.ListRightsResponse) -> bytes:
        words = (response.identifier, response.always, *response.optional)
        rights = b" ".join(astring(word.encode()) for word in words)
        return b"* LISTRIGHTS %b %b\r\n" % (self._mailbox(response.mailbox), rights)

    # myrights-data   =  "MYRIGHTS" SP mailbox SP rights
    def _my_rights(self, response: r.MyRightsResponse) -> bytes:
        rights = astring(response.rights.encode())
        return b"* MYRIGHTS %b %b\r\n" % (self._mailbox(response.mailbox), rights)

    # message-data    =  nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
    def _fetch_begin(self, response: r.FetchBegin) -> bytes:
        if self.in_fetch:
            raise LocalProtocolError("a FETCH response is open")
        line = b"* %b %b (%b" % (
            _positive(response.number),
            b"UIDFETCH" if response.uid_only else b"FETCH",
            encode_attributes(response.attributes),
        )
        self.in_fetch = True
        self._separator = b" " if response.attributes else b""
        return line

    def _literal_begin(self, response: r.LiteralBegin) -> bytes:
        self._check_complete()
        line = b"%b%b %b{%b}\r\n" % (
            self._separator,
            encode_item(response.item, response.origin),
            b"~" if response.has_nul else b"",
            number(response.size),
        )
        self._due = response.size
        self._separator = b" "
        return line

    def _literal_chunk(self, response: r.LiteralChunk) -> bytes:
        if len(response.data) > self._due:
            raise LocalProtocolError("more octets than the literal announced")
        self._due -= len(response.data)
        return response.data

    def _fetch_end(self, response: r.FetchEnd) -> bytes:
        self._check_complete()
        separator = self._separator if response.attributes else b""
        line = b"%b%b)\r\n" % (separator, encode_attributes(response.attributes))
        self.in_fetch = False
        return line

    def _url_fetch_begin(self, response: r.UrlFetchBegin) -> bytes:
        if self.in_fetch:
            raise LocalProtocolError("a FETCH response is open")
        line = urls.encode_url_fetch_begin(response)
        self.in_fetch = self._in_url_fetch = True
        self._closing = b")" if response.item else b""
        self._due = response.size
        return line

    def _url_fetch_end(self, response: r.UrlFetchEnd) -> bytes:
        self._check_complete(url_fetch=True)
        line = self._closing + urls.encode_url_fetch_end(response)
        self.in_fetch = self._in_url_fetch = False
        return line

    def _check_complete(self, *, url_fetch: bool = False) -> None:
        if not self.in_fetch or self._in_url_fetch is not url_fetch:
            raise LocalProtocolError("no FETCH response is open")
        if self._due:
            raise LocalProtocolError(f"{self._due} octets of the literal are missing")


_STREAM = frozenset(
    {r.FetchBegin, r.LiteralBegin, r.LiteralChunk, r.FetchEnd, r.UrlFetchBegin, r.UrlFetchEnd}
)


def _item(value: int | str) -> bytes:
    return object_id(value) if isinstance(value, str) else number(value)


def _entry(name: str) -> bytes:
    return astring(name.encode("ascii"))


def _positive(value: int) -> bytes:
    if value < 1:
        raise LocalProtocolError(f"not a message number: {value}")
    return b"%d" % value


def _fetch(response: r.FetchResponse) -> bytes:
    attributes = encode_attributes(response.attributes)
    word = b"UIDFETCH" if response.uid_only else b"FETCH"
    return b"* %b %b (%b)\r\n" % (_positive(response.number), word, attributes)


# expunged-resp   =  "VANISHED" [SP "(EARLIER)"] SP known-uids
def _vanished(response: r.Vanished) -> bytes:
    earlier = b"(EARLIER) " if response.earlier else b""
    return b"* VANISHED %b%b\r\n" % (earlier, sequence_set(response.uids))


# resp-cond-state =  ("OK" / "NO" / "BAD") SP resp-text
# resp-text       =  ["[" resp-text-code "]" SP] [text]
@lru_cache(maxsize=1024)
def _condition(status: Status, text: str, code: ResponseCode | None) -> bytes:
    words = _words(text)
    if code is None:
        # Text that begins with a bracket would be read as a response code.
        return b"%b %b\r\n" % (
            status.value.encode(),
            b"(" + words[1:] if words[:1] == b"[" else words,
        )
    name = atom(code.name)
    if code.argument:
        name += b" " + code_argument(code.argument)
    return b"%b [%b] %b\r\n" % (status.value.encode(), name, words)


def _words(text: str) -> bytes:
    # Many a client takes any line that ends so for one with a literal, and waits for it.
    words = line_text(text)
    return words + b"." if words.endswith(b"}") else words


def _tagged(response: r.Tagged) -> bytes:
    if response.status not in _TAGGED:
        raise LocalProtocolError(f"not a status of a tagged response: {response.status}")
    return b"%b %b" % (
        tag(response.tag),
        _condition(response.status, response.text, response.code),
    )


def _untagged(response: r.Untagged) -> bytes:
    return b"* " + _condition(response.status, response.text, response.code)


# continue-req    =  "+" SP (resp-text / base64) CRLF
def _continuation(response: r.Continuation) -> bytes:
    if response.data is not None:
        return b"+ %b\r\n" % encode_base64(response.data)
    return b"+ %b\r\n" % _words(response.text)


def _line(response: r.Line) -> bytes:
    octets = response.octets
    end = len(octets) - 2
    if (
        not (octets.startswith(b"* ") and octets.endswith(b"\r\n"))
        or octets.find(b"\r", 0, end) >= 0
        or octets.find(b"\n", 0, end) >= 0
        or b"\0" in octets
    ):
        raise LocalProtocolError("not a line of an untagged response")
    return octets


def _names(what: bytes, names: tuple[str, ...]) -> bytes:
    return b"* %b\r\n" % b" ".join((what, *map(atom, names)))


def _delimiter(delimiter: str | None) -> bytes:
    return b"NIL" if delimiter is None else string(delimiter.encode())


# language-data   =  "LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")"
def _language(response: r.LanguageResponse) -> bytes:
    return b"* LANGUAGE (%b)\r\n" % _astrings(response.languages)


# comparator-data =  "COMPARATOR" SP comp-sel-quoted [SP "(" comp-id-quoted *(SP ...) ")"]
def _comparator(response: r.ComparatorResponse) -> bytes:
    matching = b" (%b)" % _astrings(response.matching) if response.matching else b""
    return b"* COMPARATOR %b%b\r\n" % (astring(response.active.encode()), matching)


def _astrings(texts: tuple[str, ...]) -> bytes:
    return b" ".join(astring(text.encode()) for text in texts)


# quota-response  =  "QUOTA" SP quota-root-name SP quota-list
def _quota(response: r.QuotaResponse) -> bytes:
    resources = (
        b"%b %b %b" % (atom(name), number(usage), number(limit))
        for name, usage, limit in response.resources
    )
    return b"* QUOTA %b (%b)\r\n" % (astring(response.root.encode()), b" ".join(resources))


# id-response     =  "ID" SP id-params-list                  ; RFC 2971 §4
def _id(parameters: Mapping[str, str | None] | None) -> bytes:
    if parameters is None:
        return b"* ID NIL\r\n"
    words = (
        b"NIL" if word is None else string(word.encode())
        for pair in parameters.items()
        for word in pair
    )
    return b"* ID (%b)\r\n" % b" ".join(words)


# Tables of the module, and not of each connection: there are many that do nothing.
#: What is written alike on every connection.
_ALIKE: Final[Mapping[type[r.Response], Callable[[Any], bytes]]] = {
    r.FetchResponse: _fetch,
    r.FetchTable: encode_fetch_table,
    r.Tagged: _tagged,
    r.Untagged: _untagged,
    r.Continuation: _continuation,
    r.CapabilityResponse: lambda response: _names(b"CAPABILITY", response.capabilities),
    r.Enabled: lambda response: _names(b"ENABLED", response.capabilities),
    r.SearchResponse: encode_search,
    r.SortResponse: encode_sort,
    r.ThreadResponse: encode_thread,
    r.Line: _line,
    r.FlagsResponse: lambda response: b"* FLAGS %b\r\n" % flag_list(response.flags),
    r.Exists: lambda response: b"* %b EXISTS\r\n" % number(response.count),
    r.Recent: lambda response: b"* %b RECENT\r\n" % number(response.count),
    r.Expunged: lambda response: b"* %b EXPUNGE\r\n" % _positive(response.number),
    r.Vanished: _vanished,
    r.LanguageResponse: _language,
    r.ComparatorResponse: _comparator,
    r.IdResponse: lambda response: _id(response.parameters),
    r.UnknownResponse: lambda response: b"* %b\r\n" % raw(response.data),
    r.QuotaResponse: _quota,
    r.GenUrlAuthResponse: urls.encode_gen_url_auth,
    r.UrlFetchResponse: urls.encode_url_fetch,
}
#: What depends on what the client has enabled, or on what was said before.
_OF_CONNECTION: Final[Mapping[type[r.Response], Callable[[ResponseEncoder, Any], bytes]]] = {
    r.ListResponse: ResponseEncoder._list,
    r.NamespaceResponse: ResponseEncoder._namespace,
    r.StatusResponse: ResponseEncoder._status,
    r.MetadataResponse: ResponseEncoder._metadata,
    r.MetadataEntries: ResponseEncoder._metadata_entries,
    r.EsearchResponse: ResponseEncoder._esearch,
    r.QuotaRootResponse: ResponseEncoder._quota_root,
    r.AclResponse: ResponseEncoder._acl,
    r.ListRightsResponse: ResponseEncoder._list_rights,
    r.MyRightsResponse: ResponseEncoder._my_rights,
    r.UrlFetchBegin: ResponseEncoder._url_fetch_begin,
    r.UrlFetchEnd: ResponseEncoder._url_fetch_end,
    r.FetchBegin: ResponseEncoder._fetch_begin,
    r.LiteralBegin: ResponseEncoder._literal_begin,
    r.LiteralChunk: ResponseEncoder._literal_chunk,
    r.FetchEnd: ResponseEncoder._fetch_end,
}
