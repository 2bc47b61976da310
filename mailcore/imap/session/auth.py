"""LOGIN and AUTHENTICATE (RFC 9051 §6.2.2-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailcore import authentication
from mailcore.backend import Account, BackendError
from mailcore.imap import commands
from mailcore.imap.responses import Continuation, Tagged
from mailcore.imap.session.answers import bad, no, ok, refused
from mailcore.imap.types import ResponseCode
from mailcore.sasl import Challenge, PlainCredentials, SaslError

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


@dataclass(frozen=True, slots=True)
class Exchange:
    """An AUTHENTICATE that has not ended."""

    command: commands.Authenticate
    steps: authentication.Exchange


async def login(session: Session, command: commands.Login) -> Tagged:
    """LOGIN."""
    if not session.may_authenticate():
        return _needs_tls(command)
    if not session.takes_passwords:
        return no(command, "LOGIN is not offered here; use AUTHENTICATE", "CANNOT")
    credentials = PlainCredentials(command.username, command.password, mechanism="LOGIN")
    try:
        account = await authentication.open_account(session.backend, credentials, session.peer)
    except BackendError as error:
        session.login_failed()
        return refused(command, error)
    return await _log_in(session, command, account)


async def authenticate(session: Session, command: commands.Authenticate) -> Tagged | None:
    """AUTHENTICATE: begin an exchange; its other steps are SaslResponse events."""
    if not session.may_authenticate():
        return _needs_tls(command)
    name = command.mechanism.upper()
    offered = session.mechanisms()
    if name not in offered or f"AUTH={name}" not in session.capabilities():
        return no(command, "No such mechanism", "CANNOT")
    steps = authentication.Exchange(
        session.backend, name, offered, session.peer, session.login_failed
    )
    session.exchange = Exchange(command, steps)
    return await _step(session, session.exchange, command.initial)


async def sasl_response(session: Session, event: commands.SaslResponse) -> Tagged | None:
    """Go on with an exchange, or end it where the client cancels."""
    exchange = session.exchange
    assert exchange is not None
    if event.data is None:
        session.exchange = None
        return bad(exchange.command, "Authentication cancelled")
    return await _step(session, exchange, event.data)


async def _step(session: Session, exchange: Exchange, response: bytes | None) -> Tagged | None:
    session.exchange = None
    try:
        outcome = await exchange.steps.step(response)
    except SaslError as error:
        return bad(exchange.command, str(error))
    except BackendError as error:
        return refused(exchange.command, error)
    if isinstance(outcome, Challenge):
        session.exchange = exchange
        session.send(Continuation(data=outcome.data))
        return None
    return await _log_in(session, exchange.command, outcome)


async def _log_in(session: Session, command: commands.Command, account: Account) -> Tagged:
    await session.log_in(account)
    code = ResponseCode("CAPABILITY", " ".join(session.capabilities()))
    return ok(command, "Logged in", code)


def _needs_tls(command: commands.Command) -> Tagged:
    return no(command, "Passwords are only taken over TLS", "PRIVACYREQUIRED")
