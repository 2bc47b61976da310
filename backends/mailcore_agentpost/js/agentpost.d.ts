// Made by python -m mailcore_agentpost.http.typescript of the OpenAPI document: not to be edited.

/** How a client reaches the server. Times are milliseconds. */
export interface ClientOptions {
  /** An organization's key: ap_sk_… */
  apiKey: string;
  /** Where the server is; http://127.0.0.1:8025 if absent. */
  baseUrl?: string;
  /** To wait for an answer; 30 000 if absent. */
  timeout?: number;
  /** Further tries after 429, 503 or, where that is safe, a broken connection; 3 if absent. */
  maxRetries?: number;
  /** A longer Retry-After is an error at once; 30 000 if absent. */
  maxWait?: number;
  fetch?: typeof fetch;
  WebSocket?: unknown;
}

/** Of one call. */
export interface CallOptions {
  signal?: AbortSignal;
}

/** Of one call that sends. */
export interface SendOptions extends CallOptions {
  /** Repeated within 24 hours, the call sends nothing again; made for you if absent. */
  idempotencyKey?: string;
}

export class AgentPostError extends Error {}

/** The server could not be reached, or the connection broke. */
export class ConnectionFailed extends AgentPostError {}

/** The server refused a request, or failed at it. */
export class APIError extends AgentPostError {
  readonly status: number;
  /** What a program decides by. */
  readonly code: string;
  /** What to do about it. */
  readonly fix: string;
  /** Names the request in the server's log. */
  readonly requestId: string;
  /** Where in the request the mistake is: to[0].email */
  readonly field: string | null;
  /** Those that were refused. */
  readonly recipients: string[];
  /** Seconds. */
  readonly retryAfter: number | null;
}

/** Which events to be told. */
export interface Subscription {
  event_types?: Event["type"][];
  inbox_id?: string;
  /** The id of an event: those after it come first. */
  since?: string;
}

/** Labels to add to a message. */
export interface AddLabels {
  labels: string[];
}

/** Somebody named in a message, however oddly. */
export interface Address {
  email: string;
  name?: string;
}

/** A part that is neither the text nor shown within it. */
export interface Attachment {
  section: string;
  filename: string | null;
  mime_type: string;
  size: number;
}

/** An attachment of a message that is being made. */
export interface AttachmentRef {
  key: string;
  filename?: string | null;
  mime_type?: string | null;
}

/** Something that somebody did, or tried. */
export interface AuditEntry {
  id: string;
  at: string;
  actor: string;
  action: "inbox.created" | "inbox.deleted" | "inbox.paused" | "inbox.resumed" | "key.created" | "key.revoked" | "login.failed" | "mail.imported" | "organization.created" | "organization.resumed" | "organization.suspended" | "queue.dropped" | "queue.retried" | "rule.created" | "rule.deleted" | "session.closed" | "suppression.added" | "suppression.removed" | "webhook.created" | "webhook.deleted";
  subject: string;
  peer: string;
  count: number;
  detail: Record<string, unknown>;
}

/** A page of the audit trail, the latest first. */
export interface AuditPage {
  has_more: boolean;
  next_cursor: string | null;
  data: AuditEntry[];
}

/** What was found out about the sender, in the words of RFC 8601: ``pass``, ``fail``, ``none``. */
export interface Authentication {
  spf: string;
  dkim: string;
  dmarc: string;
}

/** How the policy judges an address. */
export interface Check {
  allowed: boolean;
  rule: FilterRule | null;
  suppressed: boolean;
  answers: DoorAnswer[];
}

/** Ask for an address to send the octets of an attachment to. */
export interface CreateAttachment {
  filename: string;
  mime_type?: string;
}

/** Make a draft. Nothing is asked of it before it is sent. */
export interface CreateDraft {
  to?: Recipient[];
  cc?: Recipient[];
  bcc?: Recipient[];
  subject?: string;
  text_body?: string | null;
  html_body?: string | null;
  in_reply_to?: string | null;
  thread_id?: string | null;
  labels?: string[];
  attachments?: AttachmentRef[];
}

