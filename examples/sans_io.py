"""The protocols over a transport of one's own, here a blocking socket: python sans_io.py 1143 imap

IMAP has an empty INBOX that anybody may read; SMTP (``2525 smtp``) prints what it is sent.
"""

import socket
import sys
from contextlib import suppress

from mailcore import imap, smtp
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import CapabilityResponse, Exists, ResponseCode, Status, Tagged, Untagged
from mailcore.smtp import commands
from mailcore.smtp.types import Reply


def serve(transport, connection, answer):
    """The loop: octets in, events out, answers in, octets out."""
    while True:
        event = connection.next_event()
        if event is NEED_DATA or event is PAUSED:
            transport.sendall(connection.data_to_send())
            data = transport.recv(65536)
            connection.receive_data(data) if data else connection.receive_eof()
        elif isinstance(event, (imap.ConnectionClosed, commands.ConnectionClosed)):
            break
        else:
            answer(connection, event)
    transport.sendall(connection.data_to_send())


def answer_imap(connection, event):
    if isinstance(event, imap.BadCommand):
        return  # the connection has answered it already
    if isinstance(event, imap.AppendBegin):
        connection.send(Tagged(event.tag, Status.NO, "This stays empty"))
        return
    if isinstance(event, imap.Capability):
        connection.send(CapabilityResponse(("IMAP4rev1",)))
    elif isinstance(event, imap.Select):
        connection.send(Exists(0))
        connection.send(Untagged(Status.OK, "Valid", ResponseCode("UIDVALIDITY", "1")))
    elif isinstance(event, imap.Logout):
        connection.send(Untagged(Status.BYE, "Goodbye"))
    connection.send(Tagged(event.tag, Status.OK, "Done"))


def answer_smtp(connection, event):
    if isinstance(event, commands.DataChunk):
        print(event.data)
    elif isinstance(event, (commands.BadCommand, commands.Violation)):
        connection.send(event.reply)
    else:
        code = {commands.Connected: 220, commands.Data: 354, commands.Quit: 221}
        connection.send(Reply.of(code.get(type(event), 250), None, "sans-io.example"))


with socket.create_server(("localhost", int(sys.argv[1]))) as listener:
    while True:
        with listener.accept()[0] as transport, suppress(OSError):  # they may hang up
            if sys.argv[2] == "imap":
                connection = imap.ServerConnection()
                connection.send(Untagged(Status.OK, "Hello"))
                serve(transport, connection, answer_imap)
            else:
                serve(transport, smtp.ServerConnection(), answer_smtp)
