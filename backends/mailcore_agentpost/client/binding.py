"""From definitions of requests to methods: of a client that blocks, and of one that awaits."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any, Generic, ParamSpec, TypeVar

from mailcore_agentpost.client.request import Flow, PageOf, Request
from mailcore_agentpost.client.transport import AsyncTransport, Transport

P = ParamSpec("P")
T = TypeVar("T")
RowT = TypeVar("RowT")


class Resource:
    """A part of the API, on a connection that blocks."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _run(self, wanted: Request[T] | Flow[T]) -> T:
        if isinstance(wanted, Request):
            return self._transport.ask(wanted)
        answer: Any = None
        while True:
            try:
                request = wanted.send(answer)
            except StopIteration as done:
                result: T = done.value
                return result
            answer = self._transport.ask(request)

    def _rows(self, request: Request[PageOf[RowT]] | None) -> Iterator[RowT]:
        while request is not None:
            page = self._transport.ask(request)
            yield from page.data
            request = None if request.following is None else request.following(page)


class AsyncResource:
    """A part of the API, on a connection that awaits."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def _run(self, wanted: Request[T] | Flow[T]) -> T:
        if isinstance(wanted, Request):
            return await self._transport.ask(wanted)
        answer: Any = None
        while True:
            try:
                request = wanted.send(answer)
            except StopIteration as done:
                result: T = done.value
                return result
            answer = await self._transport.ask(request)

    async def _rows(self, request: Request[PageOf[RowT]] | None) -> AsyncIterator[RowT]:
        while request is not None:
            page = await self._transport.ask(request)
            for row in page.data:
                yield row
            request = None if request.following is None else request.following(page)


class Method(Generic[P, T]):
    """A method that asks and returns the answer."""

    def __init__(self, define: Callable[P, Request[T] | Generator[Request[Any], Any, T]]) -> None:
        self._define = define
        self.__doc__ = define.__doc__

    def __get__(self, instance: Resource, owner: type[Resource]) -> Callable[P, T]:
        @functools.wraps(self._define)
        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return instance._run(self._define(*args, **kwargs))

        return method


class AsyncMethod(Generic[P, T]):
    """A method that asks and is awaited."""

    def __init__(self, define: Callable[P, Request[T] | Generator[Request[Any], Any, T]]) -> None:
        self._define = define
        self.__doc__ = define.__doc__

    def __get__(
        self, instance: AsyncResource, owner: type[AsyncResource]
    ) -> Callable[P, Awaitable[T]]:
        @functools.wraps(self._define)
        async def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return await instance._run(self._define(*args, **kwargs))

        return method


class Rows(Generic[P, RowT]):
    """A method that yields the rows of all pages, asking for each page when it is reached."""

    def __init__(self, define: Callable[P, Request[PageOf[RowT]]]) -> None:
        self._define = define
        self.__doc__ = define.__doc__

    def __get__(self, instance: Resource, owner: type[Resource]) -> Callable[P, Iterator[RowT]]:
        @functools.wraps(self._define)
        def method(*args: P.args, **kwargs: P.kwargs) -> Iterator[RowT]:
            return instance._rows(self._define(*args, **kwargs))

        return method


class AsyncRows(Generic[P, RowT]):
    """The same, for ``async for``."""

    def __init__(self, define: Callable[P, Request[PageOf[RowT]]]) -> None:
        self._define = define
        self.__doc__ = define.__doc__

    def __get__(
        self, instance: AsyncResource, owner: type[AsyncResource]
    ) -> Callable[P, AsyncIterator[RowT]]:
        @functools.wraps(self._define)
        def method(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[RowT]:
            return instance._rows(self._define(*args, **kwargs))

        return method