/** Allow or block an address, a domain, or all domains below one; the most specific rule wins. */
export interface CreateFilterRule {
  direction: "receive" | "send";
  action: "allow" | "block";
  match_type: "address" | "domain" | "subdomain_wildcard";
  value: string;
}

/** Make an inbox. A repeated ``client_id`` gives the same inbox again. */
export interface CreateInbox {
  username?: string | null;
  display_name?: string;
  client_id?: string | null;
}

/** Make a key that can do at most what the key that asks can. */
export interface CreateKey {
  scopes: ("inboxes:read" | "inboxes:write" | "keys:write" | "messages:read" | "messages:write" | "rules:read" | "rules:write" | "webhooks:read" | "webhooks:write")[];
  name?: string;
  inbox_id?: string | null;
  expires_at?: string | null;
}

/** Send nothing to an address from now on; one that is there already stays as it is. */
export interface CreateSuppression {
  email: string;
}

/** Have events posted to an address, as the JSON that ``/events`` shows. */
export interface CreateWebhook {
  url: string;
  event_types?: ("domain.verified" | "message.bounced" | "message.complained" | "message.deleted" | "message.delivered" | "message.received" | "message.rejected" | "message.sent" | "message.updated" | "webhook.test")[];
  inbox_id?: string | null;
  description?: string;
}

/** What one door would say. */
export interface DoorAnswer {
  door: "rest" | "smtp";
  says: string;
}

/** A draft with its text and what is attached to it. */
export interface Draft {
  id: string;
  inbox_id: string;
  message_id: string;
  thread_id: string | null;
  in_reply_to: string | null;
  to_addresses: Address[];
  cc_addresses: Address[];
  bcc_addresses: Address[];
  subject: string;
  labels: string[];
  has_attachments: boolean;
  created_at: string;
  updated_at: string;
  text_body: string | null;
  html_body: string | null;
  attachments_meta: Attachment[];
}

/** A page of drafts, the one that was made last first. */
export interface DraftPage {
  has_more: boolean;
  next_cursor: string | null;
  data: DraftSummary[];
}

/** A draft as lists show it. */
export interface DraftSummary {
  id: string;
  inbox_id: string;
  message_id: string;
  thread_id: string | null;
  in_reply_to: string | null;
  to_addresses: Address[];
  cc_addresses: Address[];
  bcc_addresses: Address[];
  subject: string;
  labels: string[];
  has_attachments: boolean;
  created_at: string;
  updated_at: string;
}

/** Something that happened, in the same words for REST, WebSocket and webhooks. */
export interface Event {
  id: string;
  type: "domain.verified" | "message.bounced" | "message.complained" | "message.deleted" | "message.delivered" | "message.received" | "message.rejected" | "message.sent" | "message.updated" | "webhook.test";
  timestamp: string;
  org_id: string;
  env_id: string;
  data: Record<string, unknown>;
}

/** Events, oldest first. The id of the last one is the ``after`` of the next page. */
export interface EventPage {
  has_more: boolean;
  data: Event[];
}

/** A filter rule. */
export interface FilterRule {
  id: string;
  direction: "receive" | "send";
  action: "allow" | "block";
  match_type: "address" | "domain" | "subdomain_wildcard";
  value: string;
  created_at: string;
}

/** A page of filter rules, oldest first. */
export interface FilterRulePage {
  has_more: boolean;
  next_cursor: string | null;
  data: FilterRule[];
}

/** A folder of an inbox, with how many messages lie in it. */
export interface FolderCounts {
  name: string;
  special_use: string | null;
  total: number;
  unread: number;
}

/** The folders of an inbox, those that every inbox has first. */
export interface FolderList {
  data: FolderCounts[];
}

/** The process answers. */
export interface Health {
  status?: "ok";
}

/** An inbox. */
export interface Inbox {
  id: string;
  email: string;
  display_name: string;
  client_id: string | null;
  send_paused: boolean;
  created_at: string;
}

