"""The backend itself."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Final

from mailcore.backend import (
    AuthenticationFailed,
    AuthorizationFailed,
    Honoured,
    NoSuchMailbox,
    Peer,
    UrlRole,
)
from mailcore.channel import ClientCertificate
from mailcore.sasl import (
    AnonymousCredentials,
    BearerCredentials,
    Credentials,
    ExternalCredentials,
    PlainCredentials,
    ScramCredentials,
    ScramHash,
    ScramKeys,
    fake_keys,
)
from mailcore.testing.memory.account import MemoryAccount, MemoryUser
from mailcore.testing.memory.delivery import MemoryDelivery


class MemoryBackend:
    """Users, each with mailboxes. Receives, TakesCredentials, KeepsScramKeys.

    Arguments:
        passwords: user name, which is an address, to password.
        tokens: bearer token to user name.
        guest: the user as whom anybody may log in by ANONYMOUS; None for nobody.
        now: gives the date of what arrives; None for the present.
        submission_server: the user as whom a submission server reads what URLs name (RFC 4467 §3);
            None for nobody. It is not needed for BURL here.
    """

    scram_hashes: Final[Collection[ScramHash]] = ("SHA-256", "SHA-1")

    def __init__(
        self,
        passwords: Mapping[str, str] | None = None,
        *,
        tokens: Mapping[str, str] | None = None,
        guest: str | None = None,
        now: Callable[[], datetime] | None = None,
        submission_server: str | None = None,
    ) -> None:
        self._ids = count(1)
        # A real one keeps it beside its users: their salts outlive the process, too.
        self._secret = secrets.token_bytes()
        self.users: dict[str, MemoryUser] = {}
        #: Annotations of the server that all users see.
        self.metadata: dict[str, bytes] = {}
        self.now = now or partial(datetime.now, UTC)
        self.tokens = dict(tokens or {})
        self.guest = guest
        self.submission_server = submission_server
        for name, password in (passwords or {}).items():
            self.add_user(name, password)

    def add_user(self, name: str, password: str) -> MemoryUser:
        """Make a user with the mailboxes that everybody has."""
        user = self.users[name.lower()] = MemoryUser(name, password, self)
        return user

    def new_id(self) -> int:
        """Return a number that no mailbox has had."""
        return next(self._ids)

    @property
    def credential_kinds(self) -> Collection[type]:
        kinds: list[type] = [PlainCredentials, ExternalCredentials]
        kinds += [BearerCredentials] if self.tokens else []
        kinds += [AnonymousCredentials] if self.guest is not None else []
        return kinds

    async def scram_keys(self, username: str, hash_name: ScramHash) -> ScramKeys:
        user = self.users.get(username.lower())
        keys = None if user is None else user.scram_keys(hash_name)
        return keys or fake_keys(username, hash_name, self._secret)

    async def authenticate(self, credentials: Credentials, peer: Peer) -> MemoryAccount:
        match credentials:
            case PlainCredentials(username, password):
                user = self.users.get(username.lower())
                if user is None or not _same(user.password, password):
                    raise AuthenticationFailed
            case ScramCredentials(username, stored_key):
                user = self.users.get(username.lower())
                if user is None or not user.has_scram_key(stored_key):
                    raise AuthenticationFailed
            case BearerCredentials(token, username):
                user = self._user(self.tokens.get(token, ""))
                if username.lower() not in ("", user.name.lower()):
                    raise AuthorizationFailed("This token is for another user")
            case ExternalCredentials(certificate):
                user = self._certified(certificate)
            case AnonymousCredentials():
                user = self._user(self.guest or "")
        if isinstance(credentials, PlainCredentials | ScramCredentials | ExternalCredentials):
            _check_authzid(user, credentials.authzid)
        role = UrlRole.USER
        if isinstance(credentials, AnonymousCredentials):
            role = UrlRole.ANONYMOUS
        elif user.name == self.submission_server:
            role = UrlRole.SUBMISSION
        return MemoryAccount(self, user, role)

    def owner(self, name: str) -> MemoryUser:
        """Return the user of that name; raises NoSuchMailbox, as none of theirs is there."""
        try:
            return self.users[name.lower()]
        except KeyError:
            raise NoSuchMailbox from None

    def extensions(self, peer: Peer, *, submission: bool) -> Honoured:
        # All of it is delivered here and now: never late, and never sent on without TLS.
        return Honoured(require_tls=True, deliver_by=0, priority="", urls=submission)

    def _user(self, name: str) -> MemoryUser:
        try:
            return self.users[name.lower()]
        except KeyError:
            raise AuthenticationFailed from None

    def _certified(self, certificate: ClientCertificate) -> MemoryUser:
        """Return the user whose address a certificate holds: it names nobody else."""
        for name in (*certificate.emails, certificate.common_name):
            if name.lower() in self.users:
                return self.users[name.lower()]
        raise AuthenticationFailed("This certificate names no user here")

    def receive(self, peer: Peer) -> MemoryDelivery:
        return MemoryDelivery(self)


def _check_authzid(user: MemoryUser, authzid: str) -> None:
    """Raise AuthorizationFailed unless a user acts as nobody else."""
    if authzid.lower() not in ("", user.name.lower()):
        raise AuthorizationFailed("Nobody acts for another user")


def _same(one: str, other: str) -> bool:
    """Compare in constant time; a client may send lone surrogates, which are no UTF-8."""
    encoded = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(*encoded)
