"""CAPABILITY, ID, ENABLE, STARTTLS, LOGOUT: commands about the connection itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from mailcore.imap import commands
from mailcore.imap.responses import CapabilityResponse, Enabled, IdResponse, Tagged, Untagged
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.capability_table import CAPABILITIES
from mailcore.imap.types import Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

logger: Final = logging.getLogger("mailcore.imap")


async def capability(session: Session, command: commands.Capability) -> Tagged:
    """CAPABILITY (RFC 9051 §6.1.1)."""
    session.send(CapabilityResponse(session.capabilities()))
    return ok(command)


async def identify(session: Session, command: commands.Id) -> Tagged:
    """ID (RFC 2971): what the client says of itself changes nothing."""
    session.send(IdResponse(session.id_fields))
    return ok(command)


async def enable(session: Session, command: commands.Enable) -> Tagged:
    """ENABLE (RFC 5161): what is not known, or enabled already, is passed over."""
    names = CAPABILITIES.enabled_by(command.capabilities, session.situation())
    new = [name for name in names if name not in session.connection.enabled]
    for name in new:
        session.connection.enabled.update(CAPABILITIES.implied_by(name))
    session.send(Enabled(tuple(new)))
    return ok(command)


async def start_tls(session: Session, command: commands.StartTls) -> Tagged:
    """STARTTLS (RFC 9051 §6.2.1); the connection lets it come here only where it is offered."""
    session.begin_handshake()
    return ok(command, "Begin TLS negotiation now")


async def compress(session: Session, command: commands.Compress) -> Tagged:
    """COMPRESS (RFC 4978): the connection does it, from the answer on."""
    if command.mechanism != "DEFLATE":
        return bad(command, "No such mechanism")
    return ok(command, "DEFLATE active")


async def unauthenticate(session: Session, command: commands.Unauthenticate) -> Tagged:
    """UNAUTHENTICATE (RFC 8437): there is no NO; what goes wrong ends the connection."""
    try:
        session.log_out()
    except Exception:
        logger.exception("%s: an account could not be closed", session.peer.host)
        session.say_goodbye("Internal error")
    return ok(command, "Nobody is logged in now")


async def logout(session: Session, command: commands.Logout) -> Tagged:
    """LOGOUT (RFC 9051 §6.1.3)."""
    session.send(Untagged(Status.BYE, "Logging out"))
    return ok(command)
