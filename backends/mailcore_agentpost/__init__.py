"""AgentPost: e-mail inboxes for programs and agents. The reference backend of mailcore.

This module is the provider that ``python -m mailcore.serve`` finds; see
:mod:`mailcore.serve.protocol`.
"""

from __future__ import annotations

from typing import Final

from mailcore_agentpost.admin import add_commands
from mailcore_agentpost.backend import open
from mailcore_agentpost.settings import Settings

title: Final = "AgentPost"
options: Final = Settings

__all__ = ["add_commands", "open", "options", "title"]
