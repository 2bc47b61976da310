"""What fuzzing begins with: seeds and words, which come with the package."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_ENTRY = re.compile(r'(?:\w+=)?"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))")


@cache
def words(target: str) -> tuple[bytes, ...]:
    """Return the dictionary of a target, in the format of AFL and libFuzzer."""
    text = dictionary_path(target).read_text("utf-8")
    entries = (_ENTRY.fullmatch(line.strip()) for line in text.splitlines())
    return tuple(_unescaped(found[1].encode()) for found in entries if found is not None)


def dictionary_path(target: str) -> Traversable:
    """Return the dictionary's file."""
    return files("mailcore.fuzz").joinpath("dictionaries", f"{target}.dict")


def _unescaped(text: bytes) -> bytes:
    return _ESCAPE.sub(
        lambda found: bytes.fromhex(found[1].decode()) if found[1] else found[2], text
    )


@cache
def seeds(target: str) -> tuple[bytes, ...]:
    """Return inputs that the parsers know: examples of the RFCs, and what has gone wrong once.

    In the file a line ends in CRLF, however it is stored, and ``%%`` stands between two seeds; a
    line may hold octets as ``\\xNN``, and ends in ``\\`` if it has no CRLF.
    """
    text = files("mailcore.fuzz").joinpath("seeds", f"{target}.txt").read_text("utf-8")
    return tuple(_octets(block) for block in re.split(r"(?m)^%%.*\n", text) if block)


def _octets(block: str) -> bytes:
    data = b"".join(
        line[:-1].encode() if line.endswith("\\") else line.encode() + b"\r\n"
        for line in block.splitlines()
    )
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), data)
