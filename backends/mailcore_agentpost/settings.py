"""What an operator can choose about AgentPost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mailcore_agentpost.names import name_servers

MetricsFor = Literal["loopback", "anybody", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail to the outside goes.

    Arguments:
        mode: "local": it is kept and shown, and never leaves this machine. "smarthost": one server
            takes it all. "mx": each domain's own mail exchanger gets it.
        host: the smarthost.
        port: of the smarthost, and of mail exchangers (which is 25, but in a test).
        tls: of the smarthost: "implicit", "required" STARTTLS, "opportunistic" or "none". Mail
            exchangers get it opportunistically (RFC 7435), which is all that most can.
        mta_sts: whether domains that ask for it by MTA-STS (RFC 8461) get their mail over verified
            TLS only.
        username, password: for the smarthost; "" to not log in.
        dkim: whether what leaves is signed, once there is a data directory to keep keys in.
            ``python -m mailcore_agentpost.delivery.signing`` prints the record to publish.
        verp: whether the return path of what leaves tells which message it is, so that a bounce in
            any form is known: ``inbox+msg_…@domain``.
        private_targets: whether mail exchangers may have addresses that are not public.
        per_destination: connections at a time to one domain; to a smarthost, in all.
        give_up_after: seconds after which a message that is still not taken is returned.
        delay_notice_after: seconds after which its sender is told that it waits.
    """

    mode: Literal["local", "smarthost", "mx"] = "local"
    host: str = ""
    port: int = 0
    tls: Literal["implicit", "required", "opportunistic", "none"] = "required"
    username: str = ""
    password: str = ""
    mta_sts: bool = True
    dkim: bool = True
    verp: bool = True
    private_targets: bool = False
    per_destination: int = 4
    give_up_after: float = 5 * 24 * 60 * 60.0
    delay_notice_after: float = 4 * 60 * 60.0

    def __post_init__(self) -> None:
        if self.mode == "smarthost" and not self.host:
            raise ValueError("relay.mode smarthost needs relay.host")
        if self.username and self.tls in ("none", "opportunistic"):
            raise ValueError("a password is not sent to a smarthost without TLS: relay.tls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """What is asked of mail that strangers deliver.

    Arguments:
        authentication: whether SPF, DKIM and DMARC are checked, and the result noted.
        check_local: whether that holds for clients on this machine and on private networks, too.
        dmarc: what becomes of mail that fails where the domain of its author asks to "reject" it:
            "mark": it is delivered, and says so. "reject": it is refused.
        dns_timeout: seconds that all questions to the DNS about one message may take.
    """

    authentication: bool = True
    check_local: bool = False
    dmarc: Literal["mark", "reject"] = "mark"
    dns_timeout: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The table ``[agentpost]`` of the configuration.

    Arguments:
        user_folders: whether mail clients may make folders of their own.
        expunge: what EXPUNGE outside Trash does: move to Trash, or delete for good.
        connections_per_inbox: IMAP connections at a time, counted at login.
        inbox_storage: octets of all messages of an inbox; 0 for no limit.
        recipients: of one message.
        sends_per_key_minute: messages that one key may send in a minute.
        sends_per_inbox_minute: messages that one inbox may send in a minute.
        sends_per_organization_day: messages that an organization may send in 24 hours.
        relay: where mail to the outside goes.
        inbound: what is asked of mail from the outside.
        nameservers: to ask instead of the system's: ``address`` or ``address:port``.
        webhook_private_targets: whether webhooks may be sent to addresses that are not public:
            this machine, the local network.
        trash_retention_days: after how many days in Trash messages are gone for good; 0 for never.
        metrics: who may read ``/metrics``: programs on this machine, anybody who reaches the HTTP
            port, or nobody. A proxy on this machine makes everybody local.
    """

    user_folders: bool = True
    expunge: Literal["trash", "delete"] = "trash"
    connections_per_inbox: int = 10
    inbox_storage: int = 0
    recipients: int = 50
    sends_per_key_minute: int = 600
    sends_per_inbox_minute: int = 300
    sends_per_organization_day: int = 50_000
    relay: Relay = field(default_factory=Relay)
    inbound: Inbound = field(default_factory=Inbound)
    nameservers: tuple[str, ...] = ()
    webhook_private_targets: bool = False
    trash_retention_days: int = 0
    metrics: MetricsFor = "loopback"

    def __post_init__(self) -> None:
        try:
            name_servers(self.nameservers)
        except ValueError as error:
            raise ValueError(f"nameservers: {error}") from None
