"""Mail that leaves: the queue on a clock of its own, real peers on loopback."""

from __future__ import annotations

from collections.abc import Sequence
from email import message_from_string
from functools import partial
from pathlib import Path

import dkim
import pytest
import trio
import trio.testing

from mailcore.net import Where, serve_mx
from mailcore.smtp import Reply
from mailcore.testing.memory import MemoryBackend
from mailcore_agentpost.delivery import courier
from mailcore_agentpost.delivery.routes import Demand, NoRoute
from mailcore_agentpost.delivery.signing import Signer

from .post import HOUR, posting
from .site import DOMAIN, opening, to


@pytest.fixture
async def exchanger(nursery: trio.Nursery) -> tuple[MemoryBackend, Where]:
    """A server for far.example that knows bert and carl."""
    backend = MemoryBackend({"bert@far.example": "x", "carl@far.example": "x"})
    door = await nursery.start(partial(serve_mx, backend))
    return backend, Where(*door.addresses[0], tls="opportunistic")


async def test_a_message_goes_out(tmp_path: Path, exchanger: tuple[MemoryBackend, Where]) -> None:
    backend, where = exchanger
    async with posting(tmp_path, {"far.example": where}) as post:
        identifier = await post.send("bert@far.example", "carl@far.example")
        await post.until(lambda: not post.queue())
        (message,) = backend.users["bert@far.example"].inbox.messages.values()
        assert message.data.count(b"Return-Path") == 0
        assert b"Subject: Out" in message.data
        _, text = Signer(tmp_path).record(DOMAIN)
        signed = message.data[message.data.index(b"DKIM-Signature:") :]
        assert dkim.verify(signed, dnsfunc=lambda asked, timeout: text.encode())
        assert len(post.events("message.sent")) == 1
        assert any("bert@far.example" in one for one in post.events("message.delivered"))
        rows = post.site.query("SELECT status FROM recipients WHERE message = ?", identifier)
        assert rows == ["delivered", "delivered"]
        assert post.routes.asked == ["far.example"]
        assert await post.notices() == []
        # One body for Sent; that of the delivery is gone with its last recipient.
        assert post.site.query("SELECT count(*) FROM bodies") == [1]


async def test_a_refusal_is_returned_and_remembered(
    tmp_path: Path, exchanger: tuple[MemoryBackend, Where]
) -> None:
    _, where = exchanger
    async with posting(tmp_path, {"far.example": where}) as post:
        identifier = await post.send("nobody@far.example", "bert@far.example")
        await post.until(lambda: post.events("message.bounced"))
        (text,) = await post.notices()
        report = message_from_string(text)
        assert report.get_content_type() == "multipart/report"
        assert report["Return-Path"] == "<>"
        assert report["Auto-Submitted"] == "auto-replied"
        _, status, header = report.get_payload()
        fields = [dict(part.items()) for part in status.get_payload()]
        assert fields[0]["X-AgentPost-Message"] == identifier
        # RFC 3461 §6.3 (a): the sender gave none.
        assert "Original-Envelope-Id" not in fields[0]
        # It is in the thread of what it is about.
        answer = await post.site.rest("GET", f"/messages/{identifier}")
        inbox = await post.site.rest("GET", f"/inboxes/{post.site.inbox.id}/messages?folder=INBOX")
        assert inbox.json["data"][0]["thread_id"] == answer.json["thread_id"]
        assert fields[1]["Final-Recipient"] == "rfc822; nobody@far.example"
        assert (fields[1]["Action"], fields[1]["Status"]) == ("failed", "5.1.1")
        assert "No such user" in fields[1]["Diagnostic-Code"]
        assert "Subject: Out" in header.get_payload()
        answer = await post.site.post(post.site.inbox, to("Nobody@far.example"))
        assert (answer.status, answer.json["code"]) == (403, "message_rejected")


async def test_a_grey_peer_is_tried_again_later_and_later(tmp_path: Path) -> None:
    reply = Reply.of(451, "4.7.1", "Come back later")
    async with posting(tmp_path, {"grey.example": reply}) as post:
        await post.send("bert@grey.example")
        expected = 450.0
        for attempt in range(1, 5):
            await post.until(partial(post.tried, attempt))
            assert post.queue() == [("bert@grey.example", attempt)]
            wait = post.waited() - post.skew
            assert 0.88 * expected < wait < 1.12 * expected, attempt
            assert len(post.routes.asked) == attempt
            post.pass_time(wait + 1)
            expected *= 2
        assert await post.notices() == []


