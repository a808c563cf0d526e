/** What a service has given to its signal, its gate, a channel or a watch, when its code begins anew: more than once, and in vain. */

import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Config, ServiceObject } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";
import { dial, frameOf } from "../net/peer.ts";
import { linkPlaceOf, startDb, TOKEN } from "../cluster/links.ts";

const FAILS = ` export function reload() { throw new Error("no"); }`;

/** A service that notes words in a file, which is there when it has ended. */
async function open(
  t: TestContext,
  text: string,
  config: Config = {},
): Promise<{
  readonly node: World;
  readonly door: ServiceObject;
  readonly heard: () => string[];
  /** Reloads it with another word in the place of "old". */
  readonly reload: (word: string, more?: string) => Promise<unknown>;
}> {
  const node = await world(t, {}, config);
  const file = join(node.folder, "heard.txt");
  const head = `import { cluster, gateserver, skynet, sharetable } from "snax"; import { appendFileSync } from "node:fs";
    function note(word: string) { appendFileSync("${file}", word + " "); } `;
  const write = (word: string, more = ""): void =>
    writeFileSync(
      join(node.folder, "door.ts"),
      (head + text).replaceAll('"old"', `"${word}"`) + more,
    );
  write("old");
  writeFileSync(file, "");
  const door = await node.make("door");
  return {
    ...{ node, door },
    heard: () => readFileSync(file, "utf8").trim().split(" "),
    reload: (word, more) => {
      write(word, more);
      return node.snax.reload(door);
    },
  };
}

test("a listener of skynet.signal is there once after reloads, in whatever way it was given", async (t) => {
  const { node, door, heard, reload } = await open(
    t,
    `function one() { note("one " + "old"); } function two() { note("two " + "old"); }
     const table = { one() { note("table " + "old"); } };
     skynet.signal.addEventListener("abort", one);
     { const word = "old"; skynet.signal.addEventListener("abort", () => note("closure " + word)); }
     skynet.signal.onabort = two;
     export function init() { skynet.signal.addEventListener("abort", table.one, { once: true }); skynet.signal.addEventListener("abort", () => two()); }
     export const response = {};`,
  );
  await reload("new");
  equal((await failureOf(reload("bad", FAILS))).code, "ERR_RELOAD");
  await reload("newer");
  equal((await failureOf(reload("bad", FAILS))).code, "ERR_RELOAD");
  await node.snax.kill(door);
  const words = heard().join(" ").replaceAll(" newer", "-newer").split(" ").toSorted();
  deepEqual(words, ["closure-newer", "one-newer", "table-newer", "two-newer", "two-newer"]);
});

test("what a package listens with stays, and holds no reload up", async (t) => {
  const { node, door, heard, reload } = await open(
    t,
    `let waiting: Promise<unknown> | undefined;
     export function init() { waiting = undefined; void fetch("http://127.0.0.1:1", { signal: skynet.signal }).catch(() => {}); }
     export const response = { wait() { const all = AbortSignal.any([skynet.signal]); all.addEventListener("abort", () => note("old")); } };`,
  );
  await door.req.wait();
  await reload("new");
  await node.snax.kill(door);
  deepEqual(heard(), ["old"]);
});

const GATE = `function message(fd: number, data: Buffer) { note("old"); }
  gateserver.start({ connect(fd) { gateserver.openclient(fd); }, message });
  export const response = {};`;

test("a gate has the new code after reloads, and its clients stay connected", async (t) => {
  const { node, door, heard, reload } = await open(t, GATE);
  const opening = { address: "127.0.0.1", port: 0, framing: "line" };
  const { port } = await node.skynet.call<{ port: number }>(door.handle, "lua", "open", opening);
  const client = connect(port, "127.0.0.1");
  t.after(() => client.destroy());
  await once(client, "connect");
  const say = async (words: number): Promise<void> => {
    client.write("x\n");
    while (heard().length < words) await node.skynet.call(door.handle, "debug", "PING");
  };
  await say(1);
  await reload("new");
  await say(2);
  equal((await failureOf(reload("bad", FAILS))).code, "ERR_RELOAD");
  await say(3);
  await reload("newer");
  await say(4);
  deepEqual(heard(), ["old", "new", "new", "newer"]);
});

