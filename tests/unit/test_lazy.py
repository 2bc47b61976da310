"""Packages that import their names when asked."""

from __future__ import annotations

import pkgutil

import pytest

import mailcore.net

PACKAGES = [mailcore.net]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_there(package) -> None:
    for name in package.__all__:
        value = getattr(package, name)
        assert value.__module__.startswith("mailcore.")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_that_of_a_module(package) -> None:
    """Whoever imports the module first would find it in the place of the name."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    assert not modules & set(package.__all__)
