"""Messages with binary parts made legal: their octets in base64 (RFC 3516 §4.4, RFC 2045 §6)."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from typing import Final

from mailcore.message.buffer import Buffer
from mailcore.message.headers import headers
from mailcore.message.structure import Part

_FIELD: Final = b"content-transfer-encoding"
# Octets of a line of 76 digits, and of what is encoded at a time.
_LINE: Final = 57
_BATCH: Final = _LINE * 1024


def without_binary(data: Buffer, part: Part) -> Iterator[bytes]:
    """Yield the message with each part in base64 that says it is binary.

    What holds such parts, and says binary for that reason, says 8bit afterwards.

    Arguments:
        data: the octets of the message.
        part: its structure.
    """
    at = 0
    waiting = [part]
    while waiting:
        current = waiting.pop()
        waiting.extend(reversed(current.children))
        if current.encoding != "binary":
            continue
        yield data[at : current.start]
        leaf = not current.children
        yield _relabelled(data[current.start : current.body], b"base64" if leaf else b"8bit")
        at = current.body
        if leaf:
            yield from _encoded(data, current)
            at = current.end
    yield data[at:]


def _relabelled(block: bytes, encoding: bytes) -> bytes:
    for header in headers(block):
        if header.name.lower() == _FIELD:
            field = b"%b: %b\r\n" % (header.name, encoding)
            return block[: header.start] + field + block[header.end :]
    return block


def _encoded(data: Buffer, part: Part) -> Iterator[bytes]:
    for start in range(part.body, part.end, _BATCH):
        octets = data[start : min(start + _BATCH, part.end)]
        yield b"\r\n".join(
            binascii.b2a_base64(octets[line : line + _LINE], newline=False)
            for line in range(0, len(octets), _LINE)
        )
        # The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
        if start + _BATCH < part.end:
            yield b"\r\n"
