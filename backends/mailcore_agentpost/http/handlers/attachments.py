"""Attachments on their way in."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.types import CreateAttachment, NewUpload, Upload, UploadQuery
from mailcore_agentpost.types import KeyRow, UploadRow
from mailcore_agentpost.uploading import Uploads

_DOOR = "/uploads"


class AttachmentHandlers:
    """Answers ``/attachments`` and ``/uploads``."""

    def __init__(self, uploads: Uploads, limits: HTTPLimits) -> None:
        self._uploads = uploads
        self._limits = limits

    async def create_attachment(self, call: Call[KeyRow]) -> NewUpload:
        """Return an address to send octets to, and the key that messages cite them by."""
        row, ticket = await self._uploads.create(
            call.key, filename=call.body.filename, mime_type=call.body.mime_type
        )
        shown = _upload(row)
        return NewUpload(
            **{name: getattr(shown, name) for name in Upload.__struct_fields__},
            upload_url=f"{call.request.origin}{_DOOR}/{row.id}?ticket={ticket}",
            max_size=self._limits.upload,
        )

    async def upload_attachment(self, call: Call[None]) -> Upload:
        """Take the octets of an attachment."""
        octets = call.request.receive_body(self._limits.upload)
        filled = await self._uploads.fill(call.path["key"], call.query.ticket, octets)
        return _upload(filled)

    async def get_attachment_upload(self, call: Call[KeyRow]) -> Upload:
        """Return an attachment that waits to be cited."""
        return _upload(await self._uploads.upload(call.key, call.path["key"]))

    async def delete_attachment_upload(self, call: Call[KeyRow]) -> None:
        """Forget an attachment."""
        await self._uploads.delete(call.key, call.path["key"])


def _upload(row: UploadRow) -> Upload:
    return Upload(
        key=row.id,
        filename=row.filename,
        mime_type=row.mime_type,
        size=None if row.body is None else row.size,
        expires_at=row.expires_at,
    )


def routes(attachments: AttachmentHandlers, limits: HTTPLimits) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    one = f"{V1}/attachments/{{key}}"
    return (
        Route(
            method="POST",
            path=f"{V1}/attachments",
            handler=attachments.create_attachment,
            summary="Ask for an address to upload an attachment to",
            scope="messages:write",
            body=CreateAttachment,
            response=NewUpload,
            status=201,
            refuses=(429,),
        ),
        Route(
            method="PUT",
            path=f"{_DOOR}/{{key}}",
            handler=attachments.upload_attachment,
            summary="Upload the octets of an attachment",
            public=True,
            query=UploadQuery,
            octets=True,
            response=Upload,
        ),
        Route(
            method="GET",
            path=one,
            handler=attachments.get_attachment_upload,
            summary="Return an attachment that waits to be cited",
            scope="messages:read",
            response=Upload,
        ),
        Route(
            method="DELETE",
            path=one,
            handler=attachments.delete_attachment_upload,
            summary="Forget an attachment that waits to be cited",
            scope="messages:write",
            status=204,
        ),
    )
