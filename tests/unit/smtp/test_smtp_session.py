"""The session over a real backend that keeps its mail in a list; no loop, no socket."""

from __future__ import annotations

import base64
import logging
import tempfile
from pathlib import Path
from typing import Any

import pytest

from mailcore.backend import (
    AccountEnded,
    AuthenticationFailed,
    BackendError,
    LimitReached,
    MailboxMoved,
    NotPermitted,
    Peer,
    TooBig,
    Unavailable,
)
from mailcore.flow import CLOSE, NEED_DATA, START_TLS
from mailcore.limits import Limits
from mailcore.smtp import Reply, ReversePath
from mailcore.smtp.session import Session

from .post_office import ENVELOPE, LATER, NEVER, QUEUED, Line, Store, finish, plain, submission


def test_mail_from_a_stranger(store: Store) -> None:
    line = Line(store)
    assert line.greeting == "220 mail.example ESMTP\r\n"
    line.say("EHLO client.example")
    assert line.codes(*ENVELOPE, "DATA") == ["250 2.1.0", "250 2.1.5", "354 Start"]
    assert line.codes(b"Subject: x\r\n\r\n..\r\n.\r\n") == ["250 2.6.0"]
    transaction, message = store.mail[0]
    assert message == b"Subject: x\r\n\r\n.\r\n"
    assert transaction.hello == "client.example"
    assert transaction.sender == ReversePath("a", "b")
    assert [recipient.path.address for recipient in transaction.recipients] == ["c@d"]
    assert transaction.protocol == "ESMTP"
    assert store.contents[0].size == 0
    assert store.peers == [Peer("smtp", "192.0.2.1", 1)]
    assert line.codes("QUIT") == ["221 2.0.0"]
    assert line.step is CLOSE


