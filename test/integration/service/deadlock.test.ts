/** A service in queue mode that calls itself: refused where the answer could never come, served later where it can. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Files } from "../../world.ts";
import { run } from "../../world.ts";

/** A service in queue mode whose `run` has the given body. */
const main = (body: string): Files => ({
  main: `
    import { skynet, snax } from "snax";
    const codeOf = async (promise) => { try { return ["ok", await promise]; } catch (e) { return e.code; } };
    let answer;
    export const response = {
      async run() { ${body} },
      ping: (x) => x,
      async answer() { return answer; },
    };
    export function init() { return "queue"; }
  `,
});

for (const [what, pause] of [
  ["has not paused", ""],
  ["has slept", "await skynet.sleep(2);"],
  ["has yielded", "await skynet.yield();"],
  ["has awaited the answer to a call", 'await skynet.call(".launcher", "lua", "LIST");'],
  [
    "has awaited a call that failed at its deadline",
    'await codeOf(skynet.within(2).call("NOBODY", "lua"));',
  ],
] as const) {
  test(`a handler that ${what} and calls its own service gets ERR_DEADLOCK`, async (t) => {
    // Without the rule the call would wait for ever.
    const config = { calltimeout: 2000 };
    const answer = await run(t, main(`${pause} return codeOf(snax.self().req.ping(1));`), config);
    assert.equal(answer, "ERR_DEADLOCK");
  });
}

test("a timer that calls its own service while a handler awaits is served after it", async (t) => {
  const { main: queue = "" } = main(`
    setTimeout(() => { answer = codeOf(snax.self().req.ping("pong")); }, 1);
    await skynet.sleep(10);
  `);
  const caller = `
    import { snax } from "snax";
    export const response = {
      async run() {
        const queue = await snax.newservice("queue");
        await queue.req.run();
        return queue.req.answer();
      },
    };
  `;
  assert.deepEqual(await run(t, { main: caller, queue }), ["ok", "pong"]);
});
