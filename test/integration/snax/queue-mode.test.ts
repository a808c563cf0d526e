/** Queue mode: messages strictly one after the other, and what that must not do. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, world } from "../../world.ts";

const QUEUE = `
  import { skynet, snax } from "snax";
  const order = [];
  export const init = async () => "queue";
  export const response = {
    async slow(name, ms) { order.push(name); await skynet.sleep(ms); order.push(name); return name; },
    fast(name) { order.push(name); },
    async fail(name) { order.push(name); await skynet.sleep(1); throw new Error(name); },
    order: () => order,
    async self() { return await snax.self().req.order(); },
    async timer() { return await new Promise((resolve) => setTimeout(resolve, 2, "fired")); },
    exit: () => skynet.exit(),
  };
  export const accept = {
    async post(name, ms) { order.push(name); await skynet.sleep(ms); order.push(name); },
    async broken() { await null; throw new Error("broken post"); },
  };
`;

test("queue mode handles messages strictly one after the other, across awaits", async (t) => {
  const { make, log } = await world(t, { queue: QUEUE });
  const p = await make("queue");
  const first = p.req.slow("a", 5);
  const failing = codeOfFailure(p.req.fail("b"));
  p.post.post("c", 3);
  p.post.broken();
  p.req.fast("d");
  await Promise.all([first, failing]);
  assert.deepEqual(await p.req.order(), ["a", "a", "b", "c", "c", "d"]);
  assert.equal(await failing, "ERR_REMOTE");
  assert.ok(
    (await log()).some(
      (line) => line.includes("post queue.broken") && line.includes("broken post"),
    ),
  );
});

test("timers pass a handler that runs in queue mode", async (t) => {
  const { make } = await world(t, { queue: QUEUE });
  assert.equal(await (await make("queue")).req.timer(), "fired");
});

test("a service in queue mode that calls itself gets ERR_DEADLOCK and goes on", async (t) => {
  const { make } = await world(t, { queue: QUEUE });
  const p = await make("queue");
  assert.equal(await codeOfFailure(p.req.self()), "ERR_DEADLOCK");
  assert.deepEqual(await p.req.order(), []);
});

test("a service in queue mode that is stuck in an await still answers debug messages", async (t) => {
  const { snax, skynet } = await world(t, {
    stuck: `
      export function init() { return "queue"; }
      export const response = { hang() { return new Promise(() => {}); } };
    `,
  });
  const p = await snax.newservice<any>("stuck");
  void (p.req.hang() as Promise<unknown>).catch(() => {});
  assert.equal(await skynet.call(p.handle, "debug", "PING"), undefined);
});
