"""What the session says of its own accord (RFC 5321 §4.2.3, RFC 3463, RFC 4954 §6)."""

from __future__ import annotations

from mailcore.smtp.types import Reply

OK = Reply.of(250, "2.0.0", "OK")
SENDER_OK = Reply.of(250, "2.1.0", "Sender OK")
RECIPIENT_OK = Reply.of(250, "2.1.5", "Recipient OK")
START_MAIL = Reply.of(354, None, "Start mail input; end with <CRLF>.<CRLF>")
HELP = Reply.of(214, "2.0.0", "See RFC 5321")
CANNOT_VERIFY = Reply.of(252, "2.5.0", "Cannot VRFY; send mail, and it will be tried")
NO_STORAGE = Reply.of(452, "4.3.1", "No place to keep the message")
NOT_IMPLEMENTED = Reply.of(502, "5.5.1", "Command not implemented")
LOCAL_ERROR = Reply.of(451, "4.3.0", "Requested action aborted: local error in processing")
TIMED_OUT = Reply.of(421, "4.4.2", "Silent for too long; goodbye")

TOO_BIG = Reply.of(552, "5.3.4", "The message is larger than this server takes")
TOO_MANY_RECIPIENTS = Reply.of(452, "4.5.3", "Too many recipients")
HELD_TOO_LONG = Reply.of(501, "5.5.4", "To be held for longer than this server or BY= allows")
TOO_URGENT = Reply.of(555, "5.5.4", "To be delivered sooner than this server promises")
PART_TAKEN = Reply.of(250, "2.5.0", "Waiting for the next part of the message")

READY_FOR_TLS = Reply.of(220, "2.0.0", "Ready to start TLS")
NO_TLS = Reply.of(502, "5.5.1", "STARTTLS is not offered")

XCLIENT_NOT_TAKEN = Reply.of(501, "5.5.4", "An attribute that is not taken here")

LOGGED_IN = Reply.of(235, "2.7.0", "Authentication succeeded")
LOGIN_FIRST = Reply.of(530, "5.7.0", "Authentication required")
NO_AUTH = Reply.of(502, "5.5.1", "AUTH is not offered")
ENCRYPT_FIRST = Reply.of(538, "5.7.11", "Encryption required for the authentication mechanism")
UNKNOWN_MECHANISM = Reply.of(504, "5.5.4", "Authentication mechanism not supported")
LOGIN_UNAVAILABLE = Reply.of(454, "4.7.0", "Temporary authentication failure")
TOO_MANY_LOGINS = Reply.of(421, "4.7.0", "Too many failed logins; goodbye")


def chunk_taken(size: int) -> Reply:
    """Answer a BDAT that is not the last (RFC 3030 §2)."""
    return Reply.of(250, "2.0.0", f"{size} octets received")


def not_offered(keyword: str) -> Reply:
    """Answer a parameter of an extension that is not offered (RFC 5321 §4.1.1.11)."""
    return Reply.of(555, "5.5.4", f"{keyword} is not offered here")
