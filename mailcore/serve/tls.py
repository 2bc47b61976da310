"""The certificate in use, which can change while the server runs."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable
from pathlib import Path

from mailcore.config import Settings
from mailcore.serve.certificates import CertificateFiles, development_certificate

logger = logging.getLogger("mailcore.serve")


class ServerTLS:
    """Gives the TLS context of the next connection.

    Arguments:
        settings: with a certificate of one's own, or none.
        directory: where a development certificate is kept.
        names: what that one has to be good for.

    Raises:
        OSError, ValueError: the certificate can not be read or made.
    """

    def __init__(self, settings: Settings, directory: Path, names: Iterable[str]) -> None:
        self._own = own_certificate(settings)
        self._client_authorities = settings.tls_client_ca
        self._channel_binding = settings.tls_channel_binding
        self._directory = directory
        self._names = list(names)
        files = self._files()
        self.authority = files.authority
        self._context = self._new_context(files)

    def __call__(self) -> ssl.SSLContext:
        return self._context

    def reload(self) -> None:
        """Read the files again, and renew a development certificate; on failure all stays."""
        try:
            self._context = self._new_context(self._files())
        except (OSError, ValueError) as error:
            logger.error("the certificate was not reloaded: %s", error)
        else:
            logger.info("the certificate was reloaded")

    def _new_context(self, files: CertificateFiles) -> ssl.SSLContext:
        return files.context(
            client_authorities=self._client_authorities, channel_binding=self._channel_binding
        )

    def _files(self) -> CertificateFiles:
        return self._own or development_certificate(self._directory, self._names)


def own_certificate(settings: Settings) -> CertificateFiles | None:
    """Return the files of ``tls_cert`` and ``tls_key``, if they are set."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return CertificateFiles(settings.tls_cert, settings.tls_key)
