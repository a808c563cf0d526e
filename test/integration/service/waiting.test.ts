/** Time and order inside one service: sleep, wait, fork, queue, timeouts, and the timers by their Node names. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, run, world } from "../../world.ts";

/** A snax service whose `run` has the given body. */
const main = (body: string): { main: string } => ({
  main: `
    import { skynet, snax } from "snax";
    const codeOf = async (promise) => { try { return ["ok", await promise]; } catch (e) { return e.code; } };
    export const response = { async run() { ${body} }, ping: (x) => x };
  `,
});

test("sleep resolves to nothing at its time, and to BREAK when it is woken", async (t) => {
  const answer = await run(
    t,
    main(`
      const sleeping = skynet.sleep(60000, "token");
      return [await skynet.sleep(1), skynet.wakeup("token"), await sleeping, skynet.wakeup("token")];
    `),
  );
  assert.deepEqual(answer, [undefined, true, "BREAK", false]);
});

test("wait ends at wakeup; a wakeup without a waiting handler is lost", async (t) => {
  const answer = await run(
    t,
    main(`
      const early = skynet.wakeup("w");
      const waiting = skynet.wait("w");
      return [early, await codeOf(skynet.wait("w")), skynet.wakeup("w"), await waiting];
    `),
  );
  assert.deepEqual(answer, [false, "ERR_ARGUMENT", true, undefined]);
});

test("a fork runs after the handler's synchronous part and before the next message", async (t) => {
  const answer = await run(
    t,
    main(`
      const order = [];
      const p = snax.self();
      const call = p.req.ping(0).then(() => order.push("message"));
      skynet.timeout(0, () => order.push("timeout 0"));
      skynet.fork((word) => order.push(word), "fork 1");
      skynet.fork(() => order.push("fork 2"));
      order.push("handler");
      await call; await skynet.yield();
      return order;
    `),
  );
  assert.deepEqual(answer, ["handler", "fork 1", "fork 2", "timeout 0", "message"]);
});

test("what a fork throws is logged under the service's address", async (t) => {
  const { make, log } = await world(
    t,
    main(`skynet.fork(() => { throw new Error("fork broke"); });`),
  );
  const service = await make("main");
  await service.req.run();
  assert.ok((await log()).some((line) => line.startsWith("fork error : Error: fork broke")));
});

test("yield lets the messages that wait go first", async (t) => {
  const answer = await run(
    t,
    main(`
      const order = [];
      skynet.timeout(0, () => order.push("waiting"));
      await skynet.yield();
      order.push("yielded");
      return order;
    `),
  );
  assert.deepEqual(answer, ["waiting", "yielded"]);
});

test("a queue runs functions one after the other, awaits included, and outlives their errors", async (t) => {
  const answer = await run(
    t,
    main(`
      const order = [];
      const lock = skynet.queue();
      const job = async (name, ms) => { order.push(name); await skynet.sleep(ms); order.push(name); return name; };
      const results = await Promise.all([
        lock(job, "a", 5), codeOf(lock(() => { throw new TypeError("x"); })), lock(job, "b", 1),
      ]);
      return [order, results];
    `),
  );
  assert.deepEqual(answer, [
    ["a", "a", "b", "b"],
    ["a", undefined, "b"],
  ]);
});

test("functions are asked for where functions are needed", async (t) => {
  const answer = await run(
    t,
    main(`
      const attempt = (run) => { try { run(); return "ok"; } catch (e) { return e.code; } };
      return [
        attempt(() => skynet.timeout(1)), attempt(() => skynet.fork("x")), attempt(() => setTimeout("x", 1)),
        await codeOf(skynet.queue()(5)),
      ];
    `),
  );
  assert.deepEqual(
    answer,
    Array.from({ length: 4 }, () => "ERR_ARGUMENT"),
  );
});

test("timers fire in order of their time, with their arguments", async (t) => {
  const answer = await run(
    t,
    main(`
      const order = [];
      await new Promise((resolve) => {
        setTimeout(resolve, 12);
        setTimeout((...args) => order.push(args), 8, "second", 2);
        setTimeout((...args) => order.push(args), 2, "first");
        setImmediate((...args) => order.push(args), "at once");
      });
      return order;
    `),
  );
  assert.deepEqual(answer, [["at once"], ["first"], ["second", 2]]);
});

