"""Say what is unread: PASSWORD=secret python unread.py anna imap.example.org"""

import asyncio
import os
import sys

from mailcore.imap import searchkeys
from mailcore.message import decode_header
from mailcore.net.asyncio import connect_imap


async def main(user, host, port="993"):
    async with connect_imap(host, int(port)) as client:
        await client.login(user, os.environ["PASSWORD"])
        await client.select("INBOX", read_only=True)
        unread = await client.search(searchkeys.Not(searchkeys.HasFlag("\\Seen")))
        async for message in client.fetch(unread):
            print(message.uid, decode_header(message.envelope.subject or b""))


asyncio.run(main(*sys.argv[1:]))
