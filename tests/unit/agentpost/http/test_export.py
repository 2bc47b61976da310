"""The credential export and cursors."""

from __future__ import annotations

import csv
import io
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore_agentpost.client.credentials import Credential, CredentialExport
from mailcore_agentpost.http.export import COLUMNS, credentials_csv
from mailcore_agentpost.http.paging import decode_cursor, encode_cursor
from mailcore_agentpost.http.problems import Problem

TEXT = credentials_csv(
    ["a@shared.localhost", 'odd"name,@b.example'],
    ("127.0.0.1", 1993),
    ("127.0.0.1", 1465),
    "ap_sk_x",
)


def test_rows_as_a_spreadsheet_reads_them() -> None:
    rows = list(csv.reader(io.StringIO(TEXT, newline=""), strict=True))
    assert rows == [
        list(COLUMNS),
        [
            *("a@shared.localhost", "127.0.0.1", "1993", "127.0.0.1", "1465"),
            *("a@shared.localhost", "ap_sk_x"),
        ],
        [
            *('odd"name,@b.example', "127.0.0.1", "1993", "127.0.0.1", "1465"),
            *('odd"name,@b.example', "ap_sk_x"),
        ],
    ]
    assert TEXT.endswith("\r\n")
    assert TEXT.count("\n") == TEXT.count("\r\n") == 3


def test_rows_as_the_client_types_them(tmp_path: Path) -> None:
    export = CredentialExport(TEXT)
    assert export.credentials[0] == Credential(
        "a@shared.localhost",
        *("127.0.0.1", 1993, "127.0.0.1", 1465),
        *("a@shared.localhost", "ap_sk_x"),
    )
    assert "ap_sk_x" not in repr(export.credentials)
    path = export.save(tmp_path / "credentials.csv")
    assert path.read_bytes() == TEXT.encode()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pytest.raises(FileExistsError):
        export.save(path)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_cursors_come_back(key: str) -> None:
    cursor = encode_cursor(key)
    assert decode_cursor(cursor) == key
    assert cursor.replace("-", "").replace("_", "").isalnum() or not cursor


@pytest.mark.parametrize("cursor", ["!", "a", "a b", "_w", "ä"])
def test_what_was_never_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor)
    assert caught.value.status == 422
