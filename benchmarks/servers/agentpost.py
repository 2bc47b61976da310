"""AgentPost on durable storage, with the doors that the table needs: IMAP and SMTP, plain and TLS.

``python -m mailcore.serve`` has no door for passwords in the clear; this is what a program that
embeds the server would write.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import trio

import mailcore_agentpost
from mailcore.backend import Peer
from mailcore.imap.session import Session
from mailcore.limits import DEFAULT_LIMITS
from mailcore.net import bind, serve_imap, serve_mx, serve_smtp
from mailcore.net.doors import session_door
from mailcore.serve.certificates import development_certificate
from mailcore.serve.protocol import Context
from mailcore_agentpost.mail.inboxes import inbox_at, insert_inbox
from mailcore_agentpost.settings import Settings
from mailcore_agentpost.store import Transaction

_MANY = 1_000_000
_LIMITS = replace(DEFAULT_LIMITS, connections_per_peer=_MANY, connections=_MANY)
_SETTINGS = Settings(
    connections_per_inbox=_MANY,
    sends_per_key_minute=_MANY,
    sends_per_inbox_minute=_MANY,
    sends_per_organization_day=100 * _MANY,
)


def _make_recipient(transaction: Transaction, user: str) -> str:
    """Make an inbox beside the user's: what is delivered must not make the rows of IMAP longer."""
    inbox = inbox_at(transaction.connection, user)
    assert inbox is not None
    made = insert_inbox(
        transaction,
        inbox.org_id,
        username="recipient",
        domain="shared.localhost",
        now=datetime.now(UTC),
    )
    return made.address


async def _serve(directory: Path) -> None:
    tls = development_certificate(directory, ["localhost"]).context()
    context = Context(data=directory, domain="shared.localhost", limits=_LIMITS, options=_SETTINGS)
    async with mailcore_agentpost.open(context) as backend, trio.open_nursery() as nursery:
        first = await backend.bootstrap(new_key=True)
        user = first.inboxes[0]
        recipient = await backend.store.write(partial(_make_recipient, user=user))

        def new_session(peer: Peer) -> Session:
            return Session(
                backend,
                peer,
                limits=_LIMITS,
                clock=monotonic,
                now=partial(datetime.now, UTC),
                allow_plaintext=True,
            )

        async def port(serve: Any) -> int:
            door = await nursery.start(serve)
            return int(door.addresses[0][1])

        plain = session_door("imap", await bind("127.0.0.1", 0), new_session, limits=_LIMITS)

        print(
            json.dumps(
                {
                    "imap": await port(plain.run),
                    "imaps": await port(partial(serve_imap, backend, tls=tls, limits=_LIMITS)),
                    "smtp": await port(partial(serve_mx, backend, limits=_LIMITS)),
                    "smtps": await port(partial(serve_smtp, backend, tls=tls, limits=_LIMITS)),
                    "user": user,
                    "recipient": recipient,
                    "password": first.api_key,
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    trio.run(_serve, Path(sys.argv[1]))
