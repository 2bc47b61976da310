"""What an operator can choose about AgentPost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail to the outside goes.

    Arguments:
        mode: "local": it is kept and shown, and never leaves this machine.
    """

    mode: Literal["local"] = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The table ``[agentpost]`` of the configuration.

    Arguments:
        user_folders: whether mail clients may make folders of their own.
        expunge: what EXPUNGE outside Trash does: move to Trash, or delete for good.
        connections_per_inbox: IMAP connections at a time, counted at login.
        recipients: of one message.
        sends_per_key_minute: messages that one key may send in a minute.
        sends_per_inbox_minute: messages that one inbox may send in a minute.
        sends_per_organization_day: messages that an organization may send in 24 hours.
        relay: where mail to the outside goes.
        webhook_private_targets: whether webhooks may be sent to addresses that are not public:
            this machine, the local network.
    """

    user_folders: bool = True
    expunge: Literal["trash", "delete"] = "trash"
    connections_per_inbox: int = 10
    recipients: int = 50
    sends_per_key_minute: int = 600
    sends_per_inbox_minute: int = 300
    sends_per_organization_day: int = 50_000
    relay: Relay = field(default_factory=Relay)
    webhook_private_targets: bool = False
