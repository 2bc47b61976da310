"""What ``python -m mailcore.imap`` does: list, fetch, watch.

Exit codes: 0, done; 1, the server refuses or can not be reached; 2, what you can mend: the command
line, the password, the certificate file.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import ssl
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from mailcore.errors import ProtocolError
from mailcore.imap import responses as r
from mailcore.imap.types import FetchAtt, FetchBody, Section, SequenceSet
from mailcore.message import decode_header
from mailcore.net.asyncio import connect_imap
from mailcore.net.clients import Security
from mailcore.net.imap_client import ImapClient
from mailcore.net.imap_results import CommandRefused, FetchedMessage, ImapError

PASSWORD_VARIABLE = "MAILCORE_IMAP_PASSWORD"
_EXAMPLES = f"""\
The server is a name, name:port, or a URL: imaps://anna@imap.example.org/Archive names the user and
the mailbox too. imap:// stands for STARTTLS.

The password is asked for, or taken from the environment: {PASSWORD_VARIABLE}.

  python -m mailcore.imap list  imap.example.org --user anna
  python -m mailcore.imap fetch imap.example.org --user anna --last 10
  python -m mailcore.imap fetch imap.example.org --user anna --uid 4711 > message.eml
  python -m mailcore.imap watch imaps://anna@imap.example.org/INBOX
"""
_ROW = (FetchAtt("UID"), FetchAtt("FLAGS"), FetchAtt("RFC822.SIZE"), FetchAtt("ENVELOPE"))


class UsageError(Exception):
    """Something that whoever typed the command can mend."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to, and as whom."""

    host: str
    port: int | None
    security: Security
    user: str
    mailbox: str


