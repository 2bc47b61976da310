"""``--check``: is everything there that a start would need? Changes nothing."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

from mailcore.config import Settings
from mailcore.net import bind
from mailcore.net.binding import close
from mailcore.serve.lock import data_directory
from mailcore.serve.server import flag_of, ports
from mailcore.serve.tls import own_certificate


async def problems(settings: Settings) -> list[str]:
    """Return one line for each thing that would keep the server from starting."""
    found = [*_certificate_problems(settings), *_data_problems(settings)]
    for name, port in ports(settings).items():
        try:
            close(await bind(settings.host, port))
        except OSError as error:
            found.append(f"cannot listen on {settings.host}:{port} ({flag_of(name)}): {error}")
    return found


def _certificate_problems(settings: Settings) -> Iterator[str]:
    own = own_certificate(settings)
    files = [own.certificate, own.key] if own is not None else []
    files += [settings.tls_client_ca] if settings.tls_client_ca is not None else []
    for file in files:
        if not os.access(file, os.R_OK):
            yield f"certificate: cannot read {file}"
            return
    try:
        if own is not None:
            own.context()
        if settings.tls_client_ca is not None:
            ssl.create_default_context(cafile=settings.tls_client_ca)
    except (OSError, ValueError) as error:
        yield f"certificate: {error}"


def _data_problems(settings: Settings) -> Iterator[str]:
    if settings.memory:
        return
    data = settings.data.absolute()
    existing = next(path for path in (data, *data.parents) if path.exists())
    if not existing.is_dir():
        yield f"{existing} is not a directory"
    elif not os.access(existing, os.W_OK | os.X_OK):
        yield f"{existing} is not writable"
    elif existing == data:
        yield from _lock_problems(data)


def _lock_problems(data: Path) -> Iterator[str]:
    try:
        with data_directory(data):
            pass
    except OSError as error:
        yield str(error)
