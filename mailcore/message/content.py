"""The Content- fields of an entity (RFC 2045 §3, RFC 2183, RFC 3282, RFC 2557)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from mailcore.message.headers import field_values, unfold
from mailcore.message.parameters import (
    Parameters,
    get_parameter,
    parse_media_type,
    parse_parameters,
)

# RFC 2045 §5.2: what a message or a part without a (valid) Content-Type is.
_DEFAULT_PARAMETERS: Parameters = (("charset", "us-ascii"),)
_IDENTITY = frozenset({"7bit", "8bit", "binary"})
# What most entities are is said in few ways, which are short.
_SHORT = 100
# RFC 2046 §5.1.1 allows 70 octets; a boundary must fit on a line.
_MAX_BOUNDARY = 900


class Content(NamedTuple):
    """What the header of an entity says about its body. The fields are those of ``Part``."""

    type: str = "text"
    subtype: str = "plain"
    parameters: Parameters = ()
    content_id: bytes | None = None
    description: bytes | None = None
    encoding: str = "7bit"
    md5: bytes | None = None
    disposition: tuple[str, Parameters] | None = None
    language: tuple[str, ...] = ()
    location: bytes | None = None
    boundary: bytes = b""

    @property
    def is_multipart(self) -> bool:
        return self.type == "multipart"

    @property
    def is_message(self) -> bool:
        return self.type == "message" and self.subtype in ("rfc822", "global")

    @property
    def is_encoded(self) -> bool:
        return self.encoding not in _IDENTITY


OPAQUE = Content("application", "octet-stream")


def parse_content(header: bytes, *, in_digest: bool = False) -> Content:
    """Read the Content- fields of a header block; of a field that comes twice, the first counts.

    Arguments:
        header: the octets of the header block.
        in_digest: the parent is a multipart/digest, whose parts are messages by default
            (RFC 2046 §5.1.5).
    """
    fields = {
        name: unfold(values[0])
        for name, values in field_values(header).items()
        if name.startswith(b"content-")
    }
    if b"content-type" in fields:
        value = fields[b"content-type"]
        media_type = _frequent_type(value) if len(value) <= _SHORT else _media_type(value)
    elif in_digest:
        media_type = ("message", "rfc822", (), b"")
    else:
        media_type = ("text", "plain", _DEFAULT_PARAMETERS, b"")
    type_, subtype, parameters, boundary = media_type
    return Content(
        type=type_,
        subtype=subtype,
        parameters=parameters,
        content_id=fields.get(b"content-id"),
        description=fields.get(b"content-description"),
        encoding=_encoding(fields.get(b"content-transfer-encoding")),
        md5=fields.get(b"content-md5"),
        disposition=_disposition(fields.get(b"content-disposition")),
        language=_language(fields.get(b"content-language")),
        location=fields.get(b"content-location"),
        boundary=boundary,
    )


@lru_cache(maxsize=256)
def _frequent_type(value: bytes) -> tuple[str, str, Parameters, bytes]:
    return _media_type(value)


def _media_type(value: bytes) -> tuple[str, str, Parameters, bytes]:
    media_type = parse_media_type(value)
    if media_type is not None:
        parameters = parse_parameters(value)
        if media_type[0] != "multipart":
            return *media_type, parameters, b""
        boundary = (get_parameter(parameters, "boundary") or "").rstrip().encode()
        if 0 < len(boundary) <= _MAX_BOUNDARY:
            return *media_type, parameters, boundary
    # RFC 2045 §5.2; a multipart without a boundary is no valid Content-Type either.
    return "text", "plain", _DEFAULT_PARAMETERS, b""


def _encoding(value: bytes | None) -> str:
    # mechanism  :=  token     ; a comment may follow
    if value is None:
        return "7bit"
    words = value.split(b"(", 1)[0].split(b";", 1)[0].split()
    return words[0].decode("ascii", "replace").lower() if words else "7bit"


def _disposition(value: bytes | None) -> tuple[str, Parameters] | None:
    # disposition  :=  disposition-type *(";" disposition-parm)     ; RFC 2183 §2
    if value is None:
        return None
    words = value.split(b";", 1)[0].split()
    if not words:
        return None
    return words[0].decode("ascii", "replace").lower(), parse_parameters(value)


def _language(value: bytes | None) -> tuple[str, ...]:
    # Content-Language  =  1#language-tag     ; RFC 3282 §2
    if value is None:
        return ()
    tags = (tag.strip(b" \t").decode("ascii", "replace") for tag in value.split(b",")[:100])
    return tuple(tag for tag in tags if tag)
