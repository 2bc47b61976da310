"""Which mailboxes a specifier of NOTIFY or ESEARCH stands for (RFC 5465 §6, RFC 7377 §2.2)."""

from __future__ import annotations

from mailcore.backend import MailboxInfo
from mailcore.imap.commands import EventGroup, MailboxFilter
from mailcore.imap.listing import DELIMITER


def covers(chosen: EventGroup | MailboxFilter, info: MailboxInfo) -> bool:
    """Tell whether a mailbox is one of those that are meant. What is selected is another matter."""
    match chosen.scope:
        case "inboxes":
            return info.name == "INBOX"
        case "personal":
            return info.personal
        case "subscribed":
            return info.subscribed
        case "subtree":
            return any(
                info.name == name or info.name.startswith(name + DELIMITER)
                for name in chosen.mailboxes
            )
        case "subtree-one":
            parent = info.name.rpartition(DELIMITER)[0]
            return info.name in chosen.mailboxes or parent in chosen.mailboxes
        case "mailboxes":
            return info.name in chosen.mailboxes
        case _:
            return False
