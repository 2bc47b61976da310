"""Which octets a section of FETCH BODY[...] means (RFC 9051 §6.4.5.1)."""

from __future__ import annotations

from mailcore.message.structure import Part


def resolve_section(
    part: Part, path: tuple[int, ...], text: str | None = None
) -> tuple[int, int] | None:
    """Return start and end of a section, or None where the message has no such section.

    Arguments:
        part: the message.
        path: the part numbers, from 1; empty for the message itself.
        text: HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT (the whole header for each of them; see
            :func:`~mailcore.message.headers.header_fields`), TEXT, MIME, or None; in any case.
    """
    specifier = (text or "").upper()
    if not path:
        if not specifier:
            return part.start, part.end
        return None if specifier == "MIME" else _of_message(part, specifier)
    found = find_part(part, path)
    if found is None:
        return None
    if not specifier:
        return found.body, found.end
    if specifier == "MIME":
        return found.start, found.body
    return _of_message(found.children[0], specifier) if found.envelope is not None else None


def find_part(part: Part, path: tuple[int, ...]) -> Part | None:
    """Return the part of these numbers, or None where there is none.

    Arguments:
        part: the message.
        path: at least one part number. Part 1 of a message that is not a multipart is its body.
    """
    found = _numbered(part, path[0])
    for number in path[1:]:
        if found is None:
            return None
        if found.envelope is not None:
            found = _numbered(found.children[0], number)
        else:
            found = _child(found, number)
    return found


def _numbered(message: Part, number: int) -> Part | None:
    if message.type == "multipart":
        return _child(message, number)
    return message if number == 1 else None


def _child(part: Part, number: int) -> Part | None:
    return part.children[number - 1] if 1 <= number <= len(part.children) else None


def _of_message(message: Part, specifier: str) -> tuple[int, int] | None:
    if specifier == "TEXT":
        return message.body, message.end
    return (message.start, message.body) if specifier.startswith("HEADER") else None
