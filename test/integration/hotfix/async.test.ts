/** An async `hotfix()` holds its service's requests, posts and timers until it settles, and is bounded in time. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { World, fails, serve } from "./harness.ts";
import { codeOf } from "snax";
import type { ServiceObject } from "snax";

const SERVICE = `
  import { skynet } from "snax";
  let gate: any; let n = 0; let ticks = 0;
  export function init(g: any) { gate = g; setInterval(() => { ticks += 1; }, 1); }
  export const response = { get() { return n; }, self() { return skynet.self(); }, version() { return "old"; } };
  export const accept = { add(k: number) { n += k; } };
`;

/** A patch whose hotfix() waits at the gate's place and then does what the text says. */
const waits = (place: string, then: string): string => `
  declare let gate: any; declare let n: number; declare let ticks: number;
  export const response = { version() { return "${place}"; } };
  export async function hotfix() { const before = ticks; await gate.req.pass("${place}"); ${then} }`;

async function open(
  t: Parameters<typeof World.open>[0],
  config: Parameters<typeof World.open>[2] = {},
): Promise<{ world: World; gate: ServiceObject; p: ServiceObject }> {
  const world = await World.open(t, { "main.ts": SERVICE }, config);
  const gate = await world.start("gate");
  return { world, gate, p: await world.start("main", gate) };
}

test("an async hotfix() may call other services, and its result is the result", async (t) => {
  const { world, gate, p } = await open(t);
  const patching = world.hotfix(p, waits("a", `return ["done", n];`));
  await gate.req.reached("a");
  gate.post.open("a");
  deepEqual(await patching, ["done", 0]);
  equal(await p.req.version(), "a");
});

test("requests and posts wait for it and keep their order", async (t) => {
  const { world, gate, p } = await open(t);
  const patching = world.hotfix(p, waits("a", `const seen = n; n = 10; return seen;`));
  await gate.req.reached("a");
  const answers: unknown[] = [];
  p.post.add(1);
  const first = p.req.get().then((x: unknown) => answers.push(x));
  p.post.add(5);
  const second = p.req.get().then((x: unknown) => answers.push(x));
  await world.start("clock").then((clock) => clock.req.ticks(5));
  deepEqual(answers, []);
  gate.post.open("a");
  equal(await patching, 0);
  await Promise.all([first, second]);
  deepEqual(answers, [11, 16]);
});

test("timers of the service wait for it", async (t) => {
  const { world, gate, p } = await open(t);
  const clock = await world.start("clock");
  const patching = world.hotfix(p, waits("a", `return ticks - before;`));
  await gate.req.reached("a");
  await clock.req.ticks(10);
  gate.post.open("a");
  equal(await patching, 0);
  const patch = `declare let ticks: number; export function hotfix() { return ticks; }`;
  const held = (await world.hotfix(p, patch)) as number;
  await clock.req.ticks(10);
  ok(((await world.hotfix(p, patch)) as number) > held);
});

test("a second hotfix waits its turn", async (t) => {
  const { world, gate, p } = await open(t);
  const order: string[] = [];
  const first = world.hotfix(p, waits("a", `n += 1;`)).then(() => order.push("first"));
  await gate.req.reached("a");
  const second = world
    .hotfix(p, `declare let n: number; export function hotfix() { n *= 100; return n; }`)
    .then((result) => order.push(`second ${String(result)}`));
  await world.start("clock").then((clock) => clock.req.ticks(5));
  deepEqual(order, []);
  gate.post.open("a");
  await Promise.all([first, second]);
  deepEqual(order, ["first", "second 100"]);
});

test("three patches that wait are applied in the order in which they came", async (t) => {
  const { world, gate, p } = await open(t);
  gate.post.open("x");
  const add = (digit: number): string =>
    `declare let gate: any, n: number; export async function hotfix() { await gate.req.pass("x"); n = n * 10 + ${digit}; }`;
  await Promise.all([1, 2, 3].map((digit) => world.hotfix(p, add(digit))));
  equal(await p.req.get(), 123);
});

test("a hotfix() that does not settle in time is undone, and the service goes on", async (t) => {
  const { world, p } = await open(t, { hotfixtimeout: 300 });
  await world.refuse(
    p,
    `declare let n: number; export const response = { version() { return "new"; } };
    export async function hotfix() { n = 5; await new Promise(() => {}); }`,
    {
      code: "ERR_PATCH_TIMEOUT",
      message: /30/,
    },
  );
  deepEqual([await p.req.version(), await p.req.get()], ["old", 0]);
  await world.hotfix(p, `export const response = { version() { return "next"; } };`);
  equal(await p.req.version(), "next");
});

test("a hotfix() that calls its own service runs into the deadline", async (t) => {
  const { world, p } = await open(t, { hotfixtimeout: 300 });
  const patch = `import { snax } from "snax"; export async function hotfix() { await snax.self().req.get(); }`;
  await world.refuse(p, patch, { code: ["ERR_PATCH_TIMEOUT", "ERR_PATCH_FAILED"] });
  equal(await p.req.get(), 0);
});

test("a hotfix() that patches its own service does not hang", async (t) => {
  const { world, p } = await open(t, { hotfixtimeout: 300 });
  const patch = `import { snax } from "snax"; export async function hotfix() { await snax.hotfix(snax.self(), ""); }`;
  await world.refuse(p, patch, { code: ["ERR_PATCH_TIMEOUT", "ERR_PATCH_FAILED"] });
  deepEqual([await p.req.get(), await p.req.version()], [0, "old"]);
});

