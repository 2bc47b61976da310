"""A development certificate authority, so that TLS with verification works from the first minute.

The authority's certificate (``ca.pem``) is what clients are told to trust. Everything that strict
verifiers ask for (RFC 5280 §4.2.1: key usage, key identifiers, names only in the SAN) is there.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailcore.net.tls import ServerContext, server_context

_AUTHORITY_DAYS: Final = 3650
#: Apple's clients refuse more than 825 days even from an authority that the user trusts.
_SERVER_DAYS: Final = 397
_RENEW_BEFORE: Final = timedelta(days=30)
#: A clock that is a little slow must not find the certificate not yet valid.
_CLOCK_SKEW: Final = timedelta(hours=1)
_ALWAYS: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where a server's certificate chain and key lie, in PEM.

    Arguments:
        certificate: the chain, leaf first.
        key: its private key.
        authority: what clients have to trust, or None for a certificate that they trust anyway.
    """

    certificate: Path
    key: Path
    authority: Path | None = None

    def context(
        self, *, client_authorities: Path | None = None, channel_binding: bool = False
    ) -> ServerContext:
        """Read the files; arguments and errors as of :func:`mailcore.net.tls.server_context`."""
        return server_context(
            self.certificate,
            self.key,
            client_authorities=client_authorities,
            channel_binding=channel_binding,
        )


def development_certificate(
    directory: Path,
    names: Iterable[str],
    *,
    stem: str = "server",
    always: Iterable[str] = _ALWAYS,
    now: datetime | None = None,
) -> CertificateFiles:
    """Make or renew the authority and the server certificate in a directory.

    Arguments:
        directory: exists.
        names: host names and addresses that clients will use, besides those of this machine.
        stem: of the file names of the server's certificate and key.
        always: the names of this machine.
        now: the moment from which on it is good; None for the present.

    Raises:
        OSError: the files can not be written.
        ValueError: what is there is no certificate.
    """
    now = now or datetime.now(UTC)
    authority = _Pair(directory / "ca.pem", directory / "ca.key")
    server = _Pair(directory / f"{stem}.pem", directory / f"{stem}.key")
    wanted = list(dict.fromkeys([*always, *names]))
    if not authority.good_until(now + timedelta(days=_SERVER_DAYS)):
        authority.make_authority(now)
        server.forget()
    good = server.good_until(now + _RENEW_BEFORE) and server.signed_by(authority)
    if not (good and server.names() >= set(wanted)):
        server.make_server(now, wanted, authority)
    return CertificateFiles(server.certificate_file, server.key_file, authority.certificate_file)


class _Pair:
    """A certificate and its key, as two files."""

    def __init__(self, certificate_file: Path, key_file: Path) -> None:
        self.certificate_file = certificate_file
        self.key_file = key_file

    def _certificate(self) -> x509.Certificate:
        try:
            return x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
        except ValueError:
            raise ValueError(f"{self.certificate_file} is not a certificate in PEM") from None

    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = None
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            key = load_pem_private_key(self.key_file.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{self.key_file} is not a key that this program made")
        return key

    def good_until(self, moment: datetime) -> bool:
        """Whether both files are there, belong together and are valid at that moment."""
        if not (self.certificate_file.exists() and self.key_file.exists()):
            return False
        certificate = self._certificate()
        return (
            certificate.not_valid_after_utc > moment
            and certificate.public_key() == self._key().public_key()
        )

    def signed_by(self, authority: _Pair) -> bool:
        """Whether that authority signed the certificate."""
        try:
            self._certificate().verify_directly_issued_by(authority._certificate())
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def names(self) -> set[str]:
        """What the certificate is good for."""
        san = self._certificate().extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return {str(name.value) for name in san.value}

    def forget(self) -> None:
        """Remove it: it was signed by an authority that is no more."""
        self.certificate_file.unlink(missing_ok=True)

    def make_authority(self, now: datetime) -> None:
        """Make a self-signed authority; its name has the date, for whoever cleans up a trust
        store.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"mailcore development CA {now:%Y-%m-%d}")
        builder = (
            _builder(name, name, key.public_key(), now, _AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
            .add_extension(_identifier_of_issuer(key.public_key()), critical=False)
        )
        self._write(builder.sign(key, hashes.SHA256()), key)

    def make_server(self, now: datetime, names: Iterable[str], authority: _Pair) -> None:
        """Make a certificate for these names, signed by the authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, issuer_key = authority._certificate(), authority._key()
        alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        subject = _name("mailcore")
        builder = (
            _builder(subject, issuer.subject, key.public_key(), now, _SERVER_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(alternatives, critical=False)
            .add_extension(_identifier_of_issuer(issuer_key.public_key()), critical=False)
        )
        self._write(builder.sign(issuer_key, hashes.SHA256()), key)

    def _write(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _replace(self.key_file, pem, mode=0o600)
        _replace(self.certificate_file, certificate.public_bytes(Encoding.PEM), mode=0o644)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _identifier_of_issuer(key: ec.EllipticCurvePublicKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file in one step; its mode is right from its first octet on."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
