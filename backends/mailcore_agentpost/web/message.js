// One message: as text, as HTML in a sandbox, its source, its MIME tree, its thread.

import { api } from "./api.js";
import { complain } from "./app.js";
import { fill, h, notice, octets, person, when } from "./dom.js";

const SOURCE_SHOWN = 400_000;

/**
 * Show a message.
 * @param {Element} element where
 * @param {string} id
 * @param {{back, write, changed, open}} actions
 */
export async function messageView(element, id, actions) {
  const message = await api.message(id);
  if (message.unread) api.update(id, { unread: false }).then(actions.changed).catch(complain);

  const body = h("div.body", { role: "tabpanel" });
  const tabs = [
    message.text_body !== null && ["Text", showText],
    message.html_body !== null && ["HTML", showHtml],
    ["Source", showSource],
    ["Structure", showStructure],
    message.thread_id && ["Thread", showThread],
  ].filter(Boolean);
  const buttons = tabs.map(([label, show]) => h("button", {
    type: "button", role: "tab", on: { click: () => choose(label) }, data: { label },
  }, label));

  function choose(label) {
    for (const button of buttons) button.setAttribute("aria-selected", button.dataset.label === label);
    const [, show] = tabs.find(([name]) => name === label);
    fill(body, "…");
    Promise.resolve(show()).catch(complain);
  }

  function showText() {
    fill(body, h("pre.text", null, message.text_body));
  }

  async function showHtml() {
    // Another origin by its own policy: no scripts, no remote loads, no way back to this page.
    const { url } = await api.view(id);
    fill(body, h("iframe", { src: url, sandbox: "", title: "The message as HTML" }));
  }

  async function showSource() {
    const raw = await api.raw(id);
    fill(body,
      h("pre.source", null, raw.slice(0, SOURCE_SHOWN)),
      raw.length > SOURCE_SHOWN && h("p", null, `… ${octets(raw.length)} in all.`));
  }

  async function showStructure() {
    fill(body, h("ul.tree", null, node(await api.structure(id))));
  }

  function node(part) {
    const facts = [part.charset, part.encoding, part.disposition, octets(part.size)].filter(Boolean);
    return h("li", null,
      h("b", null, part.section || "message"), " ", h("code", null, part.mime_type),
      part.filename && ` “${part.filename}”`, h("small", null, ` ${facts.join(" · ")}`),
      part.children.length > 0 && h("ul", null, part.children.map(node)));
  }

  async function showThread() {
    const thread = await api.thread(message.thread_id);
    fill(body, h("ol.thread", null, thread.messages.map((one) => h("li", {
      aria: one.id === id ? { current: "true" } : {},
    }, h("button.link", { type: "button", on: { click: () => actions.open(one.id) } },
      person(one.from_address), " — ", one.subject || "(no subject)"), " ", when(one.created_at)))));
  }

  async function run(work, text) {
    try {
      await work();
      if (text) notice(text);
      actions.changed();
    } catch (error) { complain(error); }
  }

  async function label() {
    const name = prompt("Label");
    if (name) {
      await run(() => api.addLabel(id, name.toLowerCase()));
      await messageView(element, id, actions);
    }
  }

  const answer = (how) => actions.write({ inbox: message.inbox_id, answers: message, how });
  const inTrash = message.folder === "Trash";
  const people = (name, list) => list.length > 0 && [
    h("dt", null, name), h("dd", null, list.map((one) => one.name ? `${one.name} <${one.email}>` : one.email).join(", ")),
  ];

  const sender = message.authentication && [
    h("dt", null, "Sender"), h("dd", null, trust(message.authentication)),
  ];

  fill(element,
    h("div.tools", null,
      h("button.quiet.back", { type: "button", on: { click: actions.back } }, "‹ Back"),
      h("button", { type: "button", on: { click: () => answer("reply") } }, "Reply"),
      h("button", { type: "button", on: { click: () => answer("reply-all") } }, "Reply all"),
      h("button", { type: "button", on: { click: () => answer("forward") } }, "Forward"),
      h("button", { type: "button", on: { click: () => run(() => api.update(id, { starred: !message.starred })).then(() => messageView(element, id, actions)) } }, message.starred ? "Unstar" : "Star"),
      h("button", { type: "button", on: { click: () => run(() => api.update(id, { unread: true }), "Marked unread.").then(actions.back) } }, "Unread"),
      h("button", { type: "button", on: { click: label } }, "Label"),
      inTrash
        ? h("button", { type: "button", on: { click: () => run(() => api.restore(id), "Restored.").then(actions.back) } }, "Restore")
        : h("button", { type: "button", on: { click: () => run(() => api.trash(id), "Moved to Trash.").then(actions.back) } }, "Trash")),
    h("h2", null, message.subject || "(no subject)"),
    h("dl.head", null,
      h("dt", null, "From"), h("dd", null, message.from_address ? `${message.from_address.name} <${message.from_address.email}>`.trim() : "(nobody)"),
      sender,
      people("To", message.to_addresses), people("Cc", message.cc_addresses), people("Bcc", message.bcc_addresses),
      h("dt", null, "Date"), h("dd", null, when(message.created_at), " · ", octets(message.size), " · ", message.folder)),
    message.labels.length > 0 && h("p.labels", null, message.labels.map((name) => h("span.label", null, name,
      h("button.link", { type: "button", aria: { label: `Take off ${name}` }, on: { click: () => run(() => api.removeLabel(id, name)).then(() => messageView(element, id, actions)) } }, "×")))),
    message.attachments.length > 0 && h("ul.attachments", null, message.attachments.map((file) => h("li", null,
      h("button.link", {
        type: "button",
        on: { click: () => api.download(`/messages/${encodeURIComponent(id)}/attachments/${file.section}`, file.filename || "attachment").catch(complain) },
      }, file.filename || file.mime_type), ` ${octets(file.size)}`))),
    h("div.tabs", { role: "tablist" }, buttons),
    body);
  choose(tabs[0][0]);
}

/** Say what the checks of a message from outside mean for the address in From. */
function trust({ spf, dkim, dmarc }) {
  const words = {
    pass: "confirmed by its domain",
    fail: "NOT confirmed: its domain says that it did not send this",
    none: "not confirmed: its domain does not say who may send for it",
  };
  return [words[dmarc] ?? "not confirmed: its domain could not be asked",
    h("small", null, ` SPF ${spf} · DKIM ${dkim} · DMARC ${dmarc}`)];
}
