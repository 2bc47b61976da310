"""``client.messages``."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import UNSET

from mailcore_agentpost.client.finding import find_codes, find_links
from mailcore_agentpost.client.request import (
    Answer,
    Flow,
    People,
    Request,
    listing,
    nothing,
    path,
    recipients,
)
from mailcore_agentpost.client.request import (
    raw as raw_answer,
)
from mailcore_agentpost.client.request import (
    to as decoded,
)
from mailcore_agentpost.http.types import (
    AddLabels,
    AttachmentRef,
    Message,
    MessagePage,
    MessageSummary,
    MimePart,
    Reply,
    SendMessage,
    UpdateMessage,
    View,
)
from mailcore_agentpost.types import Direction


def send(
    inbox_id: str,
    *,
    to: People = (),
    cc: People = (),
    bcc: People = (),
    subject: str = "",
    text_body: str | None = None,
    html_body: str | None = None,
    labels: Sequence[str] = (),
    attachments: Sequence[str | AttachmentRef] = (),
    idempotency_key: str | None = None,
) -> Request[Message]:
    """Send a message; return it when it is stored and on its way.

    Arguments:
        attachments: keys of uploads; see ``client.attachments.upload``.
        idempotency_key: the same key within 24 hours sends nothing again; made for you if
            absent, so that a retry of this call's own does not send twice.
    """
    body = SendMessage(
        to=recipients(to),
        cc=recipients(cc),
        bcc=recipients(bcc),
        subject=subject,
        text_body=text_body,
        html_body=html_body,
        labels=[*labels],
        attachments=cited(attachments),
    )
    return sending(path("inboxes", inbox_id, "messages"), body, idempotency_key)


def reply(
    message_id: str,
    *,
    text_body: str | None = None,
    html_body: str | None = None,
    labels: Sequence[str] = (),
    attachments: Sequence[str | AttachmentRef] = (),
    everybody: bool = False,
    idempotency_key: str | None = None,
) -> Request[Message]:
    """Answer a message, in its thread; return what was sent.

    Arguments:
        everybody: all that it went to get a copy.
    """
    body = Reply(
        text_body=text_body,
        html_body=html_body,
        labels=[*labels],
        attachments=cited(attachments),
    )
    action = "reply-all" if everybody else "reply"
    return sending(path("messages", message_id, action), body, idempotency_key)


def forward(
    message_id: str,
    *,
    to: People,
    cc: People = (),
    bcc: People = (),
    text_body: str | None = None,
    html_body: str | None = None,
    labels: Sequence[str] = (),
    attachments: Sequence[str | AttachmentRef] = (),
    idempotency_key: str | None = None,
) -> Request[Message]:
    """Pass a message on as it is; return what was sent."""
    body = SendMessage(
        to=recipients(to),
        cc=recipients(cc),
        bcc=recipients(bcc),
        text_body=text_body,
        html_body=html_body,
        labels=[*labels],
        attachments=cited(attachments),
    )
    return sending(path("messages", message_id, "forward"), body, idempotency_key)


def sending(
    where: str, body: SendMessage | Reply | None, idempotency_key: str | None
) -> Request[Message]:
    """Return a request that sends once, however often it is tried."""
    return Request(
        method="POST",
        path=where,
        decode=decoded(Message),
        body=body,
        idempotency_key=idempotency_key or str(uuid.uuid4()),
    )


def cited(attachments: Sequence[str | AttachmentRef]) -> list[AttachmentRef]:
    """Return attachments as the API wants them."""
    return [AttachmentRef(key=one) if isinstance(one, str) else one for one in attachments]


def wait(
    inbox_id: str,
    *,
    sender: str | None = None,
    subject: str | None = None,
    after: str | None = None,
    timeout: float = 30.0,
) -> Request[MessageSummary | None]:
    """Return the oldest message that has come in and matches, once there is one.

    Arguments:
        sender: in the address or the name of whoever it is from, in any letter case.
        subject: in its subject, in any letter case.
        after: the id of a message: only later ones count. Without it, all that are unread do.
        timeout: seconds, at most 60; then the answer is None.
    """

    def decode(answer: Answer) -> MessageSummary | None:
        return None if answer.status == 204 else decoded(MessageSummary)(answer)

    return Request(
        method="GET",
        path=path("inboxes", inbox_id, "messages", "wait"),
        decode=decode,
        params={"from": sender, "subject": subject, "after": after, "timeout": timeout},
        patience=timeout,
    )


def wait_for_code(
    inbox_id: str,
    *,
    sender: str | None = None,
    subject: str | None = None,
    after: str | None = None,
    timeout: float = 30.0,
) -> Flow[str | None]:
    """Wait for a message as ``wait`` does; return the first one-time code in it.

    None if no message came, or there is no code in it: ``find_codes`` says what counts as one.
    """
    found = yield wait(inbox_id, sender=sender, subject=subject, after=after, timeout=timeout)
    if found is None:
        return None
    codes = find_codes((yield get(found.id)))
    return codes[0] if codes else None


def wait_for_link(
    inbox_id: str,
    *,
    containing: str = "",
    sender: str | None = None,
    subject: str | None = None,
    after: str | None = None,
    timeout: float = 30.0,
) -> Flow[str | None]:
    """Wait for a message as ``wait`` does; return the first link in it.

    Arguments:
        containing: a text that the link has: ``/verify``.
    """
    found = yield wait(inbox_id, sender=sender, subject=subject, after=after, timeout=timeout)
    if found is None:
        return None
    links = find_links((yield get(found.id)))
    return next((link for link in links if containing in link), None)


def list_page(
    inbox_id: str,
    *,
    folder: str | None = None,
    direction: Direction | None = None,
    unread: bool | None = None,
    starred: bool | None = None,
    has_attachments: bool | None = None,
    label: str | None = None,
    thread_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    sender: str | None = None,
    to: str | None = None,
    subject: str | None = None,
    q: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Request[MessagePage]:
    """Return one page of the messages of an inbox, newest first.

    Arguments:
        folder: without one, all but those in Trash and Drafts.
        since, until: when they came, with a time zone; ``until`` is not within.
        sender, to, subject: texts in these fields, in any letter case.
        q: words, or phrases in double quotes, that are all somewhere in the message.
    """
    flags = {"unread": unread, "starred": starred, "has_attachments": has_attachments}
    times = {"since": since, "until": until}
    params = {
        "folder": folder,
        "direction": direction,
        **{name: None if one is None else str(one).lower() for name, one in flags.items()},
        "label": label,
        "thread_id": thread_id,
        **{name: None if one is None else one.isoformat() for name, one in times.items()},
        "from": sender,
        "to": to,
        "subject": subject,
        "q": q,
    }
    return listing(MessagePage, path("inboxes", inbox_id, "messages"), limit, cursor, **params)


def get(message_id: str) -> Request[Message]:
    """Return one message with its text."""
    return Request(method="GET", path=path("messages", message_id), decode=decoded(Message))


def raw(message_id: str) -> Request[bytes]:
    """Return the octets of one message (message/rfc822)."""
    return Request(method="GET", path=path("messages", message_id, "raw"), decode=raw_answer)


def structure(message_id: str) -> Request[MimePart]:
    """Return the MIME tree of one message."""
    where = path("messages", message_id, "structure")
    return Request(method="GET", path=where, decode=decoded(MimePart))


def attachment(message_id: str, section: str) -> Request[bytes]:
    """Return an attachment of one message, decoded.

    Arguments:
        section: as its ``attachments`` say.
    """
    where = path("messages", message_id, "attachments", section)
    return Request(method="GET", path=where, decode=raw_answer)


def view(message_id: str) -> Request[View]:
    """Return where a browser can look at the HTML of a message, once, within half a minute."""
    where = path("messages", message_id, "view")
    return Request(method="POST", path=where, decode=decoded(View))


def update(
    message_id: str, *, unread: bool | None = None, starred: bool | None = None
) -> Request[Message]:
    """Change the flags that are given, and return the message."""
    body = UpdateMessage(
        unread=UNSET if unread is None else unread,
        starred=UNSET if starred is None else starred,
    )
    where = path("messages", message_id)
    return Request(method="PATCH", path=where, decode=decoded(Message), body=body)


def delete(message_id: str) -> Request[None]:
    """Move a message to Trash."""
    return Request(method="DELETE", path=path("messages", message_id), decode=nothing)


def restore(message_id: str) -> Request[Message]:
    """Move a message out of Trash, to where it came from."""
    where = path("messages", message_id, "restore")
    return Request(method="POST", path=where, decode=decoded(Message))


def add_labels(message_id: str, labels: Iterable[str]) -> Request[Message]:
    """Add labels, and return the message."""
    return Request(
        method="POST",
        path=path("messages", message_id, "labels"),
        decode=decoded(Message),
        body=AddLabels(labels=[*labels]),
    )


def remove_label(message_id: str, label: str) -> Request[None]:
    """Take one label off a message."""
    where = path("messages", message_id, "labels", label)
    return Request(method="DELETE", path=where, decode=nothing)
