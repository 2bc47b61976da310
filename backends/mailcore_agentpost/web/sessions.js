// Live connections of mail clients and servers, and what is said on them.

import { api } from "./api.js";
import { complain } from "./app.js";
import { every, fill, fromNow, h, notice, octets, when } from "./dom.js";

const LIST_PAUSE = 2000;
const TRANSCRIPT_PAUSE = 1000;
const DOORS = { imap: "IMAP", smtp: "SMTP", submission: "SMTP", mx: "MX", lmtp: "LMTP" };

/** The tab "Sessions": #/sessions/{id}. */
export function sessionsView(main) {
  const live = h("ul.sessions");
  const ended = h("ul.sessions.ended");
  const shown = h("section.shown", { aria: { label: "Session" } });
  const pane = h("div.panes", null,
    h("section.list", { aria: { label: "Sessions" } },
      h("h2", null, "Connected now"), live, h("h2", null, "Ended"), ended),
    shown);
  main.append(pane);
  let chosen = null;
  let stopFollowing = () => {};

  const stopListing = every(LIST_PAUSE, () => load().catch(complain));

  async function load() {
    const { data } = await api.sessions();
    draw(live, data.filter((one) => !one.ended_at), "No mail client is connected. Set one up under Keys, and it appears here.");
    draw(ended, data.filter((one) => one.ended_at), "None yet.");
  }

  function draw(list, sessions, none) {
    if (!sessions.length) { fill(list, h("li.empty", null, none)); return; }
    const focused = document.activeElement?.dataset?.session;
    fill(list, sessions.map((one) => h("li", { aria: one.id === chosen ? { current: "true" } : {} },
      h("a", { href: `#/sessions/${encodeURIComponent(one.id)}`, data: { session: one.id } },
        h("span.door", { data: { protocol: one.protocol } }, DOORS[one.door]),
        h("span.who", null, one.email ?? one.client),
        fromNow(one.ended_at ?? one.opened_at),
        h("span.state", null, stateOf(one))))));
    if (focused) list.querySelector(`[data-session="${CSS.escape(focused)}"]`)?.focus();
  }

  function stateOf(one) {
    return [
      one.idling && !one.ended_at && h("span.tag.idle", { title: "Waits for news (IDLE)" }, "IDLE"),
      one.mailbox ?? one.state,
      one.command && ` · ${one.command}`,
    ];
  }

  async function follow(id) {
    stopFollowing();
    pane.dataset.level = id ? "message" : "list";
    if (!id) { fill(shown, h("p.empty", null, "Choose a connection to read what is said on it.")); return; }
    const facts = h("dl.head");
    const lines = h("div.transcript", { role: "log", tabIndex: 0, aria: { label: "Transcript" } });
    const close = h("button", { type: "button", on: { click: () => end(id) } }, "Close connection");
    fill(shown,
      h("div.tools", null, h("a.button.back", { href: "#/sessions" }, "‹ Back"), close),
      h("h2", null, id), facts, lines);
    let after = 0;
    stopFollowing = every(TRANSCRIPT_PAUSE, async () => {
      try {
        const session = await api.session(id, after);
        if (id !== chosen) return;
        drawFacts(facts, session);
        close.disabled = session.ended_at !== null;
        const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
        for (const line of session.transcript) {
          after = line.number;
          lines.append(h("p", { data: { side: line.side }, title: new Date(line.at).toLocaleTimeString() },
            h("span.side", { aria: { label: line.side } }, line.side === "client" ? "C:" : "S:"), " ", line.text));
        }
        if (atEnd) lines.scrollTop = lines.scrollHeight;
        if (session.ended_at) stopFollowing();
      } catch (error) {
        stopFollowing();
        fill(shown, h("p.empty", null, error.status === 404 ? "This connection is not known any more." : error.message));
      }
    });
  }

  function drawFacts(facts, one) {
    const fact = (name, ...value) => [h("dt", null, name), h("dd", null, value)];
    fill(facts,
      fact("Inbox", one.email ?? "nobody has logged in"),
      fact("Client", one.client, one.tls ? " over TLS" : " without TLS", ` at the ${one.door} door`),
      fact("State", stateOf(one)),
      fact("Since", when(one.opened_at), one.ended_at ? [" until ", when(one.ended_at)] : "",
        ` · ${one.commands} commands · ${octets(one.octets_in)} in, ${octets(one.octets_out)} out`));
  }

  async function end(id) {
    try {
      await api.closeSession(id);
      notice("The client is told goodbye.");
      await load();
    } catch (error) { complain(error); }
  }

  return {
    show([id]) {
      chosen = id ?? null;
      for (const link of pane.querySelectorAll("[data-session]")) {
        if (link.dataset.session === chosen) link.parentElement.setAttribute("aria-current", "true");
        else link.parentElement.removeAttribute("aria-current");
      }
      follow(chosen);
    },
    leave() {
      stopListing();
      stopFollowing();
    },
  };
}