async def test_a_sender_is_told_of_a_delay_once_and_then_of_the_end(tmp_path: Path) -> None:
    reply = Reply.of(451, "4.7.1", "Come back later")
    async with posting(tmp_path, {"grey.example": reply}) as post:
        await post.send("bert@grey.example")
        for attempt, hours in enumerate((5, 30, 60), 1):
            await post.until(partial(post.tried, attempt))
            post.pass_time(hours * HOUR)
        await post.until(partial(post.tried, 4))
        (delayed,) = await post.notices()
        assert "Action: delayed" in delayed
        post.pass_time(48 * HOUR)
        await post.until(lambda: not post.queue())
        _, failed = await post.notices()
        assert "Action: failed\r\nStatus: 4.4.7" in failed
        assert post.site.query("SELECT count(*) FROM suppressions") == [0]


async def test_the_next_attempt_is_on_the_disk_before_the_first_is_made(tmp_path: Path) -> None:
    async with posting(tmp_path, {}) as post:
        seen: list[float] = []

        async def find(domain: str, demand: Demand) -> Sequence[Where]:
            seen.append(post.waited())
            raise NoRoute(Reply.of(451, "4.4.3", "x"))

        post.routes.find = find  # type: ignore[method-assign]
        await post.send("bert@far.example")
        await post.until(lambda: seen)
        assert 400 < seen[0] < 500


async def test_a_destination_has_so_many_connections(tmp_path: Path) -> None:
    async with posting(tmp_path, {}, per_destination=2) as post:
        going: list[str] = []
        gate = trio.Event()

        async def find(domain: str, demand: Demand) -> Sequence[Where]:
            going.append(domain)
            await gate.wait()
            raise NoRoute(Reply.of(550, "5.4.4", "x"))

        post.routes.find = find  # type: ignore[method-assign]
        for _ in range(4):
            await post.send("bert@slow.example")
        await post.send("bert@other.example")
        await post.until(lambda: len(going) >= 3)
        await trio.testing.wait_all_tasks_blocked()
        assert sorted(going) == ["other.example", "slow.example", "slow.example"]
        gate.set()
        await post.until(lambda: not post.queue())


async def test_so_many_octets_are_in_memory_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One goes out however large it is; another one waits for it."""
    monkeypatch.setattr(courier, "_OCTETS_AT_A_TIME", 100)
    async with posting(tmp_path, {}) as post:
        going: list[str] = []
        gate = trio.Event()

        async def find(domain: str, demand: Demand) -> Sequence[Where]:
            going.append(domain)
            await gate.wait()
            raise NoRoute(Reply.of(550, "5.4.4", "x"))

        post.routes.find = find  # type: ignore[method-assign]
        for name in ("a", "b"):
            await post.send(f"bert@{name}.example")
        await post.until(lambda: going)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert going == ["a.example"]
        gate.set()
        await post.until(lambda: not post.queue())
        assert going == ["a.example", "b.example"]


async def test_a_smarthost_has_so_many_connections_in_all(tmp_path: Path) -> None:
    smarthost = {"mode": "smarthost", "host": "out.example", "per_destination": 2}
    async with posting(tmp_path, {}, **smarthost) as post:
        going: list[str] = []
        gate = trio.Event()

        async def find(domain: str, demand: Demand) -> Sequence[Where]:
            going.append(domain)
            await gate.wait()
            raise NoRoute(Reply.of(550, "5.4.4", "x"))

        post.routes.find = find  # type: ignore[method-assign]
        for name in ("a", "b", "c"):
            await post.send(f"bert@{name}.example")
        await post.until(lambda: len(going) == 2)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert len(going) == 2
        gate.set()
        await post.until(lambda: not post.queue())
        assert sorted(going) == ["a.example", "b.example", "c.example"]


async def test_the_simulator(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        names = ("bounce", "complain", "delay", "other")
        answer = await site.post(site.inbox, to(*(f"{name}@simulator.test" for name in names)))
        assert answer.status == 201

        def count(kind: str) -> int:
            (found,) = site.query("SELECT count(*) FROM events WHERE type = ?", kind)
            return int(found)

        with trio.fail_after(5):
            while not (count("message.bounced") and count("message.complained")):
                await trio.sleep(0.01)
        assert site.query("SELECT recipient FROM queue") == ["delay@simulator.test"]
        assert site.query("SELECT count(*) FROM suppressions") == [0]
        answer = await site.post(site.inbox, to("bert@far.example"))
        assert site.query("SELECT status FROM recipients WHERE address = 'bert@far.example'") == [
            "kept"
        ]
