/** Monitors in skynet's way: who watches is told of a death by a message of the protocol `error`. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, world } from "../../world.ts";

const FILES = {
  // skynet's simplemonitor.
  monitor: `
    import { skynet } from "snax";
    const watchers = new Map<number, Set<number>>();
    skynet.dispatch("client", (_session, dead) => {
      for (const watcher of watchers.get(dead) ?? []) skynet.redirect(watcher, dead, "error", 0);
      watchers.delete(dead);
    });
    skynet.start(() => skynet.dispatch("lua", (_session, source, _word: string, handle: number) => {
      const set = watchers.get(handle) ?? new Set();
      watchers.set(handle, set.add(source));
    }));`,
  watcher: `
    import { skynet } from "snax";
    const heard: unknown[] = [];
    let hear = () => {};
    skynet.start((monitor: number, watched: number) => {
      skynet.dispatch("error", (session, source, ...rest: unknown[]) => {
        heard.push([session, source === watched, rest.length]);
        hear();
      });
      skynet.dispatch("lua", async () => {
        await skynet.call(monitor, "lua", "WATCH", watched);
        const told = new Promise<void>((resolve) => (hear = resolve));
        skynet.kill(watched);
        await told;
        return heard;
      });
    });`,
  asker: `
    import { skynet } from "snax";
    export const response = {
      ask: (handle: number) => skynet.call(handle, "lua"),
      sleep: () => skynet.sleep(600_000, "sleep"),
      wake: () => skynet.wakeup("sleep"),
    };`,
  silent: `
    import { skynet } from "snax";
    skynet.start(() => skynet.dispatch("lua", () => new Promise(() => {})));`,
};

test("a monitor tells of a death by a message of type error, which a service hears if it has a handler for it", async (t) => {
  const node = await world(t, FILES);
  const monitor = await node.skynet.monitor("monitor");
  const silent = await node.skynet.newservice("silent");
  const watcher = await node.skynet.newservice("watcher", monitor, silent);
  deepEqual(await node.skynet.call(watcher, "lua"), [[0, true, 0]]);
});

test("without a handler the calls to a service that is said to be down fail, and nothing else does", async (t) => {
  const node = await world(t, FILES);
  const [one, other] = [
    await node.skynet.newservice("silent"),
    await node.skynet.newservice("silent"),
  ];
  const asker = await node.make("asker");
  const asked = failureOf(asker.req.ask(one));
  let isOver = false;
  asker.req.ask(other).then(
    () => (isOver = true),
    () => (isOver = true),
  );
  const slept = asker.req.sleep();
  node.skynet.redirect(asker.handle, one, "error", 0);
  const error = await asked;
  equal(error.code, "ERR_SERVICE_DEAD");
  equal(await asker.req.wake(), true);
  equal(await slept, "BREAK");
  equal(isOver, false);
});

test("a message of type error with a session is refused: it would end a call that it has nothing to do with", async (t) => {
  const node = await world(t, FILES);
  const silent = await node.skynet.newservice("silent");
  const asker = await node.make("asker");
  equal(await codeOfFailure(node.skynet.call(silent, "error")), "ERR_ARGUMENT");
  const redirect = async () => node.skynet.redirect(silent, asker.handle, "error", 1);
  equal(await codeOfFailure(redirect()), "ERR_ARGUMENT");
});
