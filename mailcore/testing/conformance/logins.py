"""Logging in by more than a password: what a backend says that it can judge."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from mailcore.backend import (
    Account,
    AuthenticationFailed,
    AuthorizationFailed,
    Backend,
    BackendError,
    Closes,
    KeepsScramKeys,
    TakesCredentials,
)
from mailcore.channel import ClientCertificate
from mailcore.sasl import (
    AnonymousCredentials,
    BearerCredentials,
    Challenge,
    Credentials,
    ExternalCredentials,
    KeysWanted,
    PlainCredentials,
    ScramClient,
    ScramCredentials,
    ScramHash,
    ScramServer,
    WrongProof,
)
from mailcore.testing.conformance.box import left_out
from mailcore.testing.conformance.suite import IMAP, Suite

#: What opens nothing anywhere.
_FORGED: tuple[Credentials, ...] = (
    PlainCredentials("nobody@nowhere.invalid", "x"),
    BearerCredentials("x"),
    BearerCredentials("x", "nobody@nowhere.invalid", "XOAUTH2"),
    ExternalCredentials(ClientCertificate(b"x", "nobody", ("nobody@nowhere.invalid",))),
    ExternalCredentials(ClientCertificate(b"x")),
)


class Logins(Suite):
    """``TakesCredentials`` and ``KeepsScramKeys``."""

    async def test_kinds_of_credentials_are_kinds_that_there_are(self) -> None:
        async with self.subject() as subject:
            kinds = set(_takes(subject.backend).credential_kinds)
            assert kinds
            assert kinds <= set(get_args(Credentials))

    async def test_forged_credentials_of_every_kind_open_nothing(self) -> None:
        async with self.subject() as subject:
            kinds = _takes(subject.backend).credential_kinds
            for credentials in _FORGED:
                if type(credentials) in kinds:
                    with pytest.raises(BackendError):
                        await subject.backend.authenticate(credentials, IMAP)

    async def test_anybody_is_let_in_where_anybody_may(self) -> None:
        async with self.subject() as subject:
            if AnonymousCredentials not in _takes(subject.backend).credential_kinds:
                left_out("TakesCredentials names AnonymousCredentials")
            account = await subject.backend.authenticate(AnonymousCredentials("x@y"), IMAP)
            assert isinstance(account, Account)
            _close(account)

    async def test_scram_opens_the_account_by_the_password(self) -> None:
        async with self.subject() as subject:
            backend = _keeps(subject.backend)
            for hash_name in backend.scram_hashes:
                credentials = await prove(backend, subject.user.credentials, hash_name)
                account = await subject.backend.authenticate(credentials, IMAP)
                assert isinstance(account, Account)
                _close(account)

    async def test_a_wrong_password_proves_nothing(self) -> None:
        async with self.subject() as subject:
            backend = _keeps(subject.backend)
            wrong = replace(subject.user.credentials, password="x")
            for hash_name in backend.scram_hashes:
                with pytest.raises(WrongProof):
                    await prove(backend, wrong, hash_name)

    async def test_a_user_who_is_not_there_looks_like_one_who_is(self) -> None:
        async with self.subject() as subject:
            backend = _keeps(subject.backend)
            for hash_name in backend.scram_hashes:
                real, nobody = [
                    [await backend.scram_keys(name, hash_name) for _ in range(2)]
                    for name in (subject.user.credentials.username, "nobody@nowhere.invalid")
                ]
                assert real[0] == real[1]
                assert nobody[0] == nobody[1]
                assert nobody[0].pairs == ()
                assert (len(real[0].salt), real[0].iterations) == (
                    len(nobody[0].salt),
                    nobody[0].iterations,
                )

    async def test_a_key_that_is_not_the_users_opens_nothing(self) -> None:
        async with self.subject() as subject:
            backend = _keeps(subject.backend)
            hash_name = next(iter(backend.scram_hashes))
            right = await prove(backend, subject.user.credentials, hash_name)
            wrong = [
                replace(right, stored_key=bytes(32)),
                replace(right, authzid="x" + right.username),
            ]
            if subject.other is not None:
                other = subject.other.credentials
                if other.password != subject.user.credentials.password:
                    wrong.append(replace(right, username=other.username))
            for credentials in wrong:
                with pytest.raises(BackendError) as refused:
                    await subject.backend.authenticate(credentials, IMAP)
                assert refused.value.code in (AuthenticationFailed.code, AuthorizationFailed.code)


async def prove(
    backend: KeepsScramKeys, known: PlainCredentials, hash_name: ScramHash
) -> ScramCredentials:
    """Go through one exchange; return what comes of it, or raise WrongProof."""
    name = f"SCRAM-{hash_name}"
    client, server = ScramClient(name, hash_name, known), ScramServer(name, hash_name)
    response = client.step(None)
    while True:
        step = server.step(response)
        if isinstance(step, KeysWanted):
            step = step.go_on(await backend.scram_keys(step.username, step.hash_name))
        if not isinstance(step, Challenge):
            client.succeed()
            assert isinstance(step, ScramCredentials)
            return step
        response = client.step(step.data)


def _takes(backend: Backend) -> TakesCredentials:
    if not isinstance(backend, TakesCredentials):
        left_out("Backend is TakesCredentials")
    return backend


def _keeps(backend: Backend) -> KeepsScramKeys:
    if not isinstance(backend, KeepsScramKeys) or not backend.scram_hashes:
        left_out("Backend is KeepsScramKeys")
    return backend


def _close(account: Account) -> None:
    if isinstance(account, Closes):
        account.close()
