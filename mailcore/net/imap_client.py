"""An IMAP client: log in, look into mailboxes, wait for news."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, Literal

from mailcore.channel import NO_CHANNEL
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys
from mailcore.imap.types import (
    BinaryPart,
    FetchAtt,
    FetchItem,
    PartialRange,
    SequenceSet,
    Status,
)
from mailcore.net.imap_exchange import ImapExchange
from mailcore.net.imap_results import (
    CommandRefused,
    FetchedMessage,
    ImapError,
    Selected,
    read_message,
    read_selected,
)
from mailcore.sasl import (
    ClientMechanism,
    Credentials,
    PlainCredentials,
    SaslError,
    choose_mechanism,
)

#: RFC 2177 §3: IDLE is said anew before the server loses patience after 30 minutes.
IDLE_RENEWAL: Final = 25 * 60.0
#: Octets of a message that are handed to the connection at a time.
_CHUNK: Final = 64 * 1024
_DEFAULT_ITEMS: Final = (FetchAtt("UID"), FetchAtt("FLAGS"), FetchAtt("ENVELOPE"))


class ImapClient(ImapExchange):
    """A connection to an IMAP server, for one task at a time.

    What a cancelled or abandoned command still has to say is read before the next one.

    Arguments:
        stream: connected, with TLS if that is there from the start.
        timeout: seconds that the server may say nothing while it is asked for something.
        limits: bounds on what the server may send, and of one message.
    """

    # ---------------------------------------------------------------------------------- login

    async def login(self, username: str, password: str) -> None:
        """Log in with a password: :meth:`log_in` with PlainCredentials."""
        await self.log_in(PlainCredentials(username, password))

    async def log_in(self, credentials: Credentials, *, channel_binding: bool = False) -> None:
        """Log in, by the best mechanism of SASL that the server offers, else by LOGIN.

        Arguments:
            credentials: a password, a token, or that there is a certificate.
            channel_binding: bind SCRAM to the channel where that is offered, by the certificate of
                the server (RFC 5929 §4). A server that can only do it otherwise lets nobody in.

        Raises:
            CommandRefused: they are wrong.
            ImapError: the server takes none such on this connection.
            WrongProof: the server does not know the password.
        """
        offered = await self.capabilities()
        names = [name.removeprefix("AUTH=") for name in offered if name.startswith("AUTH=")]
        channel = self._stream.channel if channel_binding else NO_CHANNEL
        try:
            mechanism = choose_mechanism(credentials, names, channel=channel, limits=self._limits)
        except SaslError as error:
            if "LOGINDISABLED" in offered:
                raise ImapError("the server takes no password on this connection") from None
            if not isinstance(credentials, PlainCredentials) or credentials.authzid:
                raise ImapError(str(error)) from error
            await self.run(c.Login("", credentials.username, credentials.password))
        else:
            await self.authenticate(mechanism)

    async def authenticate(self, mechanism: ClientMechanism) -> None:
        """Log in by a mechanism of SASL (RFC 9051 §6.2.2).

        Raises:
            CommandRefused: the credentials are wrong.
            ImapError: the server does not offer the mechanism.
        """
        offered = await self.capabilities()
        if f"AUTH={mechanism.name.upper()}" not in offered:
            raise ImapError(f"the server does not offer {mechanism.name}")
        kept = mechanism.step(None)
        at_once = kept if offered & {"SASL-IR", "IMAP4REV2"} else None
        if at_once is not None:
            kept = None
        await self._begin(c.Authenticate("", mechanism.name, at_once))
        self._owes_octets = True
        async for response in self._responses():
            if isinstance(response, r.Continuation):
                await self._respond(mechanism, kept, response.data or b"")
                kept = None
        mechanism.succeed()

    async def _respond(
        self, mechanism: ClientMechanism, kept: bytes | None, challenge: bytes
    ) -> None:
        try:
            answer = mechanism.step(challenge) if kept is None else kept
        except Exception:
            # RFC 9051 §6.2.2: "*" cancels, and the server says BAD.
            self.connection.send(c.SaslResponse(None))
            self._owes_octets = False
            await self._finish()
            raise
        self.connection.send(c.SaslResponse(answer or b""))
        await self._flush()

    # ------------------------------------------------------------------------------ mailboxes

    async def list(self, pattern: str = "*", reference: str = "") -> list[r.ListResponse]:
        """Return the mailboxes whose names match (RFC 9051 §6.3.9)."""
        found = await self.run(c.List("", reference, (pattern,)))
        return [response for response in found if isinstance(response, r.ListResponse)]

    async def status(self, mailbox: str, *items: str) -> Mapping[str, int | str]:
        """Return items of STATUS, such as "MESSAGES" and "UNSEEN" (RFC 9051 §6.3.11)."""
        answer = await self.run(c.StatusCommand("", mailbox, items or ("MESSAGES", "UNSEEN")))
        for response in answer:
            if isinstance(response, r.StatusResponse):
                return response.items
        return {}

    async def select(self, mailbox: str = "INBOX", *, read_only: bool = False) -> Selected:
        """Open a mailbox (RFC 9051 §6.3.2)."""
        self.exists = 0
        *told, tagged = await self.run(c.Select("", mailbox, read_only))
        assert isinstance(tagged, r.Tagged)
        return read_selected(mailbox, told, tagged)

    async def append(
        self,
        mailbox: str,
        message: bytes,
        flags: Sequence[str] = (),
        internal_date: datetime | None = None,
    ) -> int | None:
        """Put a message into a mailbox (RFC 9051 §6.3.12).

        Returns:
            its UID, if the server tells that (RFC 4315).
        """
        begin = c.AppendBegin("", mailbox, tuple(flags), internal_date, len(message), True)
        begun = await self._begin(begin)
        async for response in self._responses():
            if isinstance(response, r.Continuation):
                await self._send_message(begun.tag, message)
            elif isinstance(response, r.Tagged):
                return _append_uid(response)
        return None

    async def catenate(
        self,
        mailbox: str,
        parts: Sequence[bytes | str],
        flags: Sequence[str] = (),
        internal_date: datetime | None = None,
    ) -> int | None:
        """Put a message together of octets and of what the server has already (RFC 4469).

        Arguments:
            mailbox: where it shall go.
            parts: octets, or relative URLs such as "/Drafts/;UID=20/;SECTION=1" (RFC 5092).

        Returns:
            its UID, if the server tells that (RFC 4315).

        Raises:
            CommandRefused: with the code BADURL, for instance.
            ImapError: the server does not offer it.
        """
        if "CATENATE" not in await self.capabilities():
            raise ImapError("the server does not offer CATENATE")
        begin = c.AppendBegin("", mailbox, tuple(flags), internal_date, 0, False, catenate=True)
        begun = await self._begin(begin)
        self._owes_octets = True
        for part in parts:
            if isinstance(part, str):
                self.connection.send(c.CatenateUrl(part))
            else:
                self.connection.send(c.CatenateText(len(part), synchronizing=True))
                async for response in self._responses():
                    if isinstance(response, r.Continuation):
                        break
                await self._send_octets(part)
        await self._end_append(begun.tag)
        async for response in self._responses():
            if isinstance(response, r.Tagged):
                return _append_uid(response)
        return None

    async def _send_message(self, tag: str, message: bytes) -> None:
        self._owes_octets = True
        await self._send_octets(message)
        await self._end_append(tag)

    async def _send_octets(self, data: bytes) -> None:
        for start in range(0, len(data), _CHUNK):
            self.connection.send(c.AppendChunk(data[start : start + _CHUNK]))
            await self._flush()

    async def _end_append(self, tag: str) -> None:
        self.connection.send(c.AppendEnd(tag))
        self._owes_octets = False
        await self._flush()

    # ------------------------------------------------------------------- the selected mailbox

    async def search(
        self, key: searchkeys.SearchKey | None = None, *, partial: PartialRange | None = None
    ) -> tuple[int, ...]:
        """Return the UIDs of the messages for which ``key`` holds; None: of all.

        Arguments:
            key: what is looked for.
            partial: only these of the results, for servers with PARTIAL (RFC 9394):
                ``PartialRange(-1, -50)`` for the last fifty.
        """
        found: tuple[int, ...] = ()
        returns = None if partial is None else ()
        command = c.Search("", key or searchkeys.All(), True, returns, partial=partial)
        for response in await self.run(command):
            if isinstance(response, r.SearchResponse):
                found += tuple(response.numbers)
            elif isinstance(response, r.EsearchResponse):
                numbers = response.all if response.partial is None else response.partial[1]
                found += tuple(numbers.numbers()) if numbers is not None else ()
        return found

    async def search_mailboxes(
        self, key: searchkeys.SearchKey, *sources: c.MailboxFilter
    ) -> dict[str, tuple[int, ...]]:
        """Return the UIDs of the messages for which ``key`` holds, by mailbox (RFC 7377).

        Arguments:
            key: what is looked for.
            sources: which mailboxes; none: all of the user's own.
        """
        chosen = sources or (c.MailboxFilter("personal"),)
        found = {}
        for response in await self.run(c.Esearch("", key, chosen)):
            if not isinstance(response, r.EsearchResponse):
                continue
            if response.mailbox is not None and response.all is not None:
                found[response.mailbox] = tuple(response.all.numbers())
        return found

    async def fetch(
        self,
        uids: Iterable[int] | SequenceSet,
        *items: FetchItem,
    ) -> AsyncIterator[FetchedMessage]:
        """Yield messages as the server tells them (RFC 9051 §6.4.5).

        Arguments:
            uids: of the messages; none: nothing is asked.
            items: what of them; UID, FLAGS and ENVELOPE if there are none.

        Raises:
            ImapError: a message is bigger than ``limits.message_size``, or not in the grammar.
        """
        numbers = uids if isinstance(uids, SequenceSet) else SequenceSet.of(uids)
        if not numbers.ranges:
            return
        await self._begin(c.Fetch("", numbers, items or _DEFAULT_ITEMS, uid=True))
        async for response in self._responses():
            if isinstance(response, r.FetchResponse):
                yield read_message(response, response.attributes)
            elif isinstance(response, r.FetchBegin):
                yield await self._streamed(response)
            elif isinstance(response, r.UnknownResponse) and response.problem:
                raise ImapError(f"the server sent what is not in the grammar: {response.problem}")

    async def _streamed(self, begin: r.FetchBegin) -> FetchedMessage:
        attributes = list(begin.attributes)
        literal: r.LiteralBegin | None = None
        data = bytearray()
        while True:
            piece = await self._next()
            if isinstance(piece, r.LiteralChunk):
                data += piece.data
                continue
            if literal is not None:
                attributes.append(_body(literal, bytes(data)))
                data.clear()
            if isinstance(piece, r.FetchEnd):
                return read_message(begin, (*attributes, *piece.attributes))
            assert isinstance(piece, r.LiteralBegin)
            literal = piece
            if literal.size > self._limits.message_size:
                raise ImapError(f"a message of {literal.size} octets is too big")

    async def store(
        self,
        uids: Iterable[int] | SequenceSet,
        action: Literal["FLAGS", "+FLAGS", "-FLAGS"],
        *flags: str,
    ) -> None:
        """Set, add or take away flags (RFC 9051 §6.4.6)."""
        numbers = uids if isinstance(uids, SequenceSet) else SequenceSet.of(uids)
        if numbers.ranges:
            await self.run(c.Store("", numbers, action, flags, silent=True, uid=True))

    async def idle(self, *, renew: float = IDLE_RENEWAL) -> AsyncIterator[r.Response]:
        """Yield what changes in the selected mailbox, without end (RFC 2177).

        Leave the loop whenever you like: the next command ends IDLE first.

        Arguments:
            renew: seconds after which IDLE is said anew, so that nobody takes us for dead.
        """
        loop = self._stream.loop
        while True:
            await self._begin(c.Idle(""))
            self._said_done = False
            deadline = loop.current_time() + renew
            while self._open is not None:
                with loop.scope(deadline) as scope:
                    event = await self._next_idle()
                if scope.cancelled_caught:
                    if self._said_done:
                        raise ImapError("the server does not end IDLE")
                    await self._end_idle()
                    deadline += self._timeout
                elif isinstance(event, r.Tagged):
                    if event.status is not Status.OK:
                        raise CommandRefused(event)
                elif not isinstance(event, r.Continuation):
                    yield event

    async def _next_idle(self) -> r.Response:
        """:meth:`_next`, with a server that may be silent."""
        timeout, self._timeout = self._timeout, float("inf")
        try:
            return await self._next()
        finally:
            self._timeout = timeout


def _body(literal: r.LiteralBegin, data: bytes) -> r.FetchAttribute:
    if isinstance(literal.item, str):
        return r.Rfc822(literal.item, data)
    if isinstance(literal.item, BinaryPart):
        return r.BinarySection(literal.item, data, literal.origin)
    return r.BodySection(literal.item, data, literal.origin)


# resp-code-apnd  =  "APPENDUID" SP nz-number SP append-uid
def _append_uid(tagged: r.Tagged) -> int | None:
    if tagged.code is None or tagged.code.name != "APPENDUID":
        return None
    uid = tagged.code.argument.rpartition(" ")[2]
    return int(uid) if uid.isascii() and uid.isdigit() else None
