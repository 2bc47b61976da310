"""REST, IMAP and SMTP in any order, against one model: what one door does, all others show.

The model is plain Python: folders are lists of placements, in the order of their UIDs. After each
step every folder is looked at by IMAP and by REST, and a mail client that only listens is asked
what it was told.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import trio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from .site import IMAPClient, Site, SMTPClient, opening

T = TypeVar("T")

FOLDERS = ("INBOX", "Sent", "Drafts", "Trash", "Work")
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "\\Deleted", "todo", "later")
OUTSIDE = "someone@outside.example"
REST_FLAGS = {"unread": "\\Seen", "starred": "\\Flagged"}

folders = st.sampled_from(FOLDERS)
# Which of the messages that there are; it is taken modulo their number.
choices = st.integers(0, 50)


@dataclass
class Mail:
    """One message. What the server calls it is learned when it is first seen."""

    subject: str
    outbound: bool
    draft: str | None = None
    id: str | None = None


@dataclass
class Placed:
    """A message in a folder."""

    mail: Mail
    flags: set[str] = field(default_factory=set)


class Running:
    """A site in a thread of its own, for machines that await nothing."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._main,))
        self._thread.start()
        assert self._ready.wait(30)

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._end = trio.Event()
        with TemporaryDirectory() as directory:
            async with opening(Path(directory)) as self.site:
                self._ready.set()
                await self._end.wait()

    def run(self, work: Callable[..., Awaitable[T]], *args: Any, **kwargs: Any) -> T:
        """Await something there."""

        async def call() -> T:
            with trio.fail_after(30):
                return await work(*args, **kwargs)

        return trio.from_thread.run(call, trio_token=self._token)

    def end(self) -> None:
        trio.from_thread.run_sync(self._end.set, trio_token=self._token)
        self._thread.join()


