"""What SMTP commands mean over the backend contract."""

from __future__ import annotations

from mailcore.smtp.session.session import Mode, Session

__all__ = ["Mode", "Session"]
