"""Scripts from live sessions: between a client and its server, with what is secret masked.

::

    tls = ssl.create_default_context()
    with recording("session.txt", ("imap.example.org", 993), tls=tls) as at:
        client = imaplib.IMAP4(*at)  # without TLS: or nothing could be read

or ``python -m mailcore.testing.record session.txt imap.example.org:993 --tls``.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from mailcore.live.masking import Masking
from mailcore.testing.loop_thread import LoopThread
from mailcore.testing.script import Side
from mailcore.testing.server import Address

_CHUNK: Final = 64 * 1024
_SECRET: Final = b"<secret>"
_STARTTLS: Final = re.compile(rb"(?:[^ ]+ )?STARTTLS", re.IGNORECASE)


class Transcript:
    """Writes what is said as a script.

    Arguments:
        file: of text; flushed after each line.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._masking = Masking(_SECRET)
        # The tag of the last login; SMTP has none.
        self._login = b""
        self._open: dict[Side, bytes] = {"C": b"", "S": b""}
        self._upgrading = False
        self._encrypted = False

    def said(self, side: Side, data: bytes) -> None:
        """Take octets of one side."""
        if self._encrypted:
            return
        self._end_line("S" if side == "C" else "C")
        *lines, self._open[side] = (self._open[side] + data).split(b"\r\n")
        for line in lines:
            self._write(side, self._masked(side, line), b"\r\n")

    def close(self) -> None:
        """Take note of the end."""
        for side in self._open:
            self._end_line(side)
        self._comment("the connection ended")

    def _end_line(self, side: Side) -> None:
        """Write what has no CRLF: the other side speaks, so this one is done."""
        octets, self._open[side] = self._open[side], b""
        if octets:
            self._write(side, self._masked(side, octets), b"")

    def _masked(self, side: Side, line: bytes) -> bytes:
        if side == "C":
            going_on = self._masking.in_exchange
            shown = self._masking.client_line(line)
            if not going_on and (self._masking.in_exchange or shown != line):
                self._login = line.partition(b" ")[0]
            return shown
        if line.startswith((b"235 ", self._login + b" OK")):
            self._masking.words = False  # from here on a long word is a line of some body
        return self._masking.server_line(line)

    def _write(self, side: Side, octets: bytes, end: bytes) -> None:
        try:
            text = octets.decode()
            mark = ":" if end else "~"
            if not all(character.isprintable() or character == "\t" for character in text):
                raise ValueError
        except ValueError:
            mark, text = "=", base64.b64encode(octets + end).decode("ascii")
        self._file.write(f"{side}{mark} {text}\n" if text else f"{side}{mark}\n")
        self._file.flush()
        self._note_tls(side, octets)

    def _note_tls(self, side: Side, octets: bytes) -> None:
        if side == "C":
            self._upgrading = _STARTTLS.fullmatch(octets) is not None
        elif self._upgrading and re.match(rb"[^ *]+ OK\b|220 ", octets):
            self._encrypted = True
            self._file.write("-- tls\n")
            self._comment("what is encrypted between the two can not be read")

    def _comment(self, text: str) -> None:
        self._file.write(f"# {text}\n")
        self._file.flush()


@contextmanager
def recording(
    path: Path | str, server: tuple[str, int], *, tls: ssl.SSLContext | None = None
) -> Iterator[Address]:
    """Pass connections on to a server, and write down what is said; give where to connect to.

    Arguments:
        path: of the file; the second connection goes to one with ".2" after its name, and so on.
        server: host and port.
        tls: a client's context: TLS towards the server from the start. The client has none, or
            nothing could be read.
    """
    with LoopThread() as thread:
        recorder = _Recorder(Path(path), server, tls)
        address = thread.call(recorder.open)
        try:
            yield address
        finally:
            thread.call(recorder.close)


class _Recorder:
    def __init__(self, path: Path, server: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        self._path = path
        self._server = server
        self._tls = tls
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> Address:
        self._listener = await asyncio.start_server(self._connected, "localhost", 0)
        return Address("localhost", self._listener.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._count += 1
        name = self._path.name if self._count == 1 else f"{self._path.name}.{self._count}"
        try:
            from_server, to_server = await asyncio.open_connection(*self._server, ssl=self._tls)
            with open(self._path.with_name(name), "w", encoding="utf-8") as file:
                transcript = Transcript(file)
                await asyncio.gather(
                    self._pass_on("C", from_client, to_server, transcript),
                    self._pass_on("S", from_server, to_client, transcript),
                )
                transcript.close()
        finally:
            self._tasks.discard(task)
            to_client.close()

    async def _pass_on(
        self,
        side: Side,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        transcript: Transcript,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                transcript.said(side, data)
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()
