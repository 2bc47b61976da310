// Submit one message with nodemailer, as the settings in argv[2] (JSON) say. Prints what it was told.
import nodemailer from "nodemailer";

const { host, port, user, pass, mail } = JSON.parse(process.argv[2]);
const transport = nodemailer.createTransport({ host, port, secure: true, auth: { user, pass } });
const { accepted, response, messageId } = await transport.sendMail(mail);
transport.close();
console.log(JSON.stringify({ accepted, response, messageId }));