def main(arguments: Sequence[str]) -> int:
    """Run the program; return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        target = read_target(given, os.environ)
        context = _trust(given.ca)
        password = os.environ.get(PASSWORD_VARIABLE) or _ask(target)
        asyncio.run(_run(given, target, context, password))
    except UsageError as error:
        return _fail(str(error), 2)
    except KeyboardInterrupt:
        return 0 if given.action == "watch" else 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except CommandRefused as error:
        return _fail(f"the server refuses: {error}", 1)
    except ssl.SSLCertVerificationError as error:
        return _fail(f"the certificate can not be trusted: {error.verify_message}", 1)
    except (ImapError, ProtocolError, OSError) as error:
        return _fail(str(error) or type(error).__name__, 1)
    return 0


def _fail(text: str, code: int) -> int:
    print(f"mailcore: {text}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m mailcore.imap",
        description="Look into a mailbox.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | fetch | watch")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("server", help="name, name:port or URL")
    common.add_argument("--user", help="who logs in, if the URL does not say")
    common.add_argument("--ca", metavar="FILE", help="trust the certificates in this file, too")
    common.add_argument("--starttls", action="store_true", help="encrypt with STARTTLS, port 143")
    common.add_argument(
        "--plaintext", action="store_true", help="do not encrypt: only for this machine"
    )

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text, parents=[common])

    add("list", "Show the mailboxes, with how many messages they hold.")
    fetch = add("fetch", "Show messages, or write one to standard output as it is.")
    watch = add("watch", "Show new messages as they come, until Ctrl-C.")
    for one in (fetch, watch):
        one.add_argument("--mailbox", help="which one; INBOX if the URL does not say")
    fetch.add_argument("--last", type=int, default=20, metavar="N", help="how many; 20")
    fetch.add_argument("--uid", type=int, help="write this message to standard output")
    return parser


def read_target(given: argparse.Namespace, environment: Mapping[str, str]) -> Target:
    """Return where to connect.

    Raises:
        UsageError: it is not said, or makes no sense.
    """
    text = given.server if "://" in given.server else f"//{given.server}"
    url = urlsplit(text)
    security: Security = "tls"
    if url.scheme not in ("", "imap", "imaps"):
        raise UsageError(f"not a URL of IMAP: {given.server}")
    if given.starttls or url.scheme == "imap":
        security = "starttls"
    if given.plaintext:
        security = "plain"
    try:
        host, port = url.hostname, url.port
    except ValueError:
        raise UsageError(f"not a port: {given.server}") from None
    user = given.user or unquote(url.username or "")
    if not host:
        raise UsageError(f"not a server: {given.server}")
    if not user:
        raise UsageError("who logs in? Say --user NAME")
    mailbox = getattr(given, "mailbox", None) or unquote(url.path.removeprefix("/")) or "INBOX"
    return Target(host, port, security, user, mailbox)


def _trust(file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if file is not None:
        try:
            context.load_verify_locations(file)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(f"can not read certificates from {file}: {error}") from None
    return context


def _ask(target: Target) -> str:
    if not sys.stdin.isatty():
        raise UsageError(f"no password: set {PASSWORD_VARIABLE}")
    return getpass.getpass(f"Password of {target.user} at {target.host}: ")


async def _run(
    given: argparse.Namespace, target: Target, context: ssl.SSLContext, password: str
) -> None:
    async with connect_imap(
        target.host, target.port, security=target.security, context=context
    ) as client:
        await client.login(target.user, password)
        if given.action == "list":
            await _list(client)
        elif given.action == "watch":
            await _watch(client, target.mailbox)
        elif given.uid is not None:
            await _write(client, target.mailbox, given.uid)
        else:
            await _show_last(client, target.mailbox, given.last)


async def _list(client: ImapClient) -> None:
    for mailbox in await client.list():
        if {"\\Noselect", "\\NonExistent"} & set(mailbox.attributes):
            print(f"{'':>8} {'':>8}  {mailbox.name}")
            continue
        items = await client.status(mailbox.name, "MESSAGES", "UNSEEN")
        messages, unseen = items.get("MESSAGES", 0), items.get("UNSEEN", 0)
        print(f"{messages:>8} {unseen:>8}  {mailbox.name}")


async def _show_last(client: ImapClient, mailbox: str, count: int) -> None:
    await client.select(mailbox, read_only=True)
    uids = await client.search()
    async for message in client.fetch(uids[-count:] if count > 0 else (), *_ROW):
        print(row(message), flush=True)


async def _write(client: ImapClient, mailbox: str, uid: int) -> None:
    await client.select(mailbox, read_only=True)
    async for message in client.fetch([uid], FetchBody(Section(), peek=True)):
        if message.body is not None:
            sys.stdout.buffer.write(message.body)
            sys.stdout.buffer.flush()
            return
    raise ImapError(f"there is no message {uid} in {mailbox}")


async def _watch(client: ImapClient, mailbox: str) -> None:
    selected = await client.select(mailbox, read_only=True)
    following = selected.uid_next or 1
    print(f"{mailbox}: {selected.exists} messages; watching", file=sys.stderr, flush=True)
    while True:
        async for response in client.idle():
            if isinstance(response, r.Exists):
                break
        # "n:*" holds the last message even where that is older (RFC 9051 §9, seq-range).
        fresh = SequenceSet(((following, 0),))
        async for message in client.fetch(fresh, *_ROW):
            if message.uid is not None and message.uid >= following:
                print(row(message), flush=True)
                following = message.uid + 1


def row(message: FetchedMessage) -> str:
    """Return one line about a message, without anything that a terminal could take for orders."""
    envelope = message.envelope
    sender = subject = ""
    if envelope is not None:
        subject = decode_header(envelope.subject or b"")
        for address in envelope.from_[:1]:
            plain = (address.mailbox or b"") + b"@" + (address.host or b"")
            sender = decode_header(address.name or plain)
    seen = " " if "\\Seen" in (message.flags or ()) else "*"
    text = f"{message.uid or message.number:>8} {seen} {message.size or 0:>9}  {sender:<30.30}  "
    return "".join(char if char.isprintable() else "?" for char in text + subject)
