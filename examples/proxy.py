"""An IMAP proxy that shows what both sides say: python proxy.py 1143 imap.example.org 993"""

import asyncio
import ssl
import sys
from contextlib import suppress

from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import (
    AppendBegin,
    BadCommand,
    CatenateText,
    ClientConnection,
    ConnectionClosed,
    Continuation,
    ServerConnection,
)


class Proxy:
    def __init__(self, to_client, to_server):
        self.near, self.to_client = ServerConnection(), to_client  # we are the client's server
        self.far, self.to_server = ClientConnection(), to_server  # and the server's client

    async def pump(self, reader, connection):
        while data := await reader.read(65536):
            connection.receive_data(data)
            self.forward(self.near, self.far, "C")
            self.forward(self.far, self.near, "S")
            self.forward(self.near, self.far, "C")  # what an answer has set free
            self.to_client.write(self.near.data_to_send())
            self.to_server.write(self.far.data_to_send())
            await asyncio.gather(self.to_client.drain(), self.to_server.drain())
        self.to_client.close()
        self.to_server.close()

    def forward(self, source, target, side):
        while (event := source.next_event()) not in (NEED_DATA, PAUSED):
            print(side, event, flush=True)  # passwords are in no repr
            if isinstance(event, ConnectionClosed):
                return
            if isinstance(event, Continuation) and isinstance(target.current, AppendBegin):
                target.accept_literal()  # which says "+"
            elif not isinstance(event, BadCommand):  # else it has been answered
                target.send(event)
            if isinstance(event, (AppendBegin, CatenateText)) and not event.synchronizing:
                source.accept_literal()


async def connected(from_client, to_client):
    from_server, to_server = await asyncio.open_connection(
        *sys.argv[2:4], ssl=ssl.create_default_context()
    )
    proxy = Proxy(to_client, to_server)
    with suppress(OSError):  # one of them has hung up
        await asyncio.gather(
            proxy.pump(from_client, proxy.near), proxy.pump(from_server, proxy.far)
        )


async def main():
    async with await asyncio.start_server(connected, "localhost", int(sys.argv[1])) as server:
        await server.serve_forever()


asyncio.run(main())
