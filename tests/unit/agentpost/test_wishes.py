"""What senders ask for by SMTP extensions: handed on to who offers it, kept by us otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email import message_from_string
from email.message import Message
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from mailcore.backend import Honoured
from mailcore.net import Where, serve_mx
from mailcore.smtp import Reply
from mailcore_agentpost.delivery.routes import Demand, NoRoute
from mailcore_agentpost.mail.wishes import NO_WISHES, Wishes
from mailcore_agentpost.verp import with_message

from .post import BERT, HOUR, Exchanger, Post, posting
from .site import Site

CARL = "carl@far.example"


@pytest.fixture
async def exchanger(nursery: trio.Nursery) -> tuple[Exchanger, Where]:
    peer = Exchanger()
    door = await nursery.start(partial(serve_mx, peer))
    return peer, Where(*door.addresses[0], tls="opportunistic")


@asynccontextmanager
async def sending(
    path: Path, exchanger: tuple[Exchanger, Where] | Reply, **relay: object
) -> AsyncIterator[Post]:
    where = exchanger if isinstance(exchanger, Reply) else exchanger[1]
    async with posting(path, {"far.example": where}, **relay) as post:
        yield post


async def submit(site: Site, mail: str, *recipients: str, message: bytes = b"") -> None:
    """Submit a message; ``mail`` are parameters of MAIL, a recipient brings those of RCPT."""
    client = await site.smtp()
    assert (await client.say(f"MAIL FROM:<{site.inbox.address}> {mail}".strip())).startswith("250")
    for recipient in recipients:
        address, _, parameters = recipient.partition(" ")
        reply = await client.say(f"RCPT TO:<{address}> {parameters}".strip())
        assert reply.startswith("250"), reply
    assert (await client.say("DATA")).startswith("354")
    text = message or b"Subject: asked\r\nMessage-ID: <asked@x.example>\r\n\r\nBody.\r\n"
    reply = (await client.exchange(text + b".\r\n")).decode()
    assert reply.startswith("250"), reply


async def done(post: Post) -> list[Message]:
    """Wait until nothing is queued; return what the sender was told."""
    await post.until(lambda: not post.queue())
    return [message_from_string(text) for text in await post.notices()]


def fields(notice: Message) -> list[dict[str, str]]:
    _, status, _ = notice.get_payload()
    return [dict(group.items()) for group in status.get_payload()]  # type: ignore[union-attr]


async def test_what_the_next_server_offers_it_is_asked_for(
    tmp_path: Path, exchanger: tuple[Exchanger, Where]
) -> None:
    peer, _ = exchanger
    peer.honoured = Honoured(dsn=True, deliver_by=0, priority="")
    async with sending(tmp_path, exchanger) as post:
        await submit(
            post.site,
            "RET=HDRS ENVID=QQ+2B314 BY=3600;NT MT-PRIORITY=3",
            f"{BERT} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bertie+2BX@Far.Example",
        )
        (relayed,) = await done(post)  # only because it asked for a trace
        assert fields(relayed)[1]["Action"] == "relayed"
        (got,) = peer.got
        assert (got.parameters.ret, got.parameters.envid) == ("HDRS", "QQ+314")
        assert got.parameters.priority == 3
        by = got.parameters.deliver_by
        assert by is not None
        assert 3500 < by.seconds <= 3600
        assert (by.returns, by.trace) == (False, True)
        (recipient,) = got.recipients
        assert recipient.parameters.notify == ("SUCCESS", "DELAY")
        assert recipient.parameters.orcpt == "rfc822;Bertie+X@Far.Example"


async def test_nothing_is_added_that_nobody_asked_for(
    tmp_path: Path, exchanger: tuple[Exchanger, Where]
) -> None:
    """RFC 3461 §5.2.1."""
    peer, _ = exchanger
    peer.honoured = Honoured(dsn=True, deliver_by=0, priority="", require_tls=True)
    async with sending(tmp_path, exchanger) as post:
        await submit(post.site, "", BERT)
        assert await done(post) == []
        (got,) = peer.got
        parameters = got.parameters
        assert (parameters.ret, parameters.envid, parameters.priority) == (None, None, None)
        assert (parameters.deliver_by, parameters.require_tls) == (None, False)
        assert got.recipients[0].parameters.notify == ()


async def test_success_is_told_where_the_next_server_does_not(
    tmp_path: Path, exchanger: tuple[Exchanger, Where]
) -> None:
    async with sending(tmp_path, exchanger) as post:
        await submit(
            post.site,
            "ENVID=mine",
            f"{BERT} NOTIFY=SUCCESS ORCPT=rfc822;b@x.example",
            f"{post.site.inbox.address} NOTIFY=SUCCESS,FAILURE",
        )
        delivered, own, relayed = await done(post)
        if own.get_content_type() == "multipart/report":
            delivered, own = own, delivered
        assert own["Subject"] == "asked"
        message, recipient = fields(delivered)
        assert message["Original-Envelope-Id"] == "mine"
        assert (recipient["Action"], recipient["Status"]) == ("delivered", "2.1.5")
        assert recipient["Final-Recipient"] == f"rfc822; {post.site.inbox.address}"
        message, recipient = fields(relayed)
        assert message["Original-Envelope-Id"] == "mine"
        assert (recipient["Action"], recipient["Status"]) == ("relayed", "2.0.0")
        assert recipient["Original-Recipient"] == "rfc822; b@x.example"
        assert relayed["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize(
    ("notify", "told"),
    [("", True), ("NOTIFY=FAILURE", True), ("NOTIFY=NEVER", False), ("NOTIFY=SUCCESS", False)],
)
async def test_failure_is_told_to_who_wants_to_know(
    tmp_path: Path, exchanger: tuple[Exchanger, Where], notify: str, told: bool
) -> None:
    async with sending(tmp_path, exchanger) as post:
        await submit(post.site, "", f"{CARL} {notify}")
        notices = await done(post)
        assert len(notices) == told
        # Whoever listens at another door learns of it all the same.
        assert len(post.events("message.bounced")) == 1


@pytest.mark.parametrize(
    ("ret", "size", "kind"),
    [
        ("RET=FULL", 10, "message/rfc822"),
        ("RET=HDRS", 10, "text/rfc822-headers"),
        ("", 10, "text/rfc822-headers"),
        ("RET=FULL", 1_100_000, "text/rfc822-headers"),  # RFC 3461 §6.2 allows a bound
    ],
)
async def test_as_much_comes_back_as_is_wanted(
    tmp_path: Path, exchanger: tuple[Exchanger, Where], ret: str, size: int, kind: str
) -> None:
    async with sending(tmp_path, exchanger) as post:
        body = b"\r\n".join([b"x" * 70] * (size // 72 + 1))
        await submit(post.site, ret, CARL, message=b"Subject: asked\r\n\r\n" + body + b"\r\n")
        (notice,) = await done(post)
        _, _, returned = notice.get_payload()
        assert returned.get_content_type() == kind  # type: ignore[union-attr]
        assert ("x" * 70 in returned.as_string()) == (kind == "message/rfc822")  # type: ignore[union-attr]


GREY = Reply.of(451, "4.7.1", "Come back later")


@pytest.mark.parametrize(
    ("notify", "header", "told"),
    [
        ("", "", True),
        ("NOTIFY=DELAY", "", True),
        ("NOTIFY=FAILURE", "", False),
        ("", "Auto-Submitted: auto-generated; x=y\r\n", False),  # RFC 3834 §2
        ("", "Auto-Submitted: No\r\n", True),
    ],
)
async def test_a_delay_is_told_to_who_wants_to_know(
    tmp_path: Path, notify: str, header: str, told: bool
) -> None:
    async with sending(tmp_path, GREY) as post:
        message = f"{header}Subject: asked\r\n\r\nBody.\r\n".encode()
        await submit(post.site, "", f"{BERT} {notify}", message=message)
        await post.until(partial(post.tried, 1))
        post.pass_time(5 * HOUR)
        await post.until(partial(post.tried, 2))
        assert len(await post.notices()) == told


@pytest.mark.parametrize(
    ("by", "offered", "action", "status"),
    [
        ("60;R", None, "failed", "5.3.3"),  # RFC 2852 §4.1.4.1
        ("60;R", 120, "failed", "5.3.3"),
        ("60;R", 30, "", ""),
        ("60;N", None, "relayed", "2.0.0"),  # §4.1.4.2
        ("60;N", 120, "", ""),
        ("60;NT", 120, "relayed", "2.0.0"),
    ],
)
async def test_a_time_is_kept_by_the_next_server_or_the_sender_is_told(
    tmp_path: Path,
    exchanger: tuple[Exchanger, Where],
    by: str,
    offered: int | None,
    action: str,
    status: str,
) -> None:
    peer, _ = exchanger
    peer.honoured = Honoured(dsn=True, deliver_by=offered)
    async with sending(tmp_path, exchanger) as post:
        await submit(post.site, f"BY={by}", BERT)
        notices = await done(post)
        found = [(fields(one)[1]["Action"], fields(one)[1]["Status"]) for one in notices]
        assert found == ([(action, status)] if action else [])
        assert all("Deliver-By-Date" in fields(one)[0] for one in notices)
        assert len(peer.got) == (action != "failed")
        if peer.got:
            expected = ("FAILURE", "DELAY") if offered is None else ()
            assert peer.got[0].recipients[0].parameters.notify == expected


@pytest.mark.parametrize("mode", ["R", "N"])
async def test_the_time_is_over(tmp_path: Path, mode: str) -> None:
    """RFC 2852 §4.1.3: at that time, and not only at the next attempt."""
    async with sending(tmp_path, GREY) as post:
        await submit(post.site, f"BY=100;{mode}", BERT)
        await post.until(partial(post.tried, 1))
        assert post.waited() < 101
        post.pass_time(101)
        if mode == "R":
            (notice,) = await done(post)
            assert len(post.routes.asked) == 1
            assert fields(notice)[1]["Action"] == "failed"
            assert fields(notice)[1]["Status"] == "5.4.7"
        else:
            await post.until(partial(post.tried, 2))
            (text,) = await post.notices()
            assert "Action: delayed\r\nStatus: 4.4.7" in text
            assert len(post.queue()) == 1


async def test_mail_is_held(tmp_path: Path, exchanger: tuple[Exchanger, Where]) -> None:
    """RFC 4865: for inboxes here as for others."""
    peer, _ = exchanger
    async with sending(tmp_path, exchanger) as post:
        own = post.site.inbox.address
        gone = await post.site.new_inbox()
        await submit(post.site, "HOLDFOR=1000", BERT, f"{own} NOTIFY=SUCCESS", gone.address)
        assert len(post.queue()) == 3
        assert post.site.query("SELECT DISTINCT status FROM recipients") == ["queued"]
        post.pass_time(990)
        await trio.testing.wait_all_tasks_blocked(0.05)
        assert (len(post.queue()), peer.got, await post.notices()) == (3, [], [])
        post.site.change("DELETE FROM inboxes WHERE id = ?", gone.id)
        post.pass_time(20)
        notices = await done(post)
        assert len(peer.got) == 1
        held = [one for one in notices if one["Subject"] == "asked"]
        assert len(held) == 1
        assert held[0]["Return-Path"] == f"<{own}>"
        told = {fields(one)[1]["Action"] for one in notices if one not in held}
        assert told == {"delivered", "failed"}
        assert post.site.query("SELECT count(*) FROM queue") == [0]


async def test_mail_is_held_for_a_month_at_most(tmp_path: Path) -> None:
    async with sending(tmp_path, GREY) as post:
        client = await post.site.smtp()
        sender = post.site.inbox.address
        assert "FUTURERELEASE 2592000 " in await client.say("EHLO x")
        assert (await client.say(f"MAIL FROM:<{sender}> HOLDFOR=2592001")).startswith("501")
        reply = await client.say(f"MAIL FROM:<{sender}> HOLDUNTIL=2200-01-01T00:00:00Z")
        assert reply.startswith("501")


async def test_urgent_mail_goes_first(tmp_path: Path) -> None:
    """RFC 6710 §5."""
    relay = {"mode": "smarthost", "host": "out.example", "per_destination": 1}
    async with posting(tmp_path, {}, **relay) as post:
        going: list[str] = []
        gate = trio.Event()

        async def find(domain: str, demand: Demand) -> Sequence[Where]:
            going.append(domain)
            await gate.wait()
            raise NoRoute(Reply.of(550, "5.4.4", "x"))

        post.routes.find = find  # type: ignore[method-assign]
        for priority in (0, -4, 9, 3):
            await submit(post.site, f"MT-PRIORITY={priority}", f"bert@p{priority}.example")
            await post.until(lambda: going)
        gate.set()
        await post.until(lambda: not post.queue())
        assert going == ["p0.example", "p9.example", "p3.example", "p-4.example"]


@pytest.mark.parametrize("verp", [True, False])
async def test_the_return_path_tells_the_message(
    tmp_path: Path, exchanger: tuple[Exchanger, Where], verp: bool
) -> None:
    peer, _ = exchanger
    async with sending(tmp_path, exchanger, verp=verp) as post:
        identifier = await post.send(BERT)
        await done(post)
        sender = post.site.inbox.address
        expected = with_message(sender, identifier) if verp else sender
        assert [one.sender.address for one in peer.got] == [expected]
        assert (expected == sender) != verp


async def test_the_submission_door_offers_what_is_kept(site: Site) -> None:
    client = await site.smtp()
    offered = {line[4:].split()[0] for line in (await client.say("EHLO x")).splitlines()[1:]}
    assert {"DSN", "DELIVERBY", "FUTURERELEASE", "MT-PRIORITY"} <= offered
    stranger = await site.stranger()
    offered = {line[4:].split()[0] for line in (await stranger.say("EHLO x")).splitlines()[1:]}
    assert not {"DSN", "DELIVERBY", "FUTURERELEASE", "MT-PRIORITY"} & offered


@given(
    st.builds(
        Wishes,
        notify=st.sampled_from([(), ("NEVER",), ("SUCCESS", "DELAY")]),
        orcpt=st.none() | st.text(),
        ret=st.none() | st.sampled_from(["FULL", "HDRS"]),
        envid=st.none() | st.text(),
        require_tls=st.booleans(),
        priority=st.none() | st.integers(-9, 9),
        held_until=st.none() | st.floats(0, 1e11),
        deliver_by=st.none() | st.floats(0, 1e11),
        returns=st.booleans(),
        trace=st.booleans(),
    )
)
def test_wishes_are_read_as_they_are_written(wishes: Wishes) -> None:
    assert Wishes.from_json(wishes.to_json()) == wishes


def test_no_wishes_take_no_room() -> None:
    assert NO_WISHES.to_json() == "{}"
