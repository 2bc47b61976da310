"""The client that blocks."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from mailcore_agentpost.client.binding import Method, Resource, Rows
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
from mailcore_agentpost.client.transport import Options, Transport
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

DEFAULT_BASE_URL = "http://127.0.0.1:8025"


class Inboxes(Resource):
    """``client.inboxes``. Iterating yields all inboxes, oldest first."""

    create = Method(inboxes.create)
    list = Method(inboxes.list_page)
    iterate = Rows(inboxes.list_page)
    get = Method(inboxes.get)
    update = Method(inboxes.update)
    delete = Method(inboxes.delete)
    folders = Method(inboxes.folders)
    export_credentials = Method(inboxes.export_credentials)

    def __iter__(self) -> Iterator[Inbox]:
        return self.iterate(limit=100)


class Messages(Resource):
    """``client.messages``."""

    send = Method(messages.send)
    reply = Method(messages.reply)
    forward = Method(messages.forward)
    wait = Method(messages.wait)
    wait_for_code = Method(messages.wait_for_code)
    wait_for_link = Method(messages.wait_for_link)
    list = Method(messages.list_page)
    iterate = Rows(messages.list_page)
    get = Method(messages.get)
    raw = Method(messages.raw)
    structure = Method(messages.structure)
    attachment = Method(messages.attachment)
    view = Method(messages.view)
    update = Method(messages.update)
    delete = Method(messages.delete)
    restore = Method(messages.restore)
    add_labels = Method(messages.add_labels)
    remove_label = Method(messages.remove_label)


class Drafts(Resource):
    """``client.drafts``."""

    create = Method(drafts.create)
    list = Method(drafts.list_page)
    iterate = Rows(drafts.list_page)
    get = Method(drafts.get)
    update = Method(drafts.update)
    delete = Method(drafts.delete)
    send = Method(drafts.send)


class Attachments(Resource):
    """``client.attachments``: what messages and drafts cite."""

    upload = Method(attachments.upload)
    create = Method(attachments.create)
    fill = Method(attachments.fill)
    get = Method(attachments.get)
    delete = Method(attachments.delete)


class Threads(Resource):
    """``client.threads``."""

    list = Method(threads.list_page)
    iterate = Rows(threads.list_page)
    get = Method(threads.get)
    add_labels = Method(threads.add_labels)
    remove_label = Method(threads.remove_label)


class APIKeys(Resource):
    """``client.api_keys``. Iterating yields all keys, oldest first."""

    create = Method(keys.create)
    list = Method(keys.list_page)
    iterate = Rows(keys.list_page)
    revoke = Method(keys.revoke)

    def __iter__(self) -> Iterator[Key]:
        return self.iterate(limit=100)


class FilterRules(Resource):
    """``client.filter_rules``. Iterating yields all rules, oldest first."""

    create = Method(rules.create)
    list = Method(rules.list_page)
    iterate = Rows(rules.list_page)
    get = Method(rules.get)
    delete = Method(rules.delete)
    check = Method(rules.check)

    def __iter__(self) -> Iterator[FilterRule]:
        return self.iterate(limit=100)


class Suppressions(Resource):
    """``client.suppressions``. Iterating yields all of them, by address."""

    add = Method(suppressions.add)
    list = Method(suppressions.list_page)
    iterate = Rows(suppressions.list_page)
    get = Method(suppressions.get)
    remove = Method(suppressions.remove)

    def __iter__(self) -> Iterator[Suppression]:
        return self.iterate(limit=100)


class Events(Resource):
    """``client.events``."""

    list = Method(events.list_page)
    iterate = Rows(events.list_page)


class Webhooks(Resource):
    """``client.webhooks``. Iterating yields all webhooks, oldest first."""

    create = Method(webhooks.create)
    list = Method(webhooks.list_page)
    iterate = Rows(webhooks.list_page)
    get = Method(webhooks.get)
    update = Method(webhooks.update)
    delete = Method(webhooks.delete)
    rotate = Method(webhooks.rotate)
    test = Method(webhooks.test)
    deliveries = Method(webhooks.deliveries)
    iterate_deliveries = Rows(webhooks.deliveries)
    replay = Method(webhooks.replay)

    def __iter__(self) -> Iterator[Webhook]:
        return self.iterate(limit=100)


class Sessions(Resource):
    """``client.sessions``. Iterating yields all live connections, the youngest first."""

    list = Method(sessions.list_page)
    iterate = Rows(sessions.list_page)
    get = Method(sessions.get)
    close = Method(sessions.close)

    def __iter__(self) -> Iterator[Session]:
        return self.iterate(limit=100)


class Queue(Resource):
    """``client.queue``. Iterating yields all that waits, the oldest first."""

    list = Method(queue.list_page)
    iterate = Rows(queue.list_page)
    retry = Method(queue.retry)
    drop = Method(queue.drop)

    def __iter__(self) -> Iterator[QueuedMessage]:
        return self.iterate(limit=100)


class Audit(Resource):
    """``client.audit``. Iterating yields the whole audit trail, the latest first."""

    list = Method(audit.list_page)
    iterate = Rows(audit.list_page)

    def __iter__(self) -> Iterator[AuditEntry]:
        return self.iterate(limit=100)


class Server(Resource):
    """``client.server``."""

    health = Method(server.health)
    readiness = Method(server.readiness)
    metrics = Method(server.metrics)
    openapi = Method(server.openapi)


class AgentPost:
    """A client of the AgentPost REST API. Use it from one thread, or make one for each.

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
        self._transport = Transport(Options(api_key, base_url, timeout, max_retries, max_wait))
        self.inboxes = Inboxes(self._transport)
        self.messages = Messages(self._transport)
        self.drafts = Drafts(self._transport)
        self.attachments = Attachments(self._transport)
        self.threads = Threads(self._transport)
        self.api_keys = APIKeys(self._transport)
        self.filter_rules = FilterRules(self._transport)
        self.suppressions = Suppressions(self._transport)
        self.events = Events(self._transport)
        self.webhooks = Webhooks(self._transport)
        self.sessions = Sessions(self._transport)
        self.server = Server(self._transport)
        self.queue = Queue(self._transport)
        self.audit = Audit(self._transport)

    def close(self) -> None:
        """Close the connections to the server."""
        self._transport.close()

    def __enter__(self) -> AgentPost:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