/** A page of inboxes, oldest first. */
export interface InboxPage {
  has_more: boolean;
  next_cursor: string | null;
  data: Inbox[];
}

/** A key without its secret. */
export interface Key {
  id: string;
  name: string;
  prefix: string;
  last_four: string;
  scopes: ("inboxes:read" | "inboxes:write" | "keys:write" | "messages:read" | "messages:write" | "rules:read" | "rules:write" | "webhooks:read" | "webhooks:write")[];
  inbox_id: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

/** A page of keys, oldest first. */
export interface KeyPage {
  has_more: boolean;
  next_cursor: string | null;
  data: Key[];
}

/** A message with its text. */
export interface Message {
  id: string;
  inbox_id: string;
  thread_id: string | null;
  direction: "inbound" | "outbound";
  folder: string;
  from_address: Address | null;
  to_addresses: Address[];
  cc_addresses: Address[];
  bcc_addresses: Address[];
  subject: string;
  labels: string[];
  unread: boolean;
  starred: boolean;
  replied: boolean;
  has_attachments: boolean;
  size: number;
  created_at: string;
  authentication: Authentication | null;
  text_body: string | null;
  html_body: string | null;
  attachments: Attachment[];
}

/** A page of messages, newest first. */
export interface MessagePage {
  has_more: boolean;
  next_cursor: string | null;
  data: MessageSummary[];
}

/** A message as lists show it. */
export interface MessageSummary {
  id: string;
  inbox_id: string;
  thread_id: string | null;
  direction: "inbound" | "outbound";
  folder: string;
  from_address: Address | null;
  to_addresses: Address[];
  cc_addresses: Address[];
  bcc_addresses: Address[];
  subject: string;
  labels: string[];
  unread: boolean;
  starred: boolean;
  replied: boolean;
  has_attachments: boolean;
  size: number;
  created_at: string;
  authentication: Authentication | null;
}

/** A node of the MIME tree. */
export interface MimePart {
  section: string;
  mime_type: string;
  encoding: string;
  charset: string | null;
  disposition: string | null;
  filename: string | null;
  size: number;
  children: MimePart[];
}

/** A key just made. ``key`` is the secret, and is shown this once. */
export interface NewKey {
  id: string;
  name: string;
  prefix: string;
  last_four: string;
  scopes: ("inboxes:read" | "inboxes:write" | "keys:write" | "messages:read" | "messages:write" | "rules:read" | "rules:write" | "webhooks:read" | "webhooks:write")[];
  inbox_id: string | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  key: string;
}

/** An attachment just asked for. */
export interface NewUpload {
  key: string;
  filename: string;
  mime_type: string;
  size: number | null;
  expires_at: string;
  upload_url: string;
  max_size: number;
}

/** A webhook with the secret that signs what it gets; shown this once. */
export interface NewWebhook {
  id: string;
  url: string;
  event_types: ("domain.verified" | "message.bounced" | "message.complained" | "message.deleted" | "message.delivered" | "message.received" | "message.rejected" | "message.sent" | "message.updated" | "webhook.test")[];
  inbox_id: string | null;
  description: string;
  enabled: boolean;
  disabled_reason: string | null;
  failures: number;
  created_at: string;
  secret: string;
}

/** A problem as a client reads it (RFC 9457 §3.1), with this API's own members. */
export interface ProblemDocument {
  title: string;
  status: number;
  code: string;
  detail: string;
  fix: string;
  request_id: string;
  field?: string | null;
  recipients?: string[] | null;
}

/** A page of the queue, the oldest first. */
export interface QueuePage {
  has_more: boolean;
  next_cursor: string | null;
  data: QueuedMessage[];
}

/** One recipient outside who does not have a message yet. */
export interface QueuedMessage {
  id: string;
  inbox_id: string;
  message_id: string;
  sender: string;
  recipient: string;
  attempts: number;
  last_reply: string;
  next_at: string;
  created_at: string;
}

/** Whether mail can be served now. */
export interface Readiness {
  status?: "ready" | "unavailable";
  problem?: string | null;
}

/** Somebody to send to. */
export interface Recipient {
  email: string;
  name?: string;
}

/** Answer a message: recipients, subject and thread follow from it. */
export interface Reply {
  text_body?: string | null;
  html_body?: string | null;
  labels?: string[];
  attachments?: AttachmentRef[];
}

/** Send a message from an inbox; ``Idempotency-Key`` makes a repetition harmless for 24 hours. */
export interface SendMessage {
  to?: Recipient[];
  cc?: Recipient[];
  bcc?: Recipient[];
  subject?: string;
  text_body?: string | null;
  html_body?: string | null;
  labels?: string[];
  attachments?: AttachmentRef[];
}

/** One IMAP or SMTP connection. The last ones that ended are listed too. */
export interface Session {
  id: string;
  protocol: "imap" | "lmtp" | "smtp";
  door: "imap" | "lmtp" | "mx" | "smtp" | "submission";
  state: string;
  client: string;
  tls: boolean;
  inbox_id: string | null;
  email: string | null;
  key_id: string | null;
  mailbox: string | null;
  idling: boolean;
  command: string;
  commands: number;
  octets_in: number;
  octets_out: number;
  opened_at: string;
  last_at: string | null;
  ended_at: string | null;
}

/** A page of connections, the youngest first. */
export interface SessionPage {
  has_more: boolean;
  next_cursor: string | null;
  data: Session[];
}

/** A connection with what was said on it lately. */
export interface SessionWithTranscript {
  id: string;
  protocol: "imap" | "lmtp" | "smtp";
  door: "imap" | "lmtp" | "mx" | "smtp" | "submission";
  state: string;
  client: string;
  tls: boolean;
  inbox_id: string | null;
  email: string | null;
  key_id: string | null;
  mailbox: string | null;
  idling: boolean;
  command: string;
  commands: number;
  octets_in: number;
  octets_out: number;
  opened_at: string;
  last_at: string | null;
  ended_at: string | null;
  transcript: TranscriptLine[];
}

/** An address that this organization sends nothing to. */
export interface Suppression {
  email: string;
  reason: "bounce" | "complaint" | "manual";
  message_id: string | null;
  created_at: string;
}

/** A page of suppressions, by address. */
export interface SuppressionPage {
  has_more: boolean;
  next_cursor: string | null;
  data: Suppression[];
}

/** A thread with its messages, the oldest first; of a very long one the latest hundred. */
export interface Thread {
  id: string;
  inbox_id: string;
  subject: string;
  message_count: number;
  unread_count: number;
  latest_at: string;
  latest_message: MessageSummary;
  messages: MessageSummary[];
}

/** A page of threads, the one with the latest message first. */
export interface ThreadPage {
  has_more: boolean;
  next_cursor: string | null;
  data: ThreadSummary[];
}

/** Messages that answer each other, as lists show them. */
export interface ThreadSummary {
  id: string;
  inbox_id: string;
  subject: string;
  message_count: number;
  unread_count: number;
  latest_at: string;
  latest_message: MessageSummary;
}

/** One line of what was said. Passwords and tokens are masked, long pieces cut. */
export interface TranscriptLine {
  number: number;
  at: string;
  side: "client" | "server";
  text: string;
}

/** Change a draft; absent fields stay as they are, whichever door they came in by. */
export interface UpdateDraft {
  to?: Recipient[];
  cc?: Recipient[];
  bcc?: Recipient[];
  subject?: string;
  text_body?: string | null;
  html_body?: string | null;
  in_reply_to?: string | null;
  labels?: string[];
  attachments?: AttachmentRef[];
}

/** Change an inbox; absent fields stay as they are. */
export interface UpdateInbox {
  display_name?: string;
  send_paused?: boolean;
}

/** Change the flags of a message; absent fields stay as they are. */
export interface UpdateMessage {
  unread?: boolean;
  starred?: boolean;
}

/** Change a webhook; absent fields stay as they are. */
export interface UpdateWebhook {
  url?: string;
  event_types?: ("domain.verified" | "message.bounced" | "message.complained" | "message.deleted" | "message.delivered" | "message.received" | "message.rejected" | "message.sent" | "message.updated" | "webhook.test")[];
  description?: string;
  enabled?: boolean;
}

/** An attachment that waits to be cited. */
export interface Upload {
  key: string;
  filename: string;
  mime_type: string;
  size: number | null;
  expires_at: string;
}

/** Where a browser can look at the HTML of a message, once, within half a minute. */
export interface View {
  url: string;
}

/** A webhook without its secret. */
export interface Webhook {
  id: string;
  url: string;
  event_types: ("domain.verified" | "message.bounced" | "message.complained" | "message.deleted" | "message.delivered" | "message.received" | "message.rejected" | "message.sent" | "message.updated" | "webhook.test")[];
  inbox_id: string | null;
  description: string;
  enabled: boolean;
  disabled_reason: string | null;
  failures: number;
  created_at: string;
}

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  id: string;
  webhook_id: string;
  event_id: string;
  event_type: "domain.verified" | "message.bounced" | "message.complained" | "message.deleted" | "message.delivered" | "message.received" | "message.rejected" | "message.sent" | "message.updated" | "webhook.test";
  status: "delivered" | "failed" | "pending";
  attempts: number;
  response_status: number | null;
  error: string | null;
  next_at: string | null;
  attempted_at: string | null;
  created_at: string;
}

