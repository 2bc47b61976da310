"""Mail that a rule refuses, in either direction, as an event: nobody sees it otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from mailcore_agentpost.cases import MESSAGE_REJECTED, Refusal
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.policy import Sender
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import RuleDirection

#: Seconds in which the same refusal is told once: whoever is refused may try without end.
_ONCE_IN: Final = 60.0
#: Refusals that are remembered for that.
_REMEMBERED: Final = 10_000


class Rejections:
    """Notes ``message.rejected``.

    Arguments:
        store: where events are kept.
        clock: seconds since 1970.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._told: dict[tuple[str, str, str, tuple[str, ...]], float] = {}

    async def note_sending(self, refusal: Refusal, sender: Sender) -> None:
        """Note that mail from an inbox was refused, if that is why; raises as :meth:`note` does."""
        if refusal.case is MESSAGE_REJECTED:
            await self.note(
                refusal,
                direction="send",
                organization=sender.organization,
                inbox=sender.inbox,
                sender=sender.address,
                recipients=refusal.recipients,
            )

    async def note(
        self,
        refusal: Refusal,
        *,
        direction: RuleDirection,
        organization: str,
        inbox: str,
        sender: str,
        recipients: Sequence[str],
    ) -> None:
        """Note that mail from or to an inbox was refused.

        Raises:
            Unavailable: that could not be written.
        """
        now = self._clock()
        key = (inbox, direction, sender, tuple(recipients))
        if now - self._told.get(key, 0.0) < _ONCE_IN:
            return
        if len(self._told) >= _REMEMBERED:
            self._told = {one: at for one, at in self._told.items() if now - at < _ONCE_IN}
            if len(self._told) >= _REMEMBERED:
                return  # a flood, of which enough is told
        self._told[key] = now
        work = partial(
            _record,
            organization=organization,
            now=now,
            inbox=inbox,
            direction=direction,
            sender=sender,
            recipients=list(recipients),
            reason=refusal.case.code,
            text=str(refusal),
        )
        await self._store.write(work)


def _record(transaction: Transaction, *, organization: str, now: float, **detail: object) -> None:
    record(
        transaction,
        "message.rejected",
        organization=organization,
        now=now,
        **detail,  # type: ignore[arg-type]
    )
