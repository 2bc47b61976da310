"""The rows of the table, in its order."""

from __future__ import annotations

from typing import Final

from benchmarks.rows import flow, idle, mailbox, smtp, store
from benchmarks.rows.row import Row

ROWS: Final[tuple[Row, ...]] = (*flow.ROWS, *mailbox.ROWS, *store.ROWS, *idle.ROWS, *smtp.ROWS)