/** A page of deliveries, newest first. */
export interface WebhookDeliveryPage {
  has_more: boolean;
  next_cursor: string | null;
  data: WebhookDelivery[];
}

/** A page of webhooks, oldest first. */
export interface WebhookPage {
  has_more: boolean;
  next_cursor: string | null;
  data: Webhook[];
}

export interface InboxesListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface InboxesAPI {
  /** Make an inbox, or return the one made with this ``client_id`` before. */
  create(body: CreateInbox, options?: CallOptions): Promise<Inbox>;
  /** Return a page of inboxes, oldest first. */
  list(query?: InboxesListQuery, options?: CallOptions): Promise<InboxPage>;
  iterate(query?: InboxesListQuery, options?: CallOptions): AsyncGenerator<InboxPage["data"][number]>;
  /** Return an inbox. */
  get(inbox_id: string, options?: CallOptions): Promise<Inbox>;
  /** Change what is given of an inbox. */
  update(inbox_id: string, body: UpdateInbox, options?: CallOptions): Promise<Inbox>;
  /** Delete an inbox with its messages. */
  delete(inbox_id: string, options?: CallOptions): Promise<null>;
  /** Return the folders of an inbox with their counts. */
  folders(inbox_id: string, options?: CallOptions): Promise<FolderList>;
  /** Return every inbox's credentials as CSV. */
  exportCredentials(options?: CallOptions): Promise<string>;
}

