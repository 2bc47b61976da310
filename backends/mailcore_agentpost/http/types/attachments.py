"""Attachments on their way in: asked for, filled, cited."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from mailcore_agentpost.http.types.base import RequestBody, ResponseBody

Filename = Annotated[
    str, msgspec.Meta(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+\Z")
]

# RFC 6838 §4.2. What holds other parts can not be a leaf.
MimeType = Annotated[
    str,
    msgspec.Meta(
        max_length=127,
        pattern=r"^(?!multipart/|message/)[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*\Z",
    ),
]


class CreateAttachment(RequestBody, frozen=True):
    """Ask for an address to send the octets of an attachment to.

    Arguments:
        filename: what it is called in the message.
        mime_type: in lower case; of a message within the message: ``application/octet-stream``.
    """

    filename: Filename
    mime_type: MimeType = "application/octet-stream"


class Upload(ResponseBody, frozen=True):
    """An attachment that waits to be cited.

    Arguments:
        key: what a message cites.
        size: octets that were sent; None before.
        expires_at: when it is forgotten; messages that cite it have a copy.
    """

    key: str
    filename: str
    mime_type: str
    size: int | None
    expires_at: datetime


class NewUpload(Upload, frozen=True):
    """An attachment just asked for.

    Arguments:
        upload_url: PUT its octets here, as they are; the address itself is the permission.
        max_size: octets that it may have.
    """

    upload_url: str
    max_size: int


class UploadQuery(RequestBody, frozen=True):
    """What lets octets in: in the query, as that is in no log."""

    ticket: Annotated[str, msgspec.Meta(max_length=64)]


class AttachmentRef(RequestBody, frozen=True):
    """An attachment of a message that is being made.

    Arguments:
        key: of an upload; in a change of a draft, also the ``section`` of one that it has.
        filename, mime_type: other than those of the upload.
    """

    key: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    filename: Filename | None = None
    mime_type: MimeType | None = None


AttachmentRefs = Annotated[list[AttachmentRef], msgspec.Meta(max_length=100)]
