"""DKIM signatures (RFC 6376), by a key for each domain that is made when it is first needed.

``python -m mailcore_agentpost.delivery.signing DATA DOMAIN`` prints the DNS record to publish.
"""

from __future__ import annotations

import argparse
import base64
import logging
import os
import re
import threading
from pathlib import Path
from typing import Final

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

logger: Final = logging.getLogger("mailcore.agentpost")

_FOLDER: Final = "dkim"
_SELECTOR: Final = "mailcore"
_BITS: Final = 2048
# It becomes the name of a file.
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?")


class Signer:
    """Signs messages. Its methods are for threads: they compute, and read and write files.

    Arguments:
        data: the data directory; keys lie in a folder of it that is closed to others.
    """

    def __init__(self, data: Path) -> None:
        self._folder = data / _FOLDER
        self._lock = threading.Lock()
        self._keys: dict[str, bytes] = {}

    def sign(self, message: bytes, domain: str) -> bytes:
        """Put a DKIM-Signature in front of a message whose line ends are CRLF.

        What can not be signed is returned as it is, and logged: mail without a signature is better
        than none.
        """
        try:
            field = dkim.sign(
                message,
                _SELECTOR.encode(),
                domain.lower().encode(),
                self._key(domain),
                canonicalize=(b"relaxed", b"relaxed"),
            )
        except (dkim.DKIMException, OSError, ValueError) as error:
            logger.warning("no DKIM signature for %s: %s", domain, error)
            return message
        return bytes(field) + message

    def record(self, domain: str) -> tuple[str, str]:
        """Return the name and the text of the TXT record to publish (RFC 6376 §3.6)."""
        key = serialization.load_pem_private_key(self._key(domain), None)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        text = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
        return f"{_SELECTOR}._domainkey.{domain.lower()}", text

    def _key(self, domain: str) -> bytes:
        """Return the key of a domain as PEM; raises ValueError for what is no domain."""
        domain = domain.lower()
        if not _DOMAIN.fullmatch(domain):
            raise ValueError(f"not a domain to sign for: {domain!r}")
        with self._lock:
            if domain not in self._keys:
                path = self._folder / f"{domain}.pem"
                if not path.exists():
                    _make(path)
                self._keys[domain] = path.read_bytes()
            return self._keys[domain]


def _make(path: Path) -> None:
    """Make a key; of two processes that make one at once, the first one's stays."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def main() -> None:
    """Print the DNS record of a domain."""
    parser = argparse.ArgumentParser(description="Print the DKIM record to publish for a domain.")
    parser.add_argument("data", type=Path, help="the data directory of the server")
    parser.add_argument("domain")
    arguments = parser.parse_args()
    name, text = Signer(arguments.data).record(arguments.domain)
    print(f'{name}. IN TXT "{text[:200]}" "{text[200:]}"')


if __name__ == "__main__":
    main()
