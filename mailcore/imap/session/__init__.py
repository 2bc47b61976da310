"""What IMAP commands mean, over the backend contract. Any event loop, or none, can drive it."""

from mailcore.imap.session.session import Session
from mailcore.imap.session.shared import Shared

__all__ = ["Session", "Shared"]