export interface MessagesListQuery {
  limit?: number;
  cursor?: string | null;
  folder?: string | null;
  direction?: "inbound" | "outbound" | null;
  unread?: boolean | null;
  starred?: boolean | null;
  has_attachments?: boolean | null;
  label?: string | null;
  thread_id?: string | null;
  since?: string | null | Date;
  until?: string | null | Date;
  from?: string | null;
  to?: string | null;
  subject?: string | null;
  q?: string | null;
}

export interface MessagesWaitQuery {
  timeout?: number;
  from?: string | null;
  subject?: string | null;
  after?: string | null;
}

export interface MessagesAPI {
  /** Send a message; its copy is in Sent. */
  send(inbox_id: string, body: SendMessage, options?: SendOptions): Promise<Message>;
  /** Answer whoever a message is from. */
  reply(message_id: string, body: Reply, options?: SendOptions): Promise<Message>;
  /** Answer whoever a message is from, and all others that it went to. */
  replyAll(message_id: string, body: Reply, options?: SendOptions): Promise<Message>;
  /** Pass a message on, as it is, with a text of one's own. */
  forward(message_id: string, body: SendMessage, options?: SendOptions): Promise<Message>;
  /** Return a page of messages, newest first. */
  list(inbox_id: string, query?: MessagesListQuery, options?: CallOptions): Promise<MessagePage>;
  iterate(inbox_id: string, query?: MessagesListQuery, options?: CallOptions): AsyncGenerator<MessagePage["data"][number]>;
  /** Return the oldest inbound message that matches, as soon as there is one; or None. */
  wait(inbox_id: string, query?: MessagesWaitQuery, options?: CallOptions): Promise<MessageSummary | null>;
  /** Return a message with its text. */
  get(message_id: string, options?: CallOptions): Promise<Message>;
  /** Return the octets of a message, in chunks. */
  raw(message_id: string, options?: CallOptions): Promise<Uint8Array>;
  /** Return the MIME tree of a message. */
  structure(message_id: string, options?: CallOptions): Promise<MimePart>;
  /** Return the octets of one part, decoded. */
  attachment(message_id: string, section: string, options?: CallOptions): Promise<Uint8Array>;
  /** Return an address that shows the HTML of a message, once. */
  view(message_id: string, options?: CallOptions): Promise<View>;
  /** Change the flags that are given. */
  update(message_id: string, body: UpdateMessage, options?: CallOptions): Promise<Message>;
  /** Move a message to Trash. */
  delete(message_id: string, options?: CallOptions): Promise<null>;
  /** Move a message out of Trash. */
  restore(message_id: string, options?: CallOptions): Promise<Message>;
  /** Add labels; IMAP shows them as keywords. */
  addLabels(message_id: string, body: AddLabels, options?: CallOptions): Promise<Message>;
  /** Take one label off. */
  removeLabel(message_id: string, label: string, options?: CallOptions): Promise<null>;
}

