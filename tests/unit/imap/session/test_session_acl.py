"""ACL and LIST-MYRIGHTS: who may do what, and what is left where a right is missing (RFC 4314)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mailcore.backend import ALL_RIGHTS, FlagAction, Grantable
from mailcore.imap import commands as c
from mailcore.imap.session.acl import grantable, spelled
from mailcore.imap.session.rights import NEEDS
from mailcore.testing import MemoryBackend, new_message, run

ALICE, BOB = "alice@example.test", "bob@example.test"
BOX = f"Other Users/{BOB}/Box"


@pytest.fixture
def backend() -> MemoryBackend:
    backend = MemoryBackend({ALICE: "secret", BOB: "secret"})
    bob = backend.users[BOB]
    bob.create("Box")
    bob.create("Parent")
    run(bob.mailboxes["Box"].append([new_message(b"Subject: x\r\n\r\nbody\r\n") for _ in "abc"]))
    return backend


@pytest.fixture
def grant(backend):
    def change(rights: str, box: str = "Box", who: str = ALICE) -> None:
        mailbox = backend.users[BOB].mailboxes[box]
        mailbox.access.entries.pop(who, None)
        if rights:
            mailbox.access.entries[who] = frozenset(rights)

    return change


@pytest.fixture
def box(backend):
    return backend.users[BOB].mailboxes["Box"]


@pytest.fixture
def alice(connect):
    return connect(select=None)


@pytest.fixture
def bob(connect):
    client = connect(login=False)
    client.ok(f"LOGIN {BOB} secret")
    return client


# ------------------------------------------------------------------------- right × command

#: For each command of the table: what a client says that takes its rights, once "Box" of another is
#: selected where it has to be; {box} is that one's name, {own} a mailbox of the client's.
PROBES: dict[type[c.Command], str] = {
    c.Select: 'SELECT "{box}"',
    c.StatusCommand: 'STATUS "{box}" (MESSAGES)',
    c.Create: 'CREATE "{box}/new"',
    c.Delete: 'DELETE "{box}"',
    c.Rename: f'RENAME "{{box}}" "Other Users/{BOB}/Parent/new"',
    c.AppendBegin: 'APPEND "{box}" CATENATE (URL /INBOX/;UID=1)',
    c.SetAcl: 'SETACL "{box}" anyone lr',
    c.DeleteAcl: 'DELETEACL "{box}" somebody',
    c.GetAcl: 'GETACL "{box}"',
    c.ListRights: 'LISTRIGHTS "{box}" somebody',
    c.MyRights: 'MYRIGHTS "{box}"',
    c.GetMetadata: 'GETMETADATA "{box}" /private/comment',
    c.SetMetadata: 'SETMETADATA "{box}" (/private/comment NIL)',
    c.GetQuotaRoot: 'GETQUOTAROOT "{box}"',
    c.Fetch: "FETCH 1 FLAGS",
    c.Search: "SEARCH ALL",
    c.Esearch: "ESEARCH IN (selected) ALL",
    c.Sort: "SORT (ARRIVAL) UTF-8 ALL",
    c.Thread: "THREAD REFS UTF-8 ALL",
    c.Store: "STORE 1 +FLAGS (\\Seen \\Deleted x)",
    c.Expunge: "EXPUNGE",
    c.Copy: 'COPY 1 "{box}"',
    c.Move: 'MOVE 1 "{box}"',
    c.Replace: 'REPLACE 1 "{box}" CATENATE (URL /INBOX/;UID=1)',
}
#: The fewest rights that each of them takes: one set will do.
MINIMAL: dict[type[c.Command], list[str]] = {
    c.Select: ["r"],
    c.StatusCommand: ["r"],
    c.Create: ["k"],
    c.Delete: ["x"],
    c.Rename: ["kx"],
    c.AppendBegin: ["i"],
    c.SetAcl: ["a"],
    c.DeleteAcl: ["a"],
    c.GetAcl: ["a"],
    c.ListRights: ["a"],
    c.MyRights: ["l", "r", "i", "k", "x", "a"],
    c.GetMetadata: ["lr", "ls", "lw", "li", "lp"],
    c.SetMetadata: ["lr", "ls", "lw", "li", "lp"],
    c.GetQuotaRoot: ["r"],
    c.Fetch: ["r"],
    c.Search: ["r"],
    c.Esearch: ["r"],
    c.Sort: ["r"],
    c.Thread: ["r"],
    c.Store: ["rs", "rt", "rw"],
    c.Expunge: ["re"],
    c.Copy: ["ri"],
    c.Move: ["rtei"],
    c.Replace: ["rtei"],
}


@pytest.fixture
def probe(alice, grant, backend) -> Callable[[type[c.Command], str], str]:
    """Say a command with some rights; return its tagged response."""
    run(backend.users[ALICE].inbox.append([new_message(b"Subject: mine\r\n\r\n")]))

    def say(kind: type[c.Command], rights: str) -> str:
        selected = any(need.selected for need in NEEDS[kind])
        grant("".join(ALL_RIGHTS))
        if selected:
            alice.ok(f'SELECT "{BOX}"')
        grant(rights)
        grant(rights, "Parent")
        return alice.tagged(PROBES[kind].format(box=BOX))

    return say


def test_every_command_of_the_table_is_probed() -> None:
    assert set(PROBES) == set(MINIMAL) == set(NEEDS)


@pytest.mark.parametrize("kind", NEEDS, ids=lambda kind: kind.__name__)
def test_a_command_takes_its_rights_and_no_other(kind: type[c.Command], probe) -> None:
    for rights in MINIMAL[kind]:
        for missing in rights:
            # All others do not help.
            others = "".join(ALL_RIGHTS - {missing})
            if any(set(other) <= set(others) for other in MINIMAL[kind]):
                continue
            assert probe(kind, others).startswith(
                "NO [NOPERM] You lack" if missing != "l" else "NO [NONEXISTENT]"
            ), (missing, kind)
    for rights in MINIMAL[kind][-1:]:
        assert probe(kind, rights).startswith("OK"), rights


@pytest.mark.parametrize("kind", NEEDS, ids=lambda kind: kind.__name__)
def test_any_of_the_rights_will_do_where_one_is_enough(kind: type[c.Command], probe) -> None:
    for rights in MINIMAL[kind]:
        answer = probe(kind, rights)
        assert answer.startswith("OK"), (rights, answer)
        if kind in (c.Delete, c.Rename, c.Create, c.Move, c.Replace, c.SetAcl):
            return  # it can be done once


@pytest.mark.parametrize("kind", NEEDS, ids=lambda kind: kind.__name__)
def test_what_is_hidden_is_not_there(kind: type[c.Command], probe, alice) -> None:
    """RFC 4314 §6: nobody learns of a mailbox by asking for it."""
    if any(need.selected for need in NEEDS[kind]):
        return
    hidden = probe(kind, "")
    missing = alice.tagged(PROBES[kind].format(box=BOX.replace("Box", "none")))
    assert hidden.startswith("NO [")
    if kind is not c.Create:
        assert hidden == missing


# ----------------------------------------------------------------------------- what is shown


def test_list_shows_what_may_be_seen(alice, grant, box):
    def names(command: str) -> list[str]:
        return [line for line in alice.ok(command) if BOB in line]

    assert names('LIST "" *') == []
    grant("r")
    assert names('LIST "" *') == []
    alice.ok(f'SUBSCRIBE "{BOX}"')
    assert names('LSUB "" *') == []
    grant("lr")
    [line] = [line for line in names('LIST "" *') if line.endswith('Box"')]
    assert line == f'* LIST (\\HasNoChildren) "/" "{BOX}"'
    assert names('LSUB "" *') == [f'* LSUB () "/" "{BOX}"']
    assert names('LIST (SUBSCRIBED) "" *')


def test_other_users_have_a_namespace_where_there_are_some(alice):
    [line] = alice.ok("NAMESPACE")
    assert line == '* NAMESPACE (("" "/")) (("Other Users/" "/")) NIL'


def test_list_tells_rights_and_nothing_that_takes_more(alice, grant):
    # RFC 8440
    grant("lxk")
    lines = alice.ok(
        f'LIST "" ("{BOX}" INBOX none) RETURN (MYRIGHTS STATUS (MESSAGES) METADATA (/private/x))'
    )
    assert lines == [
        '* LIST (\\HasNoChildren) "/" INBOX',
        "* MYRIGHTS INBOX lrswipkxtecda",
        "* STATUS INBOX (MESSAGES 0)",
        "* METADATA INBOX (/private/x NIL)",
        f'* LIST (\\HasNoChildren) "/" "{BOX}"',
        f'* MYRIGHTS "{BOX}" lkxc',
    ]


def test_notify_tells_of_what_may_be_read(alice, grant, box):
    grant("l")
    alice.ok(f'NOTIFY SET STATUS (mailboxes ("{BOX}") (MessageNew MessageExpunge))')
    assert alice.say() == b""
    grant("lr")
    run(box.append([new_message(b"x")]))
    assert f'* STATUS "{BOX}" (MESSAGES 4'.encode() in alice.say()


def test_what_others_share_is_not_personal(alice, grant, box):
    grant("lr")
    alice.ok("NOTIFY SET (personal (MessageNew MessageExpunge))")
    run(box.append([new_message(b"x")]))
    assert alice.say() == b""


# ------------------------------------------------------------------------- what is left over


def test_select_says_what_can_be_changed(alice, grant):
    def told(rights: str) -> tuple[str, str]:
        grant(rights)
        lines = alice.do(f'SELECT "{BOX}"')
        [flags] = [line for line in lines if "PERMANENTFLAGS" in line]
        return flags.partition("(")[2].partition(")")[0], lines[-1].split()[2]

    assert told("lr") == ("", "[READ-ONLY]")
    assert told("lrka") == ("", "[READ-ONLY]")
    assert told("lrs") == ("\\Seen", "[READ-WRITE]")
    assert told("lrt") == ("\\Deleted", "[READ-WRITE]")
    assert told("lrw") == ("\\Answered \\Draft \\Flagged \\*", "[READ-WRITE]")
    assert told("lri") == ("", "[READ-WRITE]")
    assert told("lre") == ("", "[READ-WRITE]")


def flags_of(mailbox, uid: int) -> set[str]:
    return set(mailbox.messages[uid].state.flags)


@pytest.mark.parametrize(
    ("rights", "kept"),
    [("i", set()), ("is", {"\\Seen"}), ("it", {"\\Deleted"}), ("iw", {"\\Draft", "x"})],
)
def test_new_messages_get_the_flags_that_may_be_set(alice, grant, box, backend, rights, kept):
    grant(rights)
    alice.say(f'a APPEND "{BOX}" (\\Seen \\Deleted \\Draft x) {{1+}}\r\n.\r\n'.encode())
    assert flags_of(box, 4) == kept
    inbox = backend.users[ALICE].inbox
    run(
        inbox.append(
            [new_message(b"x", frozenset({"\\Seen", "\\Deleted", "\\Draft", "x"})) for _ in "ab"]
        )
    )
    alice.ok("SELECT INBOX")
    alice.ok(f'COPY 1 "{BOX}"')
    alice.ok(f'MOVE 2 "{BOX}"')
    assert flags_of(box, 5) == flags_of(box, 6) == kept
    assert flags_of(inbox, 1) == {"\\Seen", "\\Deleted", "\\Draft", "x"}


@pytest.mark.parametrize(
    ("rights", "command", "before", "after"),
    [
        ("rs", "+FLAGS (\\Seen \\Deleted x)", "", "\\Seen"),
        ("rt", "-FLAGS (\\Seen \\Deleted x)", "\\Seen \\Deleted x", "\\Seen x"),
        ("rw", "FLAGS (\\Flagged)", "\\Seen \\Deleted x", "\\Seen \\Deleted \\Flagged"),
        ("rs", "FLAGS ()", "\\Seen \\Deleted x", "\\Deleted x"),
        ("rs", "FLAGS (\\Deleted)", "\\Seen x", "x"),
        ("rwst", "FLAGS (\\Flagged)", "\\Seen \\Deleted x", "\\Flagged"),
    ],
)
def test_store_changes_what_may_be_changed(alice, grant, box, rights, command, before, after):
    grant(rights)
    alice.ok(f'SELECT "{BOX}"')
    run(box.store_flags([1, 2], FlagAction.REPLACE, frozenset(before.split())))
    alice.ok("NOOP")
    [line] = [line for line in alice.ok(f"STORE 1 {command}") if "FETCH" in line]
    assert flags_of(box, 1) == set(after.split())
    assert set(line.partition("FLAGS (")[2].rstrip(")").split()) - {"\\Recent"} == set(
        after.split()
    )


def test_store_of_nothing_that_may_be_changed_fails(alice, grant, box):
    grant("rs")
    alice.ok(f'SELECT "{BOX}"')
    assert alice.tagged("STORE 1 +FLAGS (\\Deleted)").startswith("NO [NOPERM]")
    assert flags_of(box, 1) == set()


def test_a_store_that_is_conditional_stays_so(alice, grant, box):
    grant("rw")
    alice.ok(f'SELECT "{BOX}" (CONDSTORE)')
    modseq = box.messages[1].state.modseq
    run(box.store_flags([1], FlagAction.ADD, frozenset({"x"})))
    answer = alice.tagged(f"STORE 1:2 (UNCHANGEDSINCE {modseq}) FLAGS (y)")
    assert answer.startswith("OK [MODIFIED 1]")
    assert (flags_of(box, 1), flags_of(box, 2)) == ({"x"}, {"y"})


def test_reading_sets_seen_only_with_the_right(alice, grant, box):
    grant("rw")
    alice.ok(f'SELECT "{BOX}"')
    alice.ok("FETCH 1 BODY[]")
    assert flags_of(box, 1) == set()
    grant("rs")
    alice.ok("FETCH 1 BODY[]")
    assert flags_of(box, 1) == {"\\Seen"}


def test_close_expunges_only_with_the_right(alice, grant, box):
    for rights, left in (("rt", {1, 2, 3}), ("rte", {2, 3})):
        grant(rights)
        alice.ok(f'SELECT "{BOX}"')
        alice.ok("STORE 1 +FLAGS (\\Deleted)")
        alice.ok("CLOSE")
        assert set(box.messages) == left


def test_a_url_takes_the_right_to_read(alice, grant, backend):
    command = f'APPEND INBOX CATENATE (URL "/{BOX.replace(" ", "%20")}/;UID=1")'
    grant("l")
    assert alice.tagged(command).startswith("NO [BADURL ")
    grant("r")
    alice.ok(command)
    assert len(backend.users[ALICE].inbox.messages) == 1


def test_a_select_that_is_refused_leaves_no_mailbox_selected(alice, grant):
    alice.ok("SELECT INBOX")
    for rights in ("", "l"):
        grant(rights)
        alice.ok("SELECT INBOX")
        *_, closed, tagged = alice.do(f'SELECT "{BOX}"')
        assert closed.startswith("* OK [CLOSED]")
        assert tagged.startswith("t NO [")
        assert alice.session.view is None
        assert alice.tagged("FETCH 1 FLAGS").startswith("BAD ")


def test_a_search_through_many_passes_over_what_may_not_be_read(alice, grant):
    grant("l")
    command = f'ESEARCH IN (mailboxes ("{BOX}" INBOX)) RETURN (COUNT) ALL'
    assert alice.ok(command) == []
    grant("r")
    assert alice.ok(command) == []
    grant("lr")
    [line] = alice.ok(command)
    assert line.startswith(f'* ESEARCH (TAG "t" MAILBOX "{BOX}"')
    assert line.endswith("COUNT 3")
    assert alice.ok("ESEARCH IN (personal) RETURN (COUNT) ALL") == []


def test_labels_are_flags_of_their_own(alice, grant, box):
    grant("rs")
    alice.ok(f'SELECT "{BOX}"')
    assert alice.tagged("STORE 1 +X-GM-LABELS (work)").startswith("NO [NOPERM]")
    grant("rw")
    alice.ok("STORE 1 +X-GM-LABELS (work)")
    assert box.messages[1].state.flags


def test_what_can_be_changed_now_is_told(alice, grant):
    grant("lrs")
    alice.ok(f'SELECT "{BOX}"')
    grant("lrst")
    assert alice.ok("SEARCH ALL") == [
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
        "* OK [PERMANENTFLAGS (\\Deleted \\Seen)] Flags that can be changed for good",
        "* SEARCH 1 2 3",
    ]
    assert alice.ok("SEARCH ALL") == ["* SEARCH 1 2 3"]


def test_a_right_taken_away_is_gone_at_once(alice, grant, bob):
    grant("lr")
    alice.ok(f'SELECT "{BOX}"')
    alice.ok("FETCH 1 FLAGS")
    bob.ok(f"DELETEACL Box {ALICE}")
    assert alice.tagged("FETCH 1 FLAGS").startswith("NO [NOPERM]")
    alice.ok("UNSELECT")


def test_others_are_told_of_news(alice, grant, box):
    grant("lr")
    alice.ok(f'SELECT "{BOX}"')
    run(box.append([new_message(b"x")]))
    assert "* 4 EXISTS" in alice.ok("NOOP")


def test_what_is_copied_from_others_is_ones_own(alice, grant, backend, bob):
    grant("lr")
    alice.ok(f'SELECT "{BOX}"')
    alice.ok("COPY 1:2 INBOX")
    assert len(backend.users[ALICE].inbox.messages) == 2
    assert len(backend.users[BOB].inbox.messages) == 0


def test_a_name_above_what_others_keep_is_not_renamed(alice, grant, bob):
    bob.ok("CREATE Above/Below")
    below = f"Other Users/{BOB}/Above"
    assert alice.tagged(f'RENAME "{below}" "{below}2"').startswith("NO [")
    grant("l", "Above/Below")
    assert alice.tagged(f'RENAME "{below}" "{below}2"').startswith("NO [NONEXISTENT]")
    assert alice.tagged(f'RENAME "{below}/Below" "{BOX}2"').startswith("NO [NOPERM]")
    grant("lx", "Above/Below")
    assert alice.tagged(f'RENAME "{below}/Below" mine').startswith("NO [CANNOT]")
    alice.ok(f'RENAME "{below}/Below" "{BOX}2"')
    assert any(line.endswith(" Box2") for line in bob.ok('LIST "" *'))


def test_a_name_above_what_is_hidden_is_not_there(alice, grant, bob):
    bob.ok("CREATE Above/Below")
    delete = f'DELETE "Other Users/{BOB}/Above"'
    grant("r", "Above/Below")
    assert alice.tagged(delete).startswith("NO [NONEXISTENT]")
    grant("lr", "Above/Below")
    assert alice.tagged(delete).startswith("NO [HASCHILDREN]")


def test_a_new_mailbox_takes_over_the_list_of_its_parent(alice, grant, backend, bob):
    grant("lk")
    alice.ok(f'CREATE "{BOX}/new"')
    assert bob.ok("GETACL Box/new") == [f"* ACL Box/new {BOB} lrswipkxtecda {ALICE} lkc"]
    assert alice.tagged(f'CREATE "Other Users/{BOB}/top"').startswith("NO [NOPERM]")


# ------------------------------------------------------------------------------ the commands


def test_lists_are_changed_and_told(bob):
    assert bob.ok("GETACL Box") == [f"* ACL Box {BOB} lrswipkxtecda"]
    # RFC 4314 §2.1.1 and §3.1: what "c" and "d" mean.
    bob.ok("SETACL Box Fred lrswida")
    bob.ok("SETACL Box anyone +lr")
    bob.ok("SETACL Box anyone -r")
    bob.ok("SETACL Box -fred c")
    assert bob.ok("GETACL Box") == [
        f"* ACL Box {BOB} lrswipkxtecda fred lrswiteda anyone l -fred kxc"
    ]
    bob.ok("DELETEACL Box fred")
    bob.ok("DELETEACL Box nobody")
    bob.ok("SETACL Box anyone -l")
    assert bob.ok("GETACL Box") == [f"* ACL Box {BOB} lrswipkxtecda -fred kxc"]
    assert bob.ok("MYRIGHTS Box") == ["* MYRIGHTS Box lrswipkxtecda"]
    assert bob.ok("LISTRIGHTS Box Smith") == ['* LISTRIGHTS Box Smith "" a e i k l p r s t w x c d']
    assert bob.ok(f"LISTRIGHTS Box {BOB}") == [f"* LISTRIGHTS Box {BOB} lrswipkxtecda"]


def test_negative_rights_and_everybody(alice, grant, backend, bob):
    bob.ok("SETACL Box anyone lrs")
    assert alice.ok(f'MYRIGHTS "{BOX}"') == [f'* MYRIGHTS "{BOX}" lrs']
    bob.ok(f"SETACL Box -{ALICE} s")
    assert alice.ok(f'MYRIGHTS "{BOX}"') == [f'* MYRIGHTS "{BOX}" lr']


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("SETACL Box fred lrQs", "BAD One of these rights is not known here"),
        ("SETACL Box fred +q", "BAD One of these rights is not known here"),
        ('SETACL Box "" l', "BAD Nobody can be called so"),
        ('DELETEACL Box ""', "BAD Nobody can be called so"),
        ('LISTRIGHTS Box ""', "BAD Nobody can be called so"),
        ("SETACL Box fred l1", "NO [NOPERM] There are no rights of our own here"),
        (f"SETACL Box {BOB} lr", "NO [NOPERM] The owner may do everything, always"),
        ("GETACL none", "NO [NONEXISTENT] No such mailbox"),
        ("MYRIGHTS none", "NO [NONEXISTENT] No such mailbox"),
    ],
)
def test_refusals(bob, command, answer):
    assert bob.tagged(command) == answer


def test_the_new_rights_are_told(connect):
    assert " ACL RIGHTS=texk LIST-MYRIGHTS " in connect().ok("CAPABILITY")[0]
    assert "RIGHTS=" not in connect(disabled=["ACL"]).ok("CAPABILITY")[0]


@pytest.mark.parametrize(
    ("always", "optional", "told"),
    [
        # RFC 4314 §2.1.1, with "c" for "kx" and "d" for "et"
        ("", "l r s w i p k x t e", ("", "l r s w i p k x t e c d")),
        ("", "lr s w i p k x te", ("", "lr s w i p k x te c d")),
        ("", "lr swte i p k x", ("", "lr swted i p k x c")),
        ("la", "r swikxte", ("la", "r swikxtecd")),
        ("ket", "l", ("ktecd", "l")),
    ],
)
def test_rights_that_go_together(always, optional, told):
    found = Grantable(frozenset(always), [frozenset(one) for one in optional.split()])
    wanted = told[0], tuple("".join(sorted(one)) for one in told[1].split())
    got = grantable(found)
    assert ("".join(sorted(got[0])), tuple("".join(sorted(one)) for one in got[1])) == (
        "".join(sorted(wanted[0])),
        wanted[1],
    )


def test_an_account_without_lists_says_cannot(connect, one_mailbox, box):
    client = connect(select=None, over=one_mailbox(box))
    for command in ("SETACL x y l", "DELETEACL x y", "GETACL x", "LISTRIGHTS x y", "MYRIGHTS x"):
        assert client.tagged(command).startswith("NO [CANNOT]")


def test_an_identifier_that_nobody_can_have(bob):
    # RFC 4314 §3: U+0085 does not survive SASLprep.
    output = bob.say(b"t SETACL Box {2+}\r\n\xc2\x85 l\r\n")
    assert output == b"t BAD Nobody can be called so\r\n"


def test_rights_are_written_in_one_order():
    assert spelled(frozenset("9axl1")) == "lxca19"
    assert spelled(frozenset()) == ""
