"""What a message is made of."""

from __future__ import annotations

from mailcore_agentpost.http.types.base import ResponseBody


class Attachment(ResponseBody, frozen=True):
    """A part that is neither the text nor shown within it.

    Arguments:
        section: its number, as IMAP counts (RFC 9051 §6.4.5); it names the part in paths.
        size: octets as they lie in the message, encoded.
    """

    section: str
    filename: str | None
    mime_type: str
    size: int


class MimePart(ResponseBody, frozen=True):
    """A node of the MIME tree.

    Arguments:
        section: its number; "" for the message itself.
        size: octets of its body as they lie in the message.
    """

    section: str
    mime_type: str
    encoding: str
    charset: str | None
    disposition: str | None
    filename: str | None
    size: int
    children: list[MimePart]


class View(ResponseBody, frozen=True):
    """Where a browser can look at the HTML of a message, once, within half a minute."""

    url: str


class FolderCounts(ResponseBody, frozen=True):
    """A folder of an inbox, with how many messages lie in it."""

    name: str
    special_use: str | None
    total: int
    unread: int


class FolderList(ResponseBody, frozen=True):
    """The folders of an inbox, those that every inbox has first."""

    data: list[FolderCounts]