export interface DraftsListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface DraftsAPI {
  /** Make a draft; mail clients see it in Drafts. */
  create(inbox_id: string, body: CreateDraft, options?: CallOptions): Promise<Draft>;
  /** Return a page of drafts, the one that was made last first. */
  list(inbox_id: string, query?: DraftsListQuery, options?: CallOptions): Promise<DraftPage>;
  iterate(inbox_id: string, query?: DraftsListQuery, options?: CallOptions): AsyncGenerator<DraftPage["data"][number]>;
  /** Return a draft with its text. */
  get(draft_id: string, options?: CallOptions): Promise<Draft>;
  /** Change what is given of a draft. */
  update(draft_id: string, body: UpdateDraft, options?: CallOptions): Promise<Draft>;
  /** Move a draft to Trash. */
  delete(draft_id: string, options?: CallOptions): Promise<null>;
  /** Send a draft; it is a message then, and no draft any more. */
  send(draft_id: string, options?: SendOptions): Promise<Message>;
}

export interface AttachmentsAPI {
  /** Return an address to send octets to, and the key that messages cite them by. */
  create(body: CreateAttachment, options?: CallOptions): Promise<NewUpload>;
  /** Return an attachment that waits to be cited. */
  get(key: string, options?: CallOptions): Promise<Upload>;
  /** Forget an attachment. */
  delete(key: string, options?: CallOptions): Promise<null>;
  /** Send an attachment; messages and drafts cite it by its key, for a day. */
  upload(filename: string, octets: BodyInit, options?: CallOptions & { mimeType?: string }): Promise<Upload>;
}

export interface ThreadsListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface ThreadsAPI {
  /** Return a page of threads, the one with the latest message first. */
  list(inbox_id: string, query?: ThreadsListQuery, options?: CallOptions): Promise<ThreadPage>;
  iterate(inbox_id: string, query?: ThreadsListQuery, options?: CallOptions): AsyncGenerator<ThreadPage["data"][number]>;
  /** Return a thread with its messages. */
  get(thread_id: string, options?: CallOptions): Promise<Thread>;
  /** Add labels to every message of a thread. */
  addLabels(thread_id: string, body: AddLabels, options?: CallOptions): Promise<Thread>;
  /** Take one label off every message of a thread. */
  removeLabel(thread_id: string, label: string, options?: CallOptions): Promise<null>;
}

