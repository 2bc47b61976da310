// Inboxes, the messages in them, and one of those.

import { api } from "./api.js";
import { complain } from "./app.js";
import { compose } from "./compose.js";
import { fill, h, notice, person, when } from "./dom.js";
import { messageView } from "./message.js";

/** The tab "Mail": #/mail/{inbox}/{folder}/{message}. */
export function mailView(main) {
  let inboxes = [];
  let place = { inbox: null, folder: "INBOX", message: null };
  let listed = [];

  const side = h("nav.inboxes", { aria: { label: "Inboxes" } });
  const folders = h("div.folders", { role: "group", aria: { label: "Folders" } });
  const rows = h("ul.messages", { on: { keydown: move } });
  const list = h("section.list", { aria: { label: "Messages" } }, folders, rows);
  const shown = h("section.shown", { aria: { label: "Message" } });
  main.append(h("div.mail", null, side, list, shown));

  function go(inbox, folder, message) {
    const parts = ["mail", inbox, folder, message].filter(Boolean).map(encodeURIComponent);
    location.hash = `#/${parts.join("/")}`;
  }

  async function loadInboxes() {
    const found = [];
    let cursor;
    do {
      const page = await api.inboxes(cursor);
      found.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor);
    inboxes = found;
    drawInboxes();
    for (const inbox of inboxes.slice(0, 50)) count(inbox).catch(complain);
  }

  async function count(inbox) {
    const { data } = await api.folders(inbox.id);
    inbox.folders = data;
    drawInboxes();
    if (inbox.id === place.inbox) drawFolders();
  }

  function drawInboxes() {
    fill(side,
      h("button.primary", { type: "button", on: { click: () => write() } }, "Write"),
      h("ul", null, inboxes.map((inbox) => {
        const unread = inbox.folders?.find((folder) => folder.name === "INBOX")?.unread ?? 0;
        return h("li", null, h("a", {
          href: `#/mail/${encodeURIComponent(inbox.id)}`,
          title: inbox.email,
          aria: inbox.id === place.inbox ? { current: "true" } : {},
        },
        h("span.name", null, inbox.display_name || inbox.email.split("@")[0]),
        h("span.address", null, inbox.email),
        unread > 0 && h("span.count", { title: `${unread} unread` }, unread)));
      })),
      h("button.quiet", { type: "button", on: { click: newInbox } }, "New inbox"));
  }

  function drawFolders() {
    const inbox = inboxes.find((one) => one.id === place.inbox);
    fill(folders, (inbox?.folders ?? []).map((folder) => h("a", {
      href: `#/mail/${encodeURIComponent(place.inbox)}/${encodeURIComponent(folder.name)}`,
      aria: folder.name === place.folder ? { current: "true" } : {},
    }, folder.name === "INBOX" ? "Inbox" : folder.name,
    folder.unread > 0 && h("span.count", null, folder.unread))));
  }

  async function loadMessages() {
    if (!place.inbox) return;
    const { inbox, folder } = place;
    const page = await api.messages(inbox, { folder });
    if (inbox !== place.inbox || folder !== place.folder) return;
    listed = page.data;
    drawMessages();
  }

  function drawMessages() {
    if (!listed.length) {
      fill(rows, h("li.empty", null, place.folder === "INBOX"
        ? "Nothing here yet. Send something to this address, and it appears at once."
        : "Nothing here."));
      return;
    }
    fill(rows, listed.map((message) => {
      const outbound = message.direction === "outbound";
      const who = outbound
        ? `To ${message.to_addresses.map(person).join(", ") || "(nobody)"}`
        : person(message.from_address);
      return h("li", {
        data: { unread: message.unread },
        aria: message.id === place.message ? { current: "true" } : {},
      }, h("a", {
        href: `#/mail/${[place.inbox, place.folder, message.id].map(encodeURIComponent).join("/")}`,
      },
      h("span.who", null, who),
      when(message.created_at),
      h("span.subject", null, message.subject || "(no subject)"),
      h("span.marks", null,
        message.starred && h("span", { title: "Starred" }, "★"),
        message.replied && h("span", { title: "Answered" }, "↩"),
        message.has_attachments && h("span.clip", { title: "Attachments" }),
        message.labels.map((label) => h("span.label", null, label)))));
    }));
  }

  function move(event) {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (!step) return;
    const links = [...rows.querySelectorAll("a")];
    const next = links[links.indexOf(document.activeElement) + step];
    if (next) { event.preventDefault(); next.focus(); }
  }

  function drawMessage() {
    main.firstChild.dataset.level = place.message ? "message" : place.inbox ? "list" : "inboxes";
    if (!place.message) {
      fill(shown, h("p.empty", null, "Choose a message to read it."));
      return;
    }
    messageView(shown, place.message, {
      back: () => go(place.inbox, place.folder),
      write,
      changed: refresh,
      open: (id) => go(place.inbox, place.folder, id),
    }).catch(complain);
  }

  function write(options = {}) {
    const inbox = inboxes.find((one) => one.id === (options.inbox ?? place.inbox)) ?? inboxes[0];
    if (!inbox) { notice("Make an inbox first."); return; }
    compose(inbox, { ...options, sent: () => { notice("Sent."); refresh(); } });
  }

  async function newInbox() {
    const username = prompt("What shall the address begin with?", "agent");
    if (username === null) return;
    try {
      const made = await api.createInbox(username ? { username: username.toLowerCase() } : {});
      await loadInboxes();
      go(made.id);
    } catch (error) { complain(error); }
  }

  function refresh() {
    const inbox = inboxes.find((one) => one.id === place.inbox);
    if (inbox) count(inbox).catch(complain);
    loadMessages().catch(complain);
  }

  let waiting = null;
  loadInboxes().then(() => {
    if (!place.inbox && inboxes.length) go(inboxes[0].id);
  }).catch(complain);

  return {
    show([inbox, folder, message]) {
      const before = place;
      place = { inbox: inbox || null, folder: folder || "INBOX", message: message || null };
      drawInboxes();
      drawFolders();
      if (place.inbox !== before.inbox || place.folder !== before.folder) {
        listed = [];
        fill(rows, h("li.empty", null, place.inbox ? "…" : "Choose an inbox."));
        loadMessages().catch(complain);
      } else drawMessages();
      drawMessage();
    },
    happened(event) {
      const inbox = inboxes.find((one) => one.id === event.data.inbox_id);
      if (!inbox) return;
      if (event.type === "message.received" && inbox.id !== place.inbox) {
        notice(`${inbox.email}: ${event.data.message?.subject || "a message"}`);
      }
      // Many events at once are one look.
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        count(inbox).catch(complain);
        if (inbox.id === place.inbox) loadMessages().catch(complain);
      }, 100);
    },
  };
}
