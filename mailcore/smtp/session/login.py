"""AUTH: one exchange after the other, until one opens an account (RFC 4954)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mailcore.backend import (
    Account,
    AccountEnded,
    AuthorizationFailed,
    Backend,
    Closes,
    Hint,
    Peer,
    Submits,
    Watchable,
)
from mailcore.flow import delay_after
from mailcore.limits import Limits
from mailcore.sasl import (
    SERVER_MECHANISMS,
    Challenge,
    Credentials,
    SaslError,
    ServerMechanism,
    encode_base64,
)
from mailcore.smtp.session import replies
from mailcore.smtp.session.guard import guarded
from mailcore.smtp.types import Reply


class Login:
    """The AUTH side of one connection, and the account that it opened.

    Arguments:
        backend: who judges credentials.
        limits: ``failed_logins`` counts.
        ended: called, from any thread, with the reason when the account ends.
    """

    def __init__(self, backend: Backend, limits: Limits, ended: Callable[[str], None]) -> None:
        self._backend = backend
        self._limits = limits
        self._ended = ended
        self._mechanism: ServerMechanism | None = None
        self._failures = 0
        self._account: Account | None = None
        self._unwatch: Callable[[], None] | None = None
        #: The account as one that submits, once it is open.
        self.submitter: Submits | None = None

    @property
    def delay(self) -> float:
        """Seconds by which to hold back the reply to a failure."""
        return delay_after(self._failures)

    async def start(self, name: str, initial: bytes | None, peer: Peer) -> Reply:
        """Begin an exchange; return 334, 235 or a refusal."""
        make = SERVER_MECHANISMS.get(name)
        if make is None:
            return self._failed(replies.UNKNOWN_MECHANISM)
        self._mechanism = make()
        return await self.step(initial, peer)

    async def step(self, response: bytes | None, peer: Peer) -> Reply:
        """Go on with the exchange; return 334, 235 or a refusal."""
        assert self._mechanism is not None
        try:
            result = self._mechanism.step(response)
        except SaslError as error:
            return self._failed(Reply.of(501, "5.5.2", f"Malformed response: {error}"))
        if isinstance(result, Challenge):
            return Reply.of(334, None, encode_base64(result.data).decode("ascii"))
        with guarded(replies.LOGIN_UNAVAILABLE) as verdict:
            await self._open(result, peer)
        if verdict.refusal is None:
            return replies.LOGGED_IN
        self.close()
        refusal = verdict.refusal
        # What the contract says for "not now" is said of a transaction; this is AUTH (§6).
        if (refusal.code, refusal.enhanced) == (451, "4.3.0"):
            refusal = replace(refusal, code=454, enhanced="4.7.0")
        return self._failed(refusal)

    async def _open(self, credentials: Credentials, peer: Peer) -> None:
        account = self._account = await self._backend.authenticate(credentials, peer)
        if not isinstance(account, Submits):
            raise AuthorizationFailed
        if isinstance(account, Watchable):
            self._unwatch = account.watch(self._on_hint)
        self.submitter = account

    def _failed(self, reply: Reply) -> Reply:
        self._failures += 1
        too_many = self._failures >= self._limits.failed_logins
        return replies.TOO_MANY_LOGINS if too_many else reply

    def _on_hint(self, hint: Hint) -> None:
        if isinstance(hint, AccountEnded):
            self._ended(hint.reason)

    def close(self) -> None:
        """Let go of the account. Harmless when repeated."""
        unwatch, account = self._unwatch, self._account
        self._unwatch = self._account = self.submitter = None
        with guarded():
            if unwatch is not None:
                unwatch()
        with guarded():
            if isinstance(account, Closes):
                account.close()
