// The JavaScript client of AgentPost: one ES module, no dependencies, for Node (20 or later), browsers and workers.
//
//   import { AgentPost } from "./agentpost.js";
//
//   const client = new AgentPost({ apiKey: "ap_sk_…", baseUrl: "http://127.0.0.1:8025" });
//   const csv = await client.inboxes.exportCredentials();
//   for await (const message of client.messages.iterate(inbox.id, { unread: true })) console.log(message.subject);
//
// Methods take the ids in the path, then the query or the body with the names of the API, then options.
// What each takes and returns stands in agentpost.d.ts.

// Every operation, as JSON: agentpost.d.ts is made of this table and of /openapi.json. "values": it takes a query or
// a body; "once": an Idempotency-Key is made for it.
const OPERATIONS = {
  "inboxes": {
    "create": "POST /api/v1/inboxes values",
    "list": "GET /api/v1/inboxes values",
    "get": "GET /api/v1/inboxes/{inbox_id}",
    "update": "PATCH /api/v1/inboxes/{inbox_id} values",
    "delete": "DELETE /api/v1/inboxes/{inbox_id}",
    "folders": "GET /api/v1/inboxes/{inbox_id}/folders",
    "exportCredentials": "GET /api/v1/inboxes/credentials/export"
  },
  "messages": {
    "send": "POST /api/v1/inboxes/{inbox_id}/messages values once",
    "reply": "POST /api/v1/messages/{message_id}/reply values once",
    "replyAll": "POST /api/v1/messages/{message_id}/reply-all values once",
    "forward": "POST /api/v1/messages/{message_id}/forward values once",
    "list": "GET /api/v1/inboxes/{inbox_id}/messages values",
    "wait": "GET /api/v1/inboxes/{inbox_id}/messages/wait values",
    "get": "GET /api/v1/messages/{message_id}",
    "raw": "GET /api/v1/messages/{message_id}/raw",
    "structure": "GET /api/v1/messages/{message_id}/structure",
    "attachment": "GET /api/v1/messages/{message_id}/attachments/{section}",
    "view": "POST /api/v1/messages/{message_id}/view",
    "update": "PATCH /api/v1/messages/{message_id} values",
    "delete": "DELETE /api/v1/messages/{message_id}",
    "restore": "POST /api/v1/messages/{message_id}/restore",
    "addLabels": "POST /api/v1/messages/{message_id}/labels values",
    "removeLabel": "DELETE /api/v1/messages/{message_id}/labels/{label}"
  },
  "drafts": {
    "create": "POST /api/v1/inboxes/{inbox_id}/drafts values",
    "list": "GET /api/v1/inboxes/{inbox_id}/drafts values",
    "get": "GET /api/v1/drafts/{draft_id}",
    "update": "PATCH /api/v1/drafts/{draft_id} values",
    "delete": "DELETE /api/v1/drafts/{draft_id}",
    "send": "POST /api/v1/drafts/{draft_id}/send once"
  },
  "attachments": {
    "create": "POST /api/v1/attachments values",
    "get": "GET /api/v1/attachments/{key}",
    "delete": "DELETE /api/v1/attachments/{key}"
  },
  "threads": {
    "list": "GET /api/v1/inboxes/{inbox_id}/threads values",
    "get": "GET /api/v1/threads/{thread_id}",
    "addLabels": "POST /api/v1/threads/{thread_id}/labels values",
    "removeLabel": "DELETE /api/v1/threads/{thread_id}/labels/{label}"
  },
  "apiKeys": {
    "create": "POST /api/v1/api-keys values",
    "list": "GET /api/v1/api-keys values",
    "revoke": "DELETE /api/v1/api-keys/{key_id}"
  },
  "filterRules": {
    "create": "POST /api/v1/filter-rules values",
    "list": "GET /api/v1/filter-rules values",
    "get": "GET /api/v1/filter-rules/{rule_id}",
    "delete": "DELETE /api/v1/filter-rules/{rule_id}",
    "check": "GET /api/v1/filter-rules/check values"
  },
  "suppressions": {
    "add": "POST /api/v1/suppressions values",
    "list": "GET /api/v1/suppressions values",
    "get": "GET /api/v1/suppressions/{email}",
    "remove": "DELETE /api/v1/suppressions/{email}"
  },
  "events": {
    "list": "GET /api/v1/events values"
  },
  "webhooks": {
    "create": "POST /api/v1/webhooks values",
    "list": "GET /api/v1/webhooks values",
    "get": "GET /api/v1/webhooks/{webhook_id}",
    "update": "PATCH /api/v1/webhooks/{webhook_id} values",
    "delete": "DELETE /api/v1/webhooks/{webhook_id}",
    "rotate": "POST /api/v1/webhooks/{webhook_id}/rotate",
    "test": "POST /api/v1/webhooks/{webhook_id}/test",
    "listDeliveries": "GET /api/v1/webhooks/{webhook_id}/deliveries values",
    "replay": "POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay"
  },
  "sessions": {
    "list": "GET /api/v1/sessions values",
    "get": "GET /api/v1/sessions/{session_id} values",
    "close": "DELETE /api/v1/sessions/{session_id}"
  },
  "queue": {
    "list": "GET /api/v1/queue values",
    "retry": "POST /api/v1/queue/{queued_id}/retry",
    "drop": "DELETE /api/v1/queue/{queued_id}"
  },
  "audit": {
    "list": "GET /api/v1/audit values"
  },
  "server": {
    "health": "GET /healthz",
    "readiness": "GET /readyz",
    "metrics": "GET /metrics",
    "openapi": "GET /openapi.json"
  }
};

