"""Threads."""

from __future__ import annotations

from datetime import datetime

from mailcore_agentpost.http.types.base import Page, ResponseBody
from mailcore_agentpost.http.types.messages import MessageSummary


class ThreadSummary(ResponseBody, frozen=True):
    """Messages that answer each other, as lists show them.

    Arguments:
        subject: of the latest message.
        message_count, unread_count: without those in Trash and Drafts.
        latest_message: the message that came last.
    """

    id: str
    inbox_id: str
    subject: str
    message_count: int
    unread_count: int
    latest_at: datetime
    latest_message: MessageSummary


class Thread(ThreadSummary, frozen=True):
    """A thread with its messages, the oldest first; of a very long one the latest hundred."""

    messages: list[MessageSummary]


class ThreadPage(Page, frozen=True):
    """A page of threads, the one with the latest message first."""

    data: list[ThreadSummary]
