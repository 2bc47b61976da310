"""Support tickets as a read-only IMAP mailbox: PASSWORD=secret python tickets.py tickets.db 1993"""

import os
import sqlite3
import sys
from datetime import datetime
from email import message, policy
from pathlib import Path

import trio

from mailcore import backend, net
from mailcore.serve.certificates import development_certificate


class Tickets:  # the backend, the account of whoever knows the password, and the mailbox in it
    id, uid_validity = "tickets", 1
    query = sqlite3.connect(sys.argv[1]).execute

    async def authenticate(self, credentials, peer):
        if credentials.password != os.environ["PASSWORD"]:
            raise backend.AuthenticationFailed
        return self

    async def mailboxes(self):
        return [backend.MailboxInfo("INBOX", self.id)]

    async def open(self, name):
        if name != "INBOX":
            raise backend.NoSuchMailbox
        return self

    async def changes(self, since):
        # No id may ever be used twice: AUTOINCREMENT. And a date needs its zone: SQLite's are UTC.
        tickets = self.query("SELECT id, opened || 'Z' FROM tickets")
        dated = ((uid, datetime.fromisoformat(opened)) for uid, opened in tickets)
        return backend.all_messages(backend.MessageState(u, internal_date=d) for u, d in dated)

    async def read(self, uid, start, end):
        ticket = "SELECT subject, author, opened || 'Z', body FROM tickets WHERE id = ?"
        for subject, author, opened, body in self.query(ticket, [uid]):
            mail = message.EmailMessage(policy.SMTP)
            mail["Subject"], mail["From"] = subject, author
            mail["Date"] = datetime.fromisoformat(opened)
            mail.set_content(body)
            return mail.as_bytes()[start:end]
        raise KeyError(uid)


tls = development_certificate(Path(), ()).context()  # clients trust ./ca.pem
trio.run(lambda: net.serve_imap(Tickets(), tls=tls, port=int(sys.argv[2])))