export interface ApiKeysListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface ApiKeysAPI {
  /** Make a key that can do at most what the asking key can. */
  create(body: CreateKey, options?: CallOptions): Promise<NewKey>;
  /** Return a page of keys, oldest first. */
  list(query?: ApiKeysListQuery, options?: CallOptions): Promise<KeyPage>;
  iterate(query?: ApiKeysListQuery, options?: CallOptions): AsyncGenerator<KeyPage["data"][number]>;
  /** Revoke a key; its live sessions end. */
  revoke(key_id: string, options?: CallOptions): Promise<null>;
}

export interface FilterRulesListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface FilterRulesCheckQuery {
  direction: "receive" | "send";
  address: string;
}

export interface FilterRulesAPI {
  /** Add a rule; it holds from the next recipient on. */
  create(body: CreateFilterRule, options?: CallOptions): Promise<FilterRule>;
  /** Return a page of rules, oldest first. */
  list(query?: FilterRulesListQuery, options?: CallOptions): Promise<FilterRulePage>;
  iterate(query?: FilterRulesListQuery, options?: CallOptions): AsyncGenerator<FilterRulePage["data"][number]>;
  /** Return a rule. */
  get(rule_id: string, options?: CallOptions): Promise<FilterRule>;
  /** Remove a rule. */
  delete(rule_id: string, options?: CallOptions): Promise<null>;
  /** Judge an address; nothing is sent. */
  check(query?: FilterRulesCheckQuery, options?: CallOptions): Promise<Check>;
}

export interface SuppressionsListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface SuppressionsAPI {
  /** Send nothing to an address; it holds from the next recipient on. */
  add(body: CreateSuppression, options?: CallOptions): Promise<Suppression>;
  /** Return a page of suppressions, by address. */
  list(query?: SuppressionsListQuery, options?: CallOptions): Promise<SuppressionPage>;
  iterate(query?: SuppressionsListQuery, options?: CallOptions): AsyncGenerator<SuppressionPage["data"][number]>;
  /** Return why nothing is sent to an address. */
  get(email: string, options?: CallOptions): Promise<Suppression>;
  /** Send to an address again. */
  remove(email: string, options?: CallOptions): Promise<null>;
}

export interface EventsListQuery {
  limit?: number;
  after?: string;
  type?: ("domain.verified" | "message.bounced" | "message.complained" | "message.deleted" | "message.delivered" | "message.received" | "message.rejected" | "message.sent" | "message.updated" | "webhook.test")[];
  inbox_id?: string | null;
}

export interface EventsAPI {
  /** Return a page of events, oldest first. */
  list(query?: EventsListQuery, options?: CallOptions): Promise<EventPage>;
  iterate(query?: EventsListQuery, options?: CallOptions): AsyncGenerator<EventPage["data"][number]>;
  /** Yield events as they happen; a connection that breaks goes on where it was. */
  subscribe(wanted?: Subscription, options?: CallOptions): AsyncGenerator<Event>;
}

export interface WebhooksListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface WebhooksListDeliveriesQuery {
  limit?: number;
  cursor?: string | null;
}

