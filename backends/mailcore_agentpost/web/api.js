// What the page asks the server, and what the server tells it.

const KEY = "agentpost-key";

/** A refusal of the server: a problem document (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || `The server answered ${status}.`);
    this.status = status;
    this.code = body.code;
    this.fix = body.fix;
  }
}

export const session = {
  get key() { return sessionStorage.getItem(KEY); },
  set key(value) {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  },
};

async function request(method, path, body, headers = {}) {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${session.key}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  return response;
}

async function ask(method, path, body, headers) {
  const response = await request(method, path, body, headers);
  return response.status === 204 ? null : response.json();
}

const part = encodeURIComponent;

function query(parameters) {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null);
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

/** Send once, however often the button is pressed or the network tries. */
function once(path, body) {
  return ask("POST", path, body, { "Idempotency-Key": crypto.randomUUID() });
}

export const api = {
  inboxes: (cursor) => ask("GET", `/inboxes${query({ limit: 100, cursor })}`),
  createInbox: (body) => ask("POST", "/inboxes", body),
  updateInbox: (inbox, body) => ask("PATCH", `/inboxes/${part(inbox)}`, body),
  folders: (inbox) => ask("GET", `/inboxes/${part(inbox)}/folders`),
  messages: (inbox, filter) => ask("GET", `/inboxes/${part(inbox)}/messages${query({ limit: 50, ...filter })}`),
  message: (id) => ask("GET", `/messages/${part(id)}`),
  raw: async (id) => (await request("GET", `/messages/${part(id)}/raw`)).text(),
  structure: (id) => ask("GET", `/messages/${part(id)}/structure`),
  view: (id) => ask("POST", `/messages/${part(id)}/view`),
  thread: (id) => ask("GET", `/threads/${part(id)}`),
  update: (id, body) => ask("PATCH", `/messages/${part(id)}`, body),
  trash: (id) => ask("DELETE", `/messages/${part(id)}`),
  restore: (id) => ask("POST", `/messages/${part(id)}/restore`),
  addLabel: (id, label) => ask("POST", `/messages/${part(id)}/labels`, { labels: [label] }),
  removeLabel: (id, label) => ask("DELETE", `/messages/${part(id)}/labels/${part(label)}`),
  send: (inbox, body) => once(`/inboxes/${part(inbox)}/messages`, body),
  answer: (id, how, body) => once(`/messages/${part(id)}/${how}`, body),
  rules: () => ask("GET", "/filter-rules?limit=100"),
  createRule: (body) => ask("POST", "/filter-rules", body),
  deleteRule: (id) => ask("DELETE", `/filter-rules/${part(id)}`),
  check: (direction, address) => ask("GET", `/filter-rules/check${query({ direction, address })}`),
  keys: () => ask("GET", "/api-keys?limit=100"),
  createKey: (body) => ask("POST", "/api-keys", body),
  revokeKey: (id) => ask("DELETE", `/api-keys/${part(id)}`),
  webhooks: () => ask("GET", "/webhooks?limit=100"),
  createWebhook: (body) => ask("POST", "/webhooks", body),
  updateWebhook: (id, body) => ask("PATCH", `/webhooks/${part(id)}`, body),
  deleteWebhook: (id) => ask("DELETE", `/webhooks/${part(id)}`),
  testWebhook: (id) => ask("POST", `/webhooks/${part(id)}/test`),
  deliveries: (id) => ask("GET", `/webhooks/${part(id)}/deliveries?limit=20`),
  replay: (id, delivery) => ask("POST", `/webhooks/${part(id)}/deliveries/${part(delivery)}/replay`),
  events: (after, types = []) => ask("GET", `/events${query({ limit: 100, after })}${types.map((type) => `&type=${part(type)}`).join("")}`),
  sessions: () => ask("GET", "/sessions?limit=100"),
  session: (id, after) => ask("GET", `/sessions/${part(id)}${query({ after })}`),
  closeSession: (id) => ask("DELETE", `/sessions/${part(id)}`),
  queue: () => ask("GET", "/queue?limit=100"),
  retryQueued: (id) => ask("POST", `/queue/${part(id)}/retry`),
  dropQueued: (id) => ask("DELETE", `/queue/${part(id)}`),
  audit: () => ask("GET", "/audit?limit=20"),
  download,
};

/** Fetch a file with the key, and hand it to the browser. */
async function download(path, name) {
  const blob = await (await request("GET", path)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Be told events, from now on, across lost connections.
 * @param {(event: object) => void} happened
 * @param {(live: boolean) => void} changed called when the connection comes and goes
 * @returns {() => void} ends it
 */
export function listen(happened, changed) {
  let socket = null;
  let since;
  let pause = 500;
  let ended = false;

  function connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/ws`);
    socket.onopen = () => {
      socket.send(JSON.stringify({ type: "auth", token: session.key }));
      socket.send(JSON.stringify({ type: "subscribe", since }));
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "subscribed") {
        since = message.since;
        pause = 500;
        changed(true);
      } else if (message.type === "event") {
        since = message.data.id;
        happened(message.data);
      }
    };
    socket.onclose = () => {
      changed(false);
      if (ended) return;
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, 15_000);
    };
  }

  connect();
  return () => { ended = true; socket.close(); };
}
