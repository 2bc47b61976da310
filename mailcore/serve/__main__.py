"""``python -m mailcore.serve``: exit code 0 after a drain, 2 for what the operator can mend."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import trio

from mailcore import config, registry
from mailcore.config import ConfigError, Configuration
from mailcore.registry import BackendNotFound
from mailcore.serve import admin
from mailcore.serve.arguments import Arguments, parse
from mailcore.serve.banner import Ready
from mailcore.serve.check import problems
from mailcore.serve.logs import log_to_stderr
from mailcore.serve.protocol import Provider, provider_of
from mailcore.serve.server import StartupError, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["admin"]:
        return admin.main(words[1:])
    try:
        given = parse(words)
        configuration, provider = _configure(given)
        if given.action == "print-config":
            print(config.to_toml(configuration), end="")
            return 0
        if given.action == "check":
            return _check(configuration)
        settings = configuration.settings
        log_to_stderr(settings.log_level, settings.log_format)

        def announce(ready: Ready) -> None:
            print(ready.as_json() if given.ready_json else ready.as_banner(), flush=True)

        trio.run(_serve, configuration, provider, announce, given.new_key)
    except (ConfigError, BackendNotFound, StartupError) as error:
        print(f"mailcore: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(
    configuration: Configuration, provider: Provider, announce: Any, key: bool
) -> None:
    await serve(configuration, provider, announce, new_key=key)


def _configure(given: Arguments) -> tuple[Configuration, Provider]:
    layers = []
    file = given.config or os.environ.get(config.CONFIG_VARIABLE)
    if file:
        layers.append(config.file_layer(Path(file)))
    layers.append(config.environment_layer(os.environ))
    layers.append(config.flags_layer(given.settings))
    providers: list[Provider] = []

    def find_backend(name: str | None) -> tuple[str, type[Any] | None]:
        table, found = registry.find(name)
        provider = provider_of(table, found)
        if provider is None:
            raise BackendNotFound(f"backend {table!r} is not one that can be served")
        providers.append(provider)
        return table, provider.options

    configuration = config.load(layers, find_backend)
    return configuration, providers[0]


def _check(configuration: Configuration) -> int:
    found = trio.run(problems, configuration.settings)
    for problem in found:
        print(f"mailcore: {problem}", file=sys.stderr)
    if found:
        return 2
    print("mailcore: all is well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
