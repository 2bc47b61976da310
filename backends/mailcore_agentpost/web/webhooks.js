// Webhooks: where events go, and what became of each.

import { api } from "./api.js";
import { complain } from "./app.js";
import { copyButton, fill, h, notice, when } from "./dom.js";

/** The tab "Webhooks". */
export function webhooksView(main) {
  const list = h("div.cards.wide");
  const fresh = h("div");
  const url = h("input", { name: "url", type: "url", required: true, placeholder: "https://example.org/hook", aria: { label: "URL" } });
  const types = h("input", { name: "types", placeholder: "all events, or: message.received, …", aria: { label: "event types" } });
  main.append(h("div.page", null,
    h("h1", null, "Webhooks"),
    h("p", null, "Events are posted as JSON, signed, and tried again after 30 s, 2 min, 10 min, 1 h and 4 h."),
    h("form.line", { on: { submit: create } }, url, types, h("button.primary", null, "Add webhook")),
    fresh, list));

  async function load() {
    const { data } = await api.webhooks();
    fill(list, data.length ? data.map(card) : h("p", null, "No webhooks yet."));
  }

  function card(hook) {
    const rows = h("tbody");
    const run = (work, text) => async () => {
      try {
        await work();
        if (text) notice(text);
        setTimeout(() => deliveries(hook, rows).catch(complain), 300);
      } catch (error) { complain(error); }
    };
    deliveries(hook, rows).catch(complain);
    return h("article.card", null,
      h("h3", null, h("code", null, hook.url)),
      h("p", null, hook.event_types.join(", ") || "all events", hook.inbox_id ? ` · of ${hook.inbox_id}` : "",
        !hook.enabled && h("span.tag", { data: { action: "block" } }, hook.disabled_reason)),
      h("div.tools", null,
        h("button", { type: "button", on: { click: run(() => api.testWebhook(hook.id), "Test event queued.") } }, "Test"),
        h("button", { type: "button", on: { click: async () => { await run(() => api.updateWebhook(hook.id, { enabled: !hook.enabled }))(); await load(); } } }, hook.enabled ? "Turn off" : "Turn on"),
        h("button.quiet", { type: "button", on: { click: async () => { if (confirm("Remove this webhook?")) { await run(() => api.deleteWebhook(hook.id))(); await load(); } } } }, "Remove")),
      h("div.scroll", null, h("table", null, rows)));
  }

  async function deliveries(hook, rows) {
    const { data } = await api.deliveries(hook.id);
    fill(rows, data.map((one) => h("tr", null,
      h("td", null, when(one.created_at)),
      h("td", null, one.event_type),
      h("td", null, h("span.tag", { data: { status: one.status } }, one.status), ` ${one.attempts}×`),
      h("td", null, one.error || one.response_status || ""),
      h("td.buttons", null, h("button.quiet", {
        type: "button",
        on: { click: async () => { try { await api.replay(hook.id, one.id); setTimeout(() => deliveries(hook, rows), 300); } catch (error) { complain(error); } } },
      }, "Replay")))));
  }

  async function create(event) {
    event.preventDefault();
    try {
      const made = await api.createWebhook({ url: url.value, event_types: types.value.split(/[\s,]+/).filter(Boolean) });
      fill(fresh, h("p.secret", null, "Its secret, shown this once: ", h("code", null, made.secret), " ", copyButton(made.secret)));
      url.value = "";
      await load();
    } catch (error) { complain(error); }
  }

  load().catch(complain);
  return { happened: () => {} };
}
