"""The texts of all messages in a file of its own, found by any three characters that they hold."""

from mailcore_agentpost.texts.index import TextIndex

__all__ = ["TextIndex"]
