// The dialog that writes a message, an answer, or passes one on.

import { api } from "./api.js";
import { complain } from "./app.js";
import { h } from "./dom.js";

const TITLES = { reply: "Reply", "reply-all": "Reply to all", forward: "Forward" };

function people(text) {
  return text.split(/[,;\n]/).map((one) => one.trim()).filter(Boolean).map((one) => {
    const match = /^(.*?)\s*<([^<>]+)>$/.exec(one);
    return match ? { email: match[2], name: match[1].replace(/^"|"$/g, "") } : { email: one };
  });
}

/**
 * Open the dialog.
 * @param {object} inbox who it is from
 * @param {{answers?: object, how?: string, sent?: () => void}} options
 */
export function compose(inbox, { answers, how, sent }) {
  const wantsPeople = !how || how === "forward";
  const to = h("input", { name: "to", required: true, placeholder: "someone@example.org, …" });
  const cc = h("input", { name: "cc" });
  const subject = h("input", { name: "subject", value: how === "forward" ? `Fwd: ${answers.subject}` : "" });
  const text = h("textarea", { name: "text", rows: 12, aria: { label: "Text" } });
  const send = h("button.primary", null, "Send");
  const error = h("p.error", { role: "alert" });
  const field = (label, input) => h("label", null, h("span", null, label), input);

  const dialog = h("dialog.compose", { on: { close: () => dialog.remove() } },
    h("form", { method: "dialog", on: { submit } },
      h("h2", null, TITLES[how] ?? "New message"),
      h("p", null, "From ", h("b", null, inbox.email)),
      wantsPeople && [field("To", to), field("Cc", cc), field("Subject", subject)],
      !wantsPeople && h("p", null, `“${answers.subject || "(no subject)"}”`),
      text,
      error,
      h("div.tools", null, send, h("button.quiet", { type: "button", on: { click: () => dialog.close() } }, "Cancel"))));

  async function submit(event) {
    event.preventDefault();
    send.disabled = true;
    error.textContent = "";
    const body = { text_body: text.value };
    if (wantsPeople) Object.assign(body, { to: people(to.value), cc: people(cc.value), subject: subject.value });
    try {
      if (how) await api.answer(answers.id, how, body);
      else await api.send(inbox.id, body);
      dialog.close();
      sent?.();
    } catch (problem) {
      if (problem.status === 401) complain(problem);
      error.textContent = problem.fix ? `${problem.message} ${problem.fix}` : problem.message;
    } finally {
      send.disabled = false;
    }
  }

  document.body.append(dialog);
  dialog.showModal();
  (wantsPeople ? to : text).focus();
}
