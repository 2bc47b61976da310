"""What can be asked, grouped as the API groups it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeVar

import msgspec
from msgspec import UNSET

from mailcore_agentpost.client.credentials import CredentialExport
from mailcore_agentpost.client.transport import Transport, segment
from mailcore_agentpost.http.types import (
    AddLabels,
    CreateFilterRule,
    CreateInbox,
    CreateKey,
    Event,
    EventPage,
    FilterRule,
    FilterRulePage,
    Inbox,
    InboxPage,
    Key,
    KeyPage,
    Message,
    MessagePage,
    MessageSummary,
    NewKey,
    Recipient,
    Reply,
    SendMessage,
    Session,
    SessionPage,
    SessionWithTranscript,
    UpdateInbox,
    UpdateMessage,
)
from mailcore_agentpost.types import Direction, EventType, Scope

RowT = TypeVar("RowT")

# Where an address is wanted, its text is enough.
People = Sequence[str | Recipient]


def _each(
    fetch: Callable[[str | None], tuple[Sequence[RowT], str | None]],
) -> Iterator[RowT]:
    """Yield the rows of all pages, asking for each page when it is reached."""
    cursor: str | None = None
    while True:
        rows, cursor = fetch(cursor)
        yield from rows
        if cursor is None:
            return


class Inboxes:
    """``client.inboxes``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        username: str | None = None,
        *,
        display_name: str = "",
        client_id: str | None = None,
    ) -> Inbox:
        """Make an inbox. A repeated ``client_id`` gives the same inbox again."""
        body = CreateInbox(username=username, display_name=display_name, client_id=client_id)
        return self._transport.call(Inbox, "POST", "/inboxes", body=body)

    def list(self, *, limit: int = 50, cursor: str | None = None) -> InboxPage:
        """Return one page of inboxes, oldest first."""
        params = {"limit": limit, "cursor": cursor}
        return self._transport.call(InboxPage, "GET", "/inboxes", params=params)

    def __iter__(self) -> Iterator[Inbox]:
        """Yield all inboxes, oldest first."""

        def fetch(cursor: str | None) -> tuple[Sequence[Inbox], str | None]:
            page = self.list(limit=100, cursor=cursor)
            return page.data, page.next_cursor

        return _each(fetch)

    def get(self, inbox_id: str) -> Inbox:
        """Return one inbox."""
        return self._transport.call(Inbox, "GET", f"/inboxes/{segment(inbox_id)}")

    def update(
        self,
        inbox_id: str,
        *,
        display_name: str | None = None,
        send_paused: bool | None = None,
    ) -> Inbox:
        """Change what is given, and return the inbox."""
        body = UpdateInbox(
            display_name=UNSET if display_name is None else display_name,
            send_paused=UNSET if send_paused is None else send_paused,
        )
        return self._transport.call(Inbox, "PATCH", f"/inboxes/{segment(inbox_id)}", body=body)

    def delete(self, inbox_id: str) -> None:
        """Delete an inbox and all its messages."""
        self._transport.send("DELETE", f"/inboxes/{segment(inbox_id)}")

    def export_credentials(self) -> CredentialExport:
        """Return what mail clients need to log in to every inbox, as CSV text.

        Every ``password`` in it is the API key of this client; ``.credentials`` are typed rows.
        """
        response = self._transport.send("GET", "/inboxes/credentials/export")
        return CredentialExport(response.content.decode("utf-8"))


