from __future__ import annotations

import time

import trio

from mailcore.backend import AccountEnded, Hint
from mailcore_agentpost.hub import Watcher
from mailcore_agentpost.mail.trash import empty_trash

from .site import Site, to


async def told(hints: list[Hint], kind: type[Hint]) -> Hint:
    with trio.fail_after(10):
        while True:
            for hint in hints:
                if isinstance(hint, kind):
                    return hint
            await trio.sleep(0.02)


async def test_another_process_is_noticed(site: Site) -> None:
    hints: list[Hint] = []
    stirred: list[int] = []
    key, _ = await site.new_key()
    site.backend.hub.add(Watcher(site.inbox.id, key.id, key.org_id, hints.append))
    site.backend.hub.listen(key.org_id, lambda events: stirred.append(len(events)))
    await trio.sleep(1.2)  # it has looked once
    assert hints == []
    site.change("UPDATE folders SET modseq = modseq + 1 WHERE inbox = ?", site.inbox.id)
    with trio.fail_after(10):
        while not (hints and 0 in stirred):
            await trio.sleep(0.02)
    site.change("UPDATE keys SET revoked_at = ? WHERE id = ?", time.time(), key.id)
    ended = await told(hints, AccountEnded)
    assert ended == AccountEnded("Invalid credentials")


async def test_what_the_server_writes_itself_is_no_news(site: Site) -> None:
    hints: list[Hint] = []
    site.backend.hub.add(Watcher("inb_other", site.key.id, site.key.org_id, hints.append))
    await trio.sleep(1.2)
    await site.new_inbox()
    await trio.sleep(1.2)
    assert hints == []


async def test_trash_is_emptied_of_what_is_old(site: Site) -> None:
    for subject in ("old", "new"):
        answer = await site.post(site.inbox, to(site.inbox.address, subject=subject))
        assert answer.status in (200, 201, 202)
    imap = await site.imap()
    assert len(await imap.uids("INBOX")) == 2
    await imap.ok("MOVE 1:2 Trash")
    assert len(await imap.uids("Trash")) == 2
    (oldest, _) = site.query("SELECT uid FROM placements JOIN folders ON id = folder"
                             " WHERE name = 'Trash' ORDER BY uid")  # fmt: skip
    site.change(
        "UPDATE placements SET saved = saved - 8 * 86400 WHERE uid = ? AND folder ="
        " (SELECT id FROM folders WHERE name = 'Trash')",
        oldest,
    )
    assert await empty_trash(site.backend.store, days=7) == 1
    assert await empty_trash(site.backend.store, days=7) == 0
    assert len(await imap.uids("Trash")) == 1
    assert len(site.query("SELECT id FROM messages WHERE direction = 'inbound'")) == 1


async def test_deeds_are_in_the_audit_trail(site: Site) -> None:
    inbox = await site.new_inbox()
    key, _ = await site.new_key("messages:read")
    rule = await site.service.create_rule(
        site.key, direction="send", action="block", match_type="domain", value="x.example"
    )
    await site.service.delete_rule(site.key, rule.id)
    await site.service.revoke_key(site.key, key.id)
    await site.service.update_inbox(site.key, inbox.id, display_name="x", send_paused=None)
    await site.service.update_inbox(site.key, inbox.id, display_name=None, send_paused=True)
    await site.service.delete_inbox(site.key, inbox.id)
    rows = site.query("SELECT action, actor, subject FROM audit ORDER BY id")
    assert [row[0] for row in rows] == [
        "inbox.created",
        "key.created",
        "rule.created",
        "rule.deleted",
        "key.revoked",
        "inbox.paused",
        "inbox.deleted",
    ]
    assert {row[1] for row in rows} == {site.key.id}
    assert [row[2] for row in rows][:3] == [inbox.id, key.id, rule.id]
