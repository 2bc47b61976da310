"""What searches found in wire notation (RFC 9051 §9, RFC 5256 §5, RFC 5267 §6)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from mailcore.errors import LocalProtocolError
from mailcore.imap import responses as r
from mailcore.imap.wire.quoting import number, sequence_set

# Numbers that are written together, and how often that is remembered: a megabyte at most.
_BLOCK: Final = 1000
_BLOCKS: Final = 128


# "SEARCH" *(SP nz-number) [SP search-sort-mod-seq]          ; RFC 7162 §7
def encode_search(response: r.SearchResponse) -> bytes:
    """Write ``* SEARCH``; quickly if the numbers are a range."""
    return _found(b"SEARCH", response.numbers, response.modseq)


def _found(what: bytes, numbers: Sequence[int], modseq: int | None) -> bytes:
    if isinstance(numbers, range) and numbers.step == 1 and numbers.start >= 0:
        row = b"".join(_in_blocks(numbers.start, numbers.stop))
    else:
        row = " ".join(("", *map(str, numbers))).encode("ascii")
    end = b"" if modseq is None else b" (MODSEQ %d)" % modseq
    return b"* %b%b%b\r\n" % (what, row, end)


def _in_blocks(start: int, stop: int) -> Iterator[bytes]:
    """Yield numbers in a row, each behind a space."""
    while start < stop:
        text, places = _block(start // _BLOCK)
        low = start % _BLOCK
        high = min(low + stop - start, _BLOCK)
        yield text[places[low] : places[high]]
        start += high - low


@lru_cache(maxsize=_BLOCKS)
def _block(number: int) -> tuple[bytes, Sequence[int]]:
    """Return a block of numbers, each behind a space, and where each of them begins."""
    words = [b" %d" % one for one in range(number * _BLOCK, (number + 1) * _BLOCK)]
    return b"".join(words), tuple(accumulate(map(len, words), initial=0))


# "SORT" *(SP nz-number) [SP search-sort-mod-seq]            ; RFC 5256 §5, RFC 7162 §7
def encode_sort(response: r.SortResponse) -> bytes:
    """Write ``* SORT``."""
    return _found(b"SORT", response.numbers, response.modseq)


# thread-data     =  "THREAD" [SP 1*thread-list]
# thread-list     =  "(" (thread-members / thread-nested) ")"
# thread-members  =  nz-number *(SP nz-number) [SP thread-nested]
# thread-nested   =  2*thread-list
def encode_thread(response: r.ThreadResponse) -> bytes:
    """Write ``* THREAD``.

    Raises:
        LocalProtocolError: a number is less than nothing.
    """
    words: list[str] = []
    # What is still to be written, the next last: nodes, and brackets.
    waiting: list[r.ThreadNode | str] = []
    for thread in reversed(response.threads):
        waiting += (")", thread, "(")
    while waiting:
        item: r.ThreadNode | str | None = waiting.pop()
        while item is not None:
            if isinstance(item, str):
                words.append(item)
                break
            children = item.children
            if item.number is not None:
                words.append(f"{item.number} " if children else str(item.number))
            item = None
            if len(children) == 1:
                item = children[0]
            else:
                for child in reversed(children):
                    waiting += (")", child, "(")
    text = "".join(words)
    if "-" in text:
        raise LocalProtocolError("not a number of a message")
    return b"* THREAD%b\r\n" % (" " * bool(text) + text).encode("ascii")


# ret-data-addto  =  "ADDTO" SP "(" context-position SP sequence-set *(SP ...) ")"
# ret-data-removefrom = "REMOVEFROM" SP "(" context-position SP sequence-set *(SP ...) ")"
def encode_context_update(update: r.ContextUpdate) -> bytes:
    """Write ADDTO or REMOVEFROM.

    Raises:
        LocalProtocolError: it is neither, or tells nothing.
    """
    if update.name not in ("ADDTO", "REMOVEFROM") or not update.places:
        raise LocalProtocolError(f"not an update of results: {update.name!r}")
    places = (b"%b %b" % (number(place), sequence_set(numbers)) for place, numbers in update.places)
    return b"%b (%b)" % (update.name.encode("ascii"), b" ".join(places))
