"""The client that awaits, on Trio or asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType

from mailcore_agentpost.client.agentpost import DEFAULT_BASE_URL
from mailcore_agentpost.client.binding import AsyncMethod, AsyncResource, AsyncRows
from mailcore_agentpost.client.endpoints import (
    attachments,
    audit,
    drafts,
    events,
    inboxes,
    keys,
    messages,
    queue,
    rules,
    server,
    sessions,
    suppressions,
    threads,
    webhooks,
)
from mailcore_agentpost.client.transport import AsyncTransport, Options
from mailcore_agentpost.http.types import (
    AuditEntry,
    FilterRule,
    Inbox,
    Key,
    QueuedMessage,
    Session,
    Suppression,
    Webhook,
)


class AsyncInboxes(AsyncResource):
    """``client.inboxes``. ``async for`` yields all inboxes, oldest first."""

    create = AsyncMethod(inboxes.create)
    list = AsyncMethod(inboxes.list_page)
    iterate = AsyncRows(inboxes.list_page)
    get = AsyncMethod(inboxes.get)
    update = AsyncMethod(inboxes.update)
    delete = AsyncMethod(inboxes.delete)
    folders = AsyncMethod(inboxes.folders)
    export_credentials = AsyncMethod(inboxes.export_credentials)

    def __aiter__(self) -> AsyncIterator[Inbox]:
        return self.iterate(limit=100)


class AsyncMessages(AsyncResource):
    """``client.messages``."""

    send = AsyncMethod(messages.send)
    reply = AsyncMethod(messages.reply)
    forward = AsyncMethod(messages.forward)
    wait = AsyncMethod(messages.wait)
    wait_for_code = AsyncMethod(messages.wait_for_code)
    wait_for_link = AsyncMethod(messages.wait_for_link)
    list = AsyncMethod(messages.list_page)
    iterate = AsyncRows(messages.list_page)
    get = AsyncMethod(messages.get)
    raw = AsyncMethod(messages.raw)
    structure = AsyncMethod(messages.structure)
    attachment = AsyncMethod(messages.attachment)
    view = AsyncMethod(messages.view)
    update = AsyncMethod(messages.update)
    delete = AsyncMethod(messages.delete)
    restore = AsyncMethod(messages.restore)
    add_labels = AsyncMethod(messages.add_labels)
    remove_label = AsyncMethod(messages.remove_label)


class AsyncDrafts(AsyncResource):
    """``client.drafts``."""

    create = AsyncMethod(drafts.create)
    list = AsyncMethod(drafts.list_page)
    iterate = AsyncRows(drafts.list_page)
    get = AsyncMethod(drafts.get)
    update = AsyncMethod(drafts.update)
    delete = AsyncMethod(drafts.delete)
    send = AsyncMethod(drafts.send)


class AsyncAttachments(AsyncResource):
    """``client.attachments``: what messages and drafts cite."""

    upload = AsyncMethod(attachments.upload)
    create = AsyncMethod(attachments.create)
    fill = AsyncMethod(attachments.fill)
    get = AsyncMethod(attachments.get)
    delete = AsyncMethod(attachments.delete)


class AsyncThreads(AsyncResource):
    """``client.threads``."""

    list = AsyncMethod(threads.list_page)
    iterate = AsyncRows(threads.list_page)
    get = AsyncMethod(threads.get)
    add_labels = AsyncMethod(threads.add_labels)
    remove_label = AsyncMethod(threads.remove_label)


class AsyncAPIKeys(AsyncResource):
    """``client.api_keys``. ``async for`` yields all keys, oldest first."""

    create = AsyncMethod(keys.create)
    list = AsyncMethod(keys.list_page)
    iterate = AsyncRows(keys.list_page)
    revoke = AsyncMethod(keys.revoke)

    def __aiter__(self) -> AsyncIterator[Key]:
        return self.iterate(limit=100)


class AsyncFilterRules(AsyncResource):
    """``client.filter_rules``. ``async for`` yields all rules, oldest first."""

    create = AsyncMethod(rules.create)
    list = AsyncMethod(rules.list_page)
    iterate = AsyncRows(rules.list_page)
    get = AsyncMethod(rules.get)
    delete = AsyncMethod(rules.delete)
    check = AsyncMethod(rules.check)

    def __aiter__(self) -> AsyncIterator[FilterRule]:
        return self.iterate(limit=100)


class AsyncSuppressions(AsyncResource):
    """``client.suppressions``. ``async for`` yields all of them, by address."""

    add = AsyncMethod(suppressions.add)
    list = AsyncMethod(suppressions.list_page)
    iterate = AsyncRows(suppressions.list_page)
    get = AsyncMethod(suppressions.get)
    remove = AsyncMethod(suppressions.remove)

    def __aiter__(self) -> AsyncIterator[Suppression]:
        return self.iterate(limit=100)


class AsyncEvents(AsyncResource):
    """``client.events``."""

    list = AsyncMethod(events.list_page)
    iterate = AsyncRows(events.list_page)


class AsyncWebhooks(AsyncResource):
    """``client.webhooks``. ``async for`` yields all webhooks, oldest first."""

    create = AsyncMethod(webhooks.create)
    list = AsyncMethod(webhooks.list_page)
    iterate = AsyncRows(webhooks.list_page)
    get = AsyncMethod(webhooks.get)
    update = AsyncMethod(webhooks.update)
    delete = AsyncMethod(webhooks.delete)
    rotate = AsyncMethod(webhooks.rotate)
    test = AsyncMethod(webhooks.test)
    deliveries = AsyncMethod(webhooks.deliveries)
    iterate_deliveries = AsyncRows(webhooks.deliveries)
    replay = AsyncMethod(webhooks.replay)

    def __aiter__(self) -> AsyncIterator[Webhook]:
        return self.iterate(limit=100)


class AsyncSessions(AsyncResource):
    """``client.sessions``. ``async for`` yields all live connections, the youngest first."""

    list = AsyncMethod(sessions.list_page)
    iterate = AsyncRows(sessions.list_page)
    get = AsyncMethod(sessions.get)
    close = AsyncMethod(sessions.close)

    def __aiter__(self) -> AsyncIterator[Session]:
        return self.iterate(limit=100)


class AsyncQueue(AsyncResource):
    """``client.queue``. ``async for`` yields all that waits, the oldest first."""

    list = AsyncMethod(queue.list_page)
    iterate = AsyncRows(queue.list_page)
    retry = AsyncMethod(queue.retry)
    drop = AsyncMethod(queue.drop)

    def __aiter__(self) -> AsyncIterator[QueuedMessage]:
        return self.iterate(limit=100)


class AsyncAudit(AsyncResource):
    """``client.audit``. ``async for`` yields the whole audit trail, the latest first."""

    list = AsyncMethod(audit.list_page)
    iterate = AsyncRows(audit.list_page)

    def __aiter__(self) -> AsyncIterator[AuditEntry]:
        return self.iterate(limit=100)


class AsyncServer(AsyncResource):
    """``client.server``."""

    health = AsyncMethod(server.health)
    readiness = AsyncMethod(server.readiness)
    metrics = AsyncMethod(server.metrics)
    openapi = AsyncMethod(server.openapi)


class AsyncAgentPost:
    """A client of the AgentPost REST API, for as many tasks of one event loop as there are.

    Arguments:
        api_key: an organization's key: ``ap_sk_…``.
        base_url: where the server is.
        timeout: seconds to wait for the server at each step.
        max_retries: further tries after 429, 503 or, where that is safe, a broken connection.
        max_wait: a longer ``Retry-After`` than this many seconds is an error at once.

    Every call raises APIError (or one of its kinds) if the server refuses, and ConnectionFailed if
    there is no answer.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str = DEFAULT_BASE_URL,
        *,
        timeout: float = 30.0,
        max_retries: int = 3,
        max_wait: float = 30.0,
    ) -> None:
        self._transport = AsyncTransport(Options(api_key, base_url, timeout, max_retries, max_wait))
        self.inboxes = AsyncInboxes(self._transport)
        self.messages = AsyncMessages(self._transport)
        self.drafts = AsyncDrafts(self._transport)
        self.attachments = AsyncAttachments(self._transport)
        self.threads = AsyncThreads(self._transport)
        self.api_keys = AsyncAPIKeys(self._transport)
        self.filter_rules = AsyncFilterRules(self._transport)
        self.suppressions = AsyncSuppressions(self._transport)
        self.events = AsyncEvents(self._transport)
        self.webhooks = AsyncWebhooks(self._transport)
        self.sessions = AsyncSessions(self._transport)
        self.server = AsyncServer(self._transport)
        self.queue = AsyncQueue(self._transport)
        self.audit = AsyncAudit(self._transport)

    async def aclose(self) -> None:
        """Close the connections to the server."""
        await self._transport.close()

    async def __aenter__(self) -> AsyncAgentPost:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
