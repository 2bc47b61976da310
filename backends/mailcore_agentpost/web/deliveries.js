// What is on its way: mail to the outside, and events to webhooks.

import { api } from "./api.js";
import { complain } from "./app.js";
import { every, fill, fromNow, h, notice, when } from "./dom.js";

const PAUSE = 3000;
const SHOWN = 50;
const OUTCOMES = ["message.delivered", "message.bounced", "message.complained"];

/** The tab "Deliveries". */
export function deliveriesView(main) {
  const waiting = h("tbody");
  const outcomes = h("tbody");
  const hooks = h("tbody");
  const table = (names, rows) => h("div.scroll", null, h("table", null,
    h("thead", null, h("tr", null, names.map((name) => h("th", null, name)))), rows));
  let known = [];

  main.append(h("div.page", null,
    h("h1", null, "On its way"),
    h("p", null, "Mail to the outside that its recipient does not have yet. It is tried again after minutes, then hours, for five days; then its sender is told."),
    table(["To", "Since", "Attempts", "Last reply", "Next", ""], waiting),
    h("h1", null, "Arrived, or not"),
    table(["When", "What", "Recipients", "Reply"], outcomes),
    h("h1", null, "Webhooks"),
    table(["When", "Event", "To", "State", "Answer", ""], hooks)));

  const none = (columns, text) => h("tr", null, h("td", { colSpan: columns }, text));
  const button = (label, work) => h("button.quiet", { type: "button", on: { click: work } }, label);

  async function loadQueue() {
    const { data } = await api.queue();
    fill(waiting, data.length ? data.map((one) => h("tr", null,
      h("td", null, one.recipient, h("br"), h("small", null, "from ", one.sender || "nobody: a notice")),
      h("td", { data: { label: "since" } }, when(one.created_at)),
      h("td", { data: { label: "attempts" } }, one.attempts),
      h("td", null, one.last_reply || "—"),
      h("td", { data: { label: "next" } }, fromNow(one.next_at)),
      h("td.buttons", null,
        button("Retry now", run(() => api.retryQueued(one.id), "Tried now.")),
        button("Give up", run(() => confirm(`Give up on ${one.recipient}? Nobody is told.`) && api.dropQueued(one.id)))))) : none(6, "Nothing waits."));
  }

  function run(work, text) {
    return async () => {
      try {
        await work();
        if (text) notice(text);
        await loadQueue();
      } catch (error) { complain(error); }
    };
  }

  async function loadOutcomes() {
    const found = [];
    let page;
    let after = "";
    do {
      page = await api.events(after, OUTCOMES);
      found.push(...page.data);
      after = page.data.at(-1)?.id ?? "";
    } while (page.has_more);
    known = found.slice(-SHOWN).reverse();
    drawOutcomes();
  }

  function drawOutcomes() {
    fill(outcomes, known.length ? known.map((event) => h("tr", { data: { type: event.type } },
      h("td", null, when(event.timestamp)),
      h("td", null, h("span.tag", null, event.type.replace("message.", ""))),
      h("td", null, (event.data.recipients ?? []).join(", ")),
      h("td", null, event.data.replies?.join(" · ") ?? (event.type === "message.delivered" ? "to an inbox here" : event.data.reason ?? "")))) : none(4, "Nothing was sent yet."));
  }

  async function loadHooks() {
    const { data } = await api.webhooks();
    const pages = await Promise.all(data.map(async (hook) => (await api.deliveries(hook.id)).data.map((one) => ({ ...one, url: hook.url }))));
    const all = pages.flat().sort((one, other) => (one.created_at < other.created_at ? 1 : -1)).slice(0, SHOWN);
    fill(hooks, all.length ? all.map((one) => h("tr", null,
      h("td", null, when(one.created_at)),
      h("td", null, one.event_type),
      h("td", null, h("code", null, new URL(one.url).host)),
      h("td", null, h("span.tag", { data: { status: one.status } }, one.status), ` ${one.attempts}×`),
      h("td", null, one.error || one.response_status || "", one.next_at && one.status === "pending" ? [" next ", fromNow(one.next_at)] : ""),
      h("td.buttons", null, button("Replay", async () => {
        try { await api.replay(one.webhook_id, one.id); notice("Sent again."); await loadHooks(); } catch (error) { complain(error); }
      })))) : none(6, data.length ? "Nothing was sent yet." : "No webhooks yet; add one under Webhooks."));
  }

  loadOutcomes().catch(complain);
  const stop = every(PAUSE, () => Promise.all([loadQueue(), loadHooks()]).catch(complain));
  return {
    happened(event) {
      if (!OUTCOMES.includes(event.type) || known.some((one) => one.id === event.id)) return;
      known = [event, ...known].slice(0, SHOWN);
      drawOutcomes();
      loadQueue().catch(complain);
    },
    leave: stop,
  };
}
