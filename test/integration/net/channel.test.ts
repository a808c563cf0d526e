/** Channels: requests over one connection that is made, lost and made again. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { codeOfFailure, failureOf, world } from "../world.ts";

/** A server that answers lines with what `reply` makes of them; undefined: not at all. */
async function serve(
  t: TestContext,
  reply: (line: string, socket: Socket) => string | undefined,
): Promise<{ port: number; server: Server; connections: () => number }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    t.after(() => socket.destroy());
    socket.on("error", () => {});
    let rest = "";
    socket.on("data", (chunk) => {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const answer = reply(line, socket);
        if (answer !== undefined) socket.write(`${answer}\n`);
      }
    });
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    server,
    connections: () => connections,
  };
}

/** A service with a channel; options are a text. */
const client = (options: string, methods = ""): string => `
  import { skynet, socketchannel } from "snax";
  import type { Channel, ChannelSocket } from "snax";
  let channel: Channel;
  const line = (from: ChannelSocket) => from.readline();
  const told: unknown[] = [];
  export function init(port: number, other: number) {
    channel = socketchannel.channel({ host: "127.0.0.1", port, ${options} });
  }
  export const response = {
    ask(text: string) { return channel.request(text + "\\n", line); },
    told() { return told; },
    ${methods}
  };
`;

async function make(
  t: TestContext,
  text: string,
  ...ports: number[]
): Promise<{ main: ServiceObject; log: () => Promise<string[]> }> {
  const here = await world(t, { main: text });
  return { main: await here.make("main", ...ports), log: here.log };
}

test("answers go to requests in the order in which these were written", async (t) => {
  const { port, connections } = await serve(t, (line) => line.toUpperCase());
  const { main } = await make(t, client(""), port);
  const answers = await Promise.all(["a", "b", "c"].map((text) => main.req.ask(text)));
  assert.deepEqual(answers, ["A", "B", "C"]);
  assert.equal(connections(), 1);
});

test("in session mode answers say whose they are, in any order; a session that nobody knows is logged", async (t) => {
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

test("when the connection ends whoever waits gets ERR_CLOSED, and the next request connects again", async (t) => {
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

test("a request without an answer is written, and a message that nobody asked for can be waited for", async (t) => {
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

test("connecting again and again ends when somebody listens", async (t) => {
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

/** Milliseconds that no answer of these servers takes. */
const DEADLINE_MS = 2000;

test("in order mode an answer that does not come in time ends the connection: nobody gets another's answer", async (t) => {
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

test("in session mode a late answer harms nobody, and its session is free", async (t) => {
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

test("a session that somebody waits for is refused before anything is written", async (t) => {
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

test("waiting for a message that nobody asked for has no deadline", async (t) => {
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

test("a request that was not written before the connection ended is sent on the next one", async (t) => {
  const seen: string[] = [];
  const { port, connections } = await serve(t, (line, socket) => {
    seen.push(line);
    // An answer, and the end with it, as a server does that keeps no idle connections.
    if (line.startsWith("bye")) socket.end(`${line}\n`);
    return line.startsWith("bye") ? undefined : line;
  });
  const { main } = await make(
    t,
    client(
      "",
      `async series(count: number) {
        const answers = [];
        for (let n = 0; n < count; n += 1) answers.push(await channel.request("bye" + n + "\\n", line));
        return answers;
      },`,
    ),
    port,
  );
  const names = Array.from({ length: 50 }, (_, n) => `bye${n}`);
  assert.deepEqual(await main.req.series(names.length), names);
  assert.deepEqual(seen, names);
  assert.equal(connections(), names.length);
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
