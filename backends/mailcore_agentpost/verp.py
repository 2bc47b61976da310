"""Return paths that tell which message comes back: some bounces say it nowhere else.

The tag of a plus address, so that a bounce finds its inbox like any mail. That no other field is
needed is what makes bounces of servers that know nothing of RFC 3464 ours, too.
"""

from __future__ import annotations

import re
from typing import Final

# RFC 5321 §4.5.3.1.1.
_LONGEST: Final = 64
_TAGGED: Final = re.compile(r"\+msg_([0-9a-z]{26})\Z", re.IGNORECASE)


def with_message(address: str, message: str) -> str:
    """Return a return path for one message.

    Arguments:
        address: of the sender; "" stays what it is.
        message: its id.
    """
    local, at, domain = address.rpartition("@")
    tagged = f"{local}+{message}"
    fits = _TAGGED.search(tagged) and len(tagged.encode()) <= _LONGEST
    return f"{tagged}@{domain}" if at and fits else address


def message_of(address: str) -> str | None:
    """Return the message whose return path this is; servers may have changed its letter case."""
    found = _TAGGED.search(address.rpartition("@")[0])
    return None if found is None else f"msg_{found[1].upper()}"
