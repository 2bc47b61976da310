// Submit one message with nodemailer, as the settings in argv[2] (JSON) say. Prints what it was told.
import nodemailer from "nodemailer";

const { host, port, user, pass, mail, starttls = false, lmtp = false } = JSON.parse(process.argv[2]);
const transport = nodemailer.createTransport({
  host, port, lmtp, secure: !starttls && !lmtp, requireTLS: starttls, auth: lmtp ? undefined : { user, pass },
});
const { accepted, response, messageId } = await transport.sendMail(mail);
transport.close();
console.log(JSON.stringify({ accepted, response, messageId }));
