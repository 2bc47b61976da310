"""The certificates of test servers: good ones, and three ways in which one can be bad.

They are made when the first server of a process asks for them, and removed at its end.
"""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from mailcore.serve.certificates import CertificateFiles, development_certificate

#: What may be wrong with a certificate: its time is over, it is for another name, or nobody knows
#: who signed it.
Badness = Literal["expired", "wrong name", "unknown authority"]


@cache
def _directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mailcore-testing-")


@cache
def certificate(bad: Badness | None = None) -> CertificateFiles:
    """Return the files of a certificate, good for localhost if not bad."""
    directory = Path(_directory().name)
    good = development_certificate(directory, ())
    match bad:
        case None:
            return good
        case "expired":
            year_ago = datetime.now(UTC) - timedelta(days=400)
            return development_certificate(directory, (), stem="expired", now=year_ago)
        case "wrong name":
            return development_certificate(
                directory, ("elsewhere.example",), stem="elsewhere", always=()
            )
        case "unknown authority":
            other = directory / "unknown"
            other.mkdir()
            return development_certificate(other, ())


@cache
def server_context(bad: Badness | None = None) -> ssl.SSLContext:
    """Return the context of a server with that certificate."""
    return certificate(bad).context()


def authority() -> Path:
    """Return the certificate, in PEM, of the authority of the test servers."""
    path = certificate().authority
    assert path is not None
    return path


def client_context() -> ssl.SSLContext:
    """Return a context of a client that trusts the authority of the test servers."""
    return ssl.create_default_context(cafile=str(authority()))