// 429 and 503 are said before anything was done, so the same request may come again.
const RETRIED = new Set([429, 503]);
const SAFE = new Set(["GET", "PUT", "DELETE"]);
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
// What the server closes a WebSocket with when the key is not, or no longer, valid.
const UNAUTHORIZED = 4401;

/** Base of all errors of this client. */
export class AgentPostError extends Error {
  name = "AgentPostError";
}

/** The server could not be reached, or the connection broke. */
export class ConnectionFailed extends AgentPostError {
  name = "ConnectionFailed";
}

/** The server refused a request, or failed at it: a problem document (RFC 9457). */
export class APIError extends AgentPostError {
  name = "APIError";

  constructor(status, problem, requestId, retryAfter) {
    super(problem.detail || `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code ?? "";
    this.fix = problem.fix ?? "";
    this.requestId = problem.request_id ?? requestId ?? "";
    this.field = problem.field ?? null;
    this.recipients = problem.recipients ?? [];
    this.retryAfter = retryAfter;
  }
}

/** A client of the AgentPost REST API. Every method throws APIError if the server refuses, and ConnectionFailed if there is no answer. */
export class AgentPost {
  #options;

  constructor({ apiKey, baseUrl = "http://127.0.0.1:8025", timeout = 30_000, maxRetries = 3, maxWait = 30_000, fetch = globalThis.fetch, WebSocket = globalThis.WebSocket } = {}) {
    if (!apiKey) throw new TypeError("AgentPost needs an apiKey: ap_sk_…");
    this.#options = { apiKey, baseUrl: baseUrl.replace(/\/+$/, ""), timeout, maxRetries, maxWait, fetch, WebSocket };
    for (const [name, operations] of Object.entries(OPERATIONS)) {
      this[name] = Object.fromEntries(Object.entries(operations).flatMap(([method, text]) => this.#methods(method, text)));
    }
    this.attachments.upload = (filename, octets, options) => this.#upload(filename, octets, options);
    this.events.subscribe = (wanted, options) => subscribe(this.#options, wanted, options);
  }

  /** Make the method of one operation; of a list, also the iterator over all of its pages. */
  #methods(name, text) {
    const [verb, template, ...marks] = text.split(" ");
    const once = marks.includes("once"), takes = marks.includes("values") ? 1 : 0;
    const names = template.match(/\{\w+\}/g) ?? [];
    const method = (...given) => {
      const path = names.reduce((path, one, index) => path.replace(one, segment(one, given[index])), template);
      const values = takes ? (given[names.length] ?? {}) : {};
      const options = given[names.length + takes] ?? {};
      return this.#ask(verb, path, takes ? values : null, once ? { idempotencyKey: crypto.randomUUID(), ...options } : options);
    };
    if (!name.startsWith("list")) return [[name, method]];
    async function* iterate(...given) {
      const ids = given.slice(0, names.length);
      let [query = {}, options = {}] = given.slice(names.length);
      for (;;) {
        const page = await method(...ids, query, options);
        yield* page.data;
        if (!page.has_more) return;
        // Events go on after the last one; all other lists say where.
        query = page.next_cursor ? { ...query, cursor: page.next_cursor } : { ...query, after: page.data.at(-1).id };
      }
    }
    return [[name, method], [name.replace("list", "iterate"), iterate]];
  }

  async #upload(filename, octets, { mimeType = "application/octet-stream", ...options } = {}) {
    const asked = await this.attachments.create({ filename, mime_type: mimeType }, options);
    // The server knows its own name less well than whoever has reached it.
    const { pathname, search } = new URL(asked.upload_url);
    return this.#ask("PUT", pathname + search, octets, options);
  }

  async #ask(verb, path, values, { idempotencyKey, signal } = {}) {
    const { apiKey, baseUrl, timeout, maxRetries, maxWait, fetch } = this.#options;
    const headers = {};
    let body, patience = 0;
    if (verb === "PUT") {
      body = values;
    } else {
      headers.Authorization = `Bearer ${apiKey}`;
      if (verb === "GET") {
        path += queryString(values ?? {});
        patience = path.includes("/wait") ? (values.timeout ?? 30) * 1000 : 0;
      } else if (values) {
        headers["Content-Type"] = "application/json";
        body = JSON.stringify(values);
      }
    }
    if (idempotencyKey) headers["Idempotency-Key"] = idempotencyKey;
    for (let tries = 0; ; tries++) {
      const pause = FIRST_PAUSE * 2 ** tries * (0.5 + Math.random() / 2);
      const limits = [AbortSignal.timeout(timeout + patience), signal].filter(Boolean);
      let response;
      try {
        response = await fetch(baseUrl + path, { method: verb, headers, body, signal: AbortSignal.any(limits) });
        if (response.ok) return await decoded(response);
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (tries >= maxRetries || !(SAFE.has(verb) || idempotencyKey)) throw new ConnectionFailed(error.cause?.message ?? error.message, { cause: error });
        await sleep(pause, signal);
        continue;
      }
      const refusal = await refused(response);
      const wait = refusal.retryAfter === null ? pause : refusal.retryAfter * 1000;
      if (!RETRIED.has(refusal.status) || tries >= maxRetries || wait > maxWait) throw refusal;
      await sleep(wait, signal);
    }
  }
}

/** Yield events as they happen, over a WebSocket that is opened again where it was left when it breaks. */
async function* subscribe({ apiKey, baseUrl, WebSocket }, wanted = {}, { signal } = {}) {
  if (!WebSocket) throw new TypeError("There is no WebSocket here: give AgentPost one, or use Node 22.");
  let { since } = wanted;
  for (let failures = 0; ; failures++) {
    for await (const message of frames(new WebSocket(`${baseUrl.replace(/^http/, "ws")}/ws`), apiKey, { ...wanted, since }, signal)) {
      failures = 0;
      if (message.type === "subscribed") since = message.since;
      if (message.type !== "event") continue;
      since = message.data.id;
      yield message.data;
    }
    signal?.throwIfAborted();
    await sleep(Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE) * (0.5 + Math.random() / 2), signal);
  }
}

/** Yield the messages of one WebSocket until it closes; throw if that is the end of it. */
async function* frames(socket, token, wanted, signal) {
  const waiting = [];
  let wake = () => {};
  let closed = null;
  const push = (change) => { change(); wake(); };
  socket.onopen = () => {
    socket.send(JSON.stringify({ type: "auth", token }));
    socket.send(JSON.stringify({ type: "subscribe", ...wanted }));
  };
  socket.onmessage = ({ data }) => push(() => waiting.push(JSON.parse(data)));
  socket.onerror = () => {};
  socket.onclose = ({ code, reason }) => push(() => { closed = { code, reason }; });
  const abort = () => push(() => { closed ??= { code: 1000 }; });
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    for (;;) {
      while (waiting.length) {
        const message = waiting.shift();
        if (message.type === "error") throw new APIError(400, message);
        yield message;
      }
      if (closed) break;
      await new Promise((resolve) => { wake = resolve; if (waiting.length || closed) resolve(); });
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    socket.close();
  }
  if (closed.code === UNAUTHORIZED) throw new APIError(401, { code: "unauthorized", detail: closed.reason || "This key is not valid." });
}

function segment(name, value) {
  if (typeof value !== "string" || !value) throw new TypeError(`${name.slice(1, -1)} is missing.`);
  return encodeURIComponent(value);
}

function queryString(values) {
  const pairs = Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    return (Array.isArray(value) ? value : [value]).map((one) => [name, one instanceof Date ? one.toISOString() : String(one)]);
  });
  return pairs.length ? `?${new URLSearchParams(pairs)}` : "";
}

/** Read a success: JSON, text, octets, or null for nothing. */
async function decoded(response) {
  const type = response.headers.get("content-type") ?? "";
  if (response.status === 204) return null;
  if (type.startsWith("application/json")) return response.json();
  return type.startsWith("text/") ? response.text() : new Uint8Array(await response.arrayBuffer());
}

/** Read a refusal; a proxy's answer may be no problem document. */
async function refused(response) {
  const problem = await response.json().catch(() => ({}));
  const after = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new APIError(response.status, problem ?? {}, response.headers.get("x-request-id"), Number.isNaN(after) ? null : after);
}

function sleep(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => { clearTimeout(timer); reject(signal.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener("abort", stop); resolve(); }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
