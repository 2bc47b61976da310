from __future__ import annotations

import base64
from dataclasses import replace
from typing import get_args
from zlib import MAX_WBITS, Z_SYNC_FLUSH, compressobj

import pytest

from mailcore.backend import Peer
from mailcore.flow import CLOSE, Session
from mailcore.imap.session import Session as ImapSession
from mailcore.limits import DEFAULT_LIMITS
from mailcore.live import LiveSession, LiveSessions
from mailcore.observer import Observable
from mailcore.smtp.commands import Question
from mailcore.smtp.session import Session as SmtpSession
from mailcore.smtp.session.names import of_event, verdict
from mailcore.testing import Link
from mailcore.testing.memory import MemoryBackend

USER, PASSWORD = "bob@example.com", "secret12"


def imap() -> ImapSession:
    return ImapSession(MemoryBackend({USER: PASSWORD}), Peer("imap", "192.0.2.1", tls=True))


def smtp() -> SmtpSession:
    backend = MemoryBackend({USER: PASSWORD})
    return SmtpSession(backend, Peer("smtp", "192.0.2.1", tls=True), hostname="mx.example.com")


def plain() -> bytes:
    return base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())


async def test_an_imap_session_tells_where_it_stands() -> None:
    sessions, session = LiveSessions(), imap()
    with sessions.watch(7, "imap", session.peer, session, lambda reason: None) as live:
        link = Link(session)
        await link.exchange()
        assert [one.id for one in sessions] == ["imap-7"]
        assert live.standing().state == "not authenticated"
        await link.exchange(f"a LOGIN {USER} {PASSWORD}\r\n".encode())
        assert live.account is session.account is not None
        await link.exchange(b"b SELECT INBOX\r\nc IDLE\r\n")
        standing = live.standing()
        assert (standing.state, standing.mailbox) == ("selected", "INBOX")
        assert (standing.idling, standing.command) == (True, "IDLE")
        await link.exchange(b"DONE\r\nd UID FETCH 1:* FLAGS\r\n")
        assert (live.standing().idling, live.standing().command) == (False, "FETCH")
        await session.aclose()
    assert list(sessions) == []
    assert sessions.ended() == [live]
    assert sessions.find("imap-7") is live
    assert live.account is not None
    assert live.ended_at is not None
    assert live.transcript is not None
    text = "\n".join(line.text for line in live.transcript.lines())
    assert f"a LOGIN {USER} ••••" in text
    assert "d UID FETCH 1:* FLAGS" in text
    assert sessions.tally.received["imap"] == live.octets_in > 0


@pytest.mark.parametrize("said", [[b"AUTH PLAIN %b"], [b"AUTH PLAIN", b"%b"]])
async def test_a_password_said_where_nobody_logs_in_is_masked_when_it_is_read(
    said: list[bytes],
) -> None:
    peer = Peer("smtp", "192.0.2.1", tls=True)
    session = SmtpSession(MemoryBackend({USER: PASSWORD}), peer, hostname="mx.test", mode="mx")
    with LiveSessions().watch(1, "mx", peer, session, lambda reason: None) as live:
        link = Link(session)
        await link.exchange()
        await link.exchange(b"EHLO a.example\r\n")
        for line in said:
            await link.exchange(line.replace(b"%b", plain()) + b"\r\n")
        await link.exchange(b"NOOP\r\n")
        await session.aclose()
    assert live.transcript is not None
    texts = [line.text for line in live.transcript.lines()]
    assert any("••••" in text for text in texts)
    assert not any(plain().decode() in text for text in texts)
    assert texts[-2:] == ["NOOP", "250 2.0.0 OK"]


async def test_commands_are_counted_by_name_and_answer() -> None:
    sessions, session = LiveSessions(), imap()
    with sessions.watch(1, "imap", session.peer, session, lambda reason: None) as live:
        link = Link(session)
        await link.exchange()
        await link.exchange(b"a LOGIN bob wrong\r\nb NONSENSE\r\nc NOOP\r\nd SELECT INBOX\r\n")
        counted = {key: sum(one.classes) for key, one in sessions.tally.commands.items()}
        assert counted == {
            ("imap", "LOGIN", "NO"): 1,
            ("imap", "NOOP", "OK"): 1,
            ("imap", "", "BAD"): 2,
        }
        assert sessions.tally.refusals["imap", "AUTHENTICATIONFAILED"] == 1
        assert live.commands == 4
        await session.aclose()


