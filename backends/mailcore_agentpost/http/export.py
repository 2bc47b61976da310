"""The credential export: one row an inbox, for mail clients and spreadsheets (RFC 4180)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from mailcore_agentpost.http.exchange import Response

COLUMNS = ("email", "imap_host", "imap_port", "smtp_host", "smtp_port", "username", "password")


def credentials_csv(
    addresses: Iterable[str], imap: tuple[str, int], smtp: tuple[str, int], password: str
) -> str:
    """Return the export; lines end in CRLF (RFC 4180 §2).

    Only the SHA-256 of a key is stored, so the password can be none but the key of this request.

    Arguments:
        addresses: of the inboxes. They begin with a letter or digit, so that no row can start a
            spreadsheet formula.
        imap, smtp: host and port that clients connect to.
        password: the key that asks.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows((address, *imap, *smtp, address, password) for address in addresses)
    return text.getvalue()


def credentials_response(text: str) -> Response:
    """Return the export as a download that nothing on the way keeps."""
    return Response(
        body=text.encode("utf-8"),
        headers={
            "Content-Type": "text/csv; charset=utf-8; header=present",
            "Content-Disposition": 'attachment; filename="credentials.csv"',
            "Cache-Control": "no-store",
        },
    )
