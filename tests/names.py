"""A name server on loopback that answers from a table."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

#: Name → kind → records as a zone file has them. The kind "SERVFAIL" fails, "SILENT" says nothing.
Zone = Mapping[str, Mapping[str, Sequence[str]]]


def text(value: str) -> str:
    """Write a TXT record, cut into strings of 255 octets at most (RFC 1035 §3.3.14)."""
    return " ".join(f'"{value[start : start + 255]}"' for start in range(0, len(value), 255))


class NameServer:
    """Answers by UDP, and by TCP what is too long for that.

    Arguments:
        zone: may be changed at any time; a name ends in no dot.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = dict(zone)
        self.questions: list[tuple[str, str]] = []

        class Datagram(socketserver.BaseRequestHandler):
            def handle(handler) -> None:
                data, socket = handler.request
                if (response := self.answer(data, 1232)) is not None:
                    socket.sendto(response, handler.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(handler) -> None:
                (length,) = struct.unpack("!H", handler.rfile.read(2))
                response = self.answer(handler.rfile.read(length), 65535)
                if response is not None:
                    handler.wfile.write(struct.pack("!H", len(response)) + response)

        self._streams, self._datagrams = _bound(Stream, Datagram)
        self.port: int = self._datagrams.server_address[1]
        for server in (self._datagrams, self._streams):
            server.daemon_threads = True  # type: ignore[attr-defined]
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """As the setting ``nameservers`` wants it."""
        return f"127.0.0.1:{self.port}"

    def answer(self, data: bytes, most: int) -> bytes | None:
        """Return the answer to a question, or None for silence."""
        query = dns.message.from_wire(data)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.questions.append((name, kind))
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        records = self.zone.get(name)
        if records is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif "SILENT" in records:
            return None
        elif "SERVFAIL" in records:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif kind in records:
            found = dns.rrset.from_text(question.name, 60, "IN", kind, *records[kind])
            response.answer.append(found)
        return response.to_wire(max_size=most, prefer_truncation=True)

    def close(self) -> None:
        for server in (self._datagrams, self._streams):
            server.shutdown()
            server.server_close()


class _Streams(socketserver.ThreadingTCPServer):
    allow_reuse_address = True


def _bound(stream: Any, datagram: Any) -> tuple[socketserver.TCPServer, socketserver.UDPServer]:
    """Take a port for both; somebody may have half of it."""
    for _ in range(20):
        streams = _Streams(("127.0.0.1", 0), stream)
        try:
            return streams, socketserver.ThreadingUDPServer(streams.server_address, datagram)
        except OSError:
            streams.server_close()
    raise OSError("no port for a name server")


@contextmanager
def answering(zone: Zone) -> Iterator[NameServer]:
    """Answer questions about a zone."""
    server = NameServer(zone)
    try:
        yield server
    finally:
        server.close()
