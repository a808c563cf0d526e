/**
 * `Error.prepareStackTrace` belongs to the program: packages install one for source maps or call sites, and it may print what it
 * likes, throw or loop. Nothing of the runtime depends on it.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";

/** What a program may install. */
const HOOKS = {
  "call sites": `(_error, frames) => frames`,
  "its own form": `(error, frames) => error + frames.map((frame) => "\\n  - " + frame.getLineNumber()).join("")`,
  nothing: `() => undefined`,
  "an error that is thrown": `() => { throw new Error("no stack"); }`,
};

/** Always on a thread of their own: all code of a thread has the same Error. */
const start = (t: Parameters<typeof world>[0], hook: string): Promise<World> =>
  world(
    t,
    {
      hooked: `
        // @ts-nocheck
        import { skynet } from "snax";
        Error.prepareStackTrace = ${hook};
        const cs = skynet.queue();
        const save = () => cs(async () => { await skynet.sleep(1); return "saved"; });
        let wake = () => {};
        export const response = {
          buy() { return cs(async () => { await skynet.sleep(1); return await save(); }); },
          throws() { throw new RangeError("mine"); },
          loops() { for (;;); },
          async waits() { await skynet.wait("token"); },
          hello() { return "hello"; },
        };
        export const accept = { wake() { skynet.wakeup("token"); } };`,
      fails: `export function init() { throw new RangeError("not ready"); }`,
      wrong: `export const response = {{`,
    },
    { thread: 1, stall: { warn: 0, interrupt: 300, rest: 0 } },
  );

for (const [name, hook] of Object.entries(HOOKS)) {
  test(`stacks that the runtime takes do not depend on the program's prepareStackTrace: ${name}`, async (t) => {
    const { make, snax, readLog } = await start(t, hook);
    const hooked = await make("hooked");
    // What has the lock is found on a stack.
    equal(await hooked.req.buy(), "saved");
    const thrown = await failureOf(hooked.req.throws());
    deepEqual(
      [thrown instanceof RangeError, thrown.message, thrown.code],
      [true, "mine", "ERR_REMOTE"],
    );
    // The caller that waits for a beginning is told.
    equal((await failureOf(make("fails"))).message, "not ready");
    equal(await codeOfFailure(make("nobody")), "ERR_NO_SERVICE");
    equal(await codeOfFailure(make("wrong")), "ERR_SYNTAX");
    equal(await codeOfFailure(snax.hotfix(hooked, "function nobody( {")), "ERR_SYNTAX");
    match(readLog(), /init service failed: RangeError: not ready$/m);
    // What loops is cut off, and the log says where.
    equal(await codeOfFailure(hooked.req.loops()), "ERR_INTERRUPTED");
    equal(await hooked.req.hello(), "hello");
    // The watchdog writes it from outside, at about the time at which the call ends.
    const place = /interrupted after \d+ ms : snax hooked.*\n +at loops \(.*hooked\.ts:11:/;
    while (!place.test(readLog())) await new Promise((resolve) => setImmediate(resolve));
  });
}

test("a handler that loops is cut off although the program's prepareStackTrace loops", async (t) => {
  const { make } = await start(t, "() => { for (;;); }");
  const hooked = await make("hooked");
  equal(await codeOfFailure(hooked.req.loops()), "ERR_INTERRUPTED");
  equal(await hooked.req.hello(), "hello");
});
