"""The page, in a real browser: sign in, see mail arrive, answer, add a rule, export."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcore_agentpost.client import AgentPost, Inbox
from tests.names import answering, text

from .accounts import Account, need
from .program import Server, launch

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or ""
# A browser that looks for nothing but what the tests ask of it.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MAIL = (
    b"From: Anna <anna@example.org>\r\nSubject: %b\r\nMessage-ID: <%b@example.org>\r\n"
    b"Content-Type: text/html\r\n\r\n"
    b'<p id="hello">Hello</p><script>document.body.innerHTML = "ran"</script>'
    b'<img src="http://127.0.0.1:9/spy"><img src=x onerror="parent.document.title=1">\r\n'
)


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    need(CHROMIUM, "chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: playwright.Browser, agentpost: Server) -> Iterator[playwright.Page]:
    """The page, signed in; whatever it complains of is an error."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(agentpost.url)
    page.get_by_label("API key").fill("ap_sk_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").filter(has_text="Invalid").wait_for()
    page.get_by_label("API key").fill(agentpost.key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Inboxes").wait_for()
    yield page
    context.close()
    assert complaints == []


def deliver(carla: Account, subject: bytes) -> None:
    carla.deliver(MAIL % (subject, subject))


def test_mail_arrives_while_one_looks_and_is_answered(
    page: playwright.Page, api: AgentPost, inbox: Inbox, carla: Account
) -> None:
    page.reload()
    page.get_by_title(inbox.email, exact=True).click()
    page.get_by_text("Nothing here yet.").wait_for()
    idling = carla.raw_imap()
    idling.send(b"s SELECT INBOX\r\ni IDLE\r\n")
    assert idling.until(b"+")
    deliver(carla, b"invoice")
    row = page.get_by_role("region", name="Messages").get_by_role("link", name="invoice")
    row.wait_for()
    assert b"EXISTS" in idling.until(b"* 1 EXISTS")
    idling.close()
    row.click()
    page.get_by_role("heading", name="invoice").wait_for()
    page.get_by_role("button", name="Reply", exact=True).click()
    page.get_by_label("Text", exact=True).fill("Thank you.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Sent.").wait_for()
    (answer,) = api.messages.list(inbox.id, folder="Sent").data
    assert answer.subject == "Re: invoice"
    (original,) = api.messages.list(inbox.id, folder="INBOX").data
    assert (original.unread, original.replied) == (False, True)


def test_html_of_strangers_runs_nothing_and_loads_nothing(
    page: playwright.Page, inbox: Inbox, carla: Account
) -> None:
    deliver(carla, b"html")
    page.reload()
    page.get_by_title(inbox.email, exact=True).click()
    page.get_by_role("region", name="Messages").get_by_role("link", name="html").click()
    asked, blocked = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfailed", lambda request: blocked.append((request.url, request.failure)))
    page.get_by_role("tab", name="HTML").click()
    frame = page.frame_locator("iframe")
    frame.locator("#hello").wait_for()
    assert frame.locator("#hello").inner_text() == "Hello"
    page.wait_for_timeout(200)
    # The browser reports what it was asked for, also where the policy keeps it from asking.
    wanted = {url for url in asked if url.endswith(("/spy", "/x"))}
    assert len(wanted) == 2
    assert {url for url, failure in blocked if failure == "csp"} == wanted
    assert page.title() == "AgentPost"


def test_a_rule_is_added_and_refuses(
    page: playwright.Page, api: AgentPost, inbox: Inbox, carla: Account
) -> None:
    page.get_by_role("link", name="Policy").click()
    page.get_by_label("address or domain").fill("rival.example")
    page.get_by_role("button", name="Add rule").click()
    page.get_by_role("cell", name="rival.example").wait_for()
    page.get_by_role("link", name="Mail").click()
    page.get_by_title(inbox.email, exact=True).click()
    page.get_by_role("button", name="Write").click()
    page.get_by_label("To").fill("boss@rival.example")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("alert").filter(has_text="filter rule").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="Policy").click()
    page.get_by_label("address to check").fill("boss@rival.example")
    page.get_by_role("button", name="Ask").click()
    page.get_by_text("refused").wait_for()
    with carla.smtp() as client:
        client.mail(inbox.email)
        code, reply = client.rcpt("boss@rival.example")
    page.get_by_text(f"{code} {reply.decode()}").wait_for()
    page.get_by_text("403 message_rejected").wait_for()
    for rule in api.filter_rules:
        api.filter_rules.delete(rule.id)


