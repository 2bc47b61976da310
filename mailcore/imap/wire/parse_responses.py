"""From a complete response to its dataclass: dispatch on the whole word (RFC 9051 §7 and §9).

A new response is a parser in the file of its topic, and a row in one of the tables here.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mailcore.imap import responses as r
from mailcore.imap.types import Status
from mailcore.imap.wire import (
    parse_fetch,
    parse_mailboxes,
    parse_search,
    parse_status,
    quotas,
    rights,
    urls,
)
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.metadata import metadata

# response-data   =  "*" SP (resp-cond-state / resp-cond-bye / mailbox-data / message-data /
#                    capability-data / enable-data / ...) CRLF
_NUMBERED_HEAD = re.compile(rb"([0-9]{1,10}+) (?=[A-Za-z])")


def _condition(status: Status) -> Callable[[Cursor], r.Response]:
    return lambda cursor: r.Untagged(status, *parse_status.text(cursor))


#: Parsers of what follows the word of an untagged response.
UNTAGGED: dict[str, Callable[[Cursor], r.Response]] = {
    "OK": _condition(Status.OK),
    "NO": _condition(Status.NO),
    "BAD": _condition(Status.BAD),
    "PREAUTH": _condition(Status.PREAUTH),
    "BYE": _condition(Status.BYE),
    "CAPABILITY": parse_status.capability,
    "ENABLED": parse_status.enabled,
    "ID": parse_status.identity,
    "LANGUAGE": parse_status.language,
    "COMPARATOR": parse_status.comparator,
    "LIST": parse_mailboxes.listing,
    "LSUB": parse_mailboxes.subscribed,
    "NAMESPACE": parse_mailboxes.namespace,
    "METADATA": metadata,
    "STATUS": parse_mailboxes.status,
    "FLAGS": parse_mailboxes.flags,
    "VANISHED": parse_mailboxes.vanished,
    "QUOTA": quotas.quota,
    "QUOTAROOT": quotas.quota_root,
    "ACL": rights.acl,
    "LISTRIGHTS": rights.rights_list,
    "MYRIGHTS": rights.own_rights,
    "GENURLAUTH": urls.generated,
    "URLFETCH": urls.fetched,
    "SEARCH": parse_search.search,
    "SORT": parse_search.sort,
    "THREAD": parse_search.thread,
    "ESEARCH": parse_search.esearch,
}

#: Parsers of what follows ``* n`` and a word.
NUMBERED: dict[str, Callable[[Cursor, int], r.Response]] = {
    "EXISTS": lambda cursor, number: r.Exists(number),
    "RECENT": lambda cursor, number: r.Recent(number),
    "EXPUNGE": parse_mailboxes.expunged,
    "FETCH": parse_fetch.fetch,
    "UIDFETCH": parse_fetch.uid_fetch,
}


def parse_response(data: bytes, bounds: ResponseBounds, *, utf8: bool = False) -> r.Response:
    """Parse a response.

    An untagged one that is unknown, or not in the grammar, becomes an
    :class:`~mailcore.imap.responses.UnknownResponse`: the next one is as good as ever.

    Arguments:
        data: the response with its literals in place, without the last CRLF.
        bounds: how deep and how much.
        utf8: whether mailbox names are UTF-8 throughout (RFC 9051 §5.1).

    Raises:
        ParseError: a tagged response, or a line that is no response at all.
    """
    if data.startswith(b"+"):
        return parse_status.continuation(data)
    cursor = Cursor(data, 0, bounds.nesting, ranges=bounds.ranges, utf8=utf8)
    if not cursor.skip(b"* "):
        return parse_status.tagged(cursor)
    try:
        return _untagged(cursor)
    except ParseError as error:
        return r.UnknownResponse(data[2:], error.text)


def _untagged(cursor: Cursor) -> r.Response:
    numbered = cursor.match(_NUMBERED_HEAD)
    word = cursor.word("a response")
    response: r.Response
    if numbered is not None and word in NUMBERED:
        response = NUMBERED[word](cursor, int(numbered[1]))
    elif numbered is None and word in UNTAGGED:
        response = UNTAGGED[word](cursor)
    else:
        return r.UnknownResponse(cursor.buf[2:])
    cursor.skip(b" ")  # what many servers leave at the end
    cursor.end()
    return response
