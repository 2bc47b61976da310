"""Drivers: sockets, TLS, deadlines and listeners for the sessions of the engine.

In a Trio program::

    door = await nursery.start(partial(serve_imap, backend, port=1993, tls=context))
    print(door.addresses)

A mailbox is read by :func:`connect_imap`.
Mail goes out by :func:`send_mail`.

In an asyncio program it is :mod:`mailcore.net.asyncio`::

    async with serve_imap(backend, port=1993, tls=context) as door:
        print(door.addresses)

In a program without an event loop::

    with running(backend, tls=context) as addresses:
        print(addresses.imap)
"""

from typing import TYPE_CHECKING

from mailcore.lazy import lazily

if TYPE_CHECKING:
    from mailcore.net.binding import Listener as Listener
    from mailcore.net.doors import imap_door as imap_door
    from mailcore.net.doors import session_door as session_door
    from mailcore.net.doors import smtp_door as smtp_door
    from mailcore.net.driver import drive as drive
    from mailcore.net.imap_client import ImapClient as ImapClient
    from mailcore.net.imap_results import CommandRefused as CommandRefused
    from mailcore.net.imap_results import FetchedMessage as FetchedMessage
    from mailcore.net.imap_results import ImapError as ImapError
    from mailcore.net.imap_results import Selected as Selected
    from mailcore.net.listener import Admission as Admission
    from mailcore.net.listener import Connection as Connection
    from mailcore.net.listener import Door as Door
    from mailcore.net.sending import Outcome as Outcome
    from mailcore.net.sending import RecipientResult as RecipientResult
    from mailcore.net.sending import SendError as SendError
    from mailcore.net.sending import Timeouts as Timeouts
    from mailcore.net.smtp_client import SmtpClient as SmtpClient
    from mailcore.net.smtp_client import Where as Where
    from mailcore.net.stream import Stream as Stream
    from mailcore.net.threads import Addresses as Addresses
    from mailcore.net.threads import running as running
    from mailcore.net.trio import adopt as adopt
    from mailcore.net.trio import bind as bind
    from mailcore.net.trio import bind_unix as bind_unix
    from mailcore.net.trio import connect_imap as connect_imap
    from mailcore.net.trio import connect_smtp as connect_smtp
    from mailcore.net.trio import send_mail as send_mail
    from mailcore.net.trio import serve_imap as serve_imap
    from mailcore.net.trio import serve_mx as serve_mx
    from mailcore.net.trio import serve_smtp as serve_smtp

# Where a name is defined. Imported when asked for: most of these import Trio, and a program on
# asyncio has no need of it.
_HOMES = {
    "Addresses": "threads",
    "Admission": "listener",
    "CommandRefused": "imap_results",
    "Connection": "listener",
    "Door": "listener",
    "FetchedMessage": "imap_results",
    "ImapClient": "imap_client",
    "ImapError": "imap_results",
    "Listener": "binding",
    "Outcome": "sending",
    "RecipientResult": "sending",
    "Selected": "imap_results",
    "SendError": "sending",
    "SmtpClient": "smtp_client",
    "Stream": "stream",
    "Timeouts": "sending",
    "Where": "smtp_client",
    "adopt": "trio",
    "bind": "trio",
    "bind_unix": "trio",
    "connect_imap": "trio",
    "connect_smtp": "trio",
    "drive": "driver",
    "imap_door": "doors",
    "running": "threads",
    "send_mail": "trio",
    "serve_imap": "trio",
    "serve_mx": "trio",
    "serve_smtp": "trio",
    "session_door": "doors",
    "smtp_door": "doors",
}

__all__ = list(_HOMES)
__getattr__ = lazily(__name__, _HOMES)