def test_a_session_is_watched_and_closed(page: playwright.Page, carla: Account) -> None:
    client = carla.raw_imap()
    client.send(b"s SELECT INBOX\r\ni IDLE\r\n")
    assert client.until(b"+")
    page.get_by_role("link", name="Sessions").click()
    row = (
        page.get_by_role("region", name="Sessions")
        .get_by_role("link")
        .filter(has_text=carla.address)
    )
    row.filter(has_text="IDLE").first.click()
    transcript = page.get_by_role("log", name="Transcript")
    transcript.get_by_text("i IDLE").wait_for()
    assert "••••" in transcript.inner_text()
    assert carla.key not in page.content()
    carla.deliver(MAIL % (b"seen", b"seen"))
    transcript.get_by_text("* 1 EXISTS").wait_for()
    page.get_by_role("button", name="Close connection").click()
    assert client.until(b"* BYE")
    transcript.get_by_text("BYE Closed by an administrator").wait_for()
    client.close()


def test_what_waits_is_retried_or_given_up(page: playwright.Page, carla: Account) -> None:
    carla.send("delay@simulator.test", "retried")
    page.get_by_role("link", name="Deliveries").click()
    row = page.get_by_role("row").filter(has_text=carla.address).filter(has_text="451")
    row.get_by_role("button", name="Retry now").click()
    arrived = page.get_by_role("row").filter(has_text="delay@simulator.test")
    arrived.filter(has_text="The simulator took it").first.wait_for()
    carla.send("delay@simulator.test", "given up")
    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Give up").click()
    arrived.filter(has_text="Taken off the queue").first.wait_for()
    row.wait_for(state="detached")


def test_credentials_are_downloaded(page: playwright.Page, inbox: Inbox, tmp_path: Path) -> None:
    page.get_by_role("link", name="Keys").click()
    page.get_by_role("heading", name="Thunderbird").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as CSV").click()
    file = tmp_path / "credentials.csv"
    download.value.save_as(file)
    assert inbox.email in file.read_text()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(page: playwright.Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for tab in ("Activity", "Sessions", "Deliveries", "Webhooks", "Policy", "Keys", "Mail"):
        page.get_by_role("link", name=tab, exact=True).click()
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab


def test_the_page_tells_whether_a_sender_is_confirmed(
    browser: playwright.Browser, tmp_path: Path
) -> None:
    zone = {"_dmarc.bank.example": {"TXT": [text("v=DMARC1; p=reject")]}}
    with answering(zone) as names:
        server = launch(
            *("--data", tmp_path),
            MAILCORE_AGENTPOST_NAMESERVERS=names.address,
            MAILCORE_AGENTPOST_INBOUND_CHECK_LOCAL="true",
        )
        try:
            account = Account(server, server.inbox, server.key)
            account.deliver(b"From: boss@bank.example\r\nSubject: urgent\r\n\r\nPay at once.\r\n")
            context = browser.new_context()
            page = context.new_page()
            page.set_default_timeout(10_000)
            page.goto(server.url)
            page.get_by_label("API key").fill(server.key)
            page.get_by_role("button", name="Sign in").click()
            page.get_by_title(server.inbox, exact=True).click()
            page.get_by_text("urgent").click()
            page.get_by_text("NOT confirmed").wait_for()
            page.get_by_text("DMARC fail").wait_for()
            context.close()
        finally:
            server.kill()
