"""Drafts by REST: made, changed, sent."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailcore_agentpost.settings import Settings

from ..site import Site, opening, to

OUTSIDE = "someone@example.org"


async def make(site: Site, **fields: Any) -> dict[str, Any]:
    answer = await site.rest("POST", f"/inboxes/{site.inbox.id}/drafts", fields)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


async def change(site: Site, draft: str, **fields: Any) -> dict[str, Any]:
    answer = await site.rest("PATCH", f"/drafts/{draft}", fields)
    assert answer.status == 200, answer.body
    changed: dict[str, Any] = answer.json
    return changed


async def raw(site: Site, message: str) -> bytes:
    return (await site.rest("GET", f"/messages/{message}/raw")).body


async def test_a_draft_is_what_was_given(site: Site) -> None:
    made = await make(
        site,
        to=[{"email": OUTSIDE, "name": "Größe"}],
        bcc=[{"email": "b@example.org"}],
        subject="Später 🎉",
        text_body="Grüße\n",
        labels=["later"],
    )
    assert made["id"].startswith("drf_")
    assert made["to_addresses"] == [{"email": OUTSIDE, "name": "Größe"}]
    assert [one["email"] for one in made["bcc_addresses"]] == ["b@example.org"]
    assert (made["subject"], made["text_body"], made["html_body"]) == (
        "Später 🎉",
        "Grüße\r\n",
        None,
    )
    assert (made["labels"], made["in_reply_to"], made["attachments_meta"]) == (["later"], None, [])
    assert made["created_at"][:19] <= made["updated_at"][:19]
    assert (await site.rest("GET", f"/drafts/{made['id']}")).json == made
    message = (await site.rest("GET", f"/messages/{made['message_id']}")).json
    assert (message["folder"], message["thread_id"]) == ("Drafts", made["thread_id"])
    octets = message_from_bytes(await raw(site, made["message_id"]), policy=policy.default)
    assert octets["X-AgentPost-Draft-Id"] == made["id"]
    assert octets["Message-ID"]
    assert octets["Date"]


async def test_an_empty_draft_is_one(site: Site) -> None:
    made = await make(site)
    assert (made["to_addresses"], made["subject"], made["text_body"]) == ([], "", "\r\n")


async def test_absent_fields_stay(site: Site) -> None:
    made = await make(site, to=[{"email": OUTSIDE}], subject="one", text_body="Text", labels=["a"])
    changed = await change(site, made["id"], subject="two")
    assert (changed["id"], changed["thread_id"]) == (made["id"], made["thread_id"])
    assert changed["message_id"] != made["message_id"]
    assert changed["created_at"] == made["created_at"]
    for field in ("to_addresses", "text_body", "labels"):
        assert changed[field] == made[field]
    assert changed["subject"] == "two"
    changed = await change(site, made["id"], text_body="More", to=[], labels=[])
    assert changed["subject"] == "two"
    assert changed["text_body"].strip() == "More"
    assert (changed["to_addresses"], changed["labels"]) == ([], [])
    assert (await site.rest("GET", f"/messages/{made['message_id']}")).status == 404


async def test_html_comes_and_goes(site: Site) -> None:
    made = await make(site, text_body="Text")
    both = await change(site, made["id"], html_body="<p>Text</p>")
    assert (both["text_body"].strip(), both["html_body"].strip()) == ("Text", "<p>Text</p>")
    html = await change(site, made["id"], text_body=None)
    assert (html["text_body"], html["html_body"].strip()) == (None, "<p>Text</p>")


async def test_a_change_keeps_what_a_mail_client_attached(site: Site) -> None:
    mail = EmailMessage()
    mail["From"] = site.inbox.address
    mail["X-Client"] = "kept"
    mail.set_content("Text")
    mail.add_alternative("<img src='cid:pic'>", subtype="html")
    mail.add_attachment(b"\0\1\2" * 999, maintype="application", subtype="x-a", filename="ä.bin")
    mail.add_attachment("a,b", subtype="csv", filename="b.csv")
    client = await site.imap()
    await client.ok("APPEND Drafts", mail.as_bytes(policy=policy.SMTP))
    (draft,) = (await site.rest("GET", f"/inboxes/{site.inbox.id}/drafts")).json["data"]
    changed = await change(site, draft["id"], text_body="Other", subject="now")
    assert [one["filename"] for one in changed["attachments_meta"]] == ["ä.bin", "b.csv"]
    assert changed["html_body"].strip() == "<img src='cid:pic'>"
    section = changed["attachments_meta"][0]["section"]
    path = f"/messages/{changed['message_id']}/attachments/{section}"
    assert (await site.rest("GET", path)).body == b"\0\1\2" * 999
    parsed = message_from_bytes(await raw(site, changed["message_id"]), policy=policy.default)
    assert parsed["X-Client"] == "kept"
    assert len(parsed.get_all("MIME-Version")) == len(parsed.get_all("Content-Type")) == 1


async def test_sending_makes_a_message_of_it(site: Site) -> None:
    other = await site.new_inbox()
    made = await make(
        site,
        to=[{"email": other.address}],
        bcc=[{"email": OUTSIDE}],
        subject="Hello",
        text_body="Hi.",
        labels=["outreach"],
    )
    answer = await site.rest("POST", f"/drafts/{made['id']}/send")
    assert answer.status == 201, answer.body
    sent = answer.json
    assert (sent["folder"], sent["direction"], sent["labels"]) == ("Sent", "outbound", ["outreach"])
    assert sent["thread_id"] != ""
    assert (await site.rest("GET", f"/drafts/{made['id']}")).status == 404
    assert (await site.rest("POST", f"/drafts/{made['id']}/send")).status == 404
    client = await site.imap()
    (kept,) = await client.bodies("Sent")
    (received,) = await (await site.imap(other)).bodies("INBOX")
    assert await client.uids("Drafts") == await client.uids("Trash") == []
    for octets in (kept, received):
        assert "X-AgentPost-Draft-Id" not in octets
        assert octets.count("\nDate:") + octets.startswith("Date:") == 1
    assert "Bcc" not in received
    assert OUTSIDE in kept


async def test_a_repeated_send_sends_once(site: Site) -> None:
    made = await make(site, to=[{"email": OUTSIDE}], text_body="Hi.")
    path, headers = f"/drafts/{made['id']}/send", {"Idempotency-Key": "once"}
    first = await site.rest("POST", path, headers=headers)
    second = await site.rest("POST", path, headers=headers)
    assert (first.status, first.json["id"]) == (second.status, second.json["id"])
    other = await make(site, to=[{"email": OUTSIDE}], text_body="Ho.")
    answer = await site.rest("POST", f"/drafts/{other['id']}/send", headers=headers)
    assert (answer.status, answer.json["code"]) == (409, "idempotency_conflict")


async def test_a_draft_that_answers(site: Site) -> None:
    stranger = await site.stranger()
    letter = b"From: a@example.org\r\nSubject: Q\r\nMessage-ID: <q@example.org>\r\n\r\nQ?\r\n"
    await stranger.send("a@example.org", [site.inbox.address], letter)
    (question,) = (await site.rest("GET", f"/inboxes/{site.inbox.id}/messages")).json["data"]
    made = await make(site, to=[{"email": OUTSIDE}], text_body="A.", in_reply_to=question["id"])
    assert (made["in_reply_to"], made["thread_id"]) == (question["id"], question["thread_id"])
    by_thread = await make(site, thread_id=question["thread_id"])
    assert by_thread["in_reply_to"] == question["id"]
    apart = await change(site, by_thread["id"], in_reply_to=None)
    assert apart["in_reply_to"] is None
    sent = (await site.rest("POST", f"/drafts/{made['id']}/send")).json
    assert sent["thread_id"] == question["thread_id"]
    assert (await site.rest("GET", f"/messages/{question['id']}")).json["replied"]


@pytest.mark.parametrize(
    ("recipients", "status", "code"),
    [([], 422, "invalid_request"), (["a@blocked.example"], 403, "message_rejected")],
)
async def test_a_draft_that_can_not_be_sent_stays(
    site: Site, recipients: list[str], status: int, code: str
) -> None:
    rule = {"direction": "send", "action": "block", "match_type": "domain"}
    await site.rest("POST", "/filter-rules", {**rule, "value": "blocked.example"})
    made = await make(site, to=[{"email": one} for one in recipients], text_body="Hi.")
    answer = await site.rest("POST", f"/drafts/{made['id']}/send")
    assert (answer.status, answer.json["code"]) == (status, code)
    assert (await site.rest("GET", f"/drafts/{made['id']}")).json == made


async def test_a_draft_goes_to_trash_and_comes_back_as_one(site: Site) -> None:
    made = await make(site, subject="gone")
    assert (await site.rest("DELETE", f"/drafts/{made['id']}")).status == 204
    assert (await site.rest("GET", f"/drafts/{made['id']}")).status == 404
    restored = await site.rest("POST", f"/messages/{made['message_id']}/restore")
    assert restored.json["folder"] == "Drafts"
    assert (await site.rest("GET", f"/drafts/{made['id']}")).json["subject"] == "gone"


async def test_lists_go_page_by_page_while_drafts_change(site: Site) -> None:
    made = [(await make(site, subject=f"{number}"))["id"] for number in range(5)]
    path = f"/inboxes/{site.inbox.id}/drafts?limit=2"
    page = (await site.rest("GET", path)).json
    seen = [one["id"] for one in page["data"]]
    await change(site, made[0], subject="the oldest, changed last")
    while page["has_more"]:
        page = (await site.rest("GET", f"{path}&cursor={page['next_cursor']}")).json
        seen += [one["id"] for one in page["data"]]
    assert seen == made[::-1]


async def test_drafts_are_in_no_other_list(site: Site) -> None:
    await make(site, subject="draft")
    assert (await site.rest("GET", f"/inboxes/{site.inbox.id}/messages")).json["data"] == []
    assert (await site.rest("GET", f"/inboxes/{site.inbox.id}/threads")).json["data"] == []


async def test_a_draft_has_no_room_in_a_full_inbox(tmp_path: Path) -> None:
    async with opening(tmp_path, Settings(inbox_storage=2000)) as site:
        made = await make(site, text_body="x" * 1000)
        answer = await site.rest("PATCH", f"/drafts/{made['id']}", {"text_body": "x" * 1500})
        assert (answer.status, answer.json["code"]) == (507, "over_quota")
        assert (await site.rest("GET", f"/drafts/{made['id']}")).json == made


async def test_what_is_somebody_elses_is_not_there(site: Site) -> None:
    other = await site.new_inbox()
    _, secret = await site.new_key("messages:read", "messages:write", inbox=other)
    made = await make(site, subject="mine")
    for method, path, body in (
        ("GET", f"/drafts/{made['id']}", None),
        ("PATCH", f"/drafts/{made['id']}", {"subject": "x"}),
        ("DELETE", f"/drafts/{made['id']}", None),
        ("POST", f"/drafts/{made['id']}/send", None),
        ("GET", f"/inboxes/{site.inbox.id}/drafts", None),
        ("POST", f"/inboxes/{site.inbox.id}/drafts", {}),
        ("POST", f"/inboxes/{other.id}/drafts", {"in_reply_to": made["message_id"]}),
    ):
        assert (await site.rest(method, path, body, secret=secret)).status == 404, (method, path)
    message = (await site.post(site.inbox, to(OUTSIDE))).json
    answer = await site.rest("POST", f"/inboxes/{other.id}/drafts", {"in_reply_to": message["id"]})
    assert answer.status == 404
