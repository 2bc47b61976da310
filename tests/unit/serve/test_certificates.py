"""The development certificates, judged by strict verifiers."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailcore.serve import certificates
from mailcore.serve.certificates import CertificateFiles, development_certificate


def handshake(files: CertificateFiles, name: str) -> None:
    """Let a strict client and the server shake hands in memory; raise what goes wrong."""
    client_context = ssl.create_default_context(cafile=str(files.authority))
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = files.context().wrap_bio(to_server, to_client, server_side=True)
    pending = [client, server]
    for _ in range(10):
        for end in list(pending):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            pending.remove(end)
    assert pending == []


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "mail.example.org", "192.0.2.7"])
def test_strict_clients_accept_it(tmp_path: Path, name: str) -> None:
    handshake(development_certificate(tmp_path, ["mail.example.org", "192.0.2.7"]), name)


def test_another_name_is_refused(tmp_path: Path) -> None:
    files = development_certificate(tmp_path, [])
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "mail.example.org")


def test_openssl_accepts_it_strictly(tmp_path: Path) -> None:
    files = development_certificate(tmp_path, [])
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile"]
    subprocess.run([*command, str(files.authority), files.certificate], check=True)


def test_keys_are_for_the_owner_only(tmp_path: Path) -> None:
    development_certificate(tmp_path, [])
    assert {file.name for file in tmp_path.iterdir()} == {
        "ca.pem",
        "ca.key",
        "server.pem",
        "server.key",
    }
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in tmp_path.glob("*.key"))


def contents(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir()}


def test_it_is_made_once(tmp_path: Path) -> None:
    development_certificate(tmp_path, ["example.org"])
    before = contents(tmp_path)
    development_certificate(tmp_path, ["example.org"])
    development_certificate(tmp_path, [])
    assert contents(tmp_path) == before


def test_a_new_name_needs_a_new_certificate_but_no_new_authority(tmp_path: Path) -> None:
    development_certificate(tmp_path, [])
    before = contents(tmp_path)
    handshake(development_certificate(tmp_path, ["example.org"]), "example.org")
    after = contents(tmp_path)
    assert after["ca.pem"] == before["ca.pem"]
    assert after["server.pem"] != before["server.pem"]


class _Clock(datetime):
    ahead = timedelta()

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + cls.ahead


@pytest.mark.parametrize(
    ("days", "changed"),
    [
        (300, set()),
        (380, {"server.pem", "server.key"}),
        (3400, {"server.pem", "server.key", "ca.pem", "ca.key"}),
    ],
)
def test_it_is_renewed_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, changed: set[str]
) -> None:
    development_certificate(tmp_path, [])
    before = contents(tmp_path)
    monkeypatch.setattr(_Clock, "ahead", timedelta(days=days))
    monkeypatch.setattr(certificates, "datetime", _Clock)
    development_certificate(tmp_path, [])
    after = contents(tmp_path)
    assert {name for name in after if after[name] != before[name]} == changed


@pytest.mark.parametrize("name", ["ca.pem", "ca.key", "server.pem", "server.key"])
def test_a_broken_file_is_an_error_and_not_replaced(tmp_path: Path, name: str) -> None:
    development_certificate(tmp_path, [])
    (tmp_path / name).write_text("my own")
    with pytest.raises(ValueError, match=name):
        development_certificate(tmp_path, [])
    assert (tmp_path / name).read_text() == "my own"


def test_a_certificate_of_a_former_authority_is_replaced(tmp_path: Path) -> None:
    development_certificate(tmp_path, [])
    for name in ("ca.pem", "ca.key"):
        (tmp_path / name).unlink()
    former = (tmp_path / "server.pem").read_bytes(), (tmp_path / "server.key").read_bytes()
    development_certificate(tmp_path, [])
    (tmp_path / "server.pem").write_bytes(former[0])
    (tmp_path / "server.key").write_bytes(former[1])
    handshake(development_certificate(tmp_path, []), "localhost")
