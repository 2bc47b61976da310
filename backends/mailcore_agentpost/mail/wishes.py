"""What a sender asked for by SMTP extensions, as it is kept with each queued recipient."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from mailcore.smtp import DeliverBy, MailParameters, RcptParameters

#: What a sender may be told of (RFC 3461 §4.1).
Happening = Literal["SUCCESS", "FAILURE", "DELAY"]

# What is told where the sender leaves it to us.
_USUAL: Final = ("FAILURE", "DELAY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be done with a message for one recipient; moments are seconds since 1970.

    Arguments:
        notify, orcpt: see :class:`mailcore.smtp.RcptParameters`.
        ret, envid, require_tls, priority: see :class:`mailcore.smtp.MailParameters`.
        held_until: before that it is not sent; None for at once (RFC 4865).
        deliver_by: by then it is to be delivered, or None (RFC 2852).
        returns, trace: see :class:`mailcore.smtp.DeliverBy`.
    """

    notify: tuple[str, ...] = ()
    orcpt: str | None = None
    ret: str | None = None
    envid: str | None = None
    require_tls: bool = False
    priority: int | None = None
    held_until: float | None = None
    deliver_by: float | None = None
    returns: bool = False
    trace: bool = False

    @classmethod
    def of(cls, mail: MailParameters, rcpt: RcptParameters, now: float) -> Wishes:
        """Take them from a transaction that is accepted now."""
        by = mail.deliver_by
        return cls(
            notify=rcpt.notify,
            orcpt=rcpt.orcpt,
            ret=mail.ret,
            envid=mail.envid,
            require_tls=mail.require_tls,
            priority=mail.priority,
            held_until=_moment(mail.hold, now),
            deliver_by=None if by is None else now + by.seconds,
            returns=by is not None and by.returns,
            trace=by is not None and by.trace,
        )

    @classmethod
    def from_json(cls, text: str) -> Wishes:
        """Read what :meth:`to_json` wrote."""
        values = json.loads(text)
        return cls(**values | {"notify": tuple(values.get("notify", ()))})

    def to_json(self) -> str:
        """Write those that there are."""
        given = {
            item.name: value
            for item in dataclasses.fields(self)
            if (value := getattr(self, item.name)) != item.default
        }
        return json.dumps(given)

    @property
    def silent(self) -> bool:
        """Whether the sender is to be told of nothing at all."""
        return self.notify == ("NEVER",)

    def tells(self, happening: Happening) -> bool:
        """Whether the sender is to be told of it."""
        return happening in (self.notify or _USUAL)

    def late(self, now: float) -> bool:
        """Whether it was to be delivered by now."""
        return self.deliver_by is not None and now >= self.deliver_by

    def by(self, now: float) -> DeliverBy | None:
        """Return what the next server is asked for (RFC 2852 §4.1.4)."""
        if self.deliver_by is None:
            return None
        return DeliverBy(int(self.deliver_by - now), self.returns, self.trace)


#: For what was sent by other doors than SMTP.
NO_WISHES: Final = Wishes()


def _moment(hold: int | datetime | None, now: float) -> float | None:
    if isinstance(hold, datetime):
        return hold.timestamp()
    return None if hold is None else now + hold
