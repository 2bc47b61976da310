"""What whoever started the server is told: for people, and as JSON for programs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import mailcore
from mailcore.serve.protocol import Endpoint, Endpoints, FirstMinute

_KEY_UNKNOWN = "$API_KEY"


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything that can be told once all doors are open.

    Arguments:
        title: the backend's.
        data: the data directory, or None for ``--memory``.
        endpoints: of all doors.
        authority: the file that clients have to trust, or None.
        first_minute: what the backend has to say.
    """

    title: str
    data: Path | None
    endpoints: Endpoints
    authority: Path | None
    first_minute: FirstMinute

    def as_json(self) -> str:
        """Return one line for ``--ready json``."""
        doors = self.endpoints
        facts = {
            "imap": _as_dict(doors.imap),
            "smtp": _as_dict(doors.smtp),
            "mx": _as_dict(doors.mx),
            "submission": _as_dict(doors.submission),
            "imap_starttls": _as_dict(doors.imap_starttls),
            "lmtp": _as_dict(doors.lmtp),
            "http": None if doors.http is None else {"url": url(doors.http)},
            "ca": None if self.authority is None else str(self.authority),
            "inboxes": list(self.first_minute.inboxes),
            "api_key": self.first_minute.api_key,
        }
        return json.dumps(facts)

    def as_banner(self) -> str:
        """Return the first minute, for a person."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        kept = f"data {_tilde(self.data)}" if self.data else "nothing is kept"
        yield f"mailcore {mailcore.__version__} · {self.title} · {kept}"
        doors = self.endpoints
        named = (
            ("IMAPS", doors.imap),
            ("IMAP with STARTTLS", doors.imap_starttls),
            ("SMTPS", doors.smtp),
            ("submission", doors.submission),
            ("inbound SMTP", doors.mx),
            ("LMTP", doors.lmtp),
        )
        yield "  " + "   ".join(f"{name} {_address(door)}" for name, door in named if door)
        if doors.http is not None:
            yield f"  web, REST, WebSocket   {url(doors.http)}"
        if self.authority is not None:
            yield f"  CA certificate         {self.authority}"
        for inbox in self.first_minute.inboxes:
            yield f"  inbox     {inbox}"
        if self.first_minute.api_key is not None:
            yield f"  API key   {self.first_minute.api_key}   (shown once; --new-key for another)"
        elif self.first_minute.inboxes:
            yield "  API key   shown on the first start; --new-key makes another"
        commands = list(self.commands())
        if commands:
            known = self.first_minute.api_key is not None
            first = "" if known else ", after  API_KEY=ap_…"
            yield f"  try it{first}   (the line for Node needs  npm install nodemailer)"
            yield from commands

    def commands(self) -> Iterator[str]:
        """Yield shell commands that work as they are printed, one a line."""
        if not self.first_minute.inboxes:
            return
        user, key = self.first_minute.inboxes[0], self.first_minute.api_key
        if self.endpoints.imap is not None:
            yield self._python(self.endpoints.imap, user, key)
        if self.endpoints.smtp is not None:
            yield self._nodemailer(self.endpoints.smtp, user, key)
        if self.endpoints.imap is not None:
            yield self._curl(self.endpoints.imap, user, key)
            yield self._openssl(self.endpoints.imap, user, key)
        yield from self.first_minute.try_it

    def _python(self, door: Endpoint, user: str, key: str | None) -> str:
        trust = "" if self.authority is None else f"cafile={json.dumps(str(self.authority))}"
        program = (
            "import imaplib, ssl, sys; "
            f"c = imaplib.IMAP4_SSL({json.dumps(door.host)}, {door.port}, "
            f"ssl_context=ssl.create_default_context({trust})); "
            f'c.login({json.dumps(user)}, sys.argv[1]); c.select("INBOX"); '
            'print(c.search(None, "UNSEEN")); c.logout()'
        )
        return f"python3 -c {shlex.quote(program)} {_word(key)}"

    def _nodemailer(self, door: Endpoint, user: str, key: str | None) -> str:
        program = (
            f'require("nodemailer").createTransport({{host: {json.dumps(door.host)}, '
            f"port: {door.port}, secure: true, "
            f"auth: {{user: {json.dumps(user)}, pass: process.argv[1]}}}})"
            f".sendMail({{from: {json.dumps(user)}, to: {json.dumps(user)}, "
            'subject: "Hello", text: "It works."}).then(sent => console.log(sent.response))'
        )
        trust = ""
        if self.authority is not None:
            trust = f"NODE_EXTRA_CA_CERTS={shlex.quote(str(self.authority))} "
        return f"{trust}node -e {shlex.quote(program)} {_word(key)}"

    def _curl(self, door: Endpoint, user: str, key: str | None) -> str:
        trust = "" if self.authority is None else f"--cacert {shlex.quote(str(self.authority))} "
        login = f"{shlex.quote(user)}:{_word(key)}"
        return f"curl -sS {trust}-u {login} 'imaps://{_address(door)}/INBOX?ALL'"

    def _openssl(self, door: Endpoint, user: str, key: str | None) -> str:
        trust = "" if self.authority is None else f"-CAfile {shlex.quote(str(self.authority))} "
        dialogue = r"'a LOGIN %s %s\r\nb STATUS INBOX (MESSAGES UNSEEN)\r\nc LOGOUT\r\n'"
        return (
            f"printf {dialogue} {shlex.quote(user)} {_word(key)} | "
            f"openssl s_client -quiet -verify_return_error {trust}-connect {_address(door)}"
        )


def url(door: Endpoint) -> str:
    """Return the base URL of an HTTP door."""
    return f"{'https' if door.tls else 'http'}://{_address(door)}"


def _as_dict(door: Endpoint | None) -> dict[str, object] | None:
    return None if door is None else {"host": door.host, "port": door.port, "tls": door.tls}


def _address(door: Endpoint) -> str:
    if door.host.startswith("/"):
        return door.host
    host = f"[{door.host}]" if ":" in door.host else door.host
    return f"{host}:{door.port}"


def _word(key: str | None) -> str:
    return f'"{_KEY_UNKNOWN}"' if key is None else shlex.quote(key)


def _tilde(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
