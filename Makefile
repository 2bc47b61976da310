# `make check` is what CI runs, without the fresh virtual environment around it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: check lint types imports test coverage

check: lint types imports test

.venv/.installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[dev]'
	touch $@

lint: .venv/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed
	$(BIN)/mypy

imports: .venv/.installed
	$(BIN)/lint-imports

test: .venv/.installed
	$(BIN)/python -m pytest -n 2

coverage: .venv/.installed
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term
