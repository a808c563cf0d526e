/** Channels that lose an answer, or their connection: who learns of it, and that no request gets the answer of another. */

import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { codeOfFailure } from "../../world.ts";
import { client, make, serve } from "./channel-world.ts";

/** Milliseconds that no answer of these servers takes. */
const DEADLINE_MS = 2000;

test("in order mode an answer that does not come in time ends the connection: no request gets another's answer", async (t) => {
  const late: (() => void)[] = [];
  // From the lost request on its connection gets no answer before the deadline.
  const stuck = new Set<Socket>();
  const { port, connections } = await serve(t, (line, socket) => {
    if (line === "lost") stuck.add(socket);
    if (!stuck.has(socket)) return line;
    late.push(() => socket.write(`${line}\n`));
    return undefined;
  });
  const { main } = await make(t, client(`deadlineMs: ${DEADLINE_MS},`), port);
  assert.equal(await main.req.ask("before"), "before");
  const lost = main.req.ask("lost");
  const behind = ["anna", "bert"].map((name) => codeOfFailure(main.req.ask(name)));
  assert.equal(await codeOfFailure(lost), "ERR_TIMEOUT");
  assert.deepEqual(await Promise.all(behind), ["ERR_CLOSED", "ERR_CLOSED"]);
  for (const answer of late) answer();
  const names = ["carl", "dora", "emil"];
  assert.deepEqual(await Promise.all(names.map((name) => main.req.ask(name))), names);
  assert.equal(connections(), 2);
});

test("in session mode a late answer harms no other request, and its session is free", async (t) => {
  const held: (() => void)[] = [];
  const { port, connections } = await serve(t, (line, socket) => {
    const [session, isHeld] = line.split(" ");
    if (isHeld !== "held") return `${session} true answer${session}`;
    held.push(() => socket.write(`${session} true late\n`));
    return undefined;
  });
  const { main, log } = await make(
    t,
    client(
      `deadlineMs: ${DEADLINE_MS}, response: async (from) => {
        const [session, isOk, data] = (await from.readline()).split(" ");
        return [Number(session), isOk === "true", data];
      },`,
      `session(n: number, how: string) { return channel.request(n + " " + how + "\\n", n); },`,
    ),
    port,
  );
  const lost = main.req.session(1, "held");
  assert.equal(await main.req.session(2, "now"), "answer2");
  assert.equal(await codeOfFailure(lost), "ERR_TIMEOUT");
  held[0]?.();
  assert.equal(await main.req.session(3, "now"), "answer3");
  assert.equal(await main.req.session(1, "now"), "answer1");
  assert.equal(connections(), 1);
  assert.ok((await log()).includes("socket: unknown session : 1"));
});

test("a session that a request waits for is refused before anything is written", async (t) => {
  const seen: string[] = [];
  const { port } = await serve(t, (line) => {
    seen.push(line);
    return line === "end" ? "1 x" : undefined;
  });
  const { main } = await make(
    t,
    client(
      `response: async (from) => [Number((await from.readline()).split(" ")[0]), true, "x"],`,
      `session(text: string) { return channel.request(text + "\\n", 1); },
       end() { return channel.request("end\\n"); },`,
    ),
    port,
  );
  const first = main.req.session("first");
  assert.equal(await codeOfFailure(main.req.session("second")), "ERR_ARGUMENT");
  await main.req.end();
  assert.equal(await first, "x");
  assert.deepEqual(seen, ["first", "end"]);
});

test("the deadline holds while the channel connects, and what it gave up is not sent", async (t) => {
  const seen: string[] = [];
  let login = (): void => {};
  const { port } = await serve(t, (line, socket) => {
    seen.push(line);
    if (line !== "login") return line;
    login = () => void socket.write("welcome\n");
    return undefined;
  });
  const { main } = await make(
    t,
    client(
      `deadlineMs: ${DEADLINE_MS}, auth: async (self) => { await self.request("login\\n"); await self.response(line); },`,
    ),
    port,
  );
  assert.equal(await codeOfFailure(main.req.ask("impatient")), "ERR_TIMEOUT");
  login();
  assert.equal(await main.req.ask("next"), "next");
  assert.deepEqual(seen, ["login", "next"]);
});

test("waiting for a message that answers no request has no deadline", async (t) => {
  const { port } = await serve(t, (line) => (line === "news" ? "news" : undefined));
  const { main } = await make(
    t,
    client(
      "deadlineMs: 1,",
      `async run() {
        const news = channel.response(line);
        await skynet.sleep(20);
        await channel.request("news\\n");
        return await news;
      },`,
    ),
    port,
  );
  assert.equal(await main.req.run(), "news");
});

test("a request that meets a connection whose end is not told yet is sent on the next one", async (t) => {
  const sockets: Socket[] = [];
  const { port, connections } = await serve(t, (line, socket) => {
    sockets.push(socket);
    return line;
  });
  const busy = `busy() { for (const until = performance.now() + 2; performance.now() < until; ); },`;
  const { main } = await make(t, client("", busy), port);
  assert.equal(await main.req.ask("one"), "one");
  // More than a turn of work: the end of the connection is seen while the requests behind it wait.
  sockets[0]?.resetAndDestroy();
  const work = Array.from({ length: 30 }, () => main.req.busy());
  const answers = ["two", "three"].map((text) => main.req.ask(text));
  assert.deepEqual(await Promise.all(answers), ["two", "three"]);
  await Promise.all(work);
  assert.equal(connections(), 2);
});

test("requests that wait for a connection go to the next one if it ends before they were written", async (t) => {
  let isFirst = true;
  const seen: string[] = [];
  const { port, connections } = await serve(t, (line, socket) => {
    seen.push(line);
    if (line === "login" && isFirst) {
      isFirst = false;
      socket.end();
      return undefined;
    }
    return line;
  });
  const { main } = await make(
    t,
    client(`auth: async (self) => { await self.request("login\\n", line); },`),
    port,
  );
  const names = ["a", "b", "c"];
  assert.deepEqual(await Promise.all(names.map((name) => main.req.ask(name))), names);
  assert.deepEqual(seen, ["login", "login", "a", "b", "c"]);
  assert.equal(connections(), 2);
});

test("what a reader throws rejects its own request; the others get ERR_CLOSED, with the cause", async (t) => {
  const { port } = await serve(t, (line) => line);
  const { main } = await make(
    t,
    client(
      "",
      `async both() {
        const broken = channel.request("no\\n", async () => { throw new TypeError("can't read this"); });
        const other = channel.request("yes\\n", line);
        return (await Promise.allSettled([broken, other])).map(({ reason }: any) => [reason.code, reason.message, reason.cause?.message]);
      },`,
    ),
    port,
  );
  const why = "the connection of the channel has ended: an answer could not be read";
  assert.deepEqual(await main.req.both(), [
    [undefined, "can't read this", undefined],
    ["ERR_CLOSED", why, "can't read this"],
  ]);
});
