"""The attachments of a message that is being made: uploads that it cites, as parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import trio

from mailcore_agentpost.http.composing import attached_file
from mailcore_agentpost.http.types import AttachmentRef
from mailcore_agentpost.types import InboxRow, KeyRow
from mailcore_agentpost.uploading import Uploads


async def attached(
    uploads: Uploads,
    key: KeyRow,
    inbox: InboxRow,
    cited: Sequence[AttachmentRef],
    kept: Mapping[str, bytes] | None = None,
) -> list[bytes]:
    """Return the parts that a message cites, in its order.

    Arguments:
        kept: parts that the message has, by what it may cite them with.

    Raises:
        NotThere, Refused: as :meth:`Uploads.cited` does.
    """
    kept = kept or {}
    wanted = [one for one in cited if one.key not in kept]
    found = await uploads.cited(key, inbox, [one.key for one in wanted])
    if not found:
        return [kept[one.key] for one in cited]

    def encode() -> list[bytes]:
        return [
            attached_file(ref.filename or row.filename, ref.mime_type or row.mime_type, octets)
            for ref, (row, octets) in zip(wanted, found, strict=True)
        ]

    made = iter(await trio.to_thread.run_sync(encode))
    return [kept[one.key] if one.key in kept else next(made) for one in cited]
