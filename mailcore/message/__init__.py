"""RFC 5322 and MIME messages by octet offsets: where things begin and end, and what they say.

Nothing here copies a message, recurses, or raises on malformed input.
"""

from __future__ import annotations

from mailcore.message.addresses import Address, parse_addresses
from mailcore.message.attachments import is_attachment, leaves
from mailcore.message.buffer import Buffer, forget_pages, pieces
from mailcore.message.charsets import decode_text
from mailcore.message.dates import parse_date
from mailcore.message.decoding import Decoder, decoder
from mailcore.message.encoded_words import decode_header
from mailcore.message.envelope import Envelope, make_envelope, parse_envelope
from mailcore.message.headers import (
    Header,
    field_values,
    find_header,
    header_block,
    header_fields,
    headers,
    unfold,
)
from mailcore.message.message_ids import message_ids
from mailcore.message.parameters import Parameters, get_parameter
from mailcore.message.sections import find_part, resolve_section
from mailcore.message.structure import Part, parse_structure
from mailcore.message.text import encoded_text_size, extract_text, iter_text_parts, preview
from mailcore.message.transcode import without_binary
from mailcore.message.transfer import decode_body

__all__ = [
    "Address",
    "Buffer",
    "Decoder",
    "Envelope",
    "Header",
    "Parameters",
    "Part",
    "decode_body",
    "decode_header",
    "decode_text",
    "decoder",
    "encoded_text_size",
    "extract_text",
    "field_values",
    "find_header",
    "find_part",
    "forget_pages",
    "get_parameter",
    "header_block",
    "header_fields",
    "headers",
    "is_attachment",
    "iter_text_parts",
    "leaves",
    "make_envelope",
    "message_ids",
    "parse_addresses",
    "parse_date",
    "parse_envelope",
    "parse_structure",
    "pieces",
    "preview",
    "resolve_section",
    "unfold",
    "without_binary",
]
