"""The refusals of the store and of the policy, in the words of the HTTP door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mailcore.backend import BackendError, LimitReached, OverQuota
from mailcore_agentpost.cases import LIMIT_REACHED, OVER_QUOTA, UNAVAILABLE, Case, Refusal
from mailcore_agentpost.http.service import Refused

# What the engine has words of its own for; all else is for the moment.
_CASES: Final[dict[type[BackendError], Case]] = {
    LimitReached: LIMIT_REACHED,
    OverQuota: OVER_QUOTA,
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the store and the policy raise into :class:`Refused`."""
    try:
        yield
    except BackendError as error:
        refusal = error
        if not isinstance(refusal, Refusal):
            refusal = Refusal(_CASES.get(type(error), UNAVAILABLE), str(error))
        case = refusal.case
        raise Refused(
            case.status,
            case.code,
            f"{refusal}.",
            fix=case.fix,
            retry_after=refusal.retry_after,
            recipients=refusal.recipients,
        ) from error
