/** `skynet.trace()` outside handlers: in a start function, a fork, a timer; and where nothing can be followed. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";

const FILES = {
  back: `
    import { skynet } from "snax";
    skynet.start(() => { skynet.dispatch("lua", async () => { await skynet.sleep(1); return 1; }); });`,
  front: `
    import { skynet } from "snax";
    export async function init(back: number) {
      skynet.trace("in init");
      await skynet.call(back, "lua");
      skynet.fork(async () => {
        skynet.trace("in fork");
        await skynet.call(back, "lua");
      });
      skynet.fork(() => { skynet.trace("in short fork"); skynet.call(back, "lua"); });
      skynet.timeout(5, async () => { skynet.trace("in timeout"); await skynet.call(back, "lua"); });
      const timer = setInterval(async () => {
        clearInterval(timer);
        skynet.trace("in interval");
        await skynet.call(back, "lua");
        done();
      }, 10);
    }
    let done = () => {};
    const over = new Promise<void>((resolve) => (done = resolve));
    export const response = { over: () => over };`,
};

/** The steps of each trace by the text of its beginning. */
function steps(log: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  const names = new Map<string, string>();
  const lines = log.flatMap((line) => {
    const [, tag = "", time, event = ""] = /^<TRACE (\S+)> (\d+) (\S+.*)$/.exec(line) ?? [];
    return tag === "" ? [] : [{ tag, time: BigInt(time ?? 0), event }];
  });
  // Lines of two threads come into the log in any order.
  for (const { tag, event } of lines.toSorted((one, two) => (one.time < two.time ? -1 : 1))) {
    if (!names.has(tag)) names.set(tag, event);
    else (found[names.get(tag) ?? ""] ??= []).push(event.split(" ")[0] ?? "");
  }
  return found;
}

test("a trace that begins in a start function, a fork or a timer is followed to its end", async (t) => {
  const node = await world(t, FILES);
  const back = await node.skynet.newservice("back");
  const front = await node.make("front", back);
  await front.req.over();
  // The last trace ends behind what the answer waited for.
  await front.req.over();
  const call = ["call", "request", "sleep", "resume", "response", "end", "resume"];
  const { "trace in short fork": short = [], ...others } = steps(await node.log());
  // It did not wait for its call, and ended first.
  deepEqual(short.slice(0, 2), ["call", "end"]);
  deepEqual(
    Object.fromEntries(Object.entries(others).map(([name, events]) => [name, events.toSorted()])),
    {
      "trace in init": [...call, "end"].toSorted(),
      "trace in fork": [...call, "end"].toSorted(),
      "trace in timeout": [...call, "end"].toSorted(),
      "trace in interval": [...call, "end"].toSorted(),
    },
  );
});

test("where nothing can be followed the log says so, and no tag pretends", async (t) => {
  const node = await world(t, { idle: "export const response = {};" });
  node.skynet.trace("outside");
  deepEqual(
    (await node.log()).filter((line) => line.includes("outside")),
    [
      "skynet.trace outside: nothing is followed from here, for this is no handler, timer, fork or start function",
    ],
  );
});
