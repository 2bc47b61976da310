"""A site with a queue on a clock of its own, and routes that a test knows."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from mailcore.backend import BackendError, Honoured, MailTransaction, Peer, Recipient
from mailcore.net import Where
from mailcore.smtp import MailParameters, Reply, ReversePath
from mailcore.spool import Content
from mailcore_agentpost.delivery.attempt import Attempts
from mailcore_agentpost.delivery.routes import Demand, NoRoute, Routes
from mailcore_agentpost.settings import Relay, Settings

from .site import Site, opening, to

HOUR = 3600.0
BERT = "bert@far.example"


class Map(Routes):
    """Routes that a test knows."""

    def __init__(self, servers: dict[str, Where | Reply]) -> None:
        self.servers = servers
        self.asked: list[str] = []

    async def find(self, domain: str, demand: Demand = "usual") -> Sequence[Where]:
        self.asked.append(domain)
        server = self.servers[domain]
        if isinstance(server, Reply):
            raise NoRoute(server)
        return [server]


class Post:
    """A site, and a courier whose clock stands still until it is told."""

    def __init__(self, site: Site, routes: Map) -> None:
        self.site = site
        self.routes = routes
        self.skew = 0.0
        self.courier = site.backend.courier
        relay = self.courier._relay
        self.courier._attempts = Attempts(routes, verp=relay.verp, clock=self.now)
        self.courier._clock = self.now

    def now(self) -> float:
        return time.time() + self.skew

    async def send(self, *addresses: str) -> str:
        answer = await self.site.post(self.site.inbox, to(*addresses, subject="Out"))
        assert answer.status == 201, answer.body
        identifier: str = answer.json["id"]
        return identifier

    async def until(self, true: Callable[[], object]) -> None:
        with trio.fail_after(5):
            while not true():
                await trio.sleep(0.01)

    def events(self, kind: str) -> list[str]:
        return self.site.query("SELECT detail FROM events WHERE type = ? ORDER BY id", kind)

    def queue(self) -> list[tuple[str, int]]:
        return self.site.query("SELECT recipient, attempts FROM queue ORDER BY id")

    def tried(self, times: int) -> bool:
        """Whether so many attempts were made, and none is going on."""
        return len(self.routes.asked) >= times and not self.courier._busy

    def waited(self) -> float:
        (seconds,) = self.site.query("SELECT min(next_at - created_at) FROM queue")
        return float(seconds)

    def pass_time(self, seconds: float) -> None:
        self.skew += seconds
        self.courier.wake()

    async def notices(self) -> list[str]:
        client = await self.site.imap()
        return await client.bodies("INBOX")


@asynccontextmanager
async def posting(
    path: Path, servers: dict[str, Where | Reply], **relay: object
) -> AsyncIterator[Post]:
    settings = Settings(relay=Relay(**{"mode": "mx", **relay}))  # type: ignore[arg-type]
    async with opening(path, settings) as site:
        yield Post(site, Map(servers))


class Exchanger:
    """The server of far.example: it knows bert, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.honoured = Honoured()
        self.got: list[MailTransaction] = []

    def receive(self, peer: Peer) -> Exchanger:
        return self

    def extensions(self, peer: Peer, *, submission: bool) -> Honoured:
        return self.honoured

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        pass

    async def rcpt_to(self, recipient: Recipient) -> None:
        if recipient.path.address != BERT:
            raise BackendError("No such user", reply=Reply.of(550, "5.1.1", "No such user"))

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        self.got.append(transaction)
        return [Reply.of(250, "2.0.0", "Taken")]
