// What happens, as it happens.

import { api } from "./api.js";
import { complain } from "./app.js";
import { fill, h, person, when } from "./dom.js";

const SHOWN = 300;
const TITLES = {
  "message.received": "received", "message.sent": "sent", "message.delivered": "delivered",
  "message.bounced": "bounced", "message.complained": "complained", "message.rejected": "rejected",
  "message.updated": "changed", "message.deleted": "deleted",
};

/** The tab "Activity". */
export function activityView(main) {
  const rows = h("tbody");
  const quiet = h("input", { type: "checkbox", checked: true, on: { change: draw } });
  let events = [];

  main.append(h("div.page", null,
    h("h1", null, "Activity"),
    h("p", null, "Every event of this organization, by whichever door it came. Webhooks and the WebSocket tell the same."),
    h("label.check", null, quiet, " without changes of flags"),
    h("div.scroll", null, h("table", null,
      h("thead", null, h("tr", null, ["When", "What", "Message", "Details"].map((name) => h("th", null, name)))), rows))));

  function details({ type, data }) {
    if (data.recipients) return `to ${data.recipients.join(", ")}`;
    if (data.reason) return data.reason;
    if (type === "message.updated" || type === "message.deleted") {
      return `${data.count} in ${data.folder}`;
    }
    return data.message ? `from ${person(data.message.from_address)}` : "";
  }

  function draw() {
    const chosen = events.filter((event) => !(quiet.checked && event.type === "message.updated"));
    fill(rows, chosen.length ? chosen.map((event) => h("tr", { data: { type: event.type } },
      h("td", null, when(event.timestamp)),
      h("td", null, h("span.tag", { title: event.type }, TITLES[event.type] ?? event.type)),
      h("td", null, event.data.message
        ? h("a", { href: `#/mail/${[event.data.inbox_id, event.data.message.folder, event.data.message.id].map(encodeURIComponent).join("/")}` }, event.data.message.subject || "(no subject)")
        : event.data.message_id ?? ""),
      h("td", null, details(event)))) : h("tr", null, h("td", { colSpan: 4 }, "Nothing has happened yet.")));
  }

  async function load() {
    let page;
    let after = "";
    const found = [];
    do {
      page = await api.events(after);
      found.push(...page.data);
      after = page.data.at(-1)?.id ?? "";
    } while (page.has_more);
    events = found.slice(-SHOWN).reverse();
    draw();
  }

  load().catch(complain);
  return {
    happened(event) {
      if (events.some((one) => one.id === event.id)) return;
      events = [event, ...events].slice(0, SHOWN);
      draw();
    },
  };
}
