"""Settings from four sources in rising order: defaults, a TOML file, the environment, flags.

A setting has one name everywhere: ``imap_port`` in the file, ``MAILCORE_IMAP_PORT``,
``--imap-port``; those of a table have its name in front: ``[limits] message_size`` is
``MAILCORE_LIMITS_MESSAGE_SIZE``. Which settings there are is read from dataclasses, so a name that
none of them has is a mistake, and is told with the place that it stands in.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from mailcore.imap.session.listener import ImapListener
from mailcore.limits import Limits
from mailcore.smtp.session.listener import Listener

PREFIX: Final = "MAILCORE_"
#: Environment variable for ``--config``; not a setting itself.
CONFIG_VARIABLE: Final = "MAILCORE_CONFIG"

#: Where a setting stands: ``("limits", "message_size")``.
Key = tuple[str, ...]


class ConfigError(ValueError):
    """A setting is wrong. The text is one line that names its source."""


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a number, both included."""

    low: int
    high: int


Port = Annotated[int, Between(0, 65535)]


def default_data() -> Path:
    """Return the data directory of the XDG base directory specification."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share"
    return base / "mailcore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What can be set of the server itself.

    Arguments:
        backend: an entry point of the group ``mailcore.backends``, or ``module:attribute``; None
            for the only one that is installed.
        data: the data directory, made if missing.
        memory: keep nothing; the data directory is not used.
        host: the address to listen on; ``*`` for all.
        public_host: the name that clients are told; None for ``host``.
        imap_port, smtp_port, mx_port, http_port: 0 for any free one.
        submission_port: of submission with STARTTLS, 587 by its standard; None for none.
        imap_starttls_port: of IMAP with STARTTLS, 143 by its standard; None for none.
        lmtp_port, lmtp_socket: where a mail server of one's own delivers; None for none. Whoever
            reaches them may deliver, so that they are for this machine only.
        lmtp_socket_mode: who may connect to the socket, as chmod takes it.
        standard_ports: 993 and 465 for those of IMAP and submission that are not set.
        domain: the mail domain that new inboxes are in.
        tls_cert, tls_key: a certificate chain and key of one's own in PEM, instead of a
            development certificate.
        tls_client_ca: certificates in PEM of those who vouch for clients: these may then log in by
            a certificate (EXTERNAL), if the backend knows whom it stands for. None to ask for none.
        tls_channel_binding: offer SCRAM bound to the channel, by ``tls-server-end-point``. There is
            no ``tls-exporter`` here: a client that knows only that one fails where it would have
            succeeded without binding.
        log_level: of the log on standard error.
        log_format: lines for people, or one JSON object a line.
        grace: seconds that connections have to end when the server stops.
        limits: bounds of the engine.
        imap, imap_starttls, smtp, submission, mx, lmtp: what is special about these listeners.
    """

    backend: str | None = None
    data: Path = field(default_factory=default_data)
    memory: bool = False
    host: str = "127.0.0.1"
    public_host: str | None = None
    imap_port: Port = 1993
    smtp_port: Port = 1465
    mx_port: Port = 1025
    http_port: Port = 8025
    submission_port: Port | None = None
    imap_starttls_port: Port | None = None
    lmtp_port: Port | None = None
    lmtp_socket: Path | None = None
    lmtp_socket_mode: str = "660"
    standard_ports: bool = False
    domain: str = "shared.localhost"
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    tls_channel_binding: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["human", "json"] = "human"
    grace: float = 10.0
    limits: Limits = field(default_factory=Limits)
    imap: ImapListener = field(default_factory=ImapListener)
    imap_starttls: ImapListener = field(default_factory=ImapListener)
    smtp: Listener = field(default_factory=Listener)
    submission: Listener = field(default_factory=Listener)
    mx: Listener = field(default_factory=Listener)
    lmtp: Listener = field(default_factory=Listener)

    def __post_init__(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together")
        if not self.host:
            raise ValueError("host must not be empty; * is all addresses")
        if not self.domain or self.domain != self.domain.strip() or "@" in self.domain:
            raise ValueError(f"domain is not a mail domain: {self.domain!r}")
        if not re.fullmatch("0?[0-7]{3}", self.lmtp_socket_mode):
            raise ValueError(f"lmtp_socket_mode is three octal digits: {self.lmtp_socket_mode!r}")


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source says.

    Arguments:
        source: its name for people.
        values: each setting's value; ``str`` stands for any type if ``text``.
        name: how a key is spelled there.
        text: whether values are text that has to be converted.
    """

    source: str
    values: Mapping[Key, object]
    name: Callable[[Key], str]
    text: bool


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings in effect.

    Arguments:
        settings: of the server.
        backend: the name of the backend's table.
        options: of the backend; None if it has none.
        sources: where each setting that is not a default comes from.
    """

    settings: Settings
    backend: str
    options: Any
    sources: Mapping[Key, str]


def load(
    layers: list[Layer], find_backend: Callable[[str | None], tuple[str, type[Any] | None]]
) -> Configuration:
    """Put the sources together, the last one on top.

    Arguments:
        layers: lowest first, without the defaults.
        find_backend: from the setting ``backend`` to the name of its table and its options class.

    Raises:
        ConfigError: something is unknown, or of a wrong type, or impossible.
    """
    values, sources = _merge(layers, dict(_schema(Settings)), lenient=True)
    name, options_class = find_backend(values.get(("backend",)))
    schema = dict(_schema(Settings))
    if options_class is not None:
        schema |= dict(_schema(options_class, (name,)))
    values, sources = _merge(layers, schema)
    if values.get(("standard_ports",)):
        for key, port in ((("imap_port",), 993), (("smtp_port",), 465)):
            if key not in values:
                values[key], sources[key] = port, f"standard_ports: {sources['standard_ports',]}"
    settings = _build(Settings, values)
    options = _build(options_class, values, (name,)) if options_class is not None else None
    return Configuration(settings, name, options, sources)


def file_layer(path: Path) -> Layer:
    """Read a TOML file.

    Raises:
        ConfigError: it can not be read, or is no TOML.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{path}: {reason}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from None
    return Layer(str(path), dict(_flatten(tables)), ".".join, text=False)


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Take what begins with ``MAILCORE_``.

    A variable's name does not show where a table's name ends, so its key is one word; the schema
    knows.
    """
    values: dict[Key, object] = {
        (name.removeprefix(PREFIX).lower(),): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE
    }
    return Layer("environment", values, lambda key: PREFIX + "_".join(key).upper(), text=True)


def flags_layer(values: Mapping[str, object]) -> Layer:
    """Take flags by the name of their setting; None is a flag that was not given."""
    given: dict[Key, object] = {
        (name,): str(value) for name, value in values.items() if value is not None
    }
    return Layer("flag", given, lambda key: "--" + "-".join(key).replace("_", "-"), text=True)


def to_toml(configuration: Configuration) -> str:
    """Return the settings in effect as a file for ``--config``, with sources as comments."""
    tables: dict[Key, list[str]] = {(): []}
    roots: list[tuple[Key, Any]] = [((), configuration.settings)]
    if configuration.options is not None:
        roots.append(((configuration.backend,), configuration.options))
    for prefix, root in roots:
        for key, value in _values(root, prefix):
            source = configuration.sources.get(key, "default")
            line = f"{key[-1]} = {_toml(value)}" if value is not None else f"# {key[-1]} is not set"
            tables.setdefault(key[:-1], []).append(f"{line}  # {source}")
    blocks = []
    for table, lines in tables.items():
        heading = [f"[{'.'.join(table)}]"] if table else []
        blocks.append("\n".join([*heading, *lines]))
    return "\n\n".join(blocks) + "\n"


# ------------------------------------------------------------------------------------- inside


def _schema(cls: type[Any], prefix: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield key and type of every setting of a dataclass and the dataclasses in it."""
    hints = get_type_hints(cls, include_extras=True)
    for item in dataclasses.fields(cls):
        kind = hints[item.name]
        if dataclasses.is_dataclass(kind):
            yield from _schema(kind, (*prefix, item.name))  # type: ignore[arg-type]
        else:
            yield (*prefix, item.name), kind


def _values(instance: Any, prefix: Key) -> Iterator[tuple[Key, Any]]:
    for item in dataclasses.fields(instance):
        value = getattr(instance, item.name)
        if dataclasses.is_dataclass(value):
            yield from _values(value, (*prefix, item.name))
        else:
            yield (*prefix, item.name), value


def _flatten(table: Mapping[str, Any], prefix: Key = ()) -> Iterator[tuple[Key, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, (*prefix, name))
        else:
            yield (*prefix, name), value


def _merge(
    layers: list[Layer], schema: Mapping[Key, Any], *, lenient: bool = False
) -> tuple[dict[Key, Any], dict[Key, str]]:
    """Convert each layer's values; ``lenient`` passes over keys that the schema does not have."""
    joined = {"_".join(key): key for key in schema}
    values: dict[Key, Any] = {}
    sources: dict[Key, str] = {}
    for layer in layers:
        for spelled, raw in layer.values.items():
            key = joined.get(spelled[0]) if layer.text else spelled
            if key is None or key not in schema:
                if lenient:
                    continue
                raise ConfigError(f"{layer.source}: unknown setting {layer.name(spelled)}")
            try:
                values[key] = _convert(raw, schema[key], layer.text)
            except ValueError as error:
                raise ConfigError(f"{layer.source}: {layer.name(key)}: {error}") from None
            sources[key] = f"{layer.source}: {layer.name(key)}" if layer.text else layer.source
    return values, sources


def _build(cls: type[Any], values: Mapping[Key, Any], prefix: Key = ()) -> Any:
    hints = get_type_hints(cls)
    arguments = {}
    for item in dataclasses.fields(cls):
        key = (*prefix, item.name)
        if dataclasses.is_dataclass(hints[item.name]):
            arguments[item.name] = _build(hints[item.name], values, key)
        elif key in values:
            arguments[item.name] = values[key]
    try:
        return cls(**arguments)
    except ValueError as error:
        where = f"[{'.'.join(prefix)}] " if prefix else ""
        raise ConfigError(f"settings: {where}{error}") from None


def _convert(raw: object, kind: Any, text: bool) -> object:
    """Return the value as the type of its setting.

    Raises:
        ValueError: it is not one; the text says what it should be.
    """
    bounds: Between | None = None
    if get_origin(kind) in (Union, UnionType):
        if text and raw == "":
            return None
        (kind,) = (one for one in get_args(kind) if one is not NoneType)
    if get_origin(kind) is Annotated:
        kind, bounds = get_args(kind)
    if get_origin(kind) is Literal:
        return _choice(raw, get_args(kind))
    if get_origin(kind) is tuple:
        return _strings(raw, text)
    value = _from_text(raw, kind) if text and isinstance(raw, str) else _from_toml(raw, kind)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number")
    low, high = (bounds.low, bounds.high) if bounds else (0, None)
    if isinstance(value, int | float) and (value < low or (high is not None and value > high)):
        wanted = f"between {low} and {high}" if bounds else "at least 0"
        raise ValueError(f"must be {wanted}, not {raw}")
    return value


def _choice(raw: object, choices: tuple[Any, ...]) -> object:
    if raw not in choices:
        raise ValueError(f"must be one of {', '.join(choices)}, not {raw!r}")
    return raw


def _strings(raw: object, text: bool) -> tuple[str, ...]:
    if text and isinstance(raw, str):
        return tuple(word for part in raw.split(",") if (word := part.strip()))
    if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
        raise ValueError(f"must be a list of strings, not {raw!r}")
    return tuple(raw)


_WORDS: Final = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_NAMES: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


def _from_text(raw: str, kind: Any) -> object:
    if kind is Path:
        return _path(raw)
    if kind is str:
        return raw
    try:
        return _WORDS[raw.lower()] if kind is bool else kind(raw)
    except (KeyError, ValueError):
        raise ValueError(f"must be {_NAMES[kind]}, not {raw!r}") from None


def _from_toml(raw: object, kind: Any) -> object:
    if kind is Path and isinstance(raw, str):
        return _path(raw)
    if kind is float and type(raw) is int:
        return float(raw)
    if type(raw) is not kind:
        raise ValueError(f"must be {_NAMES.get(kind, 'a path')}, not {raw!r}")
    return raw


def _path(raw: str) -> Path:
    if not raw:
        raise ValueError("must not be empty")
    try:
        return Path(raw).expanduser()
    except RuntimeError as error:
        raise ValueError(str(error)) from None


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return json.dumps(str(value)).replace("\x7f", "\\u007f")
