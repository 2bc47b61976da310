"""AgentPost put together: one store, its doors, and the first minute."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import trio

from mailcore.backend import FutureRelease, Honoured, LimitReached, Peer, Unavailable
from mailcore.channel import ClientCertificate
from mailcore.sasl import (
    BearerCredentials,
    Credentials,
    ExternalCredentials,
    PlainCredentials,
    ScramHash,
    ScramKeys,
)
from mailcore.serve.protocol import Context, Endpoint, FirstMinute
from mailcore_agentpost.cases import MISSING_SCOPE, Refusal
from mailcore_agentpost.delivery.attempt import Attempts
from mailcore_agentpost.delivery.courier import Courier
from mailcore_agentpost.delivery.mta_sts import Policies
from mailcore_agentpost.delivery.routes import Routes
from mailcore_agentpost.delivery.signing import Signer
from mailcore_agentpost.drafting import Drafts
from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.door import HTTPDoor
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.imap import Account
from mailcore_agentpost.mail import inboxes, keys, scram
from mailcore_agentpost.mail.logins import admit_certificate, judge, knows_certificate
from mailcore_agentpost.mail.scram import HASH
from mailcore_agentpost.mail.trash import empty_trash
from mailcore_agentpost.mailbox import Access
from mailcore_agentpost.names import trio_resolver
from mailcore_agentpost.operations import (
    AuditTrail,
    FailedLogins,
    Monitoring,
    Operations,
    PolicyCheck,
    QueueService,
    SessionService,
)
from mailcore_agentpost.outside import watch_outside
from mailcore_agentpost.policy import Sender, SendPolicy
from mailcore_agentpost.receiving.authentication import Authenticator
from mailcore_agentpost.receiving.inbound import Inbound, Receiving
from mailcore_agentpost.rejections import Rejections
from mailcore_agentpost.searching import Searching
from mailcore_agentpost.sending import Outbox, forget_old
from mailcore_agentpost.service import Service
from mailcore_agentpost.settings import Relay, Settings
from mailcore_agentpost.smtp import Submitting
from mailcore_agentpost.store import FILE, TEXTS, Store, Transaction
from mailcore_agentpost.texts import TextIndex
from mailcore_agentpost.types import InboxRow, KeyRow
from mailcore_agentpost.uploading import Uploads
from mailcore_agentpost.webhooks import WebhookSender, WebhookService

_HOUR: Final = 60 * 60.0
#: How long mail may be held (RFC 4865): it lies in the queue for that time.
_LONGEST_HOLD: Final = timedelta(days=30)
_SCOPES: Final = {"imap": "messages:read", "smtp": "messages:write"}
_FIRST_INBOX: Final = "support"
_SHOWN: Final = 10


class AgentPost:
    """A :class:`mailcore.backend.Backend`: inboxes by address, opened by API keys.

    It also Receives, Bootstraps, ServesHTTP and KeepsScramKeys.

    Arguments:
        store: its file, open.
        texts: the index of it, open.
        hub: told of what changes in it.
        context: of the server.
        nursery: for what waits: keys that expire while they are in use.
        scram: offer SCRAM, as every key can be used with it.
    """

    def __init__(
        self,
        store: Store,
        texts: TextIndex,
        hub: Hub,
        context: Context,
        nursery: trio.Nursery,
        *,
        scram: bool,
    ) -> None:
        self.store = store
        self.scram_hashes: tuple[ScramHash, ...] = (HASH,) if scram else ()
        #: Finds texts in the store.
        self.texts = texts
        #: Tells what changes and what happens, for whoever embeds AgentPost.
        self.hub = hub
        self._context = context
        self._nursery = nursery
        self._settings: Settings = context.options or Settings()
        policy = SendPolicy(self._settings, context.domain, context.limits.message_size)
        relay = self._settings.relay
        #: Delivers mail to the outside, while its ``run`` runs.
        self.courier = Courier(
            store,
            hub,
            relay,
            Attempts(
                _routes(store, context, self._settings),
                _relay_login(relay),
                verp=relay.verp,
            ),
            signer=Signer(context.data) if relay.dkim and context.data is not None else None,
            reporter=context.domain,
            limits=context.limits,
        )
        rejections = Rejections(store)
        outbox = Outbox(
            store, policy, rejections, context.limits, context.domain, self.courier.leaves
        )
        self._submitting = Submitting(store, policy, outbox, rejections, context.domain)
        self._receiving = Receiving(
            store,
            rejections,
            Authenticator(self._settings.inbound, self._settings.nameservers, context.limits),
            self._settings,
            context.domain,
            context.limits,
        )
        self._connections: Counter[str] = Counter()
        #: What REST can do, for whoever embeds AgentPost.
        self.service = Service(
            store, outbox, Searching(store, texts, context.limits), hub, context.domain
        )
        log = EventLog(store, hub)
        #: Sends what webhooks are to get, while its ``run`` runs.
        self.webhook_sender = WebhookSender(
            store, hub, log, allow_private=self._settings.webhook_private_targets
        )
        #: Writes down failed logins, while its ``run`` runs.
        self.failures = FailedLogins(store)
        self._http = HTTPDoor(
            self.service,
            Drafts(self.service, store, context.limits, self._settings.inbox_storage),
            Uploads(store, context.limits),
            log,
            WebhookService(store),
            Operations(
                SessionService(context.live, store),
                Monitoring(context.live, store),
                AuditTrail(store),
                QueueService(store),
                PolicyCheck(store),
                self.failures,
                self._settings.metrics,
            ),
            tally=context.live.tally,
            imap=_address(context.endpoints.imap),
            smtp=_address(context.endpoints.smtp),
            hosts=_hosts(context),
        )

    #: A certificate comes only where the server was told whose word to take for it.
    credential_kinds: Final = (PlainCredentials, BearerCredentials, ExternalCredentials)

    async def scram_keys(self, username: str, hash_name: ScramHash) -> ScramKeys:
        return await self.store.read(lambda connection: scram.keys_of(connection, username))

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Account:
        endings = self.hub.endings
        try:
            if isinstance(credentials, ExternalCredentials):
                await self._admit(credentials.certificate)
            key, inbox = await self.store.read(lambda connection: judge(connection, credentials))
            scope = _SCOPES[peer.protocol]
            if scope not in key.scopes:
                raise Refusal(MISSING_SCOPE, f"This API key lacks the scope {scope}")
        except Refusal as refusal:
            self.failures.note(_username(credentials), peer.host, refusal.case.code)
            raise
        if peer.protocol == "imap":
            self._count_connection(inbox)
        waiting = trio.CancelScope()
        if key.expires_at is not None:
            self._nursery.start_soon(self._expire, key, waiting)

        def closed() -> None:
            waiting.cancel()
            if peer.protocol == "imap":
                self._connections[inbox.id] -= 1

        access = Access(
            self.store,
            self.hub,
            self.texts,
            self._settings,
            self._context.limits,
            Sender(key.id, key.org_id, inbox.id, inbox.address),
            "messages:write" in key.scopes,
        )
        return Account(access, self._submitting, endings, closed)

    async def _admit(self, certificate: ClientCertificate) -> None:
        if not await self.store.read(lambda connection: knows_certificate(connection, certificate)):
            await self.store.write(lambda transaction: admit_certificate(transaction, certificate))

    def _count_connection(self, inbox: InboxRow) -> None:
        most = self._settings.connections_per_inbox
        if self._connections[inbox.id] >= most:
            raise LimitReached(f"An inbox has at most {most} IMAP connections at a time")
        self._connections[inbox.id] += 1

    async def _expire(self, key: KeyRow, waiting: trio.CancelScope) -> None:
        assert key.expires_at is not None
        with waiting:
            await trio.sleep(max((key.expires_at - datetime.now(UTC)).total_seconds(), 0))
            self.hub.end("API key expired", key=key.id)

    def receive(self, peer: Peer) -> Inbound:
        return Inbound(self._receiving, peer)

    def extensions(self, peer: Peer, *, submission: bool) -> Honoured:
        if not submission:
            # What strangers deliver ends its way here, in a mailbox (RFC 8689 §4.4). Of its success
            # they are not told: whoever made up a sender would have somebody else told.
            return Honoured(require_tls=True)
        return Honoured(
            dsn=True,
            urls=True,
            require_tls=True,
            deliver_by=0,
            priority="",
            future_release=FutureRelease(
                int(_LONGEST_HOLD.total_seconds()), datetime.now(UTC) + _LONGEST_HOLD
            ),
        )

    async def handle_http(self, stream: trio.abc.Stream, peer: Peer, closing: trio.Event) -> None:
        await self._http.serve(stream, peer, closing)

    async def bootstrap(self, new_key: bool) -> FirstMinute:
        domain = self._context.domain
        found, secret = await self.store.write(
            lambda transaction: _bootstrap(transaction, domain, new_key)
        )
        return FirstMinute(
            inboxes=tuple(inbox.address for inbox in found),
            api_key=secret,
            try_it=tuple(self._try_it(secret, found)),
        )

    def _try_it(self, secret: str | None, found: list[InboxRow]) -> list[str]:
        http = self._context.endpoints.http
        if http is None or not found:
            return []
        api = f"http{'s' if http.tls else ''}://{_bracketed(http.host)}:{http.port}/api/v1"
        bearer = f'"Authorization: Bearer {secret or "$API_KEY"}"'
        body = (
            f'{{"to": [{{"email": "{found[0].address}"}}], "subject": "Hello",'
            ' "text_body": "It works."}'
        )
        return [
            f"curl -sS {api}/inboxes/{found[0].id}/messages -H {bearer}"
            f" -H 'Content-Type: application/json' -d {shlex.quote(body)}",
            f"curl -sS {api}/inboxes/credentials/export -H {bearer} -o credentials.csv",
        ]


def _routes(store: Store, context: Context, settings: Settings) -> Routes:
    relay = settings.relay
    resolver = trio_resolver(settings.nameservers)
    policies = None
    if relay.mode == "mx" and relay.mta_sts:
        policies = Policies(store, resolver, private_hosts=relay.private_targets)
    return Routes(relay, context.domain, resolver, policies)


def _relay_login(relay: Relay) -> PlainCredentials | None:
    return PlainCredentials(relay.username, relay.password) if relay.username else None


def _username(credentials: Credentials) -> str:
    return str(getattr(credentials, "username", ""))


def _bootstrap(
    transaction: Transaction, domain: str, new_key: bool
) -> tuple[list[InboxRow], str | None]:
    """Make an organization with an inbox and a key where there is none; return what there is."""
    now = datetime.now(UTC)
    organization = inboxes.first_organization(transaction.connection)
    if organization is None:
        organization = inboxes.insert_organization(transaction, "default", now)
        inboxes.insert_inbox(
            transaction, organization, username=_FIRST_INBOX, domain=domain, now=now
        )
        new_key = True
    secret = None
    if new_key:
        _, secret = keys.insert_key(
            transaction,
            organization,
            name="first minute",
            scopes=keys.ALL_SCOPES,
            inbox=None,
            now=now,
        )
    found = inboxes.list_inboxes(transaction.connection, organization, "", _SHOWN)
    return list(found), secret


def _address(endpoint: Endpoint | None) -> tuple[str, int] | None:
    return None if endpoint is None else (endpoint.host, endpoint.port)


def _hosts(context: Context) -> list[str]:
    http = context.endpoints.http
    return [context.domain] if http is None else [context.domain, http.host]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@asynccontextmanager
async def open(context: Context) -> AsyncIterator[AgentPost]:
    """Open the store of a data directory and give the backend on it; close it on leaving.

    Without a directory (``--memory``) the store lies in a temporary one and waits for no disk.

    Raises:
        OSError: the store can not be opened.
    """
    hub = Hub()
    settings: Settings = context.options or Settings()
    with ExitStack() as stack:
        directory = context.data or Path(stack.enter_context(TemporaryDirectory()))
        texts = TextIndex(directory / TEXTS, directory / FILE, context.limits)
        store = Store(
            directory / FILE,
            hub.tell,
            durable=context.data is not None,
            tell_texts=texts.changed,
            tell_steps=hub.recent.add,
        )
        try:
            texts.open()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_forget_hourly, store, settings)
                nursery.start_soon(watch_outside, store, hub, texts)
                offers_scram = await store.read(
                    lambda connection: scram.opens_all(connection, keys.PREFIX, datetime.now(UTC))
                )
                backend = AgentPost(store, texts, hub, context, nursery, scram=offers_scram)
                nursery.start_soon(backend.webhook_sender.run)
                nursery.start_soon(backend.courier.run)
                nursery.start_soon(backend.failures.run)
                yield backend
                nursery.cancel_scope.cancel()
        finally:
            # They block until what is queued is done; nobody is left to be kept waiting.
            texts.close()
            store.close()


async def _forget_hourly(store: Store, settings: Settings) -> None:
    while True:
        with suppress(Unavailable):  # it is logged, and there is a next time
            await store.write(forget_old)
            if settings.trash_retention_days:
                await empty_trash(store, settings.trash_retention_days)
        await trio.sleep(_HOUR)
