"""Webhooks: events pushed to addresses that their owners name, at least once each."""

from __future__ import annotations

from mailcore_agentpost.webhooks.sender import WebhookSender
from mailcore_agentpost.webhooks.service import WebhookService

__all__ = ["WebhookSender", "WebhookService"]
