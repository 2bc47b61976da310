"""A command on its way out, cut where the client has to wait for "+"."""

from __future__ import annotations

from mailcore.errors import LocalProtocolError
from mailcore.imap.wire.quoting import is_plain, mailbox, quoted


class Fragments:
    """Collects a command.

    Arguments:
        utf8: whether mailbox names are UTF-8 throughout (RFC 9051 §5.1).
        literal_plus: the most octets of a literal that goes without waiting (RFC 7888); 0: none.
    """

    def __init__(self, *, utf8: bool = False, literal_plus: int = 0) -> None:
        self._utf8 = utf8
        self._literal_plus = literal_plus
        self._done: list[bytes] = []
        self._open = bytearray()

    def line(self, data: bytes) -> None:
        """Add what is known to belong into a line."""
        self._open += data

    def text(self, text: str, codec: str = "utf-8") -> None:
        """Add an astring.

        Raises:
            LocalProtocolError: the text has no spelling in ``codec``.
        """
        try:
            self.astring(text.encode(codec))
        except UnicodeEncodeError:
            raise LocalProtocolError(f"text is not in {codec}") from None

    def mailbox(self, name: str) -> None:
        """Add the name of a mailbox, or a pattern of names."""
        self.astring(mailbox(name, utf8=self._utf8))

    def astring(self, data: bytes) -> None:
        """Add octets as an atom, a quoted string or a literal."""
        if is_plain(data):
            self._open += data
        else:
            self.string(data)

    def string(self, data: bytes) -> None:
        """Add octets as a quoted string or a literal.

        Raises:
            LocalProtocolError: they hold NUL, which no string can.
        """
        if b"\0" in data:
            raise LocalProtocolError("NUL cannot be sent")
        text = quoted(data, utf8=self._utf8)
        if text is None:
            self.announce(len(data))
            self._open += data
        else:
            self._open += text

    def octets(self, data: bytes) -> None:
        """Add octets as a string, or if they hold NUL as a literal8 (RFC 3516 §4.1)."""
        if b"\0" in data:
            self._open += b"~"
            self.announce(len(data))
            self._open += data
        else:
            self.string(data)

    def announce(self, size: int, *, waits: bool | None = None) -> None:
        """Announce a literal whose octets come next.

        Arguments:
            size: of it.
            waits: for "+"; None: as ``literal_plus`` says.
        """
        if waits is None:
            waits = size >= self._literal_plus
        self._open += b"{%d%b}\r\n" % (size, b"" if waits else b"+")
        if waits:
            self._cut()

    def finish(self) -> list[bytes]:
        """Return the fragments; before each but the first the client waits for "+"."""
        self._cut()
        return self._done

    def _cut(self) -> None:
        if self._open:
            self._done.append(bytes(self._open))
            self._open = bytearray()
