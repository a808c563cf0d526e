/** A client that ends its side, as `nc -N` does at the end of its input, gets all its answers from the debug console. */

import { deepEqual, equal, match } from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { desk, LineClient } from "./console-client.ts";

/** Sends bytes and the end, and returns all that comes back. */
function ending(port: number, bytes: string): Promise<string> {
  const client = new LineClient(connect(port, "127.0.0.1"));
  client.socket.end(bytes);
  return client.ended();
}

const HELLO = "Welcome to skynet console\n";
const ANSWER = "harbor\t0\n<CMD OK>\n";

test("lines that came before the end are run and answered, the last one with or without its own end", async (t) => {
  const { port } = await desk(t, {});
  equal(await ending(port, "getenv harbor\n"), HELLO + ANSWER);
  equal(await ending(port, "getenv harbor"), HELLO + ANSWER);
  equal(await ending(port, "getenv harbor\r\n\r\nping\ngetenv harbor\n").then(tail), ANSWER);
  equal(await ending(port, "getenv harbor\n".repeat(200)), HELLO + ANSWER.repeat(200));
  equal(await ending(port, ""), "");
});

function tail(text: string): string {
  return text.slice(-ANSWER.length);
}

test("a command that is still running at the end is answered", async (t) => {
  const { port, skynet } = await desk(t, {
    slow: `
      import { skynet } from "snax";
      let end: () => void, come: () => void;
      const came = new Promise<void>((resolve) => (come = resolve));
      skynet.start(() => {
        skynet.dispatch("lua", (_session, _source, what) => {
          if (what === "wait") return came;
          if (what === "go") return end();
          come();
          return new Promise<string>((resolve) => (end = () => resolve("at last")));
        });
      });`,
  });
  const slow = await skynet.newservice("slow");
  const answer = ending(port, `call ${slow.toString(16)} 1\ngetenv harbor\n`);
  await skynet.call(slow, "lua", "wait");
  await skynet.call(slow, "lua", "go");
  match(await answer, /1\tat last\nn\t1\n<CMD OK>\nharbor\t0\n<CMD OK>\n$/);
});

test("a request over HTTP that came before the end is answered, in a session too", async (t) => {
  const { port } = await desk(t, {});
  const host = `Host: 127.0.0.1:${port}\r\n`;
  equal(await ending(port, `GET /getenv/harbor HTTP/1.1\r\n${host}\r\n`), HELLO + ANSWER);
  const body = `${host}Content-Length: 13\r\nAccept: application/json\r\n\r\ngetenv harbor`;
  match(await ending(port, `POST / HTTP/1.1\r\n${body}`), /^HTTP\/1\.1 200 OK\r\n.*"harbor":0/s);
  match(
    await ending(port, `getenv harbor\nGET /getenv/harbor HTTP/1.1\r\n${host}\r\n`),
    /<CMD OK>\nharbor\t0\n<CMD OK>\n$/,
  );
  // However many commands are still to be answered when the end comes.
  match(
    await ending(port, `${"getenv harbor\n".repeat(20)}GET /getenv/harbor HTTP/1.1\r\n${host}\r\n`),
    /^Welcome .*\n(?:harbor\t0\n<CMD OK>\n){21}$/,
  );
  match(await ending(port, "GET /list HTTP/1.1\r\nHost: lo"), /^HTTP\/1\.1 400 /);
  match(await ending(port, "GET /list HTTP/1.1"), /^Welcome .*\nERR_MALFORMED: .*head\n/);
});

test("a long answer arrives whole, and a client that only ends costs no place", async (t) => {
  const { port, open } = await desk(t, {});
  for (let count = 0; count < 100; count += 1) equal(await ending(port, "\n"), HELLO);
  const client = await open();
  const help = (await client.run("help")).length;
  const lines = (await ending(port, "help\n".repeat(500))).split("\n");
  deepEqual(lines.length, help * 500 + 2);
});
