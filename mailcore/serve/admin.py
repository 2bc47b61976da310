"""``python -m mailcore.serve admin``: what a backend lets its operator do, while it serves or not.

Exit code 0 when it is done, 1 when it is refused (there is no such thing, or it can not be), and 2
for what the operator has to mend first: flags, settings, the data directory.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import trio

from mailcore import config, registry
from mailcore.config import ConfigError
from mailcore.limits import Limits
from mailcore.registry import BackendNotFound
from mailcore.serve.arguments import Parser
from mailcore.serve.lock import is_held

#: What a command tells: rows, one thing, or nothing.
Answer = Sequence[Mapping[str, object]] | Mapping[str, object] | None

_BAR: Final = 30
_EVERY: Final = 0.1


class NotDone(Exception):
    """It can not be done. The text is one line for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """What a command works on.

    Arguments:
        data: the data directory.
        domain: the mail domain of new inboxes.
        limits: bounds of the engine.
        options: of the backend, as :class:`mailcore.serve.protocol.Context` has them.
        arguments: of the command.
    """

    data: Path
    domain: str
    limits: Limits
    options: Any
    arguments: argparse.Namespace
    quiet: bool = field(default=False)

    def is_served(self) -> bool:
        """Tell whether a server works on the data now."""
        return is_held(self.data)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Give a function that is told how much more is done; on a terminal, it is shown.

        Arguments:
            total: when all is done, in any unit; 0 if nobody knows.
        """
        bar = _Bar(label, total) if sys.stderr.isatty() and not self.quiet else None
        try:
            yield _nothing if bar is None else bar.add
        finally:
            if bar is not None:
                bar.end()


@runtime_checkable
class Administers(Protocol):
    """Optional, on a provider: it has words for ``python -m mailcore.serve admin``."""

    def add_commands(self, parser: argparse.ArgumentParser) -> None:
        """Add subparsers; each sets ``run``, a :data:`Command`, as a default.

        The command returns what is to be printed, as a table or as JSON, and raises
        :class:`NotDone`, or OSError and ValueError with one clear line.
        """
        ...


Command = Callable[[Administration], Awaitable[Answer]]


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    try:
        given, administration = _prepare(arguments)
        answer = trio.run(given.run, administration)
    except (ConfigError, BackendNotFound) as error:
        print(f"mailcore: {error}", file=sys.stderr)
        return 2
    except (NotDone, OSError, ValueError) as error:
        print(f"mailcore: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mailcore: interrupted", file=sys.stderr)
        return 130
    _print(answer, as_json=given.json)
    return 0


def _prepare(arguments: Sequence[str]) -> tuple[argparse.Namespace, Administration]:
    common = _common()
    # Wherever they stand: after the command is where people put them.
    known, words = common.parse_known_args(arguments)
    layers = []
    file = known.config or os.environ.get(config.CONFIG_VARIABLE)
    if file:
        layers.append(config.file_layer(Path(file)))
    layers.append(config.environment_layer(os.environ))
    settings = {name: getattr(known, name) for name in ("backend", "data", "domain")}
    layers.append(config.flags_layer(settings))
    providers: list[Any] = []

    def find_backend(name: str | None) -> tuple[str, type[Any] | None]:
        table, provider = registry.find(name)
        if not isinstance(provider, Administers):
            raise BackendNotFound(f"backend {table!r} has nothing to administer")
        providers.append(provider)
        return table, getattr(provider, "options", None)

    configuration = config.load(layers, find_backend)
    parser = Parser(
        prog="python -m mailcore.serve admin",
        description="Look after the data of a server, while it serves or not.",
        parents=[common],
        allow_abbrev=False,
    )
    providers[0].add_commands(parser)
    given = parser.parse_args(words)
    given.json = known.json
    administration = Administration(
        data=configuration.settings.data.absolute(),
        domain=configuration.settings.domain,
        limits=configuration.settings.limits,
        options=configuration.options,
        arguments=given,
        quiet=given.json,
    )
    return given, administration


def _common() -> argparse.ArgumentParser:
    common = Parser(add_help=False, allow_abbrev=False)
    flag = common.add_argument
    flag("--backend", metavar="NAME", help="an installed backend, or module:attribute")
    flag("--data", metavar="DIR", help="data directory (~/.local/share/mailcore)")
    flag("--domain", help="mail domain of new inboxes (shared.localhost)")
    flag("--config", type=Path, metavar="FILE", help="settings, as TOML")
    flag("--json", action="store_true", help="answer in JSON")
    return common


# ------------------------------------------------------------------------------------- printing


def _print(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, default=_plain, ensure_ascii=False))
    elif isinstance(answer, Mapping):
        width = max(map(len, answer), default=0)
        for name, value in answer.items():
            print(f"{name:<{width}}  {_text(value)}")
    elif answer:
        for line in _table(answer):
            print(line)


def _table(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    names = list(rows[0])
    cells = [names, *([_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    for line in cells:
        padded = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _text(value: object) -> str:
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        case list() | tuple() | set() | frozenset():
            return " ".join(sorted(map(str, value))) or "-"
        case _:
            return str(value)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


class _Bar:
    """A line on the terminal that is drawn again as work is done."""

    def __init__(self, label: str, total: int) -> None:
        self._label = label
        self._total = total
        self._done = 0
        self._drawn = 0.0

    def add(self, amount: int) -> None:
        self._done += amount
        if time.monotonic() - self._drawn >= _EVERY:
            self._draw()

    def end(self) -> None:
        self._draw()
        print(file=sys.stderr)

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        if self._total:
            share = min(self._done / self._total, 1.0)
            full = round(share * _BAR)
            shown = f"[{'#' * full}{'.' * (_BAR - full)}] {share:4.0%}"
        else:
            shown = f"{self._done}"
        print(f"\r{self._label} {shown}", end="", file=sys.stderr, flush=True)


def _nothing(amount: int) -> None:
    """Nobody looks."""
