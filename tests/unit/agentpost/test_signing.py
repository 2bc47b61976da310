"""DKIM: what is signed verifies by the record that is printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dkim

from mailcore_agentpost.delivery.signing import Signer

MESSAGE = b"From: anna@us.example\r\nSubject: hi\r\nDate: x\r\n\r\nHello.\r\n"


def verifies(message: bytes, signer: Signer) -> bool:
    """Check a signature with the record in place of the DNS."""
    name, text = signer.record("us.example")

    def txt(asked: bytes, timeout: float = 5) -> bytes | None:
        return text.encode() if asked.decode().rstrip(".") == name else None

    return bool(dkim.verify(message, dnsfunc=txt))


def test_a_signature_verifies_also_after_a_restart(tmp_path: Path) -> None:
    signed = Signer(tmp_path).sign(MESSAGE, "us.example")
    assert signed.endswith(MESSAGE)
    again = Signer(tmp_path)
    assert verifies(signed, again)
    assert not verifies(signed.replace(b"Hello", b"Hullo"), again)
    assert not verifies(signed.replace(b"From: anna", b"From: nina"), again)


def test_a_key_is_closed_to_others(tmp_path: Path) -> None:
    Signer(tmp_path).record("us.example")
    (key,) = (tmp_path / "dkim").iterdir()
    assert key.stat().st_mode & 0o077 == 0
    assert (tmp_path / "dkim").stat().st_mode & 0o077 == 0


def test_what_can_not_be_signed_is_sent_all_the_same(tmp_path: Path) -> None:
    signer = Signer(tmp_path)
    assert signer.sign(b"Subject: no author\r\n\r\n", "us.example").endswith(b"author\r\n\r\n")
    assert signer.sign(MESSAGE, "../../etc/passwd") == MESSAGE
    assert list(tmp_path.rglob("passwd*")) == []


def test_the_record_is_printed(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mailcore_agentpost.delivery.signing", str(tmp_path)]
    printed = subprocess.run([*command, "us.example"], capture_output=True, text=True, check=True)
    name, text = Signer(tmp_path).record("us.example")
    assert printed.stdout == f'{name}. IN TXT "{text[:200]}" "{text[200:]}"\n'
