"""AUTH: one exchange after the other, until one opens an account (RFC 4954)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mailcore.authentication import Exchange, mechanisms_for
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
from mailcore.sasl import Challenge, SaslError, encode_base64
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
        self._exchange: Exchange | None = None
        # To whom which mechanisms are offered.
        self._offered: tuple[Peer | None, tuple[str, ...]] = (None, ())
        self._failures = 0
        self._just_failed = False
        self._account: Account | None = None
        self._unwatch: Callable[[], None] | None = None
        #: The account as one that submits, once it is open.
        self.submitter: Submits | None = None

    def take_delay(self) -> float:
        """Return the seconds by which to hold back the reply in hand: more than 0 for a failure."""
        failed, self._just_failed = self._just_failed, False
        return delay_after(self._failures) if failed else 0.0

    def mechanisms(self, peer: Peer) -> tuple[str, ...]:
        """Return the names of the mechanisms to offer."""
        known_to, names = self._offered
        if known_to is not peer:
            names = mechanisms_for(self._backend, peer)
            self._offered = peer, names
        return names

    async def start(self, name: str, initial: bytes | None, peer: Peer) -> Reply:
        """Begin an exchange; return 334, 235 or a refusal."""
        offered = self.mechanisms(peer)
        if name not in offered:
            self._count_failure()
            return self._unless_too_many(replies.UNKNOWN_MECHANISM)
        self._exchange = Exchange(self._backend, name, offered, peer, self._count_failure)
        return await self.step(initial)

    async def step(self, response: bytes | None) -> Reply:
        """Go on with the exchange; return 334, 235 or a refusal."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        with guarded(replies.LOGIN_UNAVAILABLE) as verdict:
            try:
                outcome = await exchange.step(response)
            except SaslError as error:
                self._count_failure()
                return self._unless_too_many(Reply.of(501, "5.5.2", f"Malformed response: {error}"))
            if isinstance(outcome, Challenge):
                self._exchange = exchange
                return Reply.of(334, None, encode_base64(outcome.data).decode("ascii"))
            self._open(outcome)
        if verdict.refusal is None:
            return replies.LOGGED_IN
        self.close()
        refusal = verdict.refusal
        # What the contract says for "not now" is said of a transaction; this is AUTH (§6).
        if (refusal.code, refusal.enhanced) == (451, "4.3.0"):
            refusal = replace(refusal, code=454, enhanced="4.7.0")
        return self._unless_too_many(refusal)

    def _open(self, account: Account) -> None:
        self._account = account
        if not isinstance(account, Submits):
            self._count_failure()
            raise AuthorizationFailed
        self.submitter = account
        if isinstance(account, Watchable):
            self._unwatch = account.watch(self._on_hint)

    def _count_failure(self) -> None:
        self._failures += 1
        self._just_failed = True

    def _unless_too_many(self, reply: Reply) -> Reply:
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