test("the agent of a gate is reloaded while its client sends, and no message is lost", async (t) => {
  const agent = (word: string): string => `import { skynet, socket } from "snax"; let done = 0;
    skynet.dispatch("client", async (fd: number, _source: number, data: Buffer) => {
      done += 1; if (String(data) === "end") socket.send(fd, "${word} " + done);
    });
    export const response = {};`;
  const node = await world(t, {
    agent: agent("old"),
    door: `import { skynet, snax } from "snax"; let gate = 0; let agent: any;
      export async function init() {
        agent = await snax.newservice("agent");
        skynet.dispatch("lua", (_session, _source, _socket, what: string, fd: number) => {
          if (what === "open") return skynet.call(gate, "lua", "forward", fd, 0, agent.handle);
        });
        gate = await skynet.newservice("gate");
      }
      export const response = {
        agent: () => agent.handle,
        open: () => skynet.call(gate, "lua", "open", { address: "127.0.0.1", port: 0 }),
      };`,
  });
  const door = await node.make("door");
  const client = await dial(t, ((await door.req.open()) as { port: number }).port);
  const handle = (await door.req.agent()) as number;
  // Far more than fits between two marks of the flow control.
  const body = frameOf("x".repeat(65535));
  for (const [round, word] of ["one", "two", "three"].entries()) {
    for (let n = 0; n < 99; n += 1) client.write(body);
    writeFileSync(join(node.folder, "agent.ts"), agent(word));
    await node.snax.reload(handle);
    client.write(frameOf("end"));
    equal(await client.frame(), `${word} ${(round + 1) * 100}`);
  }
});

test("a gate whose new code starts none refuses the reload, and goes on", async (t) => {
  const { node, door, reload } = await open(t, `let isFirst = true; ${GATE}`);
  writeFileSync(
    join(node.folder, "door.ts"),
    `import { gateserver } from "snax"; export const response = {};`,
  );
  const error = await failureOf(node.snax.reload(door));
  deepEqual(
    [error.code, error.message],
    [
      "ERR_RELOAD",
      "nothing serves the clients of its gate with new code: call gateserver.start at top level or in reload()",
    ],
  );
  await reload("new");
  match((await failureOf(reload("bad", ` gateserver.start({} as any);`))).message, /thrown/);
});

test("a watch of a node goes on after reloads that fail, is told once, and holds no swap up", async (t) => {
  const db = await startDb(t);
  const cluster = { nodes: { db: await linkPlaceOf(db) }, token: TOKEN };
  const { node, door, heard, reload } = await open(
    t,
    `void cluster.monitor("db", () => note("top-" + "old"));
     function later() { note("init-" + "old"); }
     export async function init() { await cluster.monitor("db", later); }
     export const response = {};`,
    { node: "client", cluster },
  );
  await reload("new");
  equal((await failureOf(reload("bad", FAILS))).code, "ERR_RELOAD");
  writeFileSync(join(node.folder, "heard.txt"), "");
  await db.stop();
  while (heard().length < 2) await node.skynet.call(door.handle, "debug", "PING");
  deepEqual(heard().toSorted(), ["init-new", "top-new"]);
  const { swapped, busy } = await node.snax.swap("door");
  deepEqual([swapped.length, busy], [1, []]);
});

test("the listeners of a service in whose place another one is do not run beside the new ones", async (t) => {
  const { node, heard } = await open(
    t,
    `sharetable.onupdate("items", () => note("old")); export const response = {};`,
  );
  const text = readFileSync(join(node.folder, "door.ts"), "utf8");
  writeFileSync(join(node.folder, "door.ts"), text.replace('"old"', '"new"'));
  await node.snax.swap("door");
  await node.sharetable.loadtable("items", { a: 1 });
  while (heard()[0] === "") await node.skynet.call(".launcher", "debug", "PING");
  deepEqual(heard(), ["new"]);
});

test("what init has dispatched or registered must be there again, or the reload is refused", async (t) => {
  const { node, door, reload } = await open(
    t,
    `export function init() {
       skynet.register_protocol({ name: "mine", id: 100, pack: () => Buffer.from("x") });
       skynet.dispatch("lua", () => "old");
     }
     export const response = { say() { return skynet.send(skynet.self(), "mine"); } };`,
  );
  const protocol = ` skynet.register_protocol({ name: "mine", id: 100, pack: () => Buffer.from("x") });`;
  match((await failureOf(reload("new"))).message, /^it knows no protocol mine with new code: /);
  match(
    (await failureOf(reload("new", protocol))).message,
    /^nothing handles messages of type lua any more: /,
  );
  equal(await node.skynet.call(door.handle, "lua"), "old");
  await reload("new", `${protocol} skynet.dispatch("lua", () => "new");`);
  equal(await node.skynet.call(door.handle, "lua"), "new");
  equal(await door.req.say(), true);
});