class OneTruth(RuleBasedStateMachine):
    """All doors of one inbox."""

    def __init__(self) -> None:
        super().__init__()
        self.running = Running()
        self.site: Site = self.running.site
        self.folders: dict[str, list[Placed]] = {name: [] for name in FOLDERS}
        self.blocked = False
        self.made = 0

    @initialize()
    def connect(self) -> None:
        self.client: IMAPClient = self.running.run(self.site.imap)
        self.imap("CREATE Work")
        # It does nothing but NOOP, and has to know all the same.
        self.listener: IMAPClient = self.running.run(self.site.imap)
        self.running.run(self.listener.ok, "SELECT INBOX")
        self.heard: list[set[str]] = []
        self.smtp: SMTPClient = self.running.run(self.site.smtp)
        self.stranger: SMTPClient = self.running.run(self.site.stranger)

    def teardown(self) -> None:
        self.running.end()

    # ------------------------------------------------------------------------------------ doors

    def rest(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = self.running.run(self.site.rest, method, path, body)
        assert answer.status == status, (method, path, answer.status, answer.body)
        return answer.json if answer.body else None

    def imap(self, command: str, literal: bytes | None = None) -> list[str]:
        return self.running.run(self.client.ok, command, literal)

    def uids(self, folder: str) -> list[int]:
        """Select a folder; return the UIDs in it, which run in step with the model's list."""
        found = self.running.run(self.client.uids, folder)
        assert len(found) == len(self.folders[folder])
        return found

    def subject(self) -> str:
        self.made += 1
        return f"s{self.made}"

    # ------------------------------------------------------------------------------------ model

    def place(self, folder: str, mail: Mail, flags: set[str]) -> None:
        self.folders[folder].append(Placed(mail, set(flags)))

    def placements(self, mail: Mail) -> list[tuple[str, Placed]]:
        """Return where a message lies, in the order in which REST looks: Trash last."""
        order = ("INBOX", "Sent", "Drafts", "Work", "Trash")
        return [(name, one) for name in order for one in self.folders[name] if one.mail is mail]

    def choose(self, choice: int, *names: str) -> Mail | None:
        """Return one of the messages in some folders, in any if none is named."""
        mails = [one.mail for name in (names or FOLDERS) for one in self.folders[name]]
        return mails[choice % len(mails)] if mails else None

    def adopt(self, mail: Mail, target: str) -> None:
        """What came into Drafts is a draft; what went elsewhere than into Trash is none."""
        drafted = [one.mail for one in self.folders["Drafts"]]
        if target == "Drafts":
            if mail.draft is None or any(
                one is not mail and one.draft == mail.draft for one in drafted
            ):
                mail.draft = "new"
        elif target != "Trash" and mail not in drafted:
            mail.draft = None

    # --------------------------------------------------------------------------------- arriving

    @rule()
    def a_stranger_delivers(self) -> None:
        subject = self.subject()
        letter = f"From: a@example.org\r\nSubject: {subject}\r\n\r\nHi.\r\n".encode()
        reply = self.running.run(
            self.stranger.send, "a@example.org", [self.site.inbox.address], letter
        )
        assert reply.startswith("250"), reply
        self.place("INBOX", Mail(subject, outbound=False), set())

    @rule(label=st.sampled_from([None, "todo"]))
    def send_by_rest(self, label: str | None) -> None:
        subject = self.subject()
        message = {"to": [{"email": OUTSIDE}], "subject": subject, "text_body": "Hi."}
        message["labels"] = [label] if label else []
        path = f"/inboxes/{self.site.inbox.id}/messages"
        sent = self.rest("POST", path, message, 403 if self.blocked else 201)
        if self.blocked:
            assert (sent["code"], sent["recipients"]) == ("message_rejected", [OUTSIDE])
        else:
            flags = {"\\Seen", label} if label else {"\\Seen"}
            self.place("Sent", Mail(subject, outbound=True, id=sent["id"]), flags)

    @rule()
    def send_by_smtp(self) -> None:
        subject = self.subject()
        sender = self.site.inbox.address
        letter = f"From: {sender}\r\nSubject: {subject}\r\n\r\nHi.\r\n".encode()
        reply = self.running.run(self.smtp.send, sender, [OUTSIDE], letter)
        if self.blocked:
            assert reply.startswith("550 5.7.1"), reply
            assert self.running.run(self.smtp.say, "RSET").startswith("250")
        else:
            assert reply.startswith("250"), reply
            self.place("Sent", Mail(subject, outbound=True), {"\\Seen"})

    @rule(block=st.booleans())
    def rule_by_rest(self, block: bool) -> None:
        if block == self.blocked:
            return
        if block:
            self.rest("POST", "/suppressions", {"email": OUTSIDE}, 201)
        else:
            self.rest("DELETE", f"/suppressions/{OUTSIDE}", status=204)
        self.blocked = block

    @rule(folder=folders, flags=st.sets(st.sampled_from(FLAGS)))
    def append(self, folder: str, flags: set[str]) -> None:
        subject = self.subject()
        letter = f"Subject: {subject}\r\n\r\nHi.\r\n".encode()
        self.imap(f"APPEND {folder} ({' '.join(sorted(flags))})", letter)
        mail = Mail(subject, outbound=folder in ("Sent", "Drafts"))
        mail.draft = "new" if folder == "Drafts" else None
        self.place(folder, mail, flags)

    # ---------------------------------------------------------------------------- flags, folders

    @rule(
        folder=folders,
        choice=choices,
        sign=st.sampled_from(["+", "-", ""]),
        flags=st.sets(st.sampled_from(FLAGS), min_size=1),
    )
    def store_by_imap(self, folder: str, choice: int, sign: str, flags: set[str]) -> None:
        if not self.folders[folder]:
            return
        uids = self.uids(folder)
        index = choice % len(uids)
        self.imap(f"UID STORE {uids[index]} {sign}FLAGS.SILENT ({' '.join(sorted(flags))})")
        held = self.folders[folder][index]
        held.flags = {"+": held.flags | flags, "-": held.flags - flags, "": set(flags)}[sign]

    @rule(choice=choices, name=st.sampled_from(sorted(REST_FLAGS)), value=st.booleans())
    def flag_by_rest(self, choice: int, name: str, value: bool) -> None:
        mail = self.choose(choice)
        if mail is None:
            return
        self.rest("PATCH", f"/messages/{mail.id}", {name: value})
        for _, held in self.placements(mail):
            if value != (name == "unread"):
                held.flags.add(REST_FLAGS[name])
            else:
                held.flags.discard(REST_FLAGS[name])

    @rule(choice=choices, label=st.sampled_from(["todo", "later"]), add=st.booleans())
    def label_by_rest(self, choice: int, label: str, add: bool) -> None:
        mail = self.choose(choice)
        if mail is None:
            return
        path = f"/messages/{mail.id}/labels"
        if add:
            self.rest("POST", path, {"labels": [label]})
        else:
            self.rest("DELETE", f"{path}/{label}", status=204)
        for _, held in self.placements(mail):
            held.flags = held.flags | {label} if add else held.flags - {label}

    @rule(source=folders, into=folders, choice=choices, how=st.sampled_from(["MOVE", "COPY"]))
    def transfer_by_imap(self, source: str, into: str, choice: int, how: str) -> None:
        if not self.folders[source]:
            return
        uids = self.uids(source)
        index = choice % len(uids)
        held = self.folders[source][index]
        if any(one.mail is held.mail for one in self.folders[into]):
            # Of two placements in one folder, REST shows any.
            return
        self.imap(f"UID {how} {uids[index]} {into}")
        self.place(into, held.mail, held.flags)
        if how == "MOVE":
            del self.folders[source][index]
        if {"Drafts", "Trash"} & {source} or into == "Drafts":
            self.adopt(held.mail, into)

    @rule(folder=folders)
    def expunge_by_imap(self, folder: str) -> None:
        self.uids(folder)
        self.imap("EXPUNGE")
        gone = [one for one in self.folders[folder] if "\\Deleted" in one.flags]
        self.folders[folder] = [one for one in self.folders[folder] if one not in gone]
        if folder == "Trash":
            return
        for one in gone:
            if all(other.mail is not one.mail for other in self.folders["Trash"]):
                self.place("Trash", one.mail, one.flags - {"\\Deleted"})

    @rule(choice=choices)
    def delete_by_rest(self, choice: int) -> None:
        mail = self.choose(choice)
        if mail is None:
            return
        self.rest("DELETE", f"/messages/{mail.id}", status=204)
        self.trash(mail)

    def trash(self, mail: Mail) -> None:
        places = self.placements(mail)
        if all(name != "Trash" for name, _ in places):
            # Folders in the order in which they were made.
            self.place("Trash", mail, places[0][1].flags)
        for name, held in places:
            if name != "Trash":
                self.folders[name].remove(held)

    @rule(choice=choices)
    def restore_by_rest(self, choice: int) -> None:
        mail = self.choose(choice, "Trash")
        if mail is None:
            return
        home = "Drafts" if mail.draft else "Sent" if mail.outbound else "INBOX"
        assert self.rest("POST", f"/messages/{mail.id}/restore")
        held = next(one for one in self.folders["Trash"] if one.mail is mail)
        self.folders["Trash"].remove(held)
        if all(one.mail is not mail for one in self.folders[home]):
            self.place(home, mail, held.flags)
        if mail.draft:
            self.adopt(mail, "Drafts")

    # ----------------------------------------------------------------------------------- drafts

    @rule()
    def draft_by_rest(self) -> None:
        subject = self.subject()
        body = {"to": [{"email": OUTSIDE}], "subject": subject, "labels": ["later"]}
        draft = self.rest("POST", f"/inboxes/{self.site.inbox.id}/drafts", body, 201)
        mail = Mail(subject, outbound=True, draft=draft["id"], id=draft["message_id"])
        self.place("Drafts", mail, {"\\Seen", "\\Draft", "later"})

    @precondition(lambda self: self.folders["Drafts"])
    @rule(choice=choices, door=st.sampled_from(["rest", "APPEND", "REPLACE"]))
    def revise_a_draft(self, choice: int, door: str) -> None:
        mail = self.choose(choice, "Drafts")
        assert mail is not None
        subject = self.subject()
        held = next(one for one in self.folders["Drafts"] if one.mail is mail)
        if door == "rest":
            self.rest("PATCH", f"/drafts/{mail.draft}", {"subject": subject})
            shown = self.placements(mail)[0][1]
            kept = {flag for flag in held.flags if not flag.startswith("\\")}
            flags = {flag for flag in shown.flags if flag.startswith("\\")} | kept
        else:
            field, command = f"X-AgentPost-Draft-Id: {mail.draft}", "APPEND Drafts"
            if door == "REPLACE":
                # It needs nothing in the octets: the UID says which.
                uid = self.uids("Drafts")[self.folders["Drafts"].index(held)]
                field, command = "X-Client: any", f"UID REPLACE {uid} Drafts"
            letter = f"To: {OUTSIDE}\r\nSubject: {subject}\r\n{field}\r\n\r\nHi.\r\n".encode()
            self.imap(f"{command} (\\Draft)", letter)
            kept = {flag for flag in held.flags if not flag.startswith("\\")}
            flags = {"\\Draft"} | kept
        self.folders["Drafts"].remove(held)
        self.place("Drafts", Mail(subject, outbound=True, draft=mail.draft), flags)

    @precondition(lambda self: self.folders["Drafts"])
    @rule(choice=choices)
    def send_a_draft(self, choice: int) -> None:
        mail = self.choose(choice, "Drafts")
        assert mail is not None
        if len(self.placements(mail)) > 1:
            # What is sent would have the subject of what stays, and subjects are names here.
            return
        held = next(one for one in self.folders["Drafts"] if one.mail is mail)
        raw = self.running.run(self.site.rest, "GET", f"/messages/{mail.id}/raw").body
        status = 422 if OUTSIDE.encode() not in raw else 403 if self.blocked else 201
        sent = self.rest("POST", f"/drafts/{mail.draft}/send", status=status)
        if status != 201:
            return
        self.folders["Drafts"].remove(held)
        labels = {flag for flag in held.flags if not flag.startswith("\\")}
        self.place("Sent", Mail(mail.subject, outbound=True, id=sent["id"]), {"\\Seen"} | labels)

    @precondition(lambda self: self.folders["Drafts"])
    @rule(choice=choices)
    def delete_a_draft(self, choice: int) -> None:
        mail = self.choose(choice, "Drafts")
        assert mail is not None
        self.rest("DELETE", f"/drafts/{mail.draft}", status=204)
        self.trash(mail)

    # ------------------------------------------------------------------------------------ truth

    @invariant()
    def every_door_shows_the_same(self) -> None:
        if not hasattr(self, "client"):
            return
        for name, held in self.folders.items():
            assert self.seen_by_imap(name) == [(one.mail.subject, one.flags) for one in held]
            self.look_by_rest(name)
        self.look_at_drafts()
        self.listen()

    def seen_by_imap(self, folder: str) -> list[tuple[str, set[str]]]:
        self.imap(f"EXAMINE {folder}")
        if not self.folders[folder]:
            assert self.imap("SEARCH ALL") == ["* SEARCH"]
            return []
        lines = self.imap("FETCH 1:* (FLAGS ENVELOPE)")
        found = []
        for line in lines:
            flags = set(re.search(r"FLAGS \(([^)]*)\)", line)[1].split())  # type: ignore[index]
            subject = re.search(r'ENVELOPE \((?:NIL|"[^"]*") "(s\d+)"', line)
            assert subject is not None, line
            found.append((subject[1], flags - {"\\Recent"}))
        return found

    def look_by_rest(self, folder: str) -> None:
        path = f"/inboxes/{self.site.inbox.id}/messages?limit=100&folder={folder}"
        listed = {message["subject"]: message for message in self.rest("GET", path)["data"]}
        assert listed.keys() == {one.mail.subject for one in self.folders[folder]}
        for one in self.folders[folder]:
            shown = listed[one.mail.subject]
            assert one.mail.id in (None, shown["id"])
            one.mail.id = shown["id"]
            assert shown["direction"] == ("outbound" if one.mail.outbound else "inbound")
            assert shown["unread"] == ("\\Seen" not in one.flags)
            assert shown["starred"] == ("\\Flagged" in one.flags)
            assert shown["replied"] == ("\\Answered" in one.flags)
            assert set(shown["labels"]) == {flag for flag in one.flags if flag[0] != "\\"}

    def look_at_drafts(self) -> None:
        path = f"/inboxes/{self.site.inbox.id}/drafts?limit=100"
        listed = {draft["message_id"]: draft["id"] for draft in self.rest("GET", path)["data"]}
        held = [one.mail for one in self.folders["Drafts"]]
        assert listed.keys() == {mail.id for mail in held}
        assert len(set(listed.values())) == len(held)
        known = {
            mail.draft for name in FOLDERS for mail in (one.mail for one in self.folders[name])
        }
        for mail in held:
            if mail.draft == "new":
                assert listed[mail.id or ""] not in known
                mail.draft = listed[mail.id or ""]
            assert listed[mail.id or ""] == mail.draft

    def listen(self) -> None:
        """Apply what the listening client is told to what it knows; that is INBOX."""
        for line in self.running.run(self.listener.ok, "NOOP"):
            number, _, rest = line.removeprefix("* ").partition(" ")
            if rest == "EXPUNGE":
                del self.heard[int(number) - 1]
            elif rest == "EXISTS":
                new = int(number) - len(self.heard)
                self.heard += [set() for _ in range(new)]
                if new:
                    lines = self.running.run(
                        self.listener.ok, f"FETCH {int(number) - new + 1}:{number} FLAGS"
                    )
                    for fetched in lines:
                        self._hear(fetched)
            else:
                self._hear(line)
        assert [flags - {"\\Recent"} for flags in self.heard] == [
            one.flags for one in self.folders["INBOX"]
        ]

    def _hear(self, line: str) -> None:
        found = re.match(r"\* (\d+) FETCH .*FLAGS \(([^)]*)\)", line)
        if found is not None:
            self.heard[int(found[1]) - 1] = set(found[2].split())


OneTruth.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOneTruth = OneTruth.TestCase
