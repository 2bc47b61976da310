"""Scripts from live sessions: between a client and its server, with what is secret masked.

::

    tls = ssl.create_default_context()
    with recording("session.txt", ("imap.example.org", 993), tls=tls) as at:
        client = imaplib.IMAP4(*at)  # without TLS: or nothing could be read

or ``python -m mailcore.testing.record session.txt imap.example.org:993 --tls``.

A client that says STARTTLS has TLS with the recorder from there on, and the recorder has it with
the server: the client has to trust the certificate of the recorder, as ``at.tls`` does.
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
from mailcore.testing.certificates import authority, client_context, server_context
from mailcore.testing.loop_thread import LoopThread
from mailcore.testing.script import Side
from mailcore.testing.server import Address

_CHUNK: Final = 64 * 1024
_SECRET: Final = b"<secret>"
_STARTTLS: Final = re.compile(rb"(?:[^ ]+ )?STARTTLS", re.IGNORECASE)
_GRANTED: Final = re.compile(rb"[^ *]+ OK\b|220 ", re.IGNORECASE)
#: A line of a server that is not the last of its answer.
_MORE: Final = re.compile(rb"\* |\d{3}-")


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
        #: Whether the client has asked for STARTTLS, and has no answer yet.
        self.upgrading = False

    def said(self, side: Side, data: bytes) -> bool:
        """Take octets of one side; return whether TLS begins behind them."""
        asked = self.upgrading
        self._end_line("S" if side == "C" else "C")
        *lines, self._open[side] = (self._open[side] + data).split(b"\r\n")
        for line in lines:
            self._write(side, self._masked(side, line), b"\r\n")
        granted = asked and not self.upgrading and any(map(_GRANTED.match, lines))
        if granted:
            self._file.write("-- tls\n")
        return granted

    def close(self) -> None:
        """Take note of the end."""
        for side in self._open:
            self._end_line(side)
        self.comment("the connection ended")

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
            self.upgrading = _STARTTLS.fullmatch(octets) is not None
        elif not _MORE.match(octets):
            self.upgrading = False

    def comment(self, text: str) -> None:
        """Write what nobody has said."""
        self._file.write(f"# {text}\n")
        self._file.flush()


class RecorderAddress(Address):
    """Where to connect to, and whom to trust there after STARTTLS."""

    __slots__ = ()

    @property
    def authority(self) -> Path:
        """The certificate, in PEM, of the authority of the recorder."""
        return authority()

    @property
    def tls(self) -> ssl.SSLContext:
        """A client's context that trusts the authority; a new one each time."""
        return client_context()


@contextmanager
def recording(
    path: Path | str,
    server: tuple[str, int],
    *,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
) -> Iterator[RecorderAddress]:
    """Pass connections on to a server, and write down what is said; give where to connect to.

    Arguments:
        path: of the file; the second connection goes to one with ".2" after its name, and so on.
        server: host and port.
        tls: a client's context: TLS towards the server from the start. The client has none, or
            nothing could be read.
        starttls: a client's context for STARTTLS towards the server; None to verify as the system
            does.
    """
    with LoopThread() as thread:
        recorder = _Recorder(Path(path), server, tls, starttls)
        address = thread.call(recorder.open)
        try:
            yield address
        finally:
            thread.call(recorder.close)


class _Recorder:
    def __init__(
        self,
        path: Path,
        server: tuple[str, int],
        tls: ssl.SSLContext | None,
        starttls: ssl.SSLContext | None,
    ) -> None:
        self._path = path
        self._server = server
        self._tls = tls
        self._starttls = starttls
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> RecorderAddress:
        self._listener = await asyncio.start_server(self._connected, "localhost", 0)
        return RecorderAddress("localhost", self._listener.sockets[0].getsockname()[1])

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
                relay = _Relay(to_client, to_server, Transcript(file))
                await asyncio.gather(
                    relay.from_client(from_client),
                    relay.from_server(from_server, self._server[0], self._starttls),
                )
                relay.transcript.close()
        except asyncio.CancelledError:
            pass  # by close(); asyncio would log it as an error
        finally:
            self._tasks.discard(task)
            to_client.close()


class _Relay:
    """Passes on what the two say."""

    def __init__(
        self,
        to_client: asyncio.StreamWriter,
        to_server: asyncio.StreamWriter,
        transcript: Transcript,
    ) -> None:
        self._to_client = to_client
        self._to_server = to_server
        self.transcript = transcript
        # Not while a STARTTLS has no answer.
        self._settled = asyncio.Event()
        self._settled.set()

    async def from_client(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                self.transcript.said("C", data)
                if self.transcript.upgrading:
                    self._settled.clear()
                await _send(self._to_server, data)
                await self._settled.wait()
        with suppress(OSError):
            self._to_server.close()

    async def from_server(
        self, reader: asyncio.StreamReader, host: str, trust: ssl.SSLContext | None
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.transcript.said("S", data):
                    await self._start_tls(data, host, trust)
                else:
                    await _send(self._to_client, data)
                if not self.transcript.upgrading:
                    self._settled.set()
        self._settled.set()
        with suppress(OSError):
            self._to_client.close()

    async def _start_tls(self, answer: bytes, host: str, trust: ssl.SSLContext | None) -> None:
        """Begin TLS with the server, and then with the client, which has no answer before."""
        context = trust or ssl.create_default_context()
        try:
            await self._to_server.start_tls(context, server_hostname=host)
        except OSError as error:
            self.transcript.comment(f"no TLS with the server: {error}")
            raise
        self._to_client.write(answer)
        try:
            await self._to_client.start_tls(server_context())
        except OSError as error:
            self.transcript.comment(f"no TLS with the client, which may not trust us: {error}")
            raise


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
