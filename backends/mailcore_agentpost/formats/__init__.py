"""Mail in files, as other programs read and write it: mbox and Maildir.

A message here has CRLF at the ends of its lines, a file has LF; whatever else is in it stays.
"""

from mailcore_agentpost.formats.mail import Mail
from mailcore_agentpost.formats.maildir import MaildirWriter, is_maildir, read_maildir
from mailcore_agentpost.formats.mbox import MboxWriter, read_mbox

__all__ = ["Mail", "MaildirWriter", "MboxWriter", "is_maildir", "read_maildir", "read_mbox"]
