"""Settings: precedence, and one clear line for every mistake."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from mailcore import config
from mailcore.config import ConfigError, Configuration
from mailcore.smtp import Quirk


@dataclass(frozen=True)
class Relay:
    mode: Literal["local", "smarthost"] = "local"
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    user_folders: bool = True
    daily: int | None = 1000
    relay: Relay = field(default_factory=Relay)

    def __post_init__(self) -> None:
        if self.daily == 13:
            raise ValueError("13 a day is bad luck")


def load(
    tmp_path: Path,
    toml: str = "",
    environ: dict[str, str] | None = None,
    **flags: Any,
) -> Configuration:
    file = tmp_path / "mail.toml"
    file.write_text(toml, "utf-8")
    layers = [
        config.file_layer(file),
        config.environment_layer(environ or {}),
        config.flags_layer(flags),
    ]
    return config.load(layers, lambda name: (name or "post", Options))


def test_defaults_are_those_of_the_dataclasses(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    assert loaded.settings == config.Settings()
    assert loaded.options == Options()
    assert loaded.sources == {}


def test_later_sources_win(tmp_path: Path) -> None:
    toml = "imap_port = 1\nsmtp_port = 2\nmx_port = 3\n"
    environ = {"MAILCORE_SMTP_PORT": "20", "MAILCORE_MX_PORT": "30", "HOME": "/x"}
    loaded = load(tmp_path, toml, environ, mx_port="300", http_port=None)
    settings = loaded.settings
    ports = (settings.imap_port, settings.smtp_port, settings.mx_port, settings.http_port)
    assert ports == (1, 20, 300, 8025)
    assert loaded.sources["imap_port",] == str(tmp_path / "mail.toml")
    assert loaded.sources["smtp_port",] == "environment: MAILCORE_SMTP_PORT"
    assert loaded.sources["mx_port",] == "flag: --mx-port"


def test_tables_are_read_from_every_source(tmp_path: Path) -> None:
    toml = '[limits]\nmessage_size = 7\n[post.relay]\nhosts = ["a", "b"]\n[post]\ndaily = 5\n'
    environ = {"MAILCORE_POST_RELAY_MODE": "smarthost", "MAILCORE_LIMITS_LOGIN_TIMEOUT": "1.5"}
    loaded = load(tmp_path, toml, environ)
    assert loaded.settings.limits.message_size == 7
    assert loaded.settings.limits.login_timeout == 1.5
    assert loaded.options == Options(daily=5, relay=Relay("smarthost", ("a", "b")))


def test_text_becomes_every_type(tmp_path: Path) -> None:
    environ = {
        "MAILCORE_POST_USER_FOLDERS": "off",
        "MAILCORE_POST_DAILY": "",
        "MAILCORE_POST_RELAY_HOSTS": "a, b,",
        "MAILCORE_DATA": "~/mail",
        "MAILCORE_MEMORY": "Yes",
    }
    loaded = load(tmp_path, environ=environ)
    assert loaded.options == Options(False, None, Relay("local", ("a", "b")))
    assert loaded.settings.data == Path.home() / "mail"
    assert loaded.settings.memory is True


def test_standard_ports_are_only_for_those_that_are_not_set(tmp_path: Path) -> None:
    settings = load(tmp_path, "imap_port = 144", standard_ports="true").settings
    assert (settings.imap_port, settings.smtp_port) == (144, 465)


@pytest.mark.parametrize(
    ("toml", "environ", "flags", "message"),
    [
        ("imap_prot = 1", {}, {}, "mail.toml: unknown setting imap_prot"),
        ("[post.relay]\nmoed = 1", {}, {}, "mail.toml: unknown setting post.relay.moed"),
        ("[limits]\nx.y = 1", {}, {}, "unknown setting limits.x.y"),
        ('imap_port = "1"', {}, {}, "mail.toml: imap_port: must be a whole number, not '1'"),
        ("imap_port = true", {}, {}, "imap_port: must be a whole number, not True"),
        ("imap_port = 65536", {}, {}, "imap_port: must be between 0 and 65535, not 65536"),
        ("grace = -1", {}, {}, "grace: must be at least 0, not -1"),
        ("grace = inf", {}, {}, "grace: must be a finite number"),
        ("data = 3", {}, {}, "data: must be a path, not 3"),
        ("limits = 3", {}, {}, "unknown setting limits"),
        ("imap_port = ", {}, {}, "mail.toml: Invalid value"),
        ("", {"MAILCORE_IMAP": "1"}, {}, "environment: unknown setting MAILCORE_IMAP"),
        ("", {"MAILCORE_MEMORY": "x"}, {}, "MAILCORE_MEMORY: must be true or false, not 'x'"),
        ("", {}, {"imap_port": "x"}, "flag: --imap-port: must be a whole number, not 'x'"),
        ("", {}, {"log_level": "x"}, "flag: --log-level: must be one of debug, info, warning"),
        ("", {"MAILCORE_DATA": ""}, {}, "MAILCORE_DATA: must not be empty"),
        ('tls_cert = "a"', {}, {}, "tls_cert and tls_key go together"),
        ('domain = "a@b"', {}, {}, "domain is not a mail domain: 'a@b'"),
        ("[post]\ndaily = 13", {}, {}, "[post] 13 a day is bad luck"),
        ('[post.relay]\nhosts = "a"', {}, {}, "post.relay.hosts: must be a list of strings"),
        ('[mx]\nquirks = ["charm"]', {}, {}, "[mx] charm is no quirk: bare-lf-commands, "),
        ("", {"MAILCORE_SMTP_DISABLE": "x"}, {}, "[smtp] X is no SMTP extension of this server"),
        ('[lmtp]\ntrusted = ["10/8"]', {}, {}, "[lmtp] '10/8' does not appear to be"),
        ("lmtp_port = 65536", {}, {}, "lmtp_port: must be between 0 and 65535, not 65536"),
        ('lmtp_socket_mode = "rw"', {}, {}, "lmtp_socket_mode is three octal digits: 'rw'"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(
    tmp_path: Path, toml: str, environ: dict[str, str], flags: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, toml, environ, **flags)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_listener_has_settings_of_its_own(tmp_path: Path) -> None:
    toml = '[mx]\nquirks = ["space-before-path"]\ntrusted = ["192.0.2.0/24", "unix"]\n'
    environ = {"MAILCORE_SUBMISSION_PORT": "587", "MAILCORE_SUBMISSION_DISABLE": "dsn, chunking"}
    settings = load(tmp_path, toml, environ, lmtp_socket="/run/lmtp").settings
    assert settings.mx.allowed == Quirk.SPACE_BEFORE_PATH
    assert [settings.mx.trusts(host) for host in ("192.0.2.9", "", "198.51.100.1", "x")] == [
        True,
        True,
        False,
        False,
    ]
    assert (settings.submission_port, settings.submission.disable) == (587, ("dsn", "chunking"))
    assert (settings.lmtp_port, settings.lmtp_socket) == (None, Path("/run/lmtp"))
    assert settings.smtp.allowed == Quirk.NONE
    assert not settings.smtp.trusts("192.0.2.9")


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        config.file_layer(tmp_path / "none.toml")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"binary\.toml: not UTF-8"):
        config.file_layer(binary)


def test_what_is_printed_can_be_read_again(tmp_path: Path) -> None:
    toml = 'domain = "a\\"b\\u007f"\n[post]\nuser_folders = false\n[post.relay]\nhosts = ["x"]\n'
    loaded = load(tmp_path, toml, {"MAILCORE_TLS_CERT": "c", "MAILCORE_TLS_KEY": "k"}, grace="2.5")
    printed = config.to_toml(loaded)
    assert 'tls_cert = "c"  # environment: MAILCORE_TLS_CERT' in printed
    assert "imap_port = 1993  # default" in printed
    again = load(tmp_path, printed)
    assert (again.settings, again.options) == (loaded.settings, loaded.options)


def test_the_data_directory_follows_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/srv/data")
    assert config.default_data() == Path("/srv/data/mailcore")
    monkeypatch.setenv("XDG_DATA_HOME", "relative is to be ignored")
    assert config.default_data() == Path.home() / ".local/share/mailcore"


def test_capabilities_of_imap_can_be_turned_off(tmp_path: Path) -> None:
    loaded = load(tmp_path, '[imap]\ndisable = ["COMPRESS=DEFLATE", "auth=plain"]\n')
    assert loaded.settings.imap.disable == ("COMPRESS=DEFLATE", "auth=plain")
    by_environment = load(tmp_path, environ={"MAILCORE_IMAP_DISABLE": "IDLE, move"})
    assert by_environment.settings.imap.disable == ("IDLE", "move")
    with pytest.raises(ConfigError, match="no such capability: 'COMPRES'"):
        load(tmp_path, '[imap]\ndisable = ["COMPRES"]\n')


def test_proxies_are_named_for_each_listener(tmp_path: Path) -> None:
    settings = load(tmp_path, imap_proxy_protocol="192.0.2.1, 2001:db8::/32").settings
    assert settings.imap.proxy_protocol == ("192.0.2.1", "2001:db8::/32")
    assert settings.mx.proxy_protocol == ()
    with pytest.raises(ConfigError, match=r"\[mx\].*192\.0\.2\.1/24"):
        load(tmp_path, '[mx]\nproxy_protocol = ["192.0.2.1/24"]\n')
