"""Log lines that people read and programs take apart: what happened, and named fields."""

from __future__ import annotations

import json
import logging
import re
from typing import Final

_BARE: Final = re.compile(r"[!#-<>-\[\]-~]+")


def log_event(
    logger: logging.Logger, word: str, level: int = logging.INFO, /, **fields: object
) -> None:
    """Log that something happened: ``login user=bob@example.com peer=192.0.2.1:40000``.

    The record has ``event`` and ``fields`` for formatters that take it apart.

    Arguments:
        word: what happened; a program that watches the log decides by it.
        fields: of what; those that are None are left out.
    """
    if not logger.isEnabledFor(level):
        return
    told = {name: value for name, value in fields.items() if value is not None}
    pairs = "".join(f" {name}={_text(value)}" for name, value in told.items())
    logger.log(level, "%s%s", word, pairs, extra={"event": word, "fields": told}, stacklevel=2)


def _text(value: object) -> str:
    """Return a value on one line; it is quoted where it could be taken for something else."""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
