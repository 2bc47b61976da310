// Keys, and what each mail client and library needs to be told.

import { api, session } from "./api.js";
import { complain } from "./app.js";
import { copyButton, fill, h, notice, when } from "./dom.js";

const SCOPES = ["messages:read", "messages:write", "inboxes:read", "inboxes:write",
  "webhooks:read", "webhooks:write", "rules:read", "rules:write", "keys:write"];

/** The tab "Keys". */
export function keysView(main) {
  const rows = h("tbody");
  const fresh = h("div");
  const name = h("input", { name: "name", placeholder: "What is it for?", aria: { label: "name" } });
  const scopes = SCOPES.map((scope) => h("input", { type: "checkbox", value: scope, checked: scope.startsWith("messages") }));
  const inbox = h("select", { aria: { label: "inbox" } }, h("option", { value: "" }, "every inbox"));
  const cards = h("div.cards");
  const deeds = h("tbody");
  const trail = h("details", { on: { toggle: () => trail.open && loadTrail().catch(complain) } },
    h("summary", null, "Who did what lately"),
    h("div.scroll", null, h("table", null,
      h("thead", null, h("tr", null, ["When", "What", "By", "To"].map((one) => h("th", null, one)))), deeds)));
  const chosen = h("select", { aria: { label: "inbox to set up" }, on: { change: () => drawCards() } });
  let doors = null;

  main.append(h("div.page", null,
    h("h1", null, "Keys"),
    h("form.stack", { on: { submit: create } },
      h("div.line", null, name, inbox, h("button.primary", null, "Make key")),
      h("div.scopes", null, scopes.map((box) => h("label.check", null, box, ` ${box.value}`)))),
    fresh,
    h("div.scroll", null, h("table", null,
      h("thead", null, h("tr", null, ["Name", "Key", "Scopes", "Since", ""].map((one) => h("th", null, one)))), rows)),
    trail,
    h("h1", null, "Set up a client"),
    h("div.line", null, chosen,
      h("button", { type: "button", on: { click: () => api.download("/inboxes/credentials/export", "credentials.csv").catch(complain) } }, "Download all as CSV")),
    cards));

  async function load() {
    const { data } = await api.keys();
    fill(rows, data.map((key) => h("tr", { data: { revoked: key.revoked_at !== null } },
      h("td", null, key.name || "—"),
      h("td.key", null, h("code", null, `${key.prefix}…${key.last_four}`)),
      h("td.wide", null, key.inbox_id ? "one inbox: " : "", key.scopes.join(" ")),
      h("td", null, when(key.created_at)),
      h("td.buttons", null, key.revoked_at
        ? "revoked"
        : h("button.quiet", { type: "button", on: { click: () => revoke(key) } }, "Revoke")))));
  }

  async function loadTrail() {
    const { data } = await api.audit();
    fill(deeds, data.map((one) => h("tr", null,
      h("td", null, when(one.at)),
      h("td", null, h("span.tag", { data: { status: one.action === "login.failed" ? "failed" : "" } }, one.action), one.count > 1 ? ` ${one.count}×` : ""),
      h("td", null, one.actor || one.peer),
      h("td.wide", null, one.detail.email ?? one.detail.rule ?? one.detail.name ?? one.subject))));
  }

  async function create(event) {
    event.preventDefault();
    try {
      const made = await api.createKey({
        name: name.value, scopes: scopes.filter((box) => box.checked).map((box) => box.value), inbox_id: inbox.value || null,
      });
      fill(fresh, h("p.secret", null, "Shown this once: ", h("code", null, made.key), " ", copyButton(made.key)));
      name.value = "";
      await load();
    } catch (error) { complain(error); }
  }

  async function revoke(key) {
    if (!confirm("Revoke this key? Its sessions end at once.")) return;
    try {
      await api.revokeKey(key.id);
      notice("Revoked; its sessions have ended.");
      await load();
    } catch (error) { complain(error); }
  }

  async function loadInboxes() {
    const { data } = await api.inboxes();
    for (const one of data) {
      inbox.append(h("option", { value: one.id }, one.email));
      chosen.append(h("option", { value: one.email }, one.email));
    }
    const response = await fetch("/api/v1/inboxes/credentials/export", { headers: { Authorization: `Bearer ${session.key}` } });
    const [head, first] = (await response.text()).split("\r\n").map((line) => line.split(","));
    if (first) doors = Object.fromEntries(head.map((column, index) => [column, first[index]]));
    drawCards();
  }

  function drawCards() {
    const user = chosen.value;
    if (!doors || !user) { fill(cards, h("p", null, "No inbox, or no mail door is open.")); return; }
    const { imap_host: imapHost, imap_port: imapPort, smtp_host: smtpHost, smtp_port: smtpPort } = doors;
    const key = "ap_sk_…";
    const settings = `IMAP ${imapHost}, port ${imapPort}, SSL/TLS\nSMTP ${smtpHost}, port ${smtpPort}, SSL/TLS\nUser name ${user}\nPassword: an API key`;
    const card = (title, steps, text) => h("article.card", null,
      h("h3", null, title), steps && h("p", null, steps), h("pre", null, text),
      copyButton(() => text.replaceAll(key, session.key), "Copy with this key"));
    fill(cards,
      card("Thunderbird", "Account Settings, Add Mail Account, Configure manually; “Normal password”.", settings),
      card("Apple Mail", "Mail, Add Account, Other Mail Account.", settings),
      card("Outlook", "Add account, Advanced setup, IMAP.", settings),
      card("Python", null, `import imaplib, smtplib\n\nimap = imaplib.IMAP4_SSL("${imapHost}", ${imapPort})\nimap.login("${user}", "${key}")\nimap.select("INBOX")\nprint(imap.search(None, "UNSEEN"))\n\nsmtp = smtplib.SMTP_SSL("${smtpHost}", ${smtpPort})\nsmtp.login("${user}", "${key}")`),
      card("Node", null, `import nodemailer from "nodemailer";\n\nconst transport = nodemailer.createTransport({\n  host: "${smtpHost}", port: ${smtpPort}, secure: true,\n  auth: { user: "${user}", pass: "${key}" },\n});`),
      card("curl", null, `curl ${location.origin}/api/v1/inboxes -H "Authorization: Bearer ${key}"`));
  }

  load().catch(complain);
  loadInboxes().catch(complain);
  return {};
}
