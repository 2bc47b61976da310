"""aiosmtpd over a directory: each message is a file that has reached the disk before the 250."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope


class Files:
    """A handler that keeps what comes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count()

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        with (self._directory / f"{next(self._numbers)}.eml").open("wb") as file:
            assert isinstance(envelope.content, bytes)
            file.write(envelope.content)
            file.flush()
            os.fsync(file.fileno())
        return "250 OK"


async def _serve(certificate: str, key: str, directory: Path) -> None:
    handler = Files(directory)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    new = partial(SMTP, handler, data_size_limit=2**26)
    with_login = partial(
        new,
        auth_require_tls=False,  # it does not see that the connection has TLS already
        authenticator=lambda *_: AuthResult(success=True),
    )
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(new, "127.0.0.1", 0, backlog=1024)
    secure = await loop.create_server(with_login, "127.0.0.1", 0, ssl=tls, backlog=1024)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    print(json.dumps(dict(zip(("smtp", "smtps"), ports, strict=True))), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
