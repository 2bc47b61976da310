"""Backends by name."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from mailcore import registry
from mailcore.registry import BackendNotFound, find, installed


def install(monkeypatch: pytest.MonkeyPatch, **entries: str) -> None:
    found = {name: EntryPoint(name, value, registry.GROUP) for name, value in entries.items()}
    monkeypatch.setattr(registry, "installed", lambda: found)


def test_the_reference_backend_is_installed() -> None:
    assert "agentpost" in installed()


def test_the_only_one_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, box="json:decoder")
    assert find(None) == ("box", sys.modules["json"].decoder)
    assert find("box") == ("box", sys.modules["json"].decoder)


def test_of_two_one_must_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, box="json", post="csv")
    with pytest.raises(BackendNotFound, match="installed are box, post"):
        find(None)
    assert find("post") == ("post", sys.modules["csv"])


def test_without_any_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    with pytest.raises(BackendNotFound, match="none is installed"):
        find(None)


def test_any_object_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_rows.py").write_text("class Box:\n    title = 'Rows'\n")
    monkeypatch.syspath_prepend(tmp_path)
    name, box = find("my_rows:Box.title")
    assert (name, box) == ("my_rows", "Rows")


@pytest.mark.parametrize("name", ["none", "no_such_module:x", "json:no_such_name", "json:", ":x"])
def test_what_is_not_there_is_one_line(name: str) -> None:
    with pytest.raises(BackendNotFound) as caught:
        find(name)
    assert "\n" not in str(caught.value)
