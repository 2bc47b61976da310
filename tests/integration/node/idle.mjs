// Idle in INBOX with imapflow. Prints "idling", then the count of messages at each "exists" event,
// and leaves when a line comes in.
import { once } from "node:events";
import { ImapFlow } from "imapflow";

const { host, port, user, pass } = JSON.parse(process.argv[2]);
const client = new ImapFlow({ host, port, secure: true, auth: { user, pass }, logger: false });
client.on("exists", ({ count }) => console.log(count));
await client.connect();
await client.mailboxOpen("INBOX");
const idling = client.idle();
console.log("idling");
await once(process.stdin, "data");
await client.logout();
await idling;
process.stdin.destroy();
