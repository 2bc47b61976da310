"""Hypothesis strategies for what mail peers say."""
