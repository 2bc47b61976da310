"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import mailcore
from mailcore.config import ConfigError

DESCRIPTION = (
    "Serve IMAP, SMTP and whatever else the backend offers. Without arguments: on this machine "
    "only, with a development certificate, and with an inbox and a key to begin with."
)
EPILOG = (
    "Settings come from --config FILE (TOML), then MAILCORE_… variables, then these flags; "
    "--print-config shows them all. python -m mailcore.serve admin --help: look after the data."
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was asked for.

    Arguments:
        settings: flags that are settings, by their name; None for those not given.
        config: the file of ``--config``.
        action: what to do instead of serving.
        new_key: make another key.
        ready_json: say when all is ready in one line of JSON instead of the banner.
    """

    settings: dict[str, Any]
    config: Path | None
    action: str
    new_key: bool
    ready_json: bool


class Parser(argparse.ArgumentParser):
    """Raises ConfigError where the command line makes no sense."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message} (--help shows all flags)")


def parse(arguments: Sequence[str]) -> Arguments:
    """Read the command line.

    Raises:
        ConfigError: it makes no sense.
        SystemExit: after ``--help`` or ``--version``.
    """
    given = vars(_parser().parse_args(arguments))
    config, new_key, ready = given.pop("config"), given.pop("new_key"), given.pop("ready")
    action = given.pop("action")
    return Arguments(given, config, action, new_key, ready == "json")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m mailcore.serve",
        description=DESCRIPTION,
        epilog=EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mailcore {mailcore.__version__}")
    _add_settings(parser.add_argument_group("settings"))
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, as TOML")
    parser.add_argument("--new-key", action="store_true", help="make and show another API key")
    parser.add_argument("--ready", choices=["json"], help="one line of JSON instead of the banner")
    actions = parser.add_mutually_exclusive_group()
    actions.add_argument(
        "--check",
        dest="action",
        action="store_const",
        const="check",
        help="check settings, certificate, data directory and ports, and exit",
    )
    actions.add_argument(
        "--print-config",
        dest="action",
        action="store_const",
        const="print-config",
        help="print the settings in effect and where they come from, and exit",
    )
    parser.set_defaults(action="serve")
    return parser


def _add_settings(group: argparse._ArgumentGroup) -> None:
    """Add flags; their values are converted by :mod:`mailcore.config`, like those of any source."""
    flag = group.add_argument
    flag(
        "--backend",
        metavar="NAME",
        help="an installed backend, or module:attribute of one of your own",
    )
    flag("--data", metavar="DIR", help="data directory (~/.local/share/mailcore)")
    flag("--memory", action="store_const", const="true", help="keep nothing")
    flag("--host", help="address to listen on; * for all (127.0.0.1)")
    flag("--public-host", metavar="HOST", help="name that clients are told (that of --host)")
    for name, default in (("imap", 1993), ("smtp", 1465), ("mx", 1025), ("http", 8025)):
        flag(f"--{name}-port", metavar="PORT", help=f"0 for any free one ({default})")
    flag("--submission-port", metavar="PORT", help="SMTP submission with STARTTLS (none)")
    flag("--imap-starttls-port", metavar="PORT", help="IMAP with STARTTLS (none)")
    flag("--lmtp-port", metavar="PORT", help="LMTP, for a mail server of your own (none)")
    flag("--lmtp-socket", metavar="PATH", help="LMTP on a unix socket (none)")
    for name in ("imap", "imap-starttls", "smtp", "submission", "mx", "lmtp"):
        flag(
            f"--{name}-proxy-protocol",
            metavar="NETWORKS",
            help="proxies in front of it that send a PROXY protocol header, by commas (none)",
        )
    flag("--standard-ports", action="store_const", const="true", help="IMAP 993, SMTP 465")
    flag("--domain", help="mail domain of new inboxes (shared.localhost)")
    flag("--tls-cert", metavar="FILE", help="a certificate chain of your own, PEM")
    flag("--tls-key", metavar="FILE", help="its private key, PEM")
    flag("--tls-client-ca", metavar="FILE", help="who vouches for certificates of clients, PEM")
    flag(
        "--tls-channel-binding",
        action="store_const",
        const="true",
        help="offer SCRAM bound to the TLS channel (tls-server-end-point)",
    )
    flag("--log-level", metavar="LEVEL", help="debug, info, warning or error (warning)")
    flag("--log-format", metavar="FORMAT", help="human, or json: one object a line (human)")
    flag("--grace", metavar="SECONDS", help="for connections to end when stopping (10)")
