// The page: who is signed in, which tab is shown, and the events that all tabs hear.

import { api, listen, session } from "./api.js";
import { fill, h, notice } from "./dom.js";
import { activityView } from "./activity.js";
import { deliveriesView } from "./deliveries.js";
import { keysView } from "./keys.js";
import { mailView } from "./mail.js";
import { policyView } from "./policy.js";
import { sessionsView } from "./sessions.js";
import { webhooksView } from "./webhooks.js";

const TABS = [
  ["mail", "Mail", mailView],
  ["activity", "Activity", activityView],
  ["sessions", "Sessions", sessionsView],
  ["deliveries", "Deliveries", deliveriesView],
  ["webhooks", "Webhooks", webhooksView],
  ["policy", "Policy", policyView],
  ["keys", "Keys", keysView],
];

const root = document.getElementById("app");
let stopListening = () => {};
let current = null;

/** Tell a person what the server refused. */
export function complain(error) {
  if (error.status === 401) { signOut(error.message); return; }
  notice(error.fix ? `${error.message} ${error.fix}` : error.message, "error");
}

function route() {
  const [tab, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { tab: TABS.some(([name]) => name === tab) ? tab : "mail", rest };
}

function signIn(text = "") {
  const field = h("input", {
    type: "password", name: "key", placeholder: "ap_sk_…", autocomplete: "off", required: true,
    aria: { label: "API key" },
  });
  const form = h("form", { on: { submit } },
    h("img", { src: "/web/icon.svg", alt: "" }),
    h("h1", null, "AgentPost"),
    h("p", null, "Mail for your agents: sign in with the API key that the server printed."),
    field,
    h("button.primary", null, "Sign in"),
    h("p.error", { role: "alert" }, text));
  async function submit(event) {
    event.preventDefault();
    session.key = field.value.trim();
    try {
      await api.inboxes();
      start();
    } catch (error) {
      session.key = null;
      form.querySelector(".error").textContent = error.message;
    }
  }
  fill(root, h("main.sign-in", null, form));
  field.focus();
}

function signOut(text) {
  stopListening();
  current?.leave?.();
  current = null;
  session.key = null;
  signIn(text);
}

function start() {
  const live = h("span.live", { title: "Waiting for events" });
  const links = TABS.map(([name, label]) => h("a", { href: `#/${name}`, data: { tab: name } }, label));
  const main = h("main", { id: "view" });
  fill(root,
    h("header.top", null,
      h("a.brand", { href: "#/mail" }, h("img", { src: "/web/icon.svg", alt: "" }), "AgentPost"),
      h("nav", { aria: { label: "Sections" } }, links),
      live,
      h("button.quiet", { type: "button", on: { click: () => signOut("") } }, "Sign out")),
    main);

  function show() {
    const { tab, rest } = route();
    for (const link of links) {
      if (link.dataset.tab === tab) {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView({ block: "nearest", inline: "center" });
      } else link.removeAttribute("aria-current");
    }
    if (current?.tab !== tab) {
      const [, , view] = TABS.find(([name]) => name === tab);
      current?.leave?.();
      main.replaceChildren();
      current = { tab, ...view(main) };
    }
    current.show?.(rest);
  }

  current = null;
  window.onhashchange = show;
  stopListening = listen(
    (event) => current?.happened?.(event),
    (isLive) => {
      live.dataset.live = isLive;
      live.title = isLive ? "Live: events arrive as they happen" : "Not connected; trying again";
    },
  );
  show();
}

if (session.key) start();
else signIn();
