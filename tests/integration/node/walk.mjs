// Walk through a mailbox that has three messages with imapflow. Prints what was seen, as JSON.
import { ImapFlow } from "imapflow";

const { host, port, user, pass } = JSON.parse(process.argv[2]);
const client = new ImapFlow({ host, port, secure: true, auth: { user, pass }, logger: false });
const seen = {};

await client.connect();
seen.folders = (await client.list()).map(({ path, specialUse }) => [path, specialUse ?? null]);
seen.status = await client.status("INBOX", { messages: true, unseen: true, uidNext: true });

const lock = await client.getMailboxLock("INBOX");
seen.exists = client.mailbox.exists;
seen.fetched = [];
const query = { uid: true, flags: true, envelope: true, bodyStructure: true, source: true };
for await (const message of client.fetch("1:*", query)) {
  seen.fetched.push({
    uid: message.uid,
    flags: [...message.flags],
    subject: message.envelope.subject,
    type: message.bodyStructure.type,
    source: message.source.toString("base64"),
  });
}
const { content } = await client.download("1", "1");
seen.part = Buffer.concat(await content.toArray()).toString();

await client.messageFlagsAdd("2", ["\\Flagged", "later"]);
await client.messageFlagsRemove("1", ["\\Seen"]);
seen.flagged = await client.search({ flagged: true }, { uid: true });
seen.later = await client.search({ keyword: "later" });
seen.unseen = await client.search({ seen: false });
seen.subject = await client.search({ subject: "Größe" });

seen.moved = [...(await client.messageMove("3", "Trash")).uidMap];
seen.left = await client.search({ all: true });
lock.release();
await client.mailboxCreate("Übersicht");
seen.copied = (await client.append("Übersicht", "Subject: filed\r\n\r\nText\r\n", ["\\Seen"])).uid;
await client.logout();
console.log(JSON.stringify(seen));
