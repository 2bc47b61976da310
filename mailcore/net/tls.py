"""TLS contexts of a server, and what a handshake has settled."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from mailcore.channel import Channel, ClientCertificate
from mailcore.sasl import SERVER_END_POINT, server_end_point


class ServerContext(ssl.SSLContext):
    """A context that knows its certificate, so that SCRAM can be bound to the channel.

    Any other context serves as well; then no ``-PLUS`` mechanism is offered.
    """

    #: The value of ``tls-server-end-point`` (RFC 5929 §4); None if there is none, or is not told.
    end_point: bytes | None = None


def server_context(
    certificate: Path,
    key: Path,
    *,
    client_authorities: Path | None = None,
    channel_binding: bool = False,
) -> ServerContext:
    """Make the context of a server from files in PEM.

    Arguments:
        certificate: the chain, leaf first.
        key: its private key.
        client_authorities: certificates of those who vouch for clients: a client may then show
            one, and log in by it (EXTERNAL). None to not ask for any.
        channel_binding: offer SCRAM bound to the channel by its certificate. Python has no
            ``tls-exporter`` (RFC 9266), and a client that knows only that one fails where it
            would have succeeded without binding: so this is for who knows the clients.

    Raises:
        OSError: the files can not be read, or do not fit together (``ssl.SSLError``).
    """
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if client_authorities is not None:
        context.load_verify_locations(client_authorities)
        context.verify_mode = ssl.CERT_OPTIONAL
    if channel_binding:
        context.end_point = server_end_point(_leaf(certificate))
    return context


def _leaf(chain: Path) -> bytes:
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    _, _, rest = chain.read_text("ascii", "replace").partition(begin)
    return ssl.PEM_cert_to_DER_cert(f"{begin}{rest.partition(end)[0]}{end}\n")


def channel_of(tls: ssl.SSLObject) -> Channel:
    """Return what a handshake has settled, in either role."""
    der = tls.getpeercert(binary_form=True)
    if not tls.server_side:
        return Channel(_bindings(server_end_point(der) if der else None))
    # Without verification there is a certificate, but nothing is known of it.
    known: Any = tls.getpeercert() if der is not None else None
    return Channel(
        _bindings(getattr(tls.context, "end_point", None)),
        _certificate(der, known) if der and known else None,
    )


def _bindings(end_point: bytes | None) -> dict[str, bytes]:
    return {} if end_point is None else {SERVER_END_POINT: end_point}


def _certificate(der: bytes, known: dict[str, Any]) -> ClientCertificate:
    subject = [pair for names in known.get("subject", ()) for pair in names]
    emails = [value for kind, value in known.get("subjectAltName", ()) if kind == "email"]
    emails += [value for name, value in subject if name == "emailAddress"]
    common_names = [value for name, value in subject if name == "commonName"]
    return ClientCertificate(der, "".join(common_names[-1:]), tuple(emails))
