"""What a search found (RFC 9051 §7.3.4, RFC 3501 §7.2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.imap.types import PartialRange, SequenceSet


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """``* SEARCH``; ``modseq`` as RFC 7162 §3.1.5 adds it."""

    numbers: Sequence[int]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class SortResponse:
    """``* SORT`` (RFC 5256 §4): numbers in order; ``modseq`` as RFC 7162 §3.1.6 adds it."""

    numbers: Sequence[int]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadNode:
    """A message in a thread, and those that answer it.

    Arguments:
        number: sequence number or UID; None for a message that is not here.
        children: in order.
    """

    number: int | None
    children: tuple[ThreadNode, ...] = ()


@dataclass(frozen=True, slots=True)
class ThreadResponse:
    """``* THREAD`` (RFC 5256 §4)."""

    threads: Sequence[ThreadNode]


@dataclass(frozen=True, slots=True)
class Line:
    """A response that was encoded before and is said again, with its line end."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class ContextUpdate:
    """How the results of a search change that goes on (RFC 5267 §4.3.2-4).

    Arguments:
        name: "ADDTO" or "REMOVEFROM".
        places: places in the results, from 1 on, and what is put there or taken away from there,
            one pair after the other; place 0: wherever it belongs by its number.
    """

    name: str
    places: tuple[tuple[int, SequenceSet], ...]

    def apply(self, results: list[int]) -> None:
        """Change the results that a client keeps, which are in the order that it asked for.

        Raises:
            ValueError: they are not those that the server knows of.
        """
        for place, numbers in self.places:
            changed = list(numbers.numbers())
            at = place - 1
            if self.name == "ADDTO" and place == 0:
                results[:] = sorted({*results, *changed})
            elif self.name == "ADDTO":
                results[at:at] = changed
            elif place == 0:
                gone = set(changed)
                results[:] = [number for number in results if number not in gone]
            elif results[at : at + len(changed)] == changed:
                del results[at : at + len(changed)]
            else:
                raise ValueError("these results are not at that place")


@dataclass(frozen=True, slots=True)
class EsearchResponse:
    """``* ESEARCH`` (RFC 4731). What is None is left out.

    Arguments:
        tag: of the command; "" for none.
        uid: the numbers are UIDs.
        min, max, count, all, modseq: what was asked for.
        partial: the range that was asked for, and what is in it; None for nothing (RFC 9394 §3.1).
        updates: what has changed since, in this order (RFC 5267 §4.3).
        relevancy: of each message that is told of, from 1 to 100 (RFC 6203 §4).
        mailbox, uid_validity: what the UIDs are of, if several were searched (RFC 7377 §2.1).
    """

    tag: str
    uid: bool
    min: int | None = None
    max: int | None = None
    count: int | None = None
    all: SequenceSet | None = None
    modseq: int | None = None
    partial: tuple[PartialRange, SequenceSet | None] | None = None
    updates: tuple[ContextUpdate, ...] = ()
    relevancy: tuple[int, ...] | None = None
    mailbox: str | None = None
    uid_validity: int | None = None
