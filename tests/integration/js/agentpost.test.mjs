// The JavaScript client against a live server: AGENTPOST_URL, AGENTPOST_KEY; run by test_javascript_client.py.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { AgentPost, APIError, ConnectionFailed } from "../../../backends/mailcore_agentpost/js/agentpost.js";

const baseUrl = process.env.AGENTPOST_URL;
const apiKey = process.env.AGENTPOST_KEY;
const client = new AgentPost({ apiKey, baseUrl });

/** Collect what an iterator yields. */
async function all(rows) {
  const found = [];
  for await (const row of rows) found.push(row);
  return found;
}

/** Serve some answers, one for each request; return a client of that server and what it was asked. */
async function grudging(answers, options = {}) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const [status, headers, body] = answers[Math.min(asked.length, answers.length) - 1];
    response.writeHead(status, headers).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  return { asked, server, client: new AgentPost({ apiKey, baseUrl: url, ...options }) };
}

test("credentials are exported as CSV", async () => {
  const inbox = await client.inboxes.create({ username: "js" });
  const csv = await client.inboxes.exportCredentials();
  assert.match(csv, /^email,imap_host,imap_port,smtp_host,smtp_port,username,password\r\n/);
  assert.ok(csv.includes(inbox.email));
  assert.ok(csv.includes(apiKey));
});

test("a message is sent, waited for, answered and read", async () => {
  const [alice, bob] = [await client.inboxes.create({ username: "alice" }), await client.inboxes.create({ username: "bob" })];
  const upload = await client.attachments.upload("ä.txt", new TextEncoder().encode("Grüße"), { mimeType: "text/plain" });
  assert.equal(upload.size, 7);
  const sent = await client.messages.send(alice.id, { to: [{ email: bob.email }], subject: "Größe", text_body: "Hi", attachments: [{ key: upload.key }] });
  const got = await client.messages.wait(bob.id, { from: alice.email, subject: "größe", timeout: 5 });
  assert.equal(got.subject, "Größe");
  assert.equal(await client.messages.wait(bob.id, { after: got.id, timeout: 0 }), null);
  const message = await client.messages.get(got.id);
  assert.equal(new TextDecoder().decode(await client.messages.attachment(got.id, message.attachments[0].section)), "Grüße");
  assert.ok((await client.messages.raw(got.id)) instanceof Uint8Array);
  const answer = await client.messages.reply(got.id, { text_body: "Ho" });
  assert.equal(answer.subject, "Re: Größe");
  assert.equal((await client.threads.get(answer.thread_id)).message_count, 2);
  assert.equal(await client.messages.delete(got.id), null);
  assert.equal((await client.messages.restore(got.id)).folder, "INBOX");
  assert.equal(sent.direction, "outbound");
});

test("a draft is made, changed and sent", async () => {
  const inbox = await client.inboxes.create();
  const draft = await client.drafts.create(inbox.id, { to: [{ email: "a@example.org" }] });
  assert.equal((await client.drafts.update(draft.id, { subject: "Now" })).subject, "Now");
  const sent = await client.drafts.send(draft.id, { idempotencyKey: `once ${draft.id}` });
  const again = await client.drafts.send(draft.id, { idempotencyKey: `once ${draft.id}` });
  assert.equal(again.id, sent.id);
});

test("lists are iterated page by page", async () => {
  const inbox = await client.inboxes.create();
  for (let number = 0; number < 5; number++) await client.messages.send(inbox.id, { to: [{ email: "a@example.org" }], subject: `${number}`, text_body: "" });
  const subjects = (await all(client.messages.iterate(inbox.id, { limit: 2, direction: "outbound", since: new Date(0) }))).map((one) => one.subject);
  assert.deepEqual(subjects, ["4", "3", "2", "1", "0"]);
  const events = await all(client.events.iterate({ inbox_id: inbox.id, type: ["message.sent", "message.deleted"], limit: 2 }));
  assert.deepEqual(events.map((one) => one.type), Array(5).fill("message.sent"));
});

test("a refusal is an error with its reason", async () => {
  await assert.rejects(client.inboxes.get("inb_none"), (error) => error instanceof APIError && error.status === 404 && error.code === "not_found" && error.requestId.startsWith("req_"));
  const inbox = await client.inboxes.create();
  await client.suppressions.add({ email: "gone@example.org" });
  await assert.rejects(client.messages.send(inbox.id, { to: [{ email: "gone@example.org" }], text_body: "" }), (error) => error.code === "message_rejected" && error.recipients[0] === "gone@example.org");
  await client.suppressions.remove("gone@example.org");
  assert.throws(() => client.messages.get(undefined), TypeError);
  await assert.rejects(new AgentPost({ apiKey: "ap_sk_wrong", baseUrl }).inboxes.list(), (error) => error.status === 401);
  assert.throws(() => new AgentPost(), TypeError);
});

test("what is refused for the moment is tried again", async () => {
  const { asked, server, client } = await grudging([[429, { "Retry-After": "0" }, "{}"], [503, {}, "busy"], [200, { "Content-Type": "application/json" }, "{\"id\":\"msg_1\"}"]]);
  assert.equal((await client.messages.send("inb_1", { text_body: "" })).id, "msg_1");
  assert.equal(asked.length, 3);
  assert.equal(new Set(asked.map((one) => one.headers["idempotency-key"])).size, 1);
  server.close();
});

test("waiting has bounds", async () => {
  const slow = await grudging([[429, { "Retry-After": "3600" }, "{}"]]);
  await assert.rejects(slow.client.inboxes.list(), (error) => error.retryAfter === 3600);
  assert.equal(slow.asked.length, 1);
  slow.server.close();
  await assert.rejects(new AgentPost({ apiKey, baseUrl: "http://127.0.0.1:1", maxRetries: 1 }).inboxes.list(), ConnectionFailed);
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  await assert.rejects(client.inboxes.list({}, { signal: stop.signal }), /enough/);
});

test("events are told as they happen", { skip: !globalThis.WebSocket }, async () => {
  const inbox = await client.inboxes.create();
  const stop = new AbortController();
  const events = client.events.subscribe({ inbox_id: inbox.id, event_types: ["message.sent"] }, { signal: stop.signal });
  const first = events.next();
  const after = (await client.events.list({ limit: 1 })).data.at(-1)?.id ?? "";
  // Perhaps it is not subscribed yet: what came before that is not told.
  const timer = setInterval(() => client.messages.send(inbox.id, { to: [{ email: "a@example.org" }], text_body: "" }), 100);
  const { value } = await first;
  clearInterval(timer);
  assert.equal(value.type, "message.sent");
  assert.equal(value.data.inbox_id, inbox.id);
  stop.abort();
  await assert.rejects(all(events));
  const replayed = client.events.subscribe({ inbox_id: inbox.id, event_types: ["message.sent"], since: after });
  assert.equal((await replayed.next()).value.type, "message.sent");
  await replayed.return();
  await assert.rejects(new AgentPost({ apiKey: "ap_sk_wrong", baseUrl }).events.subscribe().next(), (error) => error.status === 401);
});
