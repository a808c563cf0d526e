/** Channels: requests over one connection that is made, lost and made again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf } from "../../world.ts";
import { client, make, serve } from "./channel-world.ts";

test("answers go to requests in the order in which these were written", async (t) => {
  const { port, connections } = await serve(t, (line) => line.toUpperCase());
  const { main } = await make(t, client(""), port);
  const answers = await Promise.all(["a", "b", "c"].map((text) => main.req.ask(text)));
  assert.deepEqual(answers, ["A", "B", "C"]);
  assert.equal(connections(), 1);
});

test("in session mode answers say whose they are, in any order; an unknown session is logged", async (t) => {
  const held: string[] = [];
  const { port } = await serve(t, (line) => {
    held.push(line);
    return held.length < 3 ? undefined : ["9 true lost", ...held.toReversed()].join("\n");
  });
  const { main, log } = await make(
    t,
    client(
      `response: async (from) => {
        const [session, isOk, data] = (await from.readline()).split(" ");
        return [Number(session), isOk === "true", data];
      },`,
      `session(n: number, isOk: boolean) { return channel.request(n + " " + isOk + " data" + n + "\\n", n); },`,
    ),
    port,
  );
  const asked = [1, 2, 3].map((n) => main.req.session(n, n !== 2) as Promise<unknown>);
  const [one, two, three] = await Promise.allSettled(asked);
  assert.deepEqual(
    [one, three].map((answer) => answer?.status === "fulfilled" && answer.value),
    ["data1", "data3"],
  );
  assert.equal(two?.status === "rejected" && (two.reason as Error).message, "data2");
  assert.ok((await log()).includes("socket: unknown session : 9"));
  assert.equal(await codeOfFailure(main.req.ask("x")), "ERR_ARGUMENT");
});

test("when the connection ends, calls that wait get ERR_CLOSED, and the next request connects again", async (t) => {
  const { port, connections } = await serve(t, (line, socket) => {
    if (line === "end") socket.destroy();
    return line;
  });
  const { main } = await make(t, client(""), port);
  assert.equal(await main.req.ask("one"), "one");
  const [last, behind] = [main.req.ask("end"), main.req.ask("behind")];
  assert.equal(await codeOfFailure(last), "ERR_CLOSED");
  assert.equal(await codeOfFailure(behind), "ERR_CLOSED");
  assert.equal(await main.req.ask("two"), "two");
  assert.equal(connections(), 2);
});

test("a request without an answer is written, and a message that answers no request can be waited for", async (t) => {
  const { port } = await serve(t, (line) => (line === "quiet" ? undefined : `${line}\nnews`));
  const { main } = await make(
    t,
    client(
      "",
      `async run() {
        const nothing = await channel.request(["qui", "et\\n"]);
        const [answer, news] = await Promise.all([channel.request("ask\\n", line), channel.response(line)]);
        return [nothing, answer, news];
      },`,
    ),
    port,
  );
  assert.deepEqual(await main.req.run(), [undefined, "ask", "news"]);
});

test("an error that the answer is rejects the request alone; one that its reader throws ends the connection", async (t) => {
  const { port, connections } = await serve(t, (line) => line);
  const { main } = await make(
    t,
    client(
      "",
      `refused() { return channel.request("no\\n", async (from) => new Error(await from.readline())); },
       broken() { return channel.request("no\\n", async (from) => { throw new Error("can't read this"); }); },`,
    ),
    port,
  );
  assert.equal((await failureOf(main.req.refused())).message, "no");
  assert.equal(await main.req.ask("same"), "same");
  assert.equal(connections(), 1);
  assert.equal((await failureOf(main.req.broken())).message, "can't read this");
  assert.equal(await main.req.ask("other"), "other");
  assert.equal(connections(), 2);
});

test("auth runs on each new connection before all other requests", async (t) => {
  const seen: string[] = [];
  const { port } = await serve(t, (line, socket) => {
    seen.push(line);
    if (line === "end") socket.destroy();
    return line;
  });
  const { main } = await make(
    t,
    client(`auth: async (self) => { told.push(await self.request("login\\n", line)); },`),
    port,
  );
  await Promise.all([main.req.ask("a"), main.req.ask("b")]);
  await codeOfFailure(main.req.ask("end"));
  await main.req.ask("c");
  assert.deepEqual(seen, ["login", "a", "b", "end", "login", "c"]);
  assert.deepEqual(await main.req.told(), ["login", "login"]);
});

test("a place that can't be reached is ERR_CONNECT, unless a backup can be", async (t) => {
  const { port } = await serve(t, (line) => line);
  const closed = await serve(t, () => undefined);
  closed.server.close();
  const alone = await make(t, client(""), closed.port);
  assert.equal(await codeOfFailure(alone.main.req.ask("x")), "ERR_CONNECT");
  const backup = `backup: [{ host: "127.0.0.1", port: other }],`;
  const { main } = await make(t, client(backup), closed.port, port);
  assert.equal(await main.req.ask("backup"), "backup");
});

test("another host is used from the next request on; a closed channel refuses with ERR_CLOSED", async (t) => {
  const first = await serve(t, (line) => `first ${line}`);
  const second = await serve(t, (line) => `second ${line}`);
  const { main } = await make(
    t,
    client(
      "",
      `change(port: number) { channel.changehost("127.0.0.1", port); },
       close() { channel.close(); },
       connect() { return channel.connect(true); },`,
    ),
    first.port,
  );
  await main.req.connect();
  assert.equal(first.connections(), 1);
  assert.equal(await main.req.ask("a"), "first a");
  await main.req.change(second.port);
  assert.equal(await main.req.ask("b"), "second b");
  await main.req.close();
  assert.equal(await codeOfFailure(main.req.ask("c")), "ERR_CLOSED");
});

test("connecting again and again ends when a server listens", async (t) => {
  const { port, server } = await serve(t, (line) => line);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const { main, log } = await make(t, client("", `connect() { return channel.connect(); },`), port);
  const connected = main.req.connect();
  while (!(await log()).some((text) => text.startsWith("socket: can't connect"))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  server.listen(port, "127.0.0.1");
  await connected;
  assert.equal(await main.req.ask("there"), "there");
});
