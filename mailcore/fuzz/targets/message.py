"""The octets of a message: structure, envelope, texts, and what IMAP says of it."""

from __future__ import annotations

from mailcore.flow import NEED_DATA
from mailcore.fuzz.targets.promises import promise
from mailcore.imap import ClientConnection
from mailcore.imap import responses as r
from mailcore.imap.summary import Summary, summarize
from mailcore.imap.types import Section
from mailcore.message import (
    Part,
    decode_header,
    extract_text,
    headers,
    message_ids,
    parse_addresses,
    parse_date,
    parse_structure,
    preview,
    resolve_section,
)


def check_message(data: bytes) -> None:
    """Raise if anything goes wrong with a message."""
    part = parse_structure(data)
    promise((part.start, part.end) == (0, len(data)), "the message is not all of it")
    _check_part(data, part)
    for path in ((), (1,), (2,), (1, 1), (1, 2)):
        for text in (None, "HEADER", "TEXT", "MIME"):
            span = resolve_section(part, path, text)
            promise(span is None or 0 <= span[0] <= span[1] <= len(data), f"{path} {text}: {span}")
    extract_text(data, part).encode()
    shown = preview(data, part)
    promise(len(shown) <= 200 and "\n" not in shown, f"no preview: {shown!r}")
    _check_fields(data[: part.body])
    _check_summary(data)


def _check_part(data: bytes, part: Part) -> None:
    promise(0 <= part.start <= part.body <= part.end <= len(data), f"offsets of {part}")
    promise(part.lines == data.count(b"\n", part.body, part.end), f"lines of {part}")
    position = part.body
    for child in part.children:
        promise(position <= child.start and child.end <= part.end, f"{child} is not in {part}")
        position = child.end
        _check_part(data, child)


def _check_fields(block: bytes) -> None:
    for field in headers(block):
        promise(not set(decode_header(field.value)) & set("\r\n\0"), f"a line end in {field}")
        decode_header(field.value).encode()
        parse_date(field.value)
        message_ids(field.value)
        for address in parse_addresses(field.value):
            for text in (address.name, address.route, address.mailbox, address.host):
                promise(text is None or not set(text) & set(b"\r\n\0"), f"a line end in {address}")


def _check_summary(data: bytes) -> None:
    """ENVELOPE and BODYSTRUCTURE are what a client can read."""
    summary = summarize(data)
    promise(Summary.from_bytes(summary.to_bytes()) == summary, "a summary that does not last")
    summary.preview.encode()
    summary.base_subject.encode()
    summary.resolve(Section())
    client = ClientConnection()
    client.receive_data(
        b"* PREAUTH hello\r\n* 1 FETCH (ENVELOPE %b BODYSTRUCTURE %b BODY %b)\r\n"
        % (summary.envelope, summary.bodystructure, summary.body)
    )
    client.next_event()
    event = client.next_event()
    promise(isinstance(event, r.FetchResponse), f"no client reads this: {event}")
    assert isinstance(event, r.FetchResponse)
    kinds = [type(attribute) for attribute in event.attributes]
    expected = [r.EnvelopeAttribute, r.BodyAttribute, r.BodyAttribute]
    promise(kinds == expected, f"no client reads this: {event}")
    promise(client.next_event() is NEED_DATA, "there is more than one response")
