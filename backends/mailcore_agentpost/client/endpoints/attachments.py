"""``client.attachments``."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from mailcore_agentpost.client.request import Flow, Request, nothing, path, to
from mailcore_agentpost.http.types import CreateAttachment, NewUpload, Upload


def create(filename: str, mime_type: str = "application/octet-stream") -> Request[NewUpload]:
    """Ask for an address to send the octets of an attachment to; ``upload`` does both."""
    return Request(
        method="POST",
        path=path("attachments"),
        decode=to(NewUpload),
        body=CreateAttachment(filename=filename, mime_type=mime_type),
    )


def fill(upload: NewUpload, octets: bytes) -> Request[Upload]:
    """Send the octets of an attachment that was asked for."""
    # The server knows its own name less well than whoever has reached it.
    url = urlsplit(upload.upload_url)
    return Request(
        method="PUT",
        path=url.path,
        decode=to(Upload),
        params=dict(parse_qsl(url.query)),
        content=octets,
    )


def upload(
    filename: str, octets: bytes, mime_type: str = "application/octet-stream"
) -> Flow[Upload]:
    """Send an attachment; messages and drafts cite it by its ``key``, for a day."""
    asked = yield create(filename, mime_type)
    filled: Upload = yield fill(asked, octets)
    return filled


def get(key: str) -> Request[Upload]:
    """Return an attachment that waits to be cited."""
    return Request(method="GET", path=path("attachments", key), decode=to(Upload))


def delete(key: str) -> Request[None]:
    """Forget an attachment; messages that cite it have a copy."""
    return Request(method="DELETE", path=path("attachments", key), decode=nothing)
