"""Labels: keywords in IMAP, which shares one set of names with its flags."""

from __future__ import annotations

from typing import Any

from mailcore_agentpost.http.problems import invalid
from mailcore_agentpost.http.routing import Call


def named_label(call: Call[Any]) -> str:
    """Return the label that a path names. A mail client may have made it, so any text is one.

    Raises:
        Problem: 422, it is a flag.
    """
    label = call.path["label"]
    if label.startswith("\\"):
        raise invalid("This is a flag and no label.", "label")
    return label
