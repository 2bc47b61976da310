"""Show the mail that a program sends: python outbox.py python manage.py runserver

The program finds where to send it in EMAIL_HOST and EMAIL_PORT (Django: read them in settings.py),
and nothing leaves this machine.
"""

import os
import subprocess
import sys
from email import message_from_bytes, policy

from mailcore.backend import NotPermitted
from mailcore.net import running
from mailcore.smtp.types import Reply


class Outbox:
    async def authenticate(self, credentials, peer):
        raise NotPermitted("Just send it")

    def receive(self, peer):
        return self

    async def mail_from(self, sender, parameters):
        pass

    async def rcpt_to(self, recipient):
        pass

    async def deliver(self, transaction, content):
        message = message_from_bytes(content.buffer()[:], policy=policy.default)
        for recipient in transaction.recipients:
            print(f"[outbox] to {recipient.path.address}: {message['Subject']}", flush=True)
        body = message.get_body(("plain", "html"))
        print("" if body is None else body.get_content(), flush=True)
        return [Reply.of(250, "2.0.0", "Shown")]


with running(Outbox()) as addresses:
    host, port = addresses.mx
    where = {"EMAIL_HOST": host, "EMAIL_PORT": str(port)}
    sys.exit(subprocess.run(sys.argv[1:], env=os.environ | where).returncode)
