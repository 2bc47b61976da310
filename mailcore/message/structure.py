"""The MIME structure of a message by octet offsets, in one pass (RFC 2045, RFC 2046, RFC 9051).

The scanner walks from delimiter line to delimiter line and keeps the open parts on a stack of its
own: no recursion, and each octet is looked at a fixed number of times however deep the parts nest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mailcore.message.buffer import Buffer, count_lines, find_all
from mailcore.message.content import OPAQUE, Content, parse_content
from mailcore.message.envelope import Envelope, parse_envelope
from mailcore.message.headers import BLANK_LINE, LONGEST_BLANK_LINE
from mailcore.message.parameters import Parameters

# delimiter  :=  CRLF "--" boundary          ; RFC 2046 §5.1.1 allows boundaries of 70 octets
# A line feed alone begins a line as well. Longer lines are no delimiters.
_DELIMITER = re.compile(rb"\n--([^\r\n]{1,998})")
_LONGEST_DELIMITER = 1001


# A tuple, as addresses and envelopes are: a message has some of each, and a frozen dataclass takes
# many times as long to make.
class Part(NamedTuple):
    """One entity: the message itself, a body part, or a message within a message.

    Offsets count octets from the start of the message. The CRLF before a delimiter line belongs to
    the delimiter (RFC 2046 §5.1.1), so the part that it ends does not include it.

    Arguments:
        start: first octet of the header block.
        body: first octet of the body, after the blank line.
        end: one past the last octet.
        lines: line ends in the body.
        type: media type in lower case.
        subtype: media subtype in lower case.
        parameters: of the media type, see :func:`~mailcore.message.parameters.parse_parameters`.
        content_id: Content-ID as written, or None; so are the next ones.
        description: Content-Description.
        encoding: Content-Transfer-Encoding in lower case; "7bit" where there is none.
        md5: Content-MD5.
        disposition: type in lower case and parameters of Content-Disposition.
        language: tags of Content-Language.
        location: Content-Location.
        children: the parts of a multipart, at least one; the message in a message/rfc822.
        envelope: that of the message in a message/rfc822 or message/global, else None.
    """

    start: int
    body: int
    end: int
    lines: int
    type: str = "text"
    subtype: str = "plain"
    parameters: Parameters = ()
    content_id: bytes | None = None
    description: bytes | None = None
    encoding: str = "7bit"
    md5: bytes | None = None
    disposition: tuple[str, Parameters] | None = None
    language: tuple[str, ...] = ()
    location: bytes | None = None
    children: tuple[Part, ...] = ()
    envelope: Envelope | None = None

    @property
    def size(self) -> int:
        """Octets of the body in its transfer encoding: the body size of BODYSTRUCTURE."""
        return self.end - self.body


def parse_structure(
    data: Buffer, *, max_depth: int = 100, max_parts: int = 10_000, max_header: int = 1 << 20
) -> Part:
    """Describe a message; never an error.

    What lies beyond a limit is described as one application/octet-stream without children.

    Arguments:
        data: the octets of the message.
        max_depth: how deep multiparts and messages nest, the message itself being 1.
        max_parts: how many parts are told apart.
        max_header: octets of all header blocks together.
    """
    return _Scanner(data, max_depth, max_parts, max_header).scan()


@dataclass(slots=True)
class _Open:
    """A part whose end has not been seen yet."""

    start: int
    body: int
    lines_before: int
    content: Content
    kind: Literal["leaf", "multipart", "message"] = "leaf"
    boundary: bytes | None = None
    # The level that had the same boundary before, if any.
    shadowed: int | None = None
    # Where the parts begin that max_parts does not allow any more.
    overflow: int | None = None
    envelope: Envelope | None = None
    children: list[Part] = field(default_factory=list)


class _Delimiter(NamedTuple):
    line: int  # offset of "--"
    following: int  # offset of the next line
    level: int  # index of its multipart on the stack
    closing: bool


class _Scanner:
    def __init__(self, data: Buffer, max_depth: int, max_parts: int, max_header: int) -> None:
        self.data = data
        self.size = len(data)
        self.max_depth = max_depth
        self.max_parts = max_parts
        # Headers cost more than bodies, and messages within messages have no end of them.
        self.headers_left = max_header
        self.parts = 0
        self.position = 0
        self.stack: list[_Open] = []
        self.boundaries: dict[bytes, int] = {}
        # The first blank line at or after the last place where one was looked for.
        self.blank_line = (-1, 0)
        # Line feeds before an offset; offsets come in rising order, give or take a line.
        self.lines = (0, 0)

    def scan(self) -> Part:
        self.open(0)
        while delimiter := self.next_delimiter(self.position, self.size):
            end = self.end_before(delimiter.line)
            while len(self.stack) > delimiter.level + 1:
                end = self.close(end)
            multipart = self.stack[-1]
            self.position = delimiter.following
            if delimiter.closing:
                self.forget_boundary(multipart)
            elif self.parts >= self.max_parts:
                multipart.overflow = delimiter.following
                self.forget_boundary(multipart)
            else:
                self.open(delimiter.following)
        end = self.size
        while len(self.stack) > 1:
            end = self.close(end)
        return self.build(self.stack.pop(), end)

    # ------------------------------------------------------------------------ opening a part

    def open(self, start: int) -> None:
        """Push the part that begins at ``start``, and the messages that begin in it."""
        while True:
            part = self.open_one(start)
            self.stack.append(part)
            self.position = part.body
            if part.kind != "message":
                return
            start = part.body

    def open_one(self, start: int) -> _Open:
        self.parts += 1
        body = self.find_body(start)
        allowed = self.headers_left
        header = self.data[start : min(body, start + allowed)]
        self.headers_left -= len(header)
        if self.stack and self.stack[-1].kind == "message":
            self.stack[-1].envelope = parse_envelope(header)
        if body - start > allowed:
            return _Open(start, body, self.lines_before(body), OPAQUE)
        content = parse_content(header, in_digest=self.in_digest())
        part = _Open(start, body, self.lines_before(body), content)
        if content.is_multipart or content.is_message:
            self.make_container(part)
        return part

    def make_container(self, part: _Open) -> None:
        if len(self.stack) + 1 >= self.max_depth or self.parts >= self.max_parts:
            part.content = OPAQUE
        elif part.content.is_multipart:
            part.kind = "multipart"
            part.boundary = boundary = part.content.boundary
            part.shadowed = self.boundaries.get(boundary)
            self.boundaries[boundary] = len(self.stack)
        elif part.content.is_encoded:
            # What it holds cannot be seen without decoding it: a message without a structure.
            part.envelope = Envelope()
            part.children.append(self.opaque(part.body, part.body))
        else:
            part.kind = "message"

    def in_digest(self) -> bool:
        if not self.stack or self.stack[-1].kind != "multipart":
            return False
        return self.stack[-1].content.subtype == "digest"

    def find_body(self, start: int) -> int:
        """Return where the body of the part at ``start`` begins.

        A delimiter line of an open multipart ends a header as well, where no blank line does.
        """
        for blank in (b"\n", b"\r\n"):
            if self.data[start : start + len(blank)] == blank:
                return start + len(blank)
        if self.blank_line[0] < start:
            found = find_all(BLANK_LINE, self.data, start, self.size, LONGEST_BLANK_LINE)
            match = next(found, None)
            self.blank_line = match.span() if match else (self.size, self.size)
        body = self.blank_line[1]
        delimiter = self.next_delimiter(start, body)
        return body if delimiter is None else delimiter.line

    # ---------------------------------------------------------------------- delimiter lines

    def next_delimiter(self, position: int, limit: int) -> _Delimiter | None:
        """Return the first delimiter line of an open multipart from the line at ``position``."""
        if not self.boundaries:
            return None
        start = max(position - 1, 0)
        for match in find_all(_DELIMITER, self.data, start, limit, _LONGEST_DELIMITER):
            # The whole line is compared, not its beginning: boundaries that are a prefix of another
            # one are frequent, text behind a boundary is not.
            text = match[1].rstrip(b" \t")
            level = self.boundaries.get(text, -1)
            closing = False
            if text.endswith(b"--"):
                closed = self.boundaries.get(text[:-2], -1)
                closing = closed > level
                level = max(level, closed)
            if level >= 0 and (following := self.line_after(match.end())) is not None:
                return _Delimiter(match.start() + 1, following, level, closing)
        return None

    def line_after(self, position: int) -> int | None:
        if position >= self.size:
            return self.size
        for line_end in (b"\n", b"\r\n"):
            if self.data[position : position + len(line_end)] == line_end:
                return position + len(line_end)
        return None

    def forget_boundary(self, part: _Open) -> None:
        if part.boundary is None:
            return
        if part.shadowed is None:
            del self.boundaries[part.boundary]
        else:
            self.boundaries[part.boundary] = part.shadowed
        part.boundary = None

    # ------------------------------------------------------------------------ closing a part

    def end_before(self, line: int) -> int:
        """Return where the part ends that a delimiter line at ``line`` ends."""
        innermost = self.stack[-1]
        line_end = 2 if self.data[line - 2 : line] == b"\r\n" else 1
        return max(line - line_end, innermost.body, innermost.overflow or 0)

    def close(self, end: int) -> int:
        """Pop a part that ends at ``end``, give it to its parent, and return where it ends."""
        part = self.stack.pop()
        self.forget_boundary(part)
        self.stack[-1].children.append(self.build(part, end))
        return end

    def build(self, part: _Open, end: int) -> Part:
        if part.overflow is not None:
            part.children.append(self.opaque(part.overflow, end))
        elif part.kind == "multipart" and not part.children:
            # RFC 9051 §9: body-type-mpart has at least one body.
            part.children.append(Part(end, end, end, 0))
        content = part.content
        return Part(
            start=part.start,
            body=part.body,
            end=end,
            lines=self.lines_before(end) - part.lines_before,
            type=content.type,
            subtype=content.subtype,
            parameters=content.parameters,
            content_id=content.content_id,
            description=content.description,
            encoding=content.encoding,
            md5=content.md5,
            disposition=content.disposition,
            language=content.language,
            location=content.location,
            children=tuple(part.children),
            envelope=part.envelope,
        )

    def opaque(self, start: int, end: int) -> Part:
        lines = self.lines_before(end) - self.lines_before(start)
        return Part(start, start, end, lines, OPAQUE.type, OPAQUE.subtype)

    def lines_before(self, position: int) -> int:
        known, lines = self.lines
        if position >= known:
            lines += count_lines(self.data, known, position)
        else:
            lines -= count_lines(self.data, position, known)
        self.lines = (position, lines)
        return lines