class Messages:
    """``client.messages``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(
        self,
        inbox_id: str,
        *,
        to: People = (),
        cc: People = (),
        bcc: People = (),
        subject: str = "",
        text_body: str | None = None,
        html_body: str | None = None,
        labels: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Message:
        """Send a message; return it when it is stored and on its way.

        Arguments:
            idempotency_key: the same key within 24 hours sends nothing again; made for you if
                absent, so that a retry of this call's own does not send twice.
        """
        body = SendMessage(
            to=_recipients(to),
            cc=_recipients(cc),
            bcc=_recipients(bcc),
            subject=subject,
            text_body=text_body,
            html_body=html_body,
            labels=[*labels],
        )
        return self._post(f"/inboxes/{segment(inbox_id)}/messages", body, idempotency_key)

    def reply(
        self,
        message_id: str,
        *,
        text_body: str | None = None,
        html_body: str | None = None,
        labels: Sequence[str] = (),
        everybody: bool = False,
        idempotency_key: str | None = None,
    ) -> Message:
        """Answer a message, in its thread; return what was sent.

        Arguments:
            everybody: all that it went to get a copy.
        """
        path = f"/messages/{segment(message_id)}/{'reply-all' if everybody else 'reply'}"
        body = Reply(text_body=text_body, html_body=html_body, labels=[*labels])
        return self._post(path, body, idempotency_key)

    def forward(
        self,
        message_id: str,
        *,
        to: People,
        cc: People = (),
        bcc: People = (),
        text_body: str | None = None,
        html_body: str | None = None,
        labels: Sequence[str] = (),
        idempotency_key: str | None = None,
    ) -> Message:
        """Pass a message on as it is; return what was sent."""
        body = SendMessage(
            to=_recipients(to),
            cc=_recipients(cc),
            bcc=_recipients(bcc),
            text_body=text_body,
            html_body=html_body,
            labels=[*labels],
        )
        return self._post(f"/messages/{segment(message_id)}/forward", body, idempotency_key)

    def _post(self, path: str, body: SendMessage | Reply, idempotency_key: str | None) -> Message:
        """Send once, however often the request is tried."""
        return self._transport.call(
            Message, "POST", path, body=body, idempotency_key=idempotency_key or str(uuid.uuid4())
        )

    def wait(
        self,
        inbox_id: str,
        *,
        sender: str | None = None,
        subject: str | None = None,
        after: str | None = None,
        timeout: float = 30.0,
    ) -> MessageSummary | None:
        """Return the oldest message that has come in and matches, once there is one.

        Arguments:
            sender: in the address or the name of whoever it is from, in any letter case.
            subject: in its subject, in any letter case.
            after: the id of a message: only later ones count. Without it, all that are unread do.
            timeout: seconds, at most 60; then the answer is None.
        """
        params = {"from": sender, "subject": subject, "after": after, "timeout": timeout}
        response = self._transport.send(
            "GET",
            f"/inboxes/{segment(inbox_id)}/messages/wait",
            params=params,
            patience=timeout,
        )
        if response.status_code == 204:
            return None
        return msgspec.json.decode(response.content, type=MessageSummary)

    def list(
        self,
        inbox_id: str,
        *,
        folder: str | None = None,
        direction: Direction | None = None,
        unread: bool | None = None,
        label: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> MessagePage:
        """Return one page of the messages of an inbox, newest first."""
        params = {
            "folder": folder,
            "direction": direction,
            "unread": None if unread is None else str(unread).lower(),
            "label": label,
            "limit": limit,
            "cursor": cursor,
        }
        return self._transport.call(
            MessagePage, "GET", f"/inboxes/{segment(inbox_id)}/messages", params=params
        )

    def iterate(
        self,
        inbox_id: str,
        *,
        folder: str | None = None,
        direction: Direction | None = None,
        unread: bool | None = None,
        label: str | None = None,
    ) -> Iterator[MessageSummary]:
        """Yield all messages of an inbox, newest first, page by page."""

        def fetch(cursor: str | None) -> tuple[Sequence[MessageSummary], str | None]:
            page = self.list(
                inbox_id,
                folder=folder,
                direction=direction,
                unread=unread,
                label=label,
                limit=100,
                cursor=cursor,
            )
            return page.data, page.next_cursor

        return _each(fetch)

    def get(self, message_id: str) -> Message:
        """Return one message with its text."""
        return self._transport.call(Message, "GET", f"/messages/{segment(message_id)}")

    def raw(self, message_id: str) -> bytes:
        """Return the octets of one message (message/rfc822)."""
        return self._transport.send("GET", f"/messages/{segment(message_id)}/raw").content

    def update(
        self, message_id: str, *, unread: bool | None = None, starred: bool | None = None
    ) -> Message:
        """Change the flags that are given, and return the message."""
        body = UpdateMessage(
            unread=UNSET if unread is None else unread,
            starred=UNSET if starred is None else starred,
        )
        return self._transport.call(Message, "PATCH", f"/messages/{segment(message_id)}", body=body)

    def delete(self, message_id: str) -> None:
        """Move a message to Trash."""
        self._transport.send("DELETE", f"/messages/{segment(message_id)}")

    def restore(self, message_id: str) -> Message:
        """Move a message out of Trash, to where it came from."""
        return self._transport.call(Message, "POST", f"/messages/{segment(message_id)}/restore")

    def add_labels(self, message_id: str, labels: Iterable[str]) -> Message:
        """Add labels, and return the message."""
        return self._transport.call(
            Message,
            "POST",
            f"/messages/{segment(message_id)}/labels",
            body=AddLabels(labels=[*labels]),
        )

    def remove_label(self, message_id: str, label: str) -> None:
        """Take one label off a message."""
        path = f"/messages/{segment(message_id)}/labels/{segment(label)}"
        self._transport.send("DELETE", path)


class APIKeys:
    """``client.api_keys``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        scopes: Sequence[Scope],
        *,
        name: str = "",
        inbox_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> NewKey:
        """Make a key that can do at most what this client's can. ``.key`` is shown this once."""
        body = CreateKey(scopes=[*scopes], name=name, inbox_id=inbox_id, expires_at=expires_at)
        return self._transport.call(NewKey, "POST", "/api-keys", body=body)

    def list(self, *, limit: int = 50, cursor: str | None = None) -> KeyPage:
        """Return one page of keys, without their secrets, oldest first."""
        params = {"limit": limit, "cursor": cursor}
        return self._transport.call(KeyPage, "GET", "/api-keys", params=params)

    def __iter__(self) -> Iterator[Key]:
        """Yield all keys, oldest first."""

        def fetch(cursor: str | None) -> tuple[Sequence[Key], str | None]:
            page = self.list(limit=100, cursor=cursor)
            return page.data, page.next_cursor

        return _each(fetch)

    def revoke(self, key_id: str) -> None:
        """End a key, and every session that it opened."""
        self._transport.send("DELETE", f"/api-keys/{segment(key_id)}")


