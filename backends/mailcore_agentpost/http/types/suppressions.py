"""Suppressions: addresses that nothing is sent to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from mailcore_agentpost.http.types.base import Page, RequestBody, ResponseBody
from mailcore_agentpost.http.types.messages import EmailAddress


class CreateSuppression(RequestBody, frozen=True):
    """Send nothing to an address from now on; one that is there already stays as it is."""

    email: EmailAddress


class Suppression(ResponseBody, frozen=True):
    """An address that this organization sends nothing to.

    Arguments:
        email: in lower case.
        reason: it does not exist, somebody there complained, or it was added by hand.
        message_id: the message that this came of, or None.
    """

    email: str
    reason: Literal["bounce", "complaint", "manual"]
    message_id: str | None
    created_at: datetime


class SuppressionPage(Page, frozen=True):
    """A page of suppressions, by address."""

    data: list[Suppression]