export interface WebhooksAPI {
  /** Add a webhook; its secret is shown this once. */
  create(body: CreateWebhook, options?: CallOptions): Promise<NewWebhook>;
  /** Return a page of webhooks, oldest first. */
  list(query?: WebhooksListQuery, options?: CallOptions): Promise<WebhookPage>;
  iterate(query?: WebhooksListQuery, options?: CallOptions): AsyncGenerator<WebhookPage["data"][number]>;
  /** Return a webhook. */
  get(webhook_id: string, options?: CallOptions): Promise<Webhook>;
  /** Change what is given. */
  update(webhook_id: string, body: UpdateWebhook, options?: CallOptions): Promise<Webhook>;
  /** Remove a webhook and its deliveries. */
  delete(webhook_id: string, options?: CallOptions): Promise<null>;
  /** Replace the secret; for a day the old one signs along. */
  rotate(webhook_id: string, options?: CallOptions): Promise<NewWebhook>;
  /** Send an event of no message. */
  test(webhook_id: string, options?: CallOptions): Promise<WebhookDelivery>;
  /** Return a page of deliveries, newest first. */
  listDeliveries(webhook_id: string, query?: WebhooksListDeliveriesQuery, options?: CallOptions): Promise<WebhookDeliveryPage>;
  iterateDeliveries(webhook_id: string, query?: WebhooksListDeliveriesQuery, options?: CallOptions): AsyncGenerator<WebhookDeliveryPage["data"][number]>;
  /** Send a delivery again: the same id and octets. */
  replay(webhook_id: string, delivery_id: string, options?: CallOptions): Promise<WebhookDelivery>;
}

export interface SessionsListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface SessionsGetQuery {
  after?: number;
}

export interface SessionsAPI {
  /** Return a page of connections, the youngest first. */
  list(query?: SessionsListQuery, options?: CallOptions): Promise<SessionPage>;
  iterate(query?: SessionsListQuery, options?: CallOptions): AsyncGenerator<SessionPage["data"][number]>;
  /** Return a connection with its transcript. */
  get(session_id: string, query?: SessionsGetQuery, options?: CallOptions): Promise<SessionWithTranscript>;
  /** End a connection. */
  close(session_id: string, options?: CallOptions): Promise<null>;
}

export interface QueueListQuery {
  limit?: number;
  cursor?: string | null;
}

export interface QueueAPI {
  /** Return a page of the queue, the oldest first. */
  list(query?: QueueListQuery, options?: CallOptions): Promise<QueuePage>;
  iterate(query?: QueueListQuery, options?: CallOptions): AsyncGenerator<QueuePage["data"][number]>;
  /** Have an attempt made now. */
  retry(queued_id: string, options?: CallOptions): Promise<QueuedMessage>;
  /** Give up on a recipient. */
  drop(queued_id: string, options?: CallOptions): Promise<null>;
}

export interface AuditListQuery {
  limit?: number;
  cursor?: string | null;
  action?: "inbox.created" | "inbox.deleted" | "inbox.paused" | "inbox.resumed" | "key.created" | "key.revoked" | "login.failed" | "mail.imported" | "organization.created" | "organization.resumed" | "organization.suspended" | "queue.dropped" | "queue.retried" | "rule.created" | "rule.deleted" | "session.closed" | "suppression.added" | "suppression.removed" | "webhook.created" | "webhook.deleted" | null;
}

export interface AuditAPI {
  /** Return a page of the audit trail, the latest first. */
  list(query?: AuditListQuery, options?: CallOptions): Promise<AuditPage>;
  iterate(query?: AuditListQuery, options?: CallOptions): AsyncGenerator<AuditPage["data"][number]>;
}

export interface ServerAPI {
  /** Say that the process answers. */
  health(options?: CallOptions): Promise<Health>;
  /** Say whether mail can be served now. */
  readiness(options?: CallOptions): Promise<Readiness>;
  /** Return the metrics, in the format that Prometheus asks for. */
  metrics(options?: CallOptions): Promise<string>;
  openapi(options?: CallOptions): Promise<Record<string, unknown>>;
}

/** A client of the AgentPost REST API. */
export class AgentPost {
  constructor(options: ClientOptions);
  readonly inboxes: InboxesAPI;
  readonly messages: MessagesAPI;
  readonly drafts: DraftsAPI;
  readonly attachments: AttachmentsAPI;
  readonly threads: ThreadsAPI;
  readonly apiKeys: ApiKeysAPI;
  readonly filterRules: FilterRulesAPI;
  readonly suppressions: SuppressionsAPI;
  readonly events: EventsAPI;
  readonly webhooks: WebhooksAPI;
  readonly sessions: SessionsAPI;
  readonly queue: QueueAPI;
  readonly audit: AuditAPI;
  readonly server: ServerAPI;
}
