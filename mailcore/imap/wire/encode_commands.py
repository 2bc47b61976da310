"""Commands in wire notation (RFC 9051 §6 and §9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailcore.errors import LocalProtocolError
from mailcore.imap import commands as c
from mailcore.imap.sorting import SORT_KEYS
from mailcore.imap.types import (
    STAR,
    BinaryPart,
    FetchBinary,
    FetchBinarySize,
    FetchBody,
    FetchItem,
    FetchPreview,
    Section,
)
from mailcore.imap.wire import rights, urls
from mailcore.imap.wire.dates import format_date_time
from mailcore.imap.wire.encode_fetch import encode_section
from mailcore.imap.wire.encode_search import write_search_keys
from mailcore.imap.wire.fragments import Fragments
from mailcore.imap.wire.gmail import write_labels
from mailcore.imap.wire.quoting import (
    astring,
    atom,
    flag_list,
    number,
    partial_range,
    sequence_set,
    tag,
)
from mailcore.sasl import encode_base64

_STORE_ACTIONS = frozenset({"FLAGS", "+FLAGS", "-FLAGS"})
_LABEL_ACTIONS = frozenset({"X-GM-LABELS", "+X-GM-LABELS", "-X-GM-LABELS"})


def encode_command(command: c.Command, *, utf8: bool = False, literal_plus: int = 0) -> list[bytes]:
    """Write a command as fragments; before each but the first the client waits for "+".

    Of an :class:`~mailcore.imap.commands.AppendBegin` it is all up to the octets of the message;
    after those of the last one the client sends CRLF. Of a message that is put together it is all
    up to its first part, see :func:`encode_part`.

    Arguments:
        command: what to say.
        utf8: whether mailbox names are UTF-8 throughout (RFC 9051 §5.1).
        literal_plus: below this many octets, a literal goes without waiting (RFC 7888).

    Raises:
        LocalProtocolError: it cannot be written.
    """
    out = Fragments(utf8=utf8, literal_plus=literal_plus)
    if not (isinstance(command, c.AppendBegin) and command.index):
        out.line(tag(command.tag) + b" ")
    _WRITERS[type(command)](out, command)
    if not isinstance(command, c.AppendBegin):
        out.line(b"\r\n")
    return out.finish()


def encode_part(
    part: c.CatenateUrl | c.CatenateText, *, first: bool, utf8: bool, literal_plus: int
) -> list[bytes]:
    """Write a part of a message that is put together, up to its octets, as fragments.

    Arguments:
        part: what to say.
        first: whether none stands before it.
        utf8, literal_plus: as in :func:`encode_command`.

    Raises:
        LocalProtocolError: it cannot be written.
    """
    out = Fragments(utf8=utf8, literal_plus=literal_plus)
    if not first:
        out.line(b" ")
    if isinstance(part, c.CatenateUrl):
        out.line(b"URL ")
        out.text(part.url)
        return out.finish()
    if part.utf8 and not utf8:
        raise LocalProtocolError("UTF8 is for those who have enabled it")
    out.line(b"UTF8 (~" if part.utf8 else b"TEXT ")
    out.announce(part.size, waits=part.synchronizing)
    return out.finish()


Writer = Callable[[Fragments, Any], None]


def _bare(word: bytes) -> Writer:
    return lambda out, command: out.line(word)


def _id(out: Fragments, command: c.Id) -> None:
    if command.parameters is None:
        out.line(b"ID NIL")
        return
    out.line(b"ID (")
    separator = b""
    for name, value in command.parameters.items():
        out.line(separator)
        out.string(name.encode())
        out.line(b" NIL" if value is None else b" ")
        if value is not None:
            out.string(value.encode())
        separator = b" "
    out.line(b")")


def _authenticate(out: Fragments, command: c.Authenticate) -> None:
    out.line(b"AUTHENTICATE " + atom(command.mechanism))
    if command.initial is not None:
        out.line(b" " + (encode_base64(command.initial) or b"="))


def _login(out: Fragments, command: c.Login) -> None:
    out.line(b"LOGIN ")
    out.text(command.username)
    out.line(b" ")
    out.text(command.password)


def _enable(out: Fragments, command: c.Enable) -> None:
    out.line(b" ".join((b"ENABLE", *map(atom, command.capabilities))))


def _compress(out: Fragments, command: c.Compress) -> None:
    out.line(b"COMPRESS " + atom(command.mechanism))


def _preferences(word: bytes, wanted: tuple[str, ...], out: Fragments) -> None:
    out.line(word)
    for one in wanted:
        out.line(b" ")
        out.text(one)


def _select(out: Fragments, command: c.Select) -> None:
    out.line(b"EXAMINE " if command.read_only else b"SELECT ")
    out.mailbox(command.mailbox)
    parameters = [b"CONDSTORE"] * command.condstore
    if command.qresync is not None:
        parameters.append(_qresync(command.qresync))
    if parameters:
        out.line(b" (%b)" % b" ".join(parameters))


def _qresync(known: c.QResync) -> bytes:
    words = [number(known.uid_validity), number(known.modseq)]
    if known.known_uids is not None:
        words.append(sequence_set(known.known_uids))
    if known.match is not None:
        words.append(b"(%b)" % b" ".join(map(sequence_set, known.match)))
    return b"QRESYNC (%b)" % b" ".join(words)


def _create(out: Fragments, command: c.Create) -> None:
    out.line(b"CREATE ")
    # RFC 9051 §6.3.4: one separator at the end is no part of the name.
    out.mailbox(command.mailbox + "/" if command.mailbox.endswith("/") else command.mailbox)
    if command.special_use:
        out.line(b" (USE %b)" % flag_list(command.special_use))


def _on_mailbox(word: bytes) -> Writer:
    def write(out: Fragments, command: c.Delete | c.Subscribe | c.Unsubscribe) -> None:
        out.line(word)
        out.mailbox(command.mailbox)

    return write


def _rename(out: Fragments, command: c.Rename) -> None:
    out.line(b"RENAME ")
    out.mailbox(command.mailbox)
    out.line(b" ")
    out.mailbox(command.new_name)


def _list(out: Fragments, command: c.List) -> None:
    out.line(b"LIST ")
    if command.select:
        out.line(_words(command.select) + b" ")
    out.mailbox(command.reference)
    if len(command.patterns) == 1:
        out.line(b" ")
        out.mailbox(command.patterns[0])
    else:
        _patterns(out, command.patterns)
    returns = list(map(atom, command.returns))
    if command.status:
        returns.append(b"STATUS " + _words(command.status))
    if command.metadata:
        entries = (astring(entry.encode("ascii")) for entry in command.metadata)
        returns.append(b"METADATA (%b)" % b" ".join(entries))
    if returns:
        out.line(b" RETURN (%b)" % b" ".join(returns))


def _patterns(out: Fragments, patterns: tuple[str, ...]) -> None:
    if not patterns:
        raise LocalProtocolError("LIST needs a pattern")
    separator = b" ("
    for pattern in patterns:
        out.line(separator)
        out.mailbox(pattern)
        separator = b" "
    out.line(b")")


def _words(words: tuple[str, ...]) -> bytes:
    return b"(%b)" % b" ".join(map(atom, words))


def _lsub(out: Fragments, command: c.Lsub) -> None:
    out.line(b"LSUB ")
    out.mailbox(command.reference)
    out.line(b" ")
    out.mailbox(command.pattern)


def _status(out: Fragments, command: c.StatusCommand) -> None:
    out.line(b"STATUS ")
    out.mailbox(command.mailbox)
    out.line(b" " + _words(command.items))


def _get_metadata(out: Fragments, command: c.GetMetadata) -> None:
    out.line(b"GETMETADATA ")
    options = []
    if command.max_size is not None:
        options.append(b"MAXSIZE " + number(command.max_size))
    if command.depth != 0:
        options.append(b"DEPTH " + (b"infinity" if command.depth is None else b"1"))
    if options:
        out.line(b"(%b) " % b" ".join(options))
    out.mailbox(command.mailbox)
    _entries(out, command.entries)


def _entries(out: Fragments, entries: tuple[str, ...]) -> None:
    if not entries:
        raise LocalProtocolError("GETMETADATA needs an annotation")
    separator = b" ("
    for entry in entries:
        out.line(separator)
        out.text(entry)
        separator = b" "
    out.line(b")")


def _set_metadata(out: Fragments, command: c.SetMetadata) -> None:
    if not command.values:
        raise LocalProtocolError("SETMETADATA needs an annotation")
    out.line(b"SETMETADATA ")
    out.mailbox(command.mailbox)
    separator = b" ("
    for entry, value in command.values:
        out.line(separator)
        out.text(entry)
        if value is None:
            out.line(b" NIL")
        else:
            out.line(b" ")
            out.octets(value)
        separator = b" "
    out.line(b")")


def _notify(out: Fragments, command: c.Notify) -> None:
    if command.groups is None:
        out.line(b"NOTIFY NONE")
        return
    if not command.groups:
        raise LocalProtocolError("NOTIFY SET needs events")
    out.line(b"NOTIFY SET" + b" STATUS" * command.status)
    for group in command.groups:
        out.line(b" (")
        _mailbox_filter(out, group)
        out.line(b" " + _events(group) + b")")


def _mailbox_filter(out: Fragments, chosen: c.EventGroup | c.MailboxFilter) -> None:
    out.line(atom(chosen.scope))
    separator = b" ("
    for name in chosen.mailboxes:
        out.line(separator)
        out.mailbox(name)
        separator = b" "
    out.line(b")" if chosen.mailboxes else b"")


def _events(group: c.EventGroup) -> bytes:
    if not group.events:
        return b"NONE"
    words = []
    for event in group.events:
        words.append(atom(event))
        if event == "MessageNew" and group.items:
            words.append(b"(%b)" % b" ".join(map(_item, group.items)))
    return b"(%b)" % b" ".join(words)


def _get_quota(out: Fragments, command: c.GetQuota) -> None:
    out.line(b"GETQUOTA ")
    out.text(command.root)


def _set_quota(out: Fragments, command: c.SetQuota) -> None:
    out.line(b"SETQUOTA ")
    out.text(command.root)
    limits = (b"%b %b" % (atom(name), number(limit)) for name, limit in command.limits)
    out.line(b" (%b)" % b" ".join(limits))


def _append(out: Fragments, command: c.AppendBegin) -> None:
    if isinstance(command, c.Replace):
        which = b"*" if command.number == STAR else number(command.number)
        out.line(b"%bREPLACE %b " % (b"UID " * command.uid, which))
        out.mailbox(command.mailbox)
    elif command.index == 0:
        out.line(b"APPEND ")
        out.mailbox(command.mailbox)
    out.line(b" ")
    if command.flags:
        out.line(flag_list(command.flags) + b" ")
    if command.internal_date is not None:
        out.line(format_date_time(command.internal_date) + b" ")
    if command.catenate:
        out.line(b"CATENATE (")
        return
    if command.binary:
        out.line(b"~")
    out.announce(command.size, waits=command.synchronizing)


def _expunge(out: Fragments, command: c.Expunge) -> None:
    uids = command.uids
    out.line(b"EXPUNGE" if uids is None else b"UID EXPUNGE " + sequence_set(uids))


def _search(out: Fragments, command: c.Search) -> None:
    out.line(_uid(command) + b"SEARCH ")
    _returns(out, command)
    if command.charset is not None:
        out.line(b"CHARSET " + atom(command.charset) + b" ")
    write_search_keys(out, command.key, command.charset or "utf-8")


def _esearch(out: Fragments, command: c.Esearch) -> None:
    out.line(b"ESEARCH ")
    separator = b"IN ("
    for source in command.sources:
        out.line(separator)
        _mailbox_filter(out, source)
        separator = b" "
    out.line(b") " if command.sources else b"")
    _returns(out, command)
    if command.charset is not None:
        out.line(b"CHARSET " + atom(command.charset) + b" ")
    write_search_keys(out, command.key, command.charset or "utf-8")


def _returns(out: Fragments, command: c.Search | c.Sort | c.Esearch) -> None:
    if command.returns is None and command.partial is None:
        return
    words = list(map(atom, command.returns or ()))
    if command.update_items:
        if b"UPDATE" not in words:
            raise LocalProtocolError("items of UPDATE, and no UPDATE")
        items = b" ".join(map(_item, command.update_items))
        words[words.index(b"UPDATE")] = b"UPDATE (%b)" % items
    if command.partial is not None:
        words.append(b"PARTIAL " + partial_range(command.partial))
    out.line(b"RETURN (%b) " % b" ".join(words))


def _sort(out: Fragments, command: c.Sort) -> None:
    out.line(_uid(command) + b"SORT ")
    _returns(out, command)
    if not command.criteria or not SORT_KEYS.issuperset(one.key for one in command.criteria):
        raise LocalProtocolError("not criteria to sort by")
    words = (b"REVERSE " * one.reverse + one.key.encode("ascii") for one in command.criteria)
    out.line(b"(%b) %b " % (b" ".join(words), atom(command.charset)))
    write_search_keys(out, command.key, command.charset)


def _cancel_update(out: Fragments, command: c.CancelUpdate) -> None:
    if not command.tags:
        raise LocalProtocolError("CANCELUPDATE needs a tag")
    out.line(b"CANCELUPDATE")
    for one in command.tags:
        out.line(b" ")
        out.string(tag(one))


def _thread(out: Fragments, command: c.Thread) -> None:
    words = (_uid(command) + b"THREAD", atom(command.algorithm), atom(command.charset), b"")
    out.line(b" ".join(words))
    write_search_keys(out, command.key, command.charset)


def _uid(command: c.Search | c.Sort | c.Thread | c.Fetch | c.Store | c.Copy | c.Move) -> bytes:
    return b"UID " if command.uid else b""


def _fetch(out: Fragments, command: c.Fetch) -> None:
    if not command.items:
        raise LocalProtocolError("FETCH needs an item")
    items = b" ".join(map(_item, command.items))
    out.line(b"%bFETCH %b (%b)" % (_uid(command), sequence_set(command.numbers), items))
    modifiers = []
    if command.changed_since is not None:
        vanished = b" VANISHED" * command.vanished
        modifiers.append(b"CHANGEDSINCE %b%b" % (number(command.changed_since), vanished))
    if command.partial is not None:
        modifiers.append(b"PARTIAL " + partial_range(command.partial))
    if modifiers:
        out.line(b" (%b)" % b" ".join(modifiers))


def _item(item: FetchItem) -> bytes:
    if isinstance(item, FetchPreview):
        return b"PREVIEW (LAZY)" if item.lazy else b"PREVIEW"
    if isinstance(item, FetchBinarySize):
        return b"BINARY.SIZE" + _part(item.part)
    if isinstance(item, FetchBinary):
        name = b"BINARY.PEEK" if item.peek else b"BINARY"
        return name + _part(item.part) + _partial(item.partial)
    if not isinstance(item, FetchBody):
        return atom(item.name)
    name = b"BODY.PEEK" if item.peek else b"BODY"
    return name + encode_section(item.section) + _partial(item.partial)


def _part(part: BinaryPart) -> bytes:
    return encode_section(Section(part.path))


def _partial(partial: tuple[int, int] | None) -> bytes:
    if partial is None:
        return b""
    first, count = partial
    return b"<%b.%b>" % (number(first), number(count))


def _store(out: Fragments, command: c.Store) -> None:
    if command.action not in _STORE_ACTIONS | _LABEL_ACTIONS:
        raise LocalProtocolError(f"not an action of STORE: {command.action!r}")
    out.line(b"%bSTORE %b " % (_uid(command), sequence_set(command.numbers)))
    if command.unchanged_since is not None:
        out.line(b"(UNCHANGEDSINCE %b) " % number(command.unchanged_since))
    silent = b".SILENT" if command.silent else b""
    out.line(b"%b%b " % (command.action.encode("ascii"), silent))
    if command.action in _STORE_ACTIONS:
        out.line(flag_list(command.flags))
    else:
        write_labels(out, command.flags)


def _copy(word: bytes) -> Writer:
    def write(out: Fragments, command: c.Copy | c.Move) -> None:
        out.line(b"%b%b %b " % (_uid(command), word, sequence_set(command.numbers)))
        out.mailbox(command.mailbox)

    return write


_WRITERS: dict[type[c.Command], Writer] = {
    c.Capability: _bare(b"CAPABILITY"),
    c.Noop: _bare(b"NOOP"),
    c.Logout: _bare(b"LOGOUT"),
    c.Id: _id,
    c.Compress: _compress,
    c.Unauthenticate: _bare(b"UNAUTHENTICATE"),
    c.Language: lambda out, command: _preferences(b"LANGUAGE", command.ranges, out),
    c.Comparator: lambda out, command: _preferences(b"COMPARATOR", command.orders, out),
    c.StartTls: _bare(b"STARTTLS"),
    c.Authenticate: _authenticate,
    c.Login: _login,
    c.Enable: _enable,
    c.Select: _select,
    c.Create: _create,
    c.Delete: _on_mailbox(b"DELETE "),
    c.Rename: _rename,
    c.Subscribe: _on_mailbox(b"SUBSCRIBE "),
    c.Unsubscribe: _on_mailbox(b"UNSUBSCRIBE "),
    c.List: _list,
    c.Lsub: _lsub,
    c.Namespace: _bare(b"NAMESPACE"),
    c.GetMetadata: _get_metadata,
    c.Notify: _notify,
    c.SetMetadata: _set_metadata,
    c.StatusCommand: _status,
    c.AppendBegin: _append,
    c.Replace: _append,
    c.GetQuota: _get_quota,
    c.GetQuotaRoot: _on_mailbox(b"GETQUOTAROOT "),
    c.SetQuota: _set_quota,
    c.SetAcl: rights.write_set_acl,
    c.DeleteAcl: rights.write_delete_acl,
    c.GetAcl: _on_mailbox(b"GETACL "),
    c.ListRights: rights.write_list_rights,
    c.MyRights: _on_mailbox(b"MYRIGHTS "),
    c.GenUrlAuth: urls.write_gen_url_auth,
    c.ResetKey: urls.write_reset_key,
    c.UrlFetch: urls.write_url_fetch,
    c.Idle: _bare(b"IDLE"),
    c.Check: _bare(b"CHECK"),
    c.Close: _bare(b"CLOSE"),
    c.Unselect: _bare(b"UNSELECT"),
    c.Expunge: _expunge,
    c.Search: _search,
    c.CancelUpdate: _cancel_update,
    c.Sort: _sort,
    c.Esearch: _esearch,
    c.Thread: _thread,
    c.Fetch: _fetch,
    c.Store: _store,
    c.Copy: _copy(b"COPY"),
    c.Move: _copy(b"MOVE"),
}
