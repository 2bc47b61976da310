"""Which credentials a backend can judge, beyond a user name and a password."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked
from mailcore.sasl.scram.keys import ScramHash, ScramKeys


@runtime_checkable
class TakesCredentials(Protocol, metaclass=Checked):
    """Optional, on a backend: :meth:`Backend.authenticate` takes more kinds, or others.

    A mechanism is offered only if what comes of it can be judged; without this protocol that is
    :class:`mailcore.sasl.PlainCredentials`.
    """

    @property
    def credential_kinds(self) -> Collection[type]:
        """Some of the classes of ``mailcore.sasl.Credentials``.

        :class:`mailcore.sasl.ScramCredentials` need not be named: see :class:`KeepsScramKeys`.
        """
        ...


@runtime_checkable
class KeepsScramKeys(Protocol, metaclass=Checked):
    """Optional, on a backend: it has what SCRAM verifies passwords by (RFC 5802).

    The engine verifies the proof; :meth:`Backend.authenticate` then gets
    :class:`mailcore.sasl.ScramCredentials`, and opens the account if the key that they name still
    is one of that user.
    """

    @property
    def scram_hashes(self) -> Collection[ScramHash]:
        """The hash functions for which there are keys."""
        ...

    async def scram_keys(self, username: str, hash_name: ScramHash) -> ScramKeys:
        """Return the keys of a user, made by :func:`mailcore.sasl.derive_keys`.

        For a user who is not there, or has none: :func:`mailcore.sasl.fake_keys`, so that nobody
        learns who is there by asking.

        Arguments:
            username: as sent, prepared by SASLprep.
        """
        ...