async def test_smtp_replies_are_counted_with_their_reasons() -> None:
    sessions, session = LiveSessions(), smtp()
    peer = Peer("smtp", "192.0.2.1")
    with sessions.watch(1, "submission", peer, session, lambda reason: None) as live:
        link = Link(session)
        await link.exchange()
        await link.exchange(b"EHLO c.example\r\n")
        await link.exchange(b"MAIL FROM:<bob@example.com>\r\n")
        assert live.account is None
        await link.exchange(b"AUTH PLAIN " + plain() + b"\r\n")
        assert live.account is not None
        await link.exchange(b"WHAT\r\n")
        tally = sessions.tally
        assert {key[1:] for key in tally.commands} == {
            ("CONNECT", "220"),
            ("EHLO", "250"),
            ("MAIL", "530"),
            ("AUTH", "235"),
            ("", "500"),
        }
        assert tally.refusals["smtp", "5.7.0"] == 1
        assert live.standing().state == "ready"
        assert live.transcript is not None
        assert "AUTH PLAIN ••••" in [line.text for line in live.transcript.lines()]
        await session.aclose()


def test_every_event_of_smtp_has_a_name() -> None:
    kinds = [kind for part in get_args(Question) for kind in (get_args(part) or (part,))]
    for kind in kinds:
        assert of_event(kind) == of_event(kind).upper()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"250 2.0.0 OK\r\n", ("250", "")),
        (b"250-a\r\n250 b\r\n", ("250", "")),
        (b"550 5.7.1 no\r\n", ("550", "5.7.1")),
        (b"502 no\r\n", ("502", "502")),
        (b"", ("", "")),
    ],
)
def test_the_verdict_of_a_reply(said: bytes, told: tuple[str, str]) -> None:
    assert verdict(said) == told


async def test_after_unauthenticate_nothing_of_the_last_user_is_left() -> None:
    sessions, session = LiveSessions(), imap()
    with sessions.watch(1, "imap", session.peer, session, lambda reason: None) as live:
        link = Link(session)
        await link.exchange()
        await link.exchange(f"a LOGIN {USER} {PASSWORD}\r\nb SELECT INBOX\r\n".encode())
        await link.exchange(b"c UNAUTHENTICATE\r\n")
        await link.exchange(f"d LOGIN {USER} wrong-password\r\n".encode())
        assert live.account is None
        assert live.transcript is not None
        text = "\n".join(line.text for line in live.transcript.lines())
        assert "SELECT" not in text
        assert f"d LOGIN {USER} ••••" in text
        await session.aclose()


async def test_what_is_compressed_is_readable() -> None:
    sessions, session = LiveSessions(), imap()
    with sessions.watch(1, "imap", session.peer, session, lambda reason: None) as live:
        link = Link(session)
        await link.exchange()
        await link.exchange(f"a LOGIN {USER} {PASSWORD}\r\nb COMPRESS DEFLATE\r\n".encode())
        layer = compressobj(wbits=-MAX_WBITS)
        await link.exchange(layer.compress(b"c NOOP\r\n") + layer.flush(Z_SYNC_FLUSH))
        assert live.transcript is not None
        lines = [line.text for line in live.transcript.lines()]
        assert "c NOOP" in lines
        assert lines[-1].startswith("c OK")
        await session.aclose()


def test_nothing_is_kept_where_limits_say_so() -> None:
    sessions = LiveSessions(replace(DEFAULT_LIMITS, transcript=0, ended_sessions=0))
    session = imap()
    with sessions.watch(1, "imap", session.peer, session, lambda reason: None) as live:
        assert live.transcript is None
    assert sessions.ended() == []
    assert sessions.find("imap-1") is None


def test_both_sessions_can_be_looked_at() -> None:
    for session in (imap(), smtp()):
        assert isinstance(session, Observable)
        checked: Session = session
        assert checked is not CLOSE


def test_closing_what_has_ended_does_nothing() -> None:
    reasons: list[str] = []
    sessions, session = LiveSessions(), imap()
    with sessions.watch(1, "imap", session.peer, session, reasons.append) as live:
        live.close("go")
    live.close("again")
    assert isinstance(live, LiveSession)
    assert reasons == ["go"]
