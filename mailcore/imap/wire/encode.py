"""The one encoder, for both roles: responses, commands, and the structures that may be kept.

Where quoting is decided: :mod:`mailcore.imap.wire.quoting`, for all of them.
"""

from __future__ import annotations

from mailcore.imap.wire.encode_commands import encode_command
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.imap.wire.encode_structure import encode_body, encode_envelope

__all__ = ["ResponseEncoder", "encode_body", "encode_command", "encode_envelope"]
