"""Sessions on one mailbox, in any order: what each is told adds up to what there is.

The model is plain Python. Each client keeps what a client can know: the responses to its own
commands and what it was told unasked, and nothing else. A client of QRESYNC keeps that when its
connection is gone, and goes on from there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mailcore.backend import Peer
from mailcore.imap.session import Session
from mailcore.imap.session.session import FLUSH
from mailcore.testing import Link, MemoryBackend, new_message, run

USER, PASSWORD = "alice@example.test", "secret"
FLAGS = ("\\Seen", "\\Flagged", "\\Deleted", "todo")
SMALL = b"Subject: small\r\n\r\ntext\r\n"
# So large that a FETCH of it stops in the middle, and the other session has its turn.
LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\n" * (FLUSH // 4)

_LITERAL = re.compile(rb"\{([0-9]+)\}\r\n\Z")
_UIDFETCH = re.compile(r"\* ([0-9]+) UIDFETCH \(")
_FETCH = re.compile(r"\* ([0-9]+) FETCH \(")
_VANISHED = re.compile(r"\* VANISHED (\(EARLIER\) )?([0-9,:]+)\r\n")
_HIGHEST = re.compile(r"\[HIGHESTMODSEQ ([0-9]+)\]")
_MODSEQ = re.compile(r"\bMODSEQ \(([0-9]+)\)")
_NUMBER = re.compile(r"\* ([0-9]+) (EXISTS|EXPUNGE)\r\n")


@dataclass
class Known:
    """What a client knows of one message; None is what it has not been told."""

    uid: int | None = None
    flags: set[str] | None = None
    modseq: int = 0


@dataclass
class Response:
    """One response, with its literals taken out."""

    line: str
    literals: list[bytes] = field(default_factory=list)


def responses(output: bytes) -> list[Response]:
    """Cut what a session has said into responses."""
    found = []
    while output:
        line, literals = b"", []
        while True:
            piece, _, output = output.partition(b"\r\n")
            line += piece + b"\r\n"
            literal = _LITERAL.search(line)
            if literal is None:
                break
            size = int(literal[1])
            assert len(output) >= size, "a literal without its octets"
            literals.append(output[:size])
            output = output[size:]
        found.append(Response(line.decode(), literals))
    return found


class Client:
    """One session, and all that its client knows."""

    def __init__(self, backend: MemoryBackend, enables: str) -> None:
        self.backend = backend
        self.enables = enables
        words = enables.split()
        self.condstore = "CONDSTORE" in words or "QRESYNC" in words
        self.qresync = "QRESYNC" in words
        self.uid_only = "UIDONLY" in words
        self.rev2 = "IMAP4REV2" in words
        #: Up to which mod-sequence a client of QRESYNC knows everything (RFC 7162 §6).
        self.synchronized = 0
        self.connect()

    def connect(self) -> None:
        self.link = Link(Session(self.backend, Peer("imap", tls=True)))
        self.link.say(b"t LOGIN %b %b\r\n" % (USER.encode(), PASSWORD.encode()))
        if words := self.enables.replace("IMAP4REV2", "").split():
            said = self.link.say(f"t ENABLE {' '.join(words)}\r\n".encode()).decode()
            assert set(words) <= set(said.split())
        if self.rev2 and b"IMAP4REV2" not in self.link.say(b"t ENABLE IMAP4rev2\r\n"):
            # It is only offered where every part of it is there.
            self.link.session.connection.enabled.add("IMAP4REV2")
        self.selected = self.read_only = False
        self.known: list[Known] = []
        self.highest_modseq = 0
        self.unfinished: bytes | None = None
        self.reading: int | None = None
        self.ending = b""
        self.quiet = False

    # ------------------------------------------------------------------------------- talking

    def say(
        self, command: str, octets: bytes = b"", *, note: bool = True
    ) -> tuple[str, list[Response]]:
        """Send one command; return its tagged response and the untagged ones, which are noted."""
        assert self.unfinished is None
        self.quiet = command.startswith(("FETCH", "STORE", "SEARCH"))
        output = self.link.say(f"t {command}".encode() + octets + b"\r\n")
        return self.hear(output, note=note)

    def begin(self, command: str, ending: bytes) -> None:
        """Send a command that is to be ended later, by :meth:`finish`."""
        self.quiet = command.startswith("FETCH")
        self.link.session.receive_data(f"t {command}\r\n".encode())
        step = run(self.link.session.step())
        assert isinstance(step, bytes)
        self.unfinished, self.ending = step, ending

    def finish(self) -> tuple[str, list[Response]]:
        """End what :meth:`begin` began."""
        assert self.unfinished is not None
        output, self.unfinished = self.unfinished + self.link.say(self.ending), None
        if self.link.closed:
            return "", []
        return self.hear(output)

    def hear(self, output: bytes, *, note: bool = True) -> tuple[str, list[Response]]:
        *untagged, tagged = responses(output)
        assert tagged.line.startswith("t "), tagged
        for response in untagged if note else ():
            self.note(response)
        self.note_synchronized([response.line for response in (*untagged, tagged)])
        return tagged.line[2:], untagged

    def note_synchronized(self, lines: list[str]) -> None:
        codes = [int(one) for line in lines for one in _HIGHEST.findall(line)]
        modseqs = [int(one) for line in lines for one in _MODSEQ.findall(line)]
        if codes:
            self.synchronized = codes[-1]
        elif modseqs:
            self.synchronized = max(self.synchronized, *modseqs)

    # ------------------------------------------------------------------------------- learning

    def note(self, response: Response) -> None:
        if match := _UIDFETCH.match(response.line):
            assert self.uid_only
            self.note_fetch(self.with_uid(int(match[1])), response.line)
        elif match := _FETCH.match(response.line):
            assert not self.uid_only
            self.note_fetch(self.known[int(match[1]) - 1], response.line)
        elif match := _NUMBER.fullmatch(response.line):
            number = int(match[1])
            if match[2] == "EXPUNGE":
                assert not self.quiet, "EXPUNGE while numbers are in use"
                assert not self.qresync
                assert not self.uid_only
                del self.known[number - 1]
            else:
                assert number >= len(self.known), "EXISTS takes messages away"
                self.known += [Known() for _ in range(number - len(self.known))]
        elif match := _VANISHED.fullmatch(response.line):
            assert self.qresync or self.uid_only
            if match[1]:
                # They have no numbers: nothing that the client sees is among them.
                assert not {message.uid for message in self.known} & expand(match[2])
                return
            assert not self.quiet, "VANISHED while numbers are in use"
            for uid in expand(match[2]):
                self.forget(uid)
        elif match := _HIGHEST.search(response.line):
            assert self.qresync or int(match[1]) >= self.highest_modseq
            self.highest_modseq = int(match[1])

    def forget(self, uid: int) -> None:
        """A message is gone; if its UID is not known, it is one of those behind the lower ones."""
        uids = [message.uid for message in self.known]
        if self.uid_only:
            # Without numbers they have no order: what is not known stands at the end.
            index = uids.index(uid if uid in uids else None)
        elif uid in uids:
            index = uids.index(uid)
        else:
            below = [i for i, known in enumerate(uids) if known is not None and known < uid]
            index = below[-1] + 1 if below else 0
            assert uids[index] is None, "VANISHED of a message that was never announced"
        del self.known[index]

    def with_uid(self, uid: int) -> Known:
        """Return a message that is told by its UID, perhaps for the first time."""
        for message in self.known:
            if message.uid in (uid, None):
                message.uid = uid
                self.known.sort(key=lambda one: (one.uid is None, one.uid))
                return message
        raise AssertionError("UIDFETCH of a message that was never announced")

    def note_fetch(self, message: Known, line: str) -> None:
        if match := re.search(r"\bUID ([0-9]+)", line):
            assert message.uid in (None, int(match[1])), "a message has changed its UID"
            message.uid = int(match[1])
        if match := re.search(r"\bFLAGS \(([^)]*)\)", line):
            message.flags = set(match[1].split()) - {"\\Recent"}
            assert not self.condstore or "MODSEQ (" in line, "flags without their mod-sequence"
        if match := re.search(r"\bMODSEQ \(([0-9]+)\)", line):
            assert int(match[1]) >= message.modseq, "a mod-sequence has gone back"
            message.modseq = int(match[1])

    def found(self, line: str) -> list[int]:
        """Return what an answer to SEARCH says."""
        if not self.rev2:
            assert line.startswith("* SEARCH")
            return [int(word) for word in line.split()[2:]]
        match = re.fullmatch(r'\* ESEARCH \(TAG "t"\)( UID)?(?: ALL ([0-9,:]+))?\r\n', line)
        assert match
        return sorted(expand(match[2] or ""))

    def learn(self) -> None:
        """Ask for what EXISTS has announced, as clients do."""
        for _ in range(2):
            if self.uid_only:
                self.say("UID FETCH 1:* (FLAGS)")
                continue
            unknown = [n for n, message in enumerate(self.known, 1) if message.uid is None]
            if unknown:
                self.say(f"FETCH {','.join(map(str, unknown))} (UID FLAGS)")


class Sessions(RuleBasedStateMachine):
    """Commands of some sessions, and of somebody else who has the mailbox itself."""

    #: What each session enables.
    kinds: tuple[str, ...] = ("", "CONDSTORE")

    def __init__(self) -> None:
        super().__init__()
        self.backend = MemoryBackend({USER: PASSWORD})
        self.inbox = self.backend.users[USER].inbox
        self.trash = self.backend.users[USER].open("Trash")
        #: The model: flags and octets by UID.
        self.flags: dict[int, set[str]] = {}
        self.octets: dict[int, bytes] = {}
        self.uid_next = 1

    @initialize(sizes=st.lists(st.booleans(), min_size=2, max_size=5))
    def connect(self, sizes: list[bool]) -> None:
        for large in sizes:
            self.deliver(large, set())
        self.clients = [Client(self.backend, enables) for enables in self.kinds]
        for who in range(len(self.kinds)):
            self.ready(who)

    def ready(self, who: int) -> Client:
        """Return a client that has ended its last command and has the mailbox open."""
        who %= len(self.kinds)
        client = self.clients[who]
        if client.unfinished is not None:
            self.end(who)
            client = self.clients[who]
        if not client.selected:
            self.open(client, read_only=False)
        return client

    def end(self, who: int) -> None:
        client = self.clients[who]
        reading = client.ending == b""
        _, untagged = client.finish()
        if client.link.closed:
            assert reading
            assert client.reading not in self.flags, "a message that is there was not sent"
            self.clients[who] = Client(self.backend, client.enables)
        elif reading:
            (octets,) = (one for response in untagged for one in response.literals)
            assert octets == LARGE

    def open(self, client: Client, *, read_only: bool) -> None:
        client.known.clear()
        tagged, _ = client.say("EXAMINE INBOX" if read_only else "SELECT INBOX")
        assert tagged.startswith("OK")
        client.selected, client.read_only = True, read_only

    def add(self, data: bytes, flags: set[str]) -> None:
        self.flags[self.uid_next] = set(flags)
        self.octets[self.uid_next] = data
        self.uid_next += 1

    def remove(self, uids: set[int]) -> None:
        for uid in uids:
            self.flags.pop(uid, None)
            self.octets.pop(uid, None)

    def choose(self, client: Client, picks: list[int]) -> list[int]:
        """Return indexes of messages whose UID the client knows, which it asks for if need be."""
        client.learn()
        indexes = [i for i, message in enumerate(client.known) if message.uid is not None]
        return sorted({indexes[pick % len(indexes)] for pick in picks}) if indexes else []

    # --------------------------------------------------------------------------------- rules

    who = st.integers(0, 9)
    picks = st.lists(st.integers(0, 5), min_size=1, max_size=3)
    some_flags = st.sets(st.sampled_from(FLAGS), max_size=2)

    @rule(who=who, large=st.booleans(), flags=some_flags)
    def append(self, who: int, large: bool, flags: set[str]) -> None:
        client = self.ready(who)
        data = LARGE if large else SMALL
        octets = b" {%d+}\r\n%b" % (len(data), data)
        tagged, _ = client.say(f"APPEND INBOX ({' '.join(sorted(flags))})", octets)
        assert f"[APPENDUID {self.inbox.uid_validity} {self.uid_next}]" in tagged
        self.add(data, flags)

    @rule(large=st.booleans(), flags=some_flags)
    def deliver(self, large: bool, flags: set[str]) -> None:
        data = LARGE if large else SMALL
        run(self.inbox.append([new_message(data, frozenset(flags))]))
        self.add(data, flags)

    @rule(
        who=who,
        picks=picks,
        action=st.sampled_from(["FLAGS", "+FLAGS", "-FLAGS"]),
        flags=some_flags,
        silent=st.booleans(),
        uid=st.booleans(),
        unchanged=st.booleans(),
    )
    def store(
        self,
        who: int,
        picks: list[int],
        action: str,
        flags: set[str],
        silent: bool,
        uid: bool,
        unchanged: bool,
    ) -> None:
        client = self.ready(who)
        uid |= client.uid_only
        chosen = [client.known[index] for index in self.choose(client, picks)]
        if not chosen:
            return
        numbers = [m.uid if uid else client.known.index(m) + 1 for m in chosen]
        since = max(message.modseq for message in chosen)
        conditional = unchanged and client.condstore
        changed = {
            message.uid
            for message in chosen
            if message.uid in self.flags and self.inbox.messages[message.uid].state.modseq > since
        }
        expected = {n for n, m in zip(numbers, chosen, strict=True) if m.uid in changed}

        tagged, _ = client.say(
            f"{'UID ' * uid}STORE {','.join(map(str, numbers))}"
            f"{f' (UNCHANGEDSINCE {since})' * conditional}"
            f" {action}{'.SILENT' * silent} ({' '.join(sorted(flags))})"
        )
        if client.read_only:
            assert tagged.startswith("NO [NOPERM]")
            return
        assert tagged.startswith("OK")
        modified = re.search(r"\[MODIFIED ([0-9,:]+)\]", tagged)
        assert expand(modified[1] if modified else "") == (expected if conditional else set())
        for message in chosen:
            if conditional and message.uid in changed:
                continue
            if message.uid in self.flags:
                self.flags[message.uid] = combined(self.flags[message.uid], action, flags)
            told = any(message is known for known in client.known)
            if silent and told and message.flags is not None:
                # The client takes it that its own change was made, and nothing else.
                message.flags = combined(message.flags, action, flags)

    @rule(who=who, picks=picks, uid=st.booleans())
    def look(self, who: int, picks: list[int], uid: bool) -> None:
        client = self.ready(who)
        uid |= client.uid_only
        for index in self.choose(client, picks):
            if index < len(client.known):
                number = client.known[index].uid if uid else index + 1
                client.say(f"{'UID ' * uid}FETCH {number} (FLAGS)")

    @rule(who=who, pick=picks, item=st.sampled_from(["BODY[]", "BODY.PEEK[]"]))
    def read(self, who: int, pick: list[int], item: str) -> None:
        client = self.ready(who)
        for index in self.choose(client, pick[:1]):
            message = client.known[index]
            there = message.uid in self.flags
            command = f"UID FETCH {message.uid}" if client.uid_only else f"FETCH {index + 1}"
            sets_seen = item == "BODY[]" and there and not client.read_only
            if there and self.octets[message.uid] is LARGE:
                client.reading = message.uid
                client.begin(f"{command} {item}", b"")
            else:
                _, untagged = client.say(f"{command} {item}")
                found = [one for response in untagged for one in response.literals]
                assert found == ([SMALL] if there else [])
            if sets_seen:
                self.flags[message.uid].add("\\Seen")

    @rule(who=who)
    def idle(self, who: int) -> None:
        self.ready(who).begin("IDLE", b"DONE\r\n")

    @rule(who=who)
    def noop(self, who: int) -> None:
        self.ready(who).say("NOOP")

    @rule(who=who, flag=st.sampled_from(FLAGS), uid=st.booleans())
    def search(self, who: int, flag: str, uid: bool) -> None:
        client = self.ready(who)
        uid |= client.uid_only
        known = [message.uid for message in client.known]
        key = flag[1:] if flag.startswith("\\") else f"KEYWORD {flag}"
        _, untagged = client.say(f"{'UID ' * uid}SEARCH {key}")
        found = client.found(untagged[0].line)
        assert found == sorted(set(found))
        if uid and None not in known:
            assert set(found) <= set(known)
        elif not uid:
            assert all(number <= len(known) for number in found)

    @rule(who=who, silently=st.booleans())
    def expunge(self, who: int, silently: bool) -> None:
        client = self.ready(who)
        client.learn()
        doomed = {m.uid for m in client.known if "\\Deleted" in self.flags.get(m.uid, ())}
        tagged, _ = client.say("CLOSE" if silently else "EXPUNGE")
        if silently:
            client.selected = False
        assert tagged.startswith("NO [NOPERM]" if client.read_only and not silently else "OK")
        if not client.read_only:
            self.remove(doomed)

    @rule(who=who, picks=picks)
    def uid_expunge(self, who: int, picks: list[int]) -> None:
        client = self.ready(who)
        uids = {client.known[index].uid for index in self.choose(client, picks)}
        if uids:
            client.say(f"UID EXPUNGE {','.join(map(str, uids))}")
            if not client.read_only:
                self.remove({uid for uid in uids if "\\Deleted" in self.flags.get(uid, ())})

    @rule(
        who=who,
        picks=picks,
        verb=st.sampled_from(["COPY", "MOVE"]),
        into=st.sampled_from(["INBOX", "Trash"]),
        uid=st.booleans(),
    )
    def copy(self, who: int, picks: list[int], verb: str, into: str, uid: bool) -> None:
        client = self.ready(who)
        uid |= client.uid_only
        indexes = self.choose(client, picks)
        if not indexes:
            return
        uids = [client.known[index].uid for index in indexes]
        numbers = uids if uid else [index + 1 for index in indexes]
        before = len(self.trash.messages)
        tagged, untagged = client.say(f"{'UID ' * uid}{verb} {','.join(map(str, numbers))} {into}")
        if verb == "MOVE" and client.read_only:
            assert tagged.startswith("NO [NOPERM]")
            return
        there = [one for one in uids if one in self.flags]
        said = tagged + "".join(response.line for response in untagged)
        assert ("[COPYUID " in said) is bool(there)
        if into == "INBOX":
            for one in there:
                self.add(self.octets[one], self.flags[one])
        else:
            assert len(self.trash.messages) == before + len(there)
        if verb == "MOVE":
            self.remove(set(there))

    @rule(who=who, read_only=st.booleans())
    def select(self, who: int, read_only: bool) -> None:
        self.open(self.ready(who), read_only=read_only)

    @rule(who=who)
    def unselect(self, who: int) -> None:
        client = self.ready(who)
        client.say("UNSELECT")
        client.selected = False

    @rule(who=who, sample=st.booleans(), only_known=st.booleans(), read_only=st.booleans())
    def reconnect(self, who: int, sample: bool, only_known: bool, read_only: bool) -> None:
        """Lose the connection, and go on from what is known, if the client can."""
        client = self.ready(who)
        if not client.qresync:
            return
        client.learn()
        numbers = {m.uid: n for n, m in enumerate(client.known, 1) if m.uid is not None}
        cache = {uid: client.known[number - 1] for uid, number in numbers.items()}
        client.link.close()
        client.connect()
        more = ""
        if only_known and cache:
            more += f" {','.join(map(str, cache))}"
        if sample and cache and not client.uid_only:
            more += f" ({','.join(map(str, numbers.values()))} {','.join(map(str, numbers))})"
        verb = "EXAMINE" if read_only else "SELECT"
        since = client.synchronized
        tagged, untagged = client.say(
            f"{verb} INBOX (QRESYNC ({self.inbox.uid_validity} {since}{more}))", note=False
        )
        assert tagged.startswith("OK")
        for response in untagged:
            if match := _VANISHED.fullmatch(response.line):
                gone = expand(match[2])
                assert not gone & set(self.flags), "VANISHED tells of what is there"
                cache = {uid: message for uid, message in cache.items() if uid not in gone}
        # What the client still has is there, and nothing that is there lies between.
        there = sorted(self.flags)
        assert list(cache) == there[: len(cache)]
        client.known = [*cache.values(), *(Known() for _ in there[len(cache) :])]
        for response in untagged:
            if " FETCH (" in response.line or " UIDFETCH (" in response.line:
                client.note(response)
        client.selected, client.read_only = True, read_only
        assert all(self.flags[uid] == one.flags for uid, one in cache.items())

    @rule()
    def compare(self) -> None:
        for who in range(len(self.kinds)):
            client = self.ready(who)
            client.say("NOOP")
            client.learn()
            told = [(message.uid, message.flags) for message in client.known]
            assert told == sorted(self.flags.items())
            _, untagged = client.say("UID SEARCH ALL")
            assert client.found(untagged[0].line) == sorted(self.flags)

    # ----------------------------------------------------------------------------- invariants

    @invariant()
    def the_mailbox_is_as_the_model_says(self) -> None:
        stored = {uid: set(message.state.flags) for uid, message in self.inbox.messages.items()}
        assert stored == self.flags
        assert {uid: one.data for uid, one in self.inbox.messages.items()} == self.octets

    @invariant()
    def uids_rise(self) -> None:
        for client in getattr(self, "clients", ()):
            uids = [message.uid for message in client.known if message.uid is not None]
            assert uids == sorted(set(uids))

    def teardown(self) -> None:
        if hasattr(self, "clients"):
            self.compare()
            for client in self.clients:
                client.link.close()


def combined(before: set[str], action: str, flags: set[str]) -> set[str]:
    return {"FLAGS": flags, "+FLAGS": before | flags, "-FLAGS": before - flags}[action].copy()


def expand(numbers: str) -> set[int]:
    found: set[int] = set()
    for one in filter(None, numbers.split(",")):
        low, _, high = one.partition(":")
        found.update(range(int(low), int(high or low) + 1))
    return found


class SessionsOfQresync(Sessions):
    kinds = ("QRESYNC", "CONDSTORE")


class SessionsOfUidOnly(Sessions):
    kinds = ("UIDONLY QRESYNC", "IMAP4REV2 UIDONLY")


class TenSessions(Sessions):
    kinds = (
        "",
        "CONDSTORE",
        "QRESYNC",
        "UIDONLY",
        "IMAP4REV2",
        "IMAP4REV2 QRESYNC",
        "UIDONLY CONDSTORE",
        "UIDONLY QRESYNC",
        "",
        "QRESYNC",
    )


TestTwoSessions = Sessions.TestCase
TestTwoSessions.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSessionsOfQresync = SessionsOfQresync.TestCase
TestSessionsOfQresync.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSessionsOfUidOnly = SessionsOfUidOnly.TestCase
TestSessionsOfUidOnly.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestTenSessions = TenSessions.TestCase
TestTenSessions.settings = settings(max_examples=10, stateful_step_count=60, deadline=None)
