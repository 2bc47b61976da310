// Open INBOX with QRESYNC, leave, and come back when a line comes in: what was missed is told by
// UID. Prints one JSON object a line.
import { once } from "node:events";
import { ImapFlow } from "imapflow";

const { host, port, user, pass } = JSON.parse(process.argv[2]);
const say = (value) => console.log(JSON.stringify(value));

async function open(known, told) {
  const options = { host, port, secure: true, auth: { user, pass }, logger: false, qresync: true };
  const client = new ImapFlow(options);
  client.on("expunge", ({ uid, vanished, earlier }) => told.gone.push([uid, vanished, earlier]));
  client.on("flags", ({ uid, flags }) => told.flags.push([uid, [...flags]]));
  await client.connect();
  const mailbox = await client.mailboxOpen("INBOX", known);
  return { client, mailbox };
}

const before = await open({}, { gone: [], flags: [] });
const { highestModseq, uidValidity, exists } = before.mailbox;
say({ exists, enabled: [...before.client.enabled], compressed: Boolean(before.client._deflate) });
await before.client.logout();

await once(process.stdin, "data");
const told = { gone: [], flags: [] };
const after = await open({ changedSince: highestModseq, uidValidity }, told);
say({ ...told, exists: after.mailbox.exists, qresync: after.mailbox.qresync });

told.gone.length = 0;
await after.client.messageDelete("1:*");
say({ gone: told.gone });
await after.client.logout();
process.stdin.destroy();
