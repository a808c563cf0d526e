/** What is no session of an operator runs no command: the debug console's port and the protocols that end up there. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { TestContext } from "node:test";
import { desk, exchange, LineClient } from "./console-client.ts";
import type { Desk } from "./console-client.ts";

/** What the log says of a command that ran. */
const RAN = /ran "/;

/** The line of everything that is refused at the line door. */
const REFUSED = /ERR_MALFORMED: the first line of a connection must be a command.*\n<CMD Error>\n$/;

/** Lines that would show in the log, as the body of a request or behind the first line. */
const EVIL = "setenv evil 1\nclearcache\n";

/** A console, and what has to be true of it after an attack. */
async function attacked(t: TestContext): Promise<Desk & { unharmed: () => Promise<void> }> {
  const node = await desk(t, {});
  const unharmed = async (): Promise<void> => {
    const log = (await node.log()).join("\n");
    ok(!RAN.test(log), log);
    deepEqual(await node.ask("getenv evil"), ["evil\tnil", "<CMD OK>"]);
  };
  return { ...node, unharmed };
}

/** A head as a browser writes it for a page whose name leads here, and lines in the body. */
function page(method: string, port: number, more = ""): string {
  return (
    `${method} / HTTP/1.1\r\nHost: evil.example:${port}\r\nOrigin: http://evil.example:${port}\r\n` +
    `Sec-Fetch-Site: same-origin\r\n${more}Content-Length: ${EVIL.length}\r\n\r\n${EVIL}`
  );
}

test("a request of any method runs nothing, however it is written", async (t) => {
  const { port, unharmed } = await attacked(t);
  // The browser's fetch writes in capitals only what is one of six well-known methods, and takes any other word.
  const methods =
    "patch Patch PATCH M-SEARCH Get gEt put delete options head trace connect propfind SOURCE QUERY PRI BREW " +
    "kill list setenv hotfix inject help info auth x !#$%&'*+-.^_`|~ GET POST";
  for (const method of methods.split(" ")) {
    const text = await exchange(port, page(method, port));
    match(text, /^(?:HTTP\/1\.1 4\d\d |$)|ERR_/, `${method}: ${text}`);
    ok(!text.includes("<CMD OK>"), `${method}: ${text}`);
  }
  await unharmed();
});

test("a request line that is odd in another way runs nothing", async (t) => {
  const { port, unharmed } = await attacked(t);
  const lines = [
    "kill / HTTP/1.1\r",
    "kill / HTTP/1.0",
    "kill / http/1.1\r",
    "kill  /  HTTP/1.1  \r",
    "kill\t/\tHTTP/1.1\r",
    "kill /?a b HTTP/1.1\r",
    "list HTTP/1.1\r",
    " list / HTTP/1.1\r",
    "list / HTTP/2\r",
    "list / HTTP/1.1\rx\r",
    "get /list",
    "POST /",
    "info sip:a@b SIP/2.0\r",
    "help rtsp://a RTSP/1.0\r",
  ];
  for (const line of lines) {
    const text = await exchange(port, `${line}\n${EVIL}`);
    ok(!text.includes("<CMD OK>"), `${line}: ${text}`);
    if (!line.includes("HTTP/1.")) continue;
    // An empty line in front shows nothing of an operator.
    const late = await exchange(port, `\r\n${line}\n${EVIL}`);
    ok(!late.includes("<CMD OK>"), `${line}: ${late}`);
  }
  await unharmed();
});

test("protocols that are no HTTP run nothing, and are told why", async (t) => {
  const { port, unharmed } = await attacked(t);
  const heads: (string | Buffer)[] = [
    "SSH-2.0-OpenSSH_9.2p1\r\n",
    "EHLO evil.example\r\n",
    "HELO evil.example\r\nMAIL FROM:<a@b>\r\n",
    "USER anonymous\r\n",
    "* OK IMAP4rev1\r\n",
    "*1\r\n$4\r\nPING\r\n",
    "PING\r\n",
    "INFO\r\n",
    'CONNECT {"verbose":false}\r\n',
    "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
    "<policy-file-request/>\0",
    '{"id":1,"method":"list"}\n',
    Buffer.from([5, 1, 0]), // SOCKS5
    Buffer.from([4, 1, 0, 80, 127, 0, 0, 1, 0]), // SOCKS4
    Buffer.from([0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42]), // STUN and TURN over TCP
    Buffer.from("\r\n\r\n\0\r\nQUIT\n!", "latin1"), // PROXY, its second version
    Buffer.from([0x80, 0x2e, 1, 0, 2]), // SSLv2
    Buffer.from([0xff, 0xfe, 0x6c, 0]), // UTF-16
    Buffer.from("nosuch\n"),
    Buffer.from("list \x1b[2J\n"),
    Buffer.from("list \x85\n", "utf8"),
  ];
  for (const head of heads) {
    const client = new LineClient(connect(port, "127.0.0.1"));
    client.write(head);
    match(await client.ended(), REFUSED, String(head));
    const more = new LineClient(connect(port, "127.0.0.1"));
    more.write(Buffer.concat([Buffer.from(head as string), Buffer.from(EVIL)]));
    match(await more.ended(), REFUSED, String(head));
  }
  await unharmed();
});

