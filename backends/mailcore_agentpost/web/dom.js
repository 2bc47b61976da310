// Elements from plain calls. Text is always text: nothing here parses HTML.

/**
 * Make an element.
 * @param {string} name its tag, with classes after dots: "button.quiet"
 * @param {object} [props] properties; "on" holds listeners, "data" and "aria" attributes
 * @param {...(Node|string|number|null|undefined|false|Array)} children
 */
export function h(name, props, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  const { on = {}, data = {}, aria = {}, ...plain } = props ?? {};
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  for (const [key, value] of Object.entries(data)) element.dataset[key] = value;
  for (const [key, value] of Object.entries(aria)) element.setAttribute(`aria-${key}`, value);
  for (const [key, value] of Object.entries(plain)) {
    if (value === undefined || value === null) continue;
    if (key in element && key !== "list" && key !== "form") element[key] = value;
    else element.setAttribute(key, value);
  }
  append(element, children);
  return element;
}

function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** Replace all that is in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Say something for a moment, in a corner. */
export function notice(text, kind = "info") {
  const line = h("div.notice", { data: { kind } }, text);
  document.getElementById("notices").append(line);
  setTimeout(() => line.remove(), kind === "error" ? 9000 : 4000);
}

/** A button that copies a text. */
export function copyButton(text, label = "Copy") {
  const button = h("button.quiet", { type: "button", on: { click: copy } }, label);
  async function copy() {
    await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  }
  return button;
}

const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment, short: the time if it is today, else the day. */
export function when(text) {
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  return h("time", { dateTime: text, title: full.format(date) }, (today ? clock : day).format(date));
}

const steps = [["second", 60], ["minute", 60], ["hour", 24], ["day", Infinity]];
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

/** A moment, as seen from now: "in 5 min.". */
export function fromNow(text) {
  let value = (new Date(text) - Date.now()) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) {
      return h("time", { dateTime: text, title: full.format(new Date(text)) }, relative.format(Math.round(value), unit));
    }
    value /= size;
  }
  return null;
}

/** Do some work again and again while this tab is looked at; return what ends that. */
export function every(milliseconds, work) {
  let timer = null;
  let ended = false;
  async function run() {
    if (!document.hidden) await work();
    if (!ended) timer = setTimeout(run, milliseconds);
  }
  run();
  return () => { ended = true; clearTimeout(timer); };
}

/** Octets for people. */
export function octets(count) {
  if (count < 1000) return `${count} B`;
  const units = ["kB", "MB", "GB"];
  let value = count;
  let unit = -1;
  do { value /= 1000; unit += 1; } while (value >= 1000 && unit < units.length - 1);
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** Who an address is, short. */
export function person(address) {
  if (!address) return "(nobody)";
  return address.name || address.email;
}
