"""Inboxes, folders and messages as rows: functions on a connection, for the store's threads."""
