"""What a SASL exchange produces: the credentials that a backend is asked to judge."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlainCredentials:
    """A user name and a password: from PLAIN (RFC 4616), LOGIN, or the IMAP LOGIN command.

    Arguments:
        username: the authentication identity, as sent.
        password: the password, as sent; kept out of ``repr``.
        authzid: the identity to act as (RFC 4616 §2), or "" for the user itself.
        mechanism: "PLAIN" or "LOGIN".
    """

    username: str
    password: str = field(repr=False)
    authzid: str = ""
    mechanism: str = "PLAIN"


# More kinds (SCRAM, OAUTHBEARER, EXTERNAL) join this union as their mechanisms do.
Credentials = PlainCredentials