class FilterRules:
    """``client.filter_rules``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        direction: Literal["send", "receive"],
        action: Literal["allow", "block"],
        match_type: Literal["address", "domain", "subdomain_wildcard"],
        value: str,
    ) -> FilterRule:
        """Add a rule; it holds from the next recipient on, over REST and SMTP alike."""
        body = CreateFilterRule(
            direction=direction, action=action, match_type=match_type, value=value
        )
        return self._transport.call(FilterRule, "POST", "/filter-rules", body=body)

    def list(self, *, limit: int = 50, cursor: str | None = None) -> FilterRulePage:
        """Return one page of rules, oldest first."""
        params = {"limit": limit, "cursor": cursor}
        return self._transport.call(FilterRulePage, "GET", "/filter-rules", params=params)

    def __iter__(self) -> Iterator[FilterRule]:
        """Yield all rules, oldest first."""

        def fetch(cursor: str | None) -> tuple[Sequence[FilterRule], str | None]:
            page = self.list(limit=100, cursor=cursor)
            return page.data, page.next_cursor

        return _each(fetch)

    def delete(self, rule_id: str) -> None:
        """Remove a rule."""
        self._transport.send("DELETE", f"/filter-rules/{segment(rule_id)}")


class Events:
    """``client.events``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        after: str = "",
        types: Sequence[EventType] = (),
        inbox_id: str | None = None,
        limit: int = 50,
    ) -> EventPage:
        """Return events after one, oldest first."""
        params = {"after": after, "type": [*types], "inbox_id": inbox_id, "limit": limit}
        return self._transport.call(EventPage, "GET", "/events", params=params)

    def iterate(
        self,
        *,
        after: str = "",
        types: Sequence[EventType] = (),
        inbox_id: str | None = None,
    ) -> Iterator[Event]:
        """Yield all events after one, oldest first, page by page."""

        def fetch(cursor: str | None) -> tuple[Sequence[Event], str | None]:
            page = self.list(after=cursor or after, types=types, inbox_id=inbox_id, limit=100)
            return page.data, page.data[-1].id if page.has_more else None

        return _each(fetch)


def _recipients(people: People) -> list[Recipient]:
    return [Recipient(email=one) if isinstance(one, str) else one for one in people]


class Sessions:
    """``client.sessions``: the live IMAP and SMTP connections."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, limit: int = 50, cursor: str | None = None) -> SessionPage:
        """Return one page of connections, the youngest first; the last ones that ended too."""
        params = {"limit": limit, "cursor": cursor}
        return self._transport.call(SessionPage, "GET", "/sessions", params=params)

    def __iter__(self) -> Iterator[Session]:
        """Yield all connections, the youngest first."""

        def fetch(cursor: str | None) -> tuple[Sequence[Session], str | None]:
            page = self.list(limit=100, cursor=cursor)
            return page.data, page.next_cursor

        return _each(fetch)

    def get(self, session_id: str, *, after: int = 0) -> SessionWithTranscript:
        """Return one connection with the lines of its transcript after a number."""
        path = f"/sessions/{segment(session_id)}"
        return self._transport.call(SessionWithTranscript, "GET", path, params={"after": after})

    def close(self, session_id: str) -> None:
        """End a connection."""
        self._transport.send("DELETE", f"/sessions/{segment(session_id)}")
