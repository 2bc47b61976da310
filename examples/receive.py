"""Mail to a function, by SMTP and LMTP: python receive.py 2525 2424"""

import asyncio
import sys
from email import message_from_bytes, policy

from mailcore import backend
from mailcore.net.asyncio import serve_mx
from mailcore.smtp.types import Reply


async def on_mail(sender, recipients, message):
    print(f"{sender or 'a bounce'} to {', '.join(recipients)}: {message['Subject']}", flush=True)


class Receive:  # the backend, and where each connection delivers
    def receive(self, peer):
        return self

    async def mail_from(self, sender, parameters):
        pass

    async def rcpt_to(self, recipient):
        if recipient.path.domain.lower() != "example.org":
            raise backend.NotPermitted("Mail for example.org only")

    async def deliver(self, transaction, content):
        message = message_from_bytes(content.buffer()[:], policy=policy.default)
        recipients = [recipient.path.address for recipient in transaction.recipients]
        await on_mail(transaction.sender.address, recipients, message)
        return [Reply.of(250, "2.0.0", "Thank you")]  # only once it is safe


async def main(smtp, lmtp):
    receive = Receive()
    async with serve_mx(receive, port=smtp), serve_mx(receive, port=lmtp, lmtp=True):
        await asyncio.Event().wait()


asyncio.run(main(*map(int, sys.argv[1:])))