test("the hello of TLS is refused before it has the end of a line", async (t) => {
  const { port, unharmed } = await attacked(t);
  const code = await new Promise((resolve) => {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "evil.example" });
    socket.on("error", ({ code: why }: NodeJS.ErrnoException) => resolve(why));
  });
  match(String(code), /SSL|TLS|ECONNRESET/);
  await unharmed();
});

test("what comes after a refusal is not looked at, in however many pieces it comes", async (t) => {
  const { port, unharmed } = await attacked(t);
  for (const text of [page("patch", port), page("kill", port), `nosuch\n${EVIL}`]) {
    const client = new LineClient(connect(port, "127.0.0.1"));
    client.socket.setNoDelay(true);
    for (const letter of text) await new Promise((resolve) => client.socket.write(letter, resolve));
    ok(!(await client.ended()).includes("<CMD OK>"));
    // The body comes when the refusal has been read.
    const [head = "", body = ""] = text.split(/(?<=\r\n\r\n|^nosuch\n)/);
    const late = new LineClient(connect(port, "127.0.0.1"));
    late.write(head);
    await late.take(/ERR_|HTTP\/1\.1 4/);
    late.write(body);
    ok(!(await late.ended()).includes("<CMD OK>"));
  }
  await unharmed();
});

test("a body is one command in one line: parts and chunks of other things are none", async (t) => {
  const { port, unharmed } = await attacked(t);
  const host = `Host: 127.0.0.1:${port}\r\n`;
  const ask = (head: string, body: string): Promise<string> =>
    exchange(port, `POST / HTTP/1.1\r\n${host}Accept: application/json\r\n${head}\r\n${body}`);
  const form = `--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n${EVIL}\r\n--x--\r\n`;
  const type = "Content-Type: multipart/form-data; boundary=x\r\n";
  match(
    await ask(`${type}Content-Length: ${form.length}\r\n`, form),
    /^HTTP\/1\.1 400 .*one line/s,
  );
  match(await ask(`Content-Length: ${EVIL.length}\r\n`, EVIL), /^HTTP\/1\.1 400 .*one line/s);
  const chunks = `${EVIL.length.toString(16)}\r\n${EVIL}\r\n0\r\n\r\n`;
  match(await ask("Transfer-Encoding: chunked\r\n", chunks), /^HTTP\/1\.1 400 .*one line/s);
  // One command may come in chunks.
  const one = "5\r\nping \r\n1\r\n4\r\n0\r\n\r\n";
  match(await ask("Transfer-Encoding: chunked\r\n", one), /^HTTP\/1\.1 200 /);
  await unharmed();
});

test("a web socket is answered as any request of a page is", async (t) => {
  const { port, unharmed } = await attacked(t);
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  match(await exchange(port, page("GET", port, upgrade)), /^HTTP\/1\.1 403 /);
  await unharmed();
});

test("a browser that opens a link changes nothing, and may look", async (t) => {
  const { port, unharmed } = await attacked(t);
  const get = (path: string): Promise<string> =>
    exchange(
      port,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n` +
        `Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nUser-Agent: Mozilla/5.0\r\n\r\n`,
    );
  match(await get("/setenv/evil/1"), /^HTTP\/1\.1 403 /);
  match(await get("/list"), /^HTTP\/1\.1 200 /);
  await unharmed();
});

test("the guard of the line door stands before the token", async (t) => {
  const { port, log } = await desk(t, {}, { consoletoken: "a-token-for-tests" });
  match(await exchange(port, `nosuch\nauth a-token-for-tests\n${EVIL}`), REFUSED);
  match(await exchange(port, page("patch", port)), /^HTTP\/1\.1 400 /);
  ok(!RAN.test((await log()).join("\n")));
});

test("the log says which client was refused, and not what it sent", async (t) => {
  const { port, log } = await attacked(t);
  await exchange(port, "evil-words\n");
  const lines = (await log()).join("\n");
  match(lines, /^127\.0\.0\.1:\d+ was refused : the first line of a connection must be/m);
  ok(!lines.includes("evil-words"));
});

test("an operator's session is none of this: blanks, CRLF, letters of any script, mistakes later", async (t) => {
  const { port, open } = await desk(t, {});
  for (const first of ["  getenv harbor\n", "getenv\tharbor\r\n", "\r\n\r\ngetenv harbor\n"]) {
    const client = new LineClient(connect(port, "127.0.0.1"));
    client.write(first);
    await client.take(/^Welcome to skynet console\nharbor\t0\n<CMD OK>\n/);
    // From now on a mistake is a mistake.
    match((await client.run("nosuch")).join(), /^Invalid command/);
    match((await client.run("list\x1b[A")).join(), /^Invalid command/);
    equal((await client.run("getenv x HTTP/1.1")).at(-1), "<CMD OK>");
    client.close();
  }
  const client = new LineClient(connect(port, "127.0.0.1"));
  // A letter whose bytes come apart.
  const bytes = Buffer.from("setenv name 服務器é\ngetenv name\n");
  client.socket.setNoDelay(true);
  for (const byte of bytes) {
    await new Promise((resolve) => client.socket.write(Buffer.of(byte), resolve));
  }
  await client.take(/^Welcome to skynet console\n<CMD OK>\nname\t服務器é\n<CMD OK>\n/);
  equal((await (await open()).run("ping 7")).at(-1), "<CMD OK>");
});
