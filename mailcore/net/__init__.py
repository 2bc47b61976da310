"""Trio drivers: sockets, TLS, deadlines and listeners for the sessions of the engine.

In a Trio program::

    door = await nursery.start(partial(serve_imap, backend, port=1993, tls=context))
    print(door.addresses)

A mailbox is read by :func:`connect_imap`.
Mail goes out by :func:`send_mail`.

In a program without an event loop::

    with running(backend, tls=context) as addresses:
        print(addresses.imap)
"""

from mailcore.net.doors import session_door
from mailcore.net.driver import drive
from mailcore.net.imap_client import ImapClient, connect_imap
from mailcore.net.imap_results import CommandRefused, FetchedMessage, ImapError, Selected
from mailcore.net.listener import Admission, Connection, Door, bind, bind_unix
from mailcore.net.send_mail import connect_smtp, send_mail
from mailcore.net.sending import Outcome, RecipientResult, SendError, Timeouts
from mailcore.net.services import imap_door, serve_imap, serve_mx, serve_smtp, smtp_door
from mailcore.net.smtp_client import SmtpClient, Where
from mailcore.net.stream import Stream
from mailcore.net.threads import Addresses, running

__all__ = [
    "Addresses",
    "Admission",
    "CommandRefused",
    "Connection",
    "Door",
    "FetchedMessage",
    "ImapClient",
    "ImapError",
    "Outcome",
    "RecipientResult",
    "Selected",
    "SendError",
    "SmtpClient",
    "Stream",
    "Timeouts",
    "Where",
    "bind",
    "bind_unix",
    "connect_imap",
    "connect_smtp",
    "drive",
    "imap_door",
    "running",
    "send_mail",
    "serve_imap",
    "serve_mx",
    "serve_smtp",
    "session_door",
    "smtp_door",
]
