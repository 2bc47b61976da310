"""The words of ``python -m mailcore.serve admin`` for AgentPost."""

from __future__ import annotations

import argparse

from mailcore_agentpost.admin import (
    audit,
    backup,
    inboxes,
    keys,
    organizations,
    queue,
    rules,
    suppressions,
    transfer,
)

_GROUPS = (organizations, inboxes, keys, rules, suppressions, queue, audit, backup, transfer)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands to a parser (:class:`mailcore.serve.admin.Administers`)."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in _GROUPS:
        group.add_commands(commands)
