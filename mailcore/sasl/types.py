"""What a SASL exchange produces: the credentials that a backend is asked to judge."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailcore.channel import ClientCertificate


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


@dataclass(frozen=True, slots=True)
class ScramCredentials:
    """A user who has proven to know a password, without sending it (RFC 5802).

    The engine has verified the proof by keys that the backend gave. The backend is told by which,
    so that a key that has been taken back meanwhile opens nothing.

    Arguments:
        username: the authentication identity, prepared by SASLprep.
        stored_key: of the :class:`mailcore.sasl.KeyPair` that the proof fits.
        authzid: the identity to act as, or "" for the user itself.
        mechanism: "SCRAM-SHA-256" and the like.
    """

    username: str
    stored_key: bytes = field(repr=False)
    authzid: str = ""
    mechanism: str = "SCRAM-SHA-256"


@dataclass(frozen=True, slots=True)
class BearerCredentials:
    """A token: from OAUTHBEARER (RFC 7628) or XOAUTH2. Whoever bears it may log in.

    Arguments:
        token: as sent, without the word "Bearer"; kept out of ``repr``.
        username: the identity to act as; "" where OAUTHBEARER leaves that to the token.
        mechanism: "OAUTHBEARER" or "XOAUTH2".
    """

    token: str = field(repr=False)
    username: str = ""
    mechanism: str = "OAUTHBEARER"


@dataclass(frozen=True, slots=True)
class ExternalCredentials:
    """A client known by its TLS certificate (EXTERNAL, RFC 4422 appendix A).

    Arguments:
        certificate: verified against the authorities of this server; whom it stands for is the
            backend's to say.
        authzid: the identity to act as, or "" for that of the certificate.
        mechanism: "EXTERNAL".
    """

    certificate: ClientCertificate
    authzid: str = ""
    mechanism: str = "EXTERNAL"


@dataclass(frozen=True, slots=True)
class AnonymousCredentials:
    """Anybody (ANONYMOUS, RFC 4505).

    Arguments:
        trace: what the client says of itself, not verified; for the log only.
        mechanism: "ANONYMOUS".
    """

    trace: str = ""
    mechanism: str = "ANONYMOUS"


Credentials = (
    PlainCredentials
    | ScramCredentials
    | BearerCredentials
    | ExternalCredentials
    | AnonymousCredentials
)