test("a timer is cleared by itself, by its number and by its number as text", async (t) => {
  const answer = await run(
    t,
    main(`
      const fired = [];
      const timers = [0, 1, 2, 3].map((n) => setTimeout(() => fired.push(n), 2));
      clearTimeout(timers[0]); clearTimeout(+timers[1]); clearInterval(String(+timers[2]));
      clearTimeout(undefined); clearTimeout("nonsense"); clearImmediate({});
      await skynet.sleep(10);
      return fired;
    `),
  );
  assert.deepEqual(answer, [3]);
});

test("an interval repeats until it is cleared, also from its own callback", async (t) => {
  const answer = await run(
    t,
    main(`
      let count = 0;
      await new Promise((resolve) => {
        const timer = setInterval(() => { count += 1; if (count === 3) { clearInterval(timer); resolve(); } }, 1);
      });
      await skynet.sleep(10);
      return count;
    `),
  );
  assert.equal(answer, 3);
});

test("refresh begins the wait anew, also after the timer has fired", async (t) => {
  const answer = await run(
    t,
    main(`
      let count = 0;
      const timer = setTimeout(() => { count += 1; }, 1);
      await skynet.sleep(6);
      timer.refresh();
      await skynet.sleep(6);
      return [count, timer.hasRef(), timer.unref() === timer, timer.ref() === timer];
    `),
  );
  assert.deepEqual(answer, [2, true, true, true]);
});

test("setImmediate is cleared as in Node", async (t) => {
  const answer = await run(
    t,
    main(`
      let fired = false;
      clearImmediate(setImmediate(() => { fired = true; }));
      await skynet.sleep(2);
      return fired;
    `),
  );
  assert.equal(answer, false);
});

test("util.promisify turns timers into promises, as with Node's own", async (t) => {
  const answer = await run(
    t,
    main(`
      const { promisify } = await import("node:util");
      return [await promisify(setTimeout)(1, "later"), await promisify(setImmediate)("soon")];
    `),
  );
  assert.deepEqual(answer, ["later", "soon"]);
});

test("timers die with their service", async (t) => {
  const { skynet, log } = await world(t, {
    ticking: `
      import { skynet } from "snax";
      skynet.start(() => {
        setInterval(() => skynet.error("tick of the dead"), 50);
        skynet.timeout(60, () => skynet.error("tick of the dead"));
        skynet.sleep(60).then(() => skynet.error("tick of the dead"), () => {});
      });
    `,
  });
  skynet.kill(await skynet.newservice("ticking"));
  await skynet.sleep(120);
  assert.ok(!(await log()).includes("tick of the dead"));
});

test("an error thrown by a timer is logged under the service's address and ends nothing", async (t) => {
  const { make, log } = await world(
    t,
    main(
      `setTimeout(() => { throw new Error("timer broke"); }, 1); await skynet.sleep(5); return 1;`,
    ),
  );
  assert.equal(await (await make("main")).req.run(), 1);
  assert.ok((await log()).some((line) => line.startsWith("timer error : Error: timer broke")));
});

test("the clocks go forward in their units", async (t) => {
  const { skynet } = await world(t, {});
  const [now, time, hpc] = [skynet.now(), skynet.time(), skynet.hpc()];
  await skynet.sleep(5);
  assert.ok(skynet.now() - now >= 4);
  assert.ok(Math.abs(skynet.time() - Date.now() / 1000) < 1 && skynet.time() >= time);
  assert.ok(skynet.hpc() - hpc >= 4_000_000n);
  assert.ok(Math.abs(skynet.starttime() - Date.now() / 1000) < 60);
});

test("two sleeps on one token are refused", async (t) => {
  const { skynet } = await world(t, {});
  const first = skynet.sleep(1, "t");
  assert.equal(await codeOfFailure(skynet.sleep(1, "t")), "ERR_ARGUMENT");
  assert.equal(await first, undefined);
});
