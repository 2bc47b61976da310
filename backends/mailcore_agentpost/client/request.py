"""What is asked, without how: one definition for the client that blocks and the one that awaits."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

import msgspec

from mailcore_agentpost.http.routing import V1
from mailcore_agentpost.http.types import Recipient

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
RowT_co = TypeVar("RowT_co", covariant=True)

# Where an address is wanted, its text is enough.
People = Sequence[str | Recipient]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered, if it was a success."""

    status: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T_co]):
    """One request, and how its answer is read.

    Arguments:
        path: from the root of the server.
        decode: makes what is returned of the answer.
        params: the query; what is None is left out.
        body: sent as JSON.
        content: or any octets.
        idempotency_key: makes a repetition harmless, and so the request one that may be repeated.
        patience: seconds that the server may take longer than usual.
        following: returns the request for the page after one, or None after the last.
    """

    method: str
    path: str
    decode: Callable[[Answer], T_co]
    params: Mapping[str, Any] = field(default_factory=dict)
    body: msgspec.Struct | None = None
    content: bytes | None = None
    idempotency_key: str | None = None
    patience: float = 0.0
    following: Callable[[Any], Request[T_co] | None] | None = None


#: Several requests, each of which depends on the answer to the one before.
Flow = Generator[Request[Any], Any, T]


class PageOf(Protocol[RowT_co]):
    """Some rows of a list."""

    @property
    def data(self) -> Sequence[RowT_co]: ...


def path(*segments: str) -> str:
    """Return a path of the API; each segment is any text."""
    return "/".join((V1, *(quote(segment, safe="") for segment in segments)))


def to(kind: type[T]) -> Callable[[Answer], T]:
    """Return what reads an answer as an instance of ``kind``."""
    return lambda answer: msgspec.json.decode(answer.content, type=kind)


def nothing(answer: Answer) -> None:
    """Read an answer that says no more than that it was done."""


def raw(answer: Answer) -> bytes:
    """Read an answer as it is."""
    return answer.content


class _Page(Protocol):
    @property
    def next_cursor(self) -> str | None: ...


PageT = TypeVar("PageT", bound=_Page)


def listing(
    kind: type[PageT], where: str, limit: int, cursor: str | None, **params: Any
) -> Request[PageT]:
    """Return the request for one page of a list, which knows the one after it."""

    def following(page: PageT) -> Request[PageT] | None:
        if page.next_cursor is None:
            return None
        return listing(kind, where, limit, page.next_cursor, **params)

    return Request(
        method="GET",
        path=where,
        decode=to(kind),
        params={**params, "limit": limit, "cursor": cursor},
        following=following,
    )


def recipients(people: People) -> list[Recipient]:
    """Return addresses as the API wants them."""
    return [Recipient(email=one) if isinstance(one, str) else one for one in people]
