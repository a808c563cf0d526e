/** Where new services go when a thread hangs, is busy, or is being replaced. */

import { equal, notEqual, ok } from "node:assert/strict";
import { test } from "node:test";

import { Flag, IS_OVER } from "../flag.ts";
import { codeOfFailure, world } from "../../world.ts";

const FILES = {
  worker: `
    import { threadId } from "node:worker_threads";
    import { skynet, snax } from "snax";
    ${IS_OVER}
    export const response = {
      where() { return threadId; },
      /** Does not return before the test says so. */
      hang(flag: SharedArrayBuffer) { while (!isOver(flag)); },
      exit() { process.exit(3); },
    };
    export const accept = {
      /** Works without end, in small pieces. */
      churn(flag: SharedArrayBuffer) {
        const end = performance.now() + 10;
        while (performance.now() < end);
        if (!isOver(flag)) snax.self<any>().post.churn(flag);
      },
      /** The same outside any message. */
      async hangOutside(flag: SharedArrayBuffer) {
        await (await import("node:fs/promises")).readFile("/dev/null");
        while (!isOver(flag));
      },
    };
  `,
};

for (const how of ["hang", "hangOutside"]) {
  test(`new services go to a thread that answers, however many live there: ${how}`, async (t) => {
    const node = await world(t, FILES, { thread: 2, stall: { warn: 400 } });
    const { snax } = node;
    const flag = new Flag();
    t.after(() => flag.raise());
    const hung = await snax.at(1).newservice<any>("worker");
    const place = await hung.req.where();
    const full = [];
    for (let n = 0; n < 5; n += 1) full.push(await snax.at(2).newservice<any>("worker"));
    const looping = how === "hang" ? hung.req.hang(flag.memory) : undefined;
    if (looping === undefined) hung.post.hangOutside(flag.memory);
    while (!/endless loop|outside any message/.test(node.readLog())) await node.skynet.sleep(5);
    for (let n = 0; n < 3; n += 1) {
      notEqual(await (await snax.newservice<any>("worker")).req.where(), place);
    }
    flag.raise();
    await looping;
    equal(await hung.req.where(), place);
    // It has the fewest still.
    equal(await (await snax.newservice<any>("worker")).req.where(), place);
  });
}

test("new services go to the thread that has less to do, if one has nothing else", async (t) => {
  const { snax } = await world(t, FILES, { thread: 2, stall: { warn: 0 } });
  const flag = new Flag();
  t.after(() => flag.raise());
  const busy = await snax.at(1).newservice<any>("worker");
  for (let n = 0; n < 5; n += 1) await snax.at(2).newservice<any>("worker");
  const place = await busy.req.where();
  busy.post.churn(flag.memory);
  for (;;) {
    const service = await snax.newservice<any>("worker");
    // By their numbers alone all of them would go there.
    const isThere = (await service.req.where()) === place;
    await snax.exit(service);
    if (!isThere) break;
  }
});

test("while a thread is replaced new services go to another one", async (t) => {
  const node = await world(t, FILES, { thread: 2 });
  const { snax } = node;
  const [one, two] = [
    await snax.at(1).newservice<any>("worker"),
    await snax.at(2).newservice<any>("worker"),
  ];
  const place = await two.req.where();
  await codeOfFailure(one.req.exit());
  const next = await snax.newservice<any>("worker");
  const isBack = (await node.log()).includes("thread 1 is back");
  ok((await next.req.where()) === place || isBack);
});
