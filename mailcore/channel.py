"""What TLS has settled about a connection, for whoever logs in over it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The certificate that a client has shown, verified against the authorities of this server.

    Arguments:
        der: all of it.
        common_name: of its subject, or "".
        emails: the mail addresses that it names (RFC 5280 §4.2.1.6), in order.
    """

    der: bytes = field(repr=False)
    common_name: str = ""
    emails: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 over :attr:`der`, in lower-case hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()


@dataclass(frozen=True, slots=True)
class Channel:
    """One encrypted channel.

    Arguments:
        bindings: the values of channel bindings by the name of their type (RFC 5056 §2.1,
            ``"tls-server-end-point"``); empty where there are none.
        certificate: of the client, or None.
    """

    bindings: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    certificate: ClientCertificate | None = None


#: Plain, or encrypted by something that tells nothing.
NO_CHANNEL = Channel()
