// Filter rules: who may send to whom, by every door.

import { api } from "./api.js";
import { complain } from "./app.js";
import { fill, h, notice, when } from "./dom.js";

function kind(value) {
  if (value.includes("@")) return "address";
  return value.startsWith("*.") ? "subdomain_wildcard" : "domain";
}

/** The tab "Policy". */
export function policyView(main) {
  const rows = h("tbody");
  const select = (name, options) => h("select", { name, aria: { label: name } },
    options.map(([value, label]) => h("option", { value }, label)));
  const action = select("action", [["block", "Block"], ["allow", "Allow"]]);
  const direction = select("direction", [["send", "sending to"], ["receive", "receiving from"]]);
  const value = h("input", { name: "value", required: true, placeholder: "a@b.example, b.example or *.b.example", aria: { label: "address or domain" } });
  const way = select("way", [["send", "Mail to"], ["receive", "Mail from"]]);
  const address = h("input", { name: "address", type: "email", required: true, placeholder: "someone@example.org", aria: { label: "address to check" } });
  const verdict = h("div", { aria: { live: "polite" } });
  main.append(h("div.page", null,
    h("h1", null, "Policy"),
    h("p", null, "A rule holds from the next recipient on, over REST and SMTP alike. The most specific rule decides: an address before its domain, a domain before those above it."),
    h("form.line", { on: { submit: add } }, action, direction, value, h("button.primary", null, "Add rule")),
    h("div.scroll", null, h("table", null,
      h("thead", null, h("tr", null, ["Rule", "Value", "Since", ""].map((name) => h("th", null, name)))), rows)),
    h("h1", null, "What would each door say?"),
    h("p", null, "One policy answers at every door. Nothing is sent by asking."),
    h("form.line", { on: { submit: ask } }, way, address, h("button", null, "Ask")),
    verdict));

  async function load() {
    const { data } = await api.rules();
    fill(rows, data.length ? data.map((rule) => h("tr", null,
      h("td", null, h("span.tag", { data: { action: rule.action } }, rule.action), rule.direction === "send" ? " sending to" : " receiving from"),
      h("td", null, h("code", null, rule.value)),
      h("td", null, when(rule.created_at)),
      h("td.buttons", null, h("button.quiet", { type: "button", on: { click: () => remove(rule) } }, "Remove")))) : h("tr", null, h("td", { colSpan: 4 }, "No rules: all mail passes.")));
  }

  async function add(event) {
    event.preventDefault();
    const text = value.value.trim();
    try {
      await api.createRule({ action: action.value, direction: direction.value, match_type: kind(text), value: text });
      value.value = "";
      notice("Rule added.");
      await load();
    } catch (error) { complain(error); }
  }

  async function ask(event) {
    event.preventDefault();
    try {
      const found = await api.check(way.value, address.value.trim());
      const why = found.suppressed ? "It is suppressed: nothing is sent there any more."
        : found.rule ? `The rule “${found.rule.action} ${found.rule.value}” decides.` : "No rule is about it.";
      fill(verdict, h("article.card", null,
        h("p", null, h("span.tag", { data: { action: found.allowed ? "allow" : "block" } }, found.allowed ? "passes" : "refused"), " ", why),
        h("dl.head", null, found.answers.map((one) => [
          h("dt", null, one.door === "rest" ? "REST" : "SMTP"), h("dd", null, h("code", null, one.says))]))));
    } catch (error) { complain(error); }
  }

  async function remove(rule) {
    try {
      await api.deleteRule(rule.id);
      await load();
    } catch (error) { complain(error); }
  }

  load().catch(complain);
  return {};
}