test("messages that waited for a patch that was undone meet the old methods", async (t) => {
  const { world, gate, p } = await open(t);
  const patching = world.hotfix(p, waits("a", `throw new Error("no");`));
  await gate.req.reached("a");
  const waiting = p.req.version();
  gate.post.open("a");
  await fails(patching, { code: "ERR_PATCH_FAILED" });
  equal(await waiting, "old");
});

test("a service in queue mode serves again after an async hotfix()", async (t) => {
  const world = await World.open(t, {
    "main.ts": `let gate: any; export function init(g: any) { gate = g; return "queue"; }
      let n = 0; export const response = { async next() { const mine = ++n; await 0; return mine; } };`,
  });
  const gate = await world.start("gate");
  const p = await world.start("main", gate);
  const patching = world.hotfix(
    p,
    `declare let gate: any, n: number; export async function hotfix() { await gate.req.pass("a"); n = 10; }`,
  );
  await gate.req.reached("a");
  const waiting = [p.req.next(), p.req.next()];
  gate.post.open("a");
  await patching;
  deepEqual(await Promise.all(waiting), [11, 12]);
});

test("the death of the service during hotfix() is told to the caller", async (t) => {
  const { world, gate, p } = await open(t);
  const patching = world.hotfix(p, waits("a", ``));
  await gate.req.reached("a");
  const refused = fails(patching, { code: "ERR_SERVICE_DEAD" });
  world.node.skynet.kill(p.handle);
  await refused;
});

test("an async patch does not hold other services", async (t) => {
  const { world, gate, p } = await open(t);
  const other = await world.start("main", gate);
  const patching = world.hotfix(p, waits("a", ``));
  await gate.req.reached("a");
  equal(await other.req.version(), "old");
  await world.hotfix(other, `export const response = { version() { return "other"; } };`);
  equal(await other.req.version(), "other");
  gate.post.open("a");
  await patching;
});

test("patches that are given at once and add names do not disturb each other", async (t) => {
  const { world, p } = await open(t);
  const add = (name: string): string =>
    `let ${name} = "${name}"; function get_${name}() { return ${name}; }`;
  await Promise.all(["a", "b", "c"].map((name) => world.hotfix(p, add(name))));
  const patch = `declare let a: string; export function hotfix() { return [a, get_b(), get_c()]; }`;
  deepEqual(await world.hotfix(p, patch), ["a", "b", "c"]);
});

test("of two patches that are given at once and add the same name one is refused", async (t) => {
  const { world, p } = await open(t);
  const both = [world.hotfix(p, `let a = 1;`), world.hotfix(p, `let a = 2;`)];
  const ends = await Promise.allSettled(both);
  deepEqual(
    ends.map((end) => (end.status === "rejected" ? codeOf(end.reason) : end.status)),
    ["fulfilled", "ERR_PATCH"],
  );
  equal(await world.hotfix(p, `export function hotfix() { return a; }`), 1);
});

test("a service that is in init is patched by its address when it is ready", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { skynet } from "snax"; let n = 1;
      export async function init(gate: any) { skynet.register(".EARLY"); await gate.req.pass("init"); n = 5; }
      export const response = { get() { return n; } };`,
  });
  const gate = await world.start("gate");
  const starting = world.start("main", gate);
  await gate.req.reached("init");
  const patching = world.hotfix(
    ".EARLY",
    `declare let n: number; export function hotfix() { n *= 2; return n; }`,
  );
  gate.post.open("init");
  equal(await (await starting).req.get(), 10);
  equal(await patching, 10);
});

test("the caller of a patch is told that the init of the service has failed", async (t) => {
  const world = await World.open(t, {
    "main.ts": `import { skynet } from "snax";
      export async function init(gate: any) { skynet.register(".EARLY"); await gate.req.pass("init"); throw new Error("no"); }
      export const response = {};`,
  });
  const gate = await world.start("gate");
  const starting = world.start("main", gate).catch(() => "failed");
  await gate.req.reached("init");
  const patching = fails(world.hotfix(".EARLY", `function f() {}`), { code: "ERR_SERVICE_DEAD" });
  gate.post.open("init");
  await patching;
  equal(await starting, "failed");
});

test("a hotfix() that returns a promise without being async is waited for", async (t) => {
  const { world, p } = await open(t);
  equal(await world.hotfix(p, `export function hotfix() { return Promise.resolve(5); }`), 5);
});

test("an async hotfix() may sleep", async (t) => {
  const { p, fix } = await serve(
    t,
    `const log: string[] = []; setTimeout(() => log.push("old timer"), 1);
     export const response = { log() { return log; } };`,
  );
  const patch = `import { skynet } from "snax"; declare const log: string[];
    export async function hotfix() { await skynet.sleep(20); log.push("patched"); }`;
  await fix(patch);
  deepEqual(new Set((await p.req.log()) as string[]), new Set(["old timer", "patched"]));
});

test("a result of hotfix() that can't be sent is the caller's error, and the patch stays", async (t) => {
  const { world, p } = await serve(
    t,
    `function f() { return 1; } export const response = { f() { return f(); } };`,
  );
  const patch = `function f() { return 2; } export function hotfix() { return () => 1; }`;
  await fails(world.hotfix(p, patch), { code: "ERR_NOT_SENDABLE" });
  equal(await p.req.f(), 2);
});
