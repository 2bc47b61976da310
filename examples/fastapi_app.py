"""A web application with an inbox: fastapi run fastapi_app.py, and SMTP on port 2525"""

import os
from contextlib import asynccontextmanager
from email import message_from_bytes, policy

from fastapi import FastAPI

from mailcore import backend
from mailcore.net.asyncio import serve_mx
from mailcore.smtp.types import Reply


class Inbox:
    def __init__(self):
        self.messages = []

    def receive(self, peer):
        return self

    async def mail_from(self, sender, parameters):
        pass

    async def rcpt_to(self, recipient):
        if recipient.path.local_part != "support":
            raise backend.NotPermitted("Write to support@")

    async def deliver(self, transaction, content):
        self.messages.append(message_from_bytes(content.buffer()[:], policy=policy.default))
        return [Reply.of(250, "2.0.0", f"You are number {len(self.messages)}")]


@asynccontextmanager
async def lifespan(app):
    async with serve_mx(app.state.inbox, port=int(os.environ.get("SMTP_PORT", "2525"))):
        yield


app = FastAPI(lifespan=lifespan)
app.state.inbox = Inbox()


@app.get("/")
async def subjects() -> list[str]:
    return [message["Subject"] for message in app.state.inbox.messages]
