"""``python -m mailcore.testing.record session.txt imap.example.org:993 --tls``"""

from __future__ import annotations

import argparse
import ssl
import sys
import threading
from collections.abc import Sequence

from mailcore.testing.recorder import recording


def main(arguments: Sequence[str] | None = None) -> int:
    """Record until interrupted; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m mailcore.testing.record",
        description="Pass connections on to a server and write down what is said. Passwords are "
        "masked. The file can be played by mailcore.testing.scripted_server.",
    )
    parser.add_argument("file", help="where to write; further connections get .2, .3 ...")
    parser.add_argument("server", help="HOST:PORT")
    parser.add_argument("--tls", action="store_true", help="TLS to the server, from the start")
    parser.add_argument("--ca", metavar="FILE", help="trust this authority, in PEM")
    given = parser.parse_args(arguments)
    host, colon, port = given.server.rpartition(":")
    if not colon or not port.isdecimal():
        parser.error(f"{given.server!r} is not HOST:PORT")
    trust = ssl.create_default_context(cafile=given.ca)
    server = (host.strip("[]"), int(port))
    with recording(given.file, server, tls=trust if given.tls else None, starttls=trust) as at:
        print(f"connect to {at.host}:{at.port}, without TLS; end with Ctrl-C")
        print(f"for STARTTLS, trust {at.authority}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
