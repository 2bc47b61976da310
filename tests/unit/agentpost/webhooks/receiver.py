"""Somebody who gets webhooks, on a real socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import h11
import trio


@dataclass
class Receiver:
    """Answers with what it was told to, and keeps what it got.

    Arguments:
        answers: statuses to give, in order; 204 when there are none left.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list)
    silent: bool = False
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    arrived: trio.Event = field(default_factory=trio.Event)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    async def wait_for(self, count: int) -> None:
        """Wait until so many requests have come in all."""
        with trio.fail_after(5):
            while len(self.got) < count:
                self.arrived = trio.Event()
                await self.arrived.wait()

    async def handle(self, stream: trio.SocketStream) -> None:
        async with stream:
            with suppress(trio.BrokenResourceError):
                await self._serve(stream)

    async def _serve(self, stream: trio.SocketStream) -> None:
        connection = h11.Connection(h11.SERVER)
        while True:
            fields: dict[str, str] = {}
            body = b""
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    connection.receive_data(await stream.receive_some())
                elif isinstance(event, h11.Request):
                    fields = {name.decode(): value.decode() for name, value in event.headers}
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    break
                else:
                    return
            self.got.append((fields, body))
            self.arrived.set()
            if self.silent:
                await trio.sleep_forever()
            status = self.answers.pop(0) if self.answers else 204
            answer = h11.Response(
                status_code=status,
                headers=[("Location", "/elsewhere"), ("Content-Length", "0")],
            )
            end = connection.send(answer), connection.send(h11.EndOfMessage())
            await stream.send_all(b"".join(part or b"" for part in end))
            connection.start_next_cycle()


@asynccontextmanager
async def receiving(*answers: int) -> AsyncIterator[Receiver]:
    """Run a receiver on this machine."""
    receiver = Receiver(answers=list(answers))
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, receiver.handle, 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        receiver.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}/hook"
        yield receiver
        nursery.cancel_scope.cancel()