def test_what_ehlo_offers(store: Store) -> None:
    common = ["PIPELINING", "SIZE 99", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
    common += ["CHUNKING", "LIMITS RCPTMAX=1000"]

    def offers(line: Line, hello: str = "EHLO x") -> list[str]:
        first, *others = [text[4:] for text in line.say(hello).splitlines()]
        assert first == "mail.example"
        return others

    limits = Limits(message_size=99)
    assert offers(Line(store, limits=limits)) == [*common, "HELP"]
    assert offers(Line(store, limits=limits), "HELO x") == []
    assert offers(Line(store, limits=limits, starttls=True)) == [*common, "STARTTLS", "HELP"]
    assert offers(Line(store, limits=limits, starttls=True, tls=True)) == [*common, "HELP"]
    assert offers(Line(store, "submission", limits=limits)) == [*common, "HELP"]
    auth = "AUTH PLAIN LOGIN"
    assert offers(Line(store, "submission", tls=True, limits=limits)) == [*common, auth, "HELP"]
    assert offers(Line(store, "lmtp", limits=limits), "LHLO x") == [*common, "HELP"]


def test_a_backend_must_fit_its_door(store: Store) -> None:
    class Nothing:
        pass

    modes: list[Any] = ["submission", "mx", "lmtp"]
    for mode in modes:
        with pytest.raises(TypeError, match=mode):
            Session(Nothing(), Peer("smtp"), hostname="x", mode=mode)  # type: ignore[arg-type]


def test_small_commands(store: Store) -> None:
    line = Line(store)
    assert line.codes("MAIL FROM:<a@b>") == ["503 5.5.1"]
    commands = ("NOOP", "VRFY ann", "EXPN list", "HELP", "RSET", "AUTH PLAIN", "NONSENSE")
    replies = ["250 2.0.0", "252 2.5.0", "502 5.5.1", "214 2.0.0", "250 2.0.0", "503 5.5.1"]
    assert line.codes(*commands[:-2]) + line.codes(commands[-2]) == replies
    assert line.codes("NONSENSE") == ["500 5.5.1"]
    line.say("EHLO x")
    assert line.codes("AUTH PLAIN") == ["502 5.5.1"]
    assert line.codes("STARTTLS") == ["502 5.5.1"]
    assert line.codes("MAIL FROM:<a@b> AUTH=<>") == ["555 5.5.4"]


@pytest.mark.parametrize("reset", ["RSET", "EHLO x", "HELO x"])
def test_a_transaction_is_void_after(store: Store, reset: str) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.say(*ENVELOPE)
    line.say(reset)
    assert line.codes("RCPT TO:<c@d>") == ["503 5.5.1"]


def test_the_size_declared_and_the_real_one(store: Store) -> None:
    line = Line(store, limits=Limits(message_size=10))
    line.say("EHLO x")
    assert line.codes("MAIL FROM:<a@b> SIZE=11") == ["552 5.3.4"]
    line.say("MAIL FROM:<a@b> SIZE=10", "RCPT TO:<c@d>", "DATA")
    assert line.codes("123456789", ".") == ["552 5.3.4"]
    assert store.mail == []
    line.say(*ENVELOPE, "DATA")
    assert line.codes("12345678", ".") == ["250 2.6.0"]


def test_a_poisoned_message_is_not_stored(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.say(*ENVELOPE, "DATA")
    assert line.codes("fine", b"one\n.\r\nMAIL FROM:<smuggled@x>\r\n", ".") == ["550 5.6.11"]
    assert store.mail == []
    assert line.codes("NOOP") == ["250 2.0.0"]


def test_no_room_for_a_message_refuses_it_and_only_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = Line(store, limits=Limits(spool_memory=100))
    line.say("EHLO x")
    line.say(*ENVELOPE, "DATA")
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
        assert line.codes(*["long line"] * 20, ".") == ["452 4.3.1"]
    assert store.mail == []
    line.say(*ENVELOPE, "DATA")
    assert line.codes(*["long line"] * 20, ".") == ["250 2.6.0"]


def test_an_empty_message_is_a_message(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.say(*ENVELOPE, "DATA")
    assert line.codes(".") == ["250 2.6.0"]
    assert store.mail[0][1] == b""


def test_too_many_recipients(store: Store) -> None:
    line = Line(store, limits=Limits(smtp_recipients=2))
    line.say("EHLO x")
    replies = line.codes(*ENVELOPE, "RCPT TO:<e@d>", "RCPT TO:<f@d>", "DATA")
    assert replies == ["250 2.1.0", "250 2.1.5", "250 2.1.5", "452 4.5.3", "354 Start"]
    line.say(".")
    assert len(store.mail[0][0].recipients) == 2


def test_refusals_of_the_backend(store: Store) -> None:
    store.trouble = {
        "bad@b": NotPermitted(),
        "limited@b": LimitReached(),
        "worded@b": NotPermitted("Not from here\r\n250 OK"),
        "c@d": NotPermitted(reply=NEVER),
        "deliver": TooBig(),
    }
    line = Line(store)
    line.say("EHLO x")
    assert line.codes("MAIL FROM:<bad@b>") == ["550 5.7.1"]
    assert line.codes("MAIL FROM:<limited@b>") == ["451 4.7.1"]
    assert line.say("MAIL FROM:<worded@b>") == "550 5.7.1 Not from here??250 OK\r\n"
    assert line.codes(*ENVELOPE, "DATA") == ["250 2.1.0", "550 5.1.1", "503 5.5.1"]
    assert line.codes("RCPT TO:<e@d>", "DATA") == ["250 2.1.5", "354 Start"]
    assert line.codes("x", ".") == ["552 5.3.4"]
    assert store.contents[0].size == 0


def test_a_bug_in_the_backend_is_logged_and_survived(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    line = Line(store)
    line.say("EHLO x")
    for place in ("receive", "a@b", "c@d", "deliver"):
        store.trouble = {place: ZeroDivisionError(place)}
        replies = line.codes(*ENVELOPE, "DATA")
        if place == "deliver":
            replies = line.codes("x", ".")
        assert "451 4.3.0" in replies
        store.trouble = {}
        line.say("RSET")
    assert [record.name for record in caplog.records] == ["mailcore.smtp"] * 4
    assert all(record.exc_info is not None for record in caplog.records)


@pytest.mark.parametrize(
    "reply", [QUEUED, Reply.of(999, None), Reply.of(550, "2.0.0"), Reply.of(354, None)]
)
def test_a_refusal_that_is_none(
    store: Store, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    store.trouble = {"a@b": BackendError("odd", reply=reply)}
    line = Line(store)
    line.say("EHLO x")
    assert line.codes("MAIL FROM:<a@b>") == ["451 4.3.0"]
    assert caplog.records[0].levelno == logging.ERROR


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((QUEUED, QUEUED), "250 2.6.0"),
        ((LATER,), "451 4.2.0"),
        # Never less than all in silence: what can be tried again is, before what can not.
        ((QUEUED, NEVER), "550 5.1.1"),
        ((NEVER, LATER), "451 4.2.0"),
        ((), "451 4.3.0"),
        ((QUEUED,) * 3, "451 4.3.0"),
        ((Reply.of(354, None),), "451 4.3.0"),
    ],
)
def test_one_reply_for_all(store: Store, answers: tuple[Reply, ...], code: str) -> None:
    store.answers = answers
    line = Line(store)
    line.say("EHLO x")
    line.say(*ENVELOPE, "RCPT TO:<e@d>", "DATA")
    assert line.codes("x", ".") == [code]


def test_an_answer_that_is_none(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    line = Line(store)
    line.say("EHLO x")
    for answers in (None, "OK"):
        store.answers = answers  # type: ignore[assignment]
        line.say(*ENVELOPE, "DATA")
        assert line.codes("x", ".") == ["451 4.3.0"]
    assert len(caplog.records) == 2


def test_lmtp_has_a_reply_for_each(store: Store) -> None:
    line = Line(store, "lmtp")
    assert line.greeting == "220 mail.example LMTP\r\n"
    assert line.codes("EHLO x") == ["500 5.5.1"]
    line.say("LHLO x")
    store.answers = (QUEUED, NEVER)
    line.say(*ENVELOPE, "RCPT TO:<e@d>", "DATA")
    assert line.codes("x", ".") == ["250 2.6.0", "550 5.1.1"]
    store.answers = (LATER,)
    line.say(*ENVELOPE, "RCPT TO:<e@d>", "DATA")
    assert line.codes("x", ".") == ["451 4.2.0", "451 4.2.0"]
    line.say(*ENVELOPE, "RCPT TO:<e@d>", "DATA")
    assert line.codes(b"\n\r\n", ".") == ["550 5.6.11", "550 5.6.11"]
    assert store.mail[0][0].protocol == "LMTP"


def test_starttls_begins_again(store: Store) -> None:
    line = Line(store, starttls=True)
    line.say("EHLO x")
    line.say("MAIL FROM:<a@b>", "RSET")
    assert line.codes("STARTTLS") == ["220 2.0.0"]
    assert line.step is START_TLS
    line.session.shut_down("not now: the handshake is under way")
    assert line.read() == ""
    assert line.step is START_TLS
    line.session.tls_started()
    assert line.read().startswith("421 4.3.2 ")

    line = Line(store, starttls=True)
    line.say("EHLO x")
    line.say("STARTTLS")
    line.session.tls_started()
    assert line.codes("MAIL FROM:<a@b>") == ["503 5.5.1"]
    assert "STARTTLS" not in line.say("EHLO y")
    line.say(*ENVELOPE, "DATA")
    line.say("x", ".")
    assert store.mail[0][0].protocol == "ESMTPS"
    assert [peer.tls for peer in store.peers] == [False, True]


def test_plaintext_behind_starttls_closes(store: Store) -> None:
    line = Line(store, starttls=True)
    line.say("EHLO x")
    assert line.codes("STARTTLS", "EHLO evil") == ["554 5.5.0"]
    assert line.step is CLOSE


@pytest.mark.parametrize(
    ("hello", "mail", "protocol"),
    [
        ("HELO x", "MAIL FROM:<a@b>", "SMTP"),
        ("EHLO x", "MAIL FROM:<a@b>", "ESMTPSA"),
        ("EHLO x", "MAIL FROM:<a@b> SMTPUTF8", "UTF8SMTPSA"),
    ],
)
def test_the_protocol_of_the_received_field(
    store: Store, hello: str, mail: str, protocol: str
) -> None:
    line = submission(store)
    line.say(plain("ann"))
    line.say(hello)
    line.say(mail, "RCPT TO:<c@d>", "DATA")
    assert line.codes("x", ".") == ["250 2.6.0"]
    assert store.mail[0][0].protocol == protocol


# ------------------------------------------------------------------------------------- logging in


def test_submission_needs_a_login(store: Store) -> None:
    line = submission(store)
    assert line.codes("MAIL FROM:<a@b>") == ["530 5.7.0"]
    assert line.codes(plain("ann")) == ["235 2.7.0"]
    assert line.codes(plain("ann")) == ["503 5.5.1"]
    assert line.codes("MAIL FROM:<a@b>") == ["250 2.1.0"]


@pytest.mark.parametrize("name", ["login", "LOGIN", "LoGiN"])
def test_login_step_by_step(store: Store, name: str) -> None:
    line = submission(store)
    assert line.say(f"AUTH {name}") == "334 VXNlcm5hbWU6\r\n"
    assert line.say("YW5u") == "334 UGFzc3dvcmQ6\r\n"
    assert line.codes(base64.b64encode(b"secret")[:8].decode()) == ["235 2.7.0"]
    line = submission(store)
    assert line.say(f"AUTH {name} YW5u") == "334 UGFzc3dvcmQ6\r\n"
    assert line.codes("c2VjcmV0") == ["235 2.7.0"]


def test_plain_without_an_initial_response(store: Store) -> None:
    line = submission(store)
    assert line.say("auth plain") == "334 \r\n"
    assert line.codes(plain("ann").split()[2]) == ["235 2.7.0"]


def test_no_auth_without_tls(store: Store) -> None:
    line = Line(store, "submission")
    line.say("EHLO x")
    assert line.codes(plain("ann")) == ["538 5.7.11"]
    assert line.codes("MAIL FROM:<a@b>") == ["530 5.7.0"]


def test_exchanges_that_fail(store: Store) -> None:
    line = submission(store)
    line.say("AUTH PLAIN")
    assert line.codes("*") == ["501 5.7.0"]
    line.say("AUTH PLAIN")
    assert line.codes("!!") == ["501 5.5.2"]
    assert line.codes("AUTH PLAIN YQ==") == ["501 5.5.2"]
    assert line.codes("AUTH CRAM-MD5") == ["504 5.5.4"]
    assert line.codes(plain("ann")) == ["235 2.7.0"]


def test_answers_of_the_backend_to_a_login(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    suspended = Reply.of(525, "5.7.13", "Suspended")
    store.trouble = {
        "suspended": AuthenticationFailed(reply=suspended),
        "limited": LimitReached(),
        "away": Unavailable(),
        "down": Unavailable("The store is down"),
        "bug": ZeroDivisionError(),
        "watch": ZeroDivisionError(),
    }
    line = submission(store)
    assert line.codes(plain("ann", "wrong")) == ["535 5.7.8"]
    assert line.codes(plain("suspended")) == ["525 5.7.13"]
    assert line.codes(plain("limited")) == ["451 4.7.1"]
    assert line.codes(plain("away")) == ["454 4.7.0"]
    assert line.say(plain("down")) == "454 4.7.0 The store is down\r\n"
    assert line.codes(plain("bug")) == ["454 4.7.0"]
    assert store.closed == 0
    assert line.codes(plain("ann")) == ["454 4.7.0"]
    assert line.codes(plain("reader")) == ["535 5.7.8"]
    assert store.closed == 2
    assert len(caplog.records) == 2
    assert line.codes("MAIL FROM:<a@b>") == ["530 5.7.0"]


def test_wrong_passwords_are_answered_ever_more_slowly_and_then_no_more(store: Store) -> None:
    line = submission(store, limits=Limits(failed_logins=7))
    line.delays.clear()
    for _ in range(6):
        assert line.codes(plain("ann", "wrong")) == ["535 5.7.8"]
    assert line.delays == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert line.codes(plain("ann", "wrong")) == ["421 4.7.0"]
    assert line.step is CLOSE


# ------------------------------------------------------------------------------------- the end


def test_shutting_down_waits_for_the_message(store: Store) -> None:
    line = Line(store)
    woken: list[bool] = []
    line.session.wake = lambda: woken.append(True)
    line.say("EHLO x")
    line.say(*ENVELOPE, "DATA")
    line.session.shut_down("Restarting")
    assert woken == [True]
    assert line.codes("x") == []
    assert line.codes(".") == ["250 2.6.0", "421 4.3.2"]
    assert line.step is CLOSE
    assert len(store.mail) == 1


def test_shutting_down_before_the_greeting(store: Store) -> None:
    session = Session(store, Peer("smtp"), hostname="mail.example", mode="mx")
    session.shut_down("Restarting")
    assert finish(session.step()).startswith(b"220 ")
    assert finish(session.step()) == b"421 4.3.2 Restarting\r\n"
    assert finish(session.step()) is CLOSE


def test_a_timeout_does_not(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.say(
        *ENVELOPE,
        "DATA",
    )
    line.say("half a message")
    line.session.timed_out()
    assert line.read().startswith("421 4.4.2 ")
    assert line.step is CLOSE
    assert line.read() == ""
    finish(line.session.aclose())
    assert store.mail == []


def test_how_long_a_peer_may_be_silent(store: Store) -> None:
    limits = Limits(login_timeout=3.0, smtp_timeout=9.0, command_timeout=5.0)
    line = Line(store, limits=limits)
    assert (line.session.timeout, line.session.logged_in) == (9.0, True)
    line = submission(store, limits=limits)
    assert (line.session.timeout, line.session.logged_in) == (3.0, False)
    line.say(b"NOO")
    assert line.session.timeout == 3.0
    line.say("P", plain("ann"))
    assert (line.session.timeout, line.session.logged_in) == (9.0, True)
    for half in (b"NOO", b"P" * 5000, b"\r\nBDAT 10\r\nx"):
        line.say(half)
        assert line.session.timeout == 5.0
    line.say(b"123456789")
    assert line.session.timeout == 9.0


def test_an_account_that_ends_takes_its_connections_along(store: Store) -> None:
    line = submission(store)
    line.say(plain("ann"))
    store.callbacks[0](MailboxMoved("1"))
    assert line.codes("NOOP") == ["250 2.0.0"]
    store.callbacks[0](AccountEnded("Key revoked"))
    assert line.read() == "421 4.7.0 Key revoked\r\n"
    assert line.step is CLOSE
    for _ in range(2):
        finish(line.session.aclose())
    assert store.callbacks == []
    assert store.closed == 1


def test_an_account_that_says_nothing_of_its_end(store: Store) -> None:
    line = submission(store)
    assert line.codes(plain("simple")) == ["235 2.7.0"]
    assert line.codes(*ENVELOPE) == ["250 2.1.0", "250 2.1.5"]
    finish(line.session.aclose())
    assert store.closed == 1


def test_an_account_that_can_not_even_close(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    line = submission(store)
    line.say(plain("ann"))
    store.trouble = {"close": ZeroDivisionError()}
    finish(line.session.aclose())
    assert len(caplog.records) == 1
    assert store.callbacks == []


def test_a_peer_that_hangs_up_within_a_message(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.say(*ENVELOPE, "DATA")
    line.say("half")
    line.session.receive_eof()
    assert line.read() == ""
    assert line.step is CLOSE
    finish(line.session.aclose())
    assert store.mail == []


def test_many_pipelined_commands_are_answered_in_bounded_pieces(store: Store) -> None:
    line = Line(store)
    line.say("EHLO x")
    line.session.receive_data(b"RSET\r\n" * 3000)
    sizes = []
    while isinstance(step := finish(line.session.step()), bytes):
        sizes.append(len(step))
    assert step is NEED_DATA
    assert sum(sizes) == 3000 * len(b"250 2.0.0 OK\r\n")
    assert 1 < len(sizes) < 10
