"""LOGIN and AUTHENTICATE (RFC 9051 §6.2.2-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailcore.backend import BackendError
from mailcore.flow import delay_after
from mailcore.imap import commands
from mailcore.imap.responses import Continuation, Tagged
from mailcore.imap.session.answers import bad, no, ok, refused
from mailcore.imap.types import ResponseCode
from mailcore.sasl import Challenge, Credentials, PlainCredentials, SaslError, ServerMechanism

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


@dataclass(frozen=True, slots=True)
class Exchange:
    """An AUTHENTICATE that has not ended."""

    command: commands.Authenticate
    mechanism: ServerMechanism


async def login(session: Session, command: commands.Login) -> Tagged:
    """LOGIN."""
    if not session.may_authenticate():
        return _needs_tls(command)
    credentials = PlainCredentials(command.username, command.password, mechanism="LOGIN")
    return await _authenticate(session, command, credentials)


async def authenticate(session: Session, command: commands.Authenticate) -> Tagged | None:
    """AUTHENTICATE: begin an exchange; its other steps are SaslResponse events."""
    if not session.may_authenticate():
        return _needs_tls(command)
    name = command.mechanism.upper()
    maker = session.mechanisms.get(name)
    if maker is None or f"AUTH={name}" not in session.capabilities():
        return no(command, "No such mechanism", "CANNOT")
    session.exchange = Exchange(command, maker())
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
    try:
        outcome = exchange.mechanism.step(response)
    except SaslError as error:
        session.exchange = None
        return bad(exchange.command, str(error))
    if isinstance(outcome, Challenge):
        session.send(Continuation(data=outcome.data))
        return None
    session.exchange = None
    return await _authenticate(session, exchange.command, outcome)


async def _authenticate(
    session: Session, command: commands.Command, credentials: Credentials
) -> Tagged:
    try:
        account = await session.backend.authenticate(credentials, session.peer)
    except BackendError as error:
        session.failed_logins += 1
        session.delay = delay_after(session.failed_logins)
        if session.failed_logins >= session.limits.failed_logins:
            session.say_goodbye("Too many failed logins")
        return refused(command, error)
    await session.log_in(account)
    code = ResponseCode("CAPABILITY", " ".join(session.capabilities()))
    return ok(command, "Logged in", code)


def _needs_tls(command: commands.Command) -> Tagged:
    return no(command, "Passwords are only taken over TLS", "PRIVACYREQUIRED")
