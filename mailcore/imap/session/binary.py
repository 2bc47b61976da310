"""BINARY (RFC 3516): parts without their transfer encoding, and messages that hold NUL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from mailcore.backend import BackendError, TooBig
from mailcore.imap.summary import Summary
from mailcore.limits import Limits
from mailcore.message import decoder, find_header, parse_structure, without_binary
from mailcore.spool import CHUNK, Content

_CODE: Final = "UNKNOWN-CTE"

Read = Callable[[int, int], Awaitable[bytes]]


async def decoded(
    read: Read, summary: Summary, path: tuple[int, ...], limits: Limits
) -> AsyncIterator[bytes]:
    """Yield a part decoded, in pieces; nothing where there is no such part.

    What holds parts itself has no encoding of its own (RFC 2045 §6.4).

    Arguments:
        read: returns octets of the message.
        summary: of it.
        path: part numbers; () for the whole message as it is.
        limits: how much of a header is looked at.

    Raises:
        KeyError: the message is gone.
        BackendError: UNKNOWN-CTE, an encoding that nobody knows here.
    """
    part = summary.part(path)
    if part is None:
        return
    start, encoding = part.start, "7bit"
    if path:
        start = part.body
        if not part.children:
            header = await read(part.start, min(part.body, part.start + limits.header_block))
            value = find_header(header, "Content-Transfer-Encoding") or b"7bit"
            encoding = value.split(b";")[0].split(b"(")[0].strip().decode("ascii", "replace")
    undo = decoder(encoding)
    if undo is None:
        raise BackendError("Nobody knows the encoding of this part", code=_CODE)
    for at in range(start, part.end, CHUNK):
        data = await read(at, min(at + CHUNK, part.end))
        if piece := undo.feed(data):
            yield piece
    if piece := undo.finish():
        yield piece


def made_legal(content: Content, limits: Limits) -> Content:
    """Return a message that came as a literal8 as one that all can read (RFC 3516 §4.4).

    Its binary parts are put into base64. One without NUL stays as it is.

    Arguments:
        content: the message; it stays the caller's.
        limits: how it is looked at, and how large it may become.

    Raises:
        TooBig: it is, in base64.
        BackendError: UNKNOWN-CTE, NUL stands where no part says that it is binary.
    """
    if not _has_nul(content):
        return content
    data = content.buffer()
    part = parse_structure(
        data,
        max_depth=limits.mime_depth,
        max_parts=limits.mime_parts,
        max_header=limits.header_block,
    )
    legal = Content(memory=limits.spool_memory)
    try:
        for piece in without_binary(data, part):
            if legal.size + len(piece) > limits.message_size:
                raise TooBig
            legal.write(piece)
        if _has_nul(legal):
            raise BackendError("NUL stands outside of the binary parts", code=_CODE)
    except BaseException:
        legal.close()
        raise
    return legal


def _has_nul(content: Content) -> bool:
    return any(b"\0" in chunk for chunk in content.chunks())
