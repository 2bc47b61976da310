"""What SMTP commands mean over the backend contract."""

from __future__ import annotations

from mailcore.smtp.session.listener import Listener
from mailcore.smtp.session.session import Mode, Session

__all__ = ["Listener", "Mode", "Session"]
