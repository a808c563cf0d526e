/** A node that leaves while its place is being made or renewed is no member any more. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { Driver, Entry } from "../../../src/cluster/engine/driver.ts";
import { Membership } from "../../../src/cluster/engine/membership.ts";

/** An engine of one key that answers when it is told to. */
function openEngine(): { driver: Driver; answer: () => Promise<void>; value: () => unknown } {
  let entry: Entry = { key: "", value: undefined, token: 0 };
  let waiting: (() => void)[] = [];
  const later = <T>(run: () => T): Promise<T> =>
    new Promise((resolve) => waiting.push(() => resolve(run())));
  const write = (key: string, value: string | undefined, over: number): number | undefined => {
    const token = entry.value === undefined ? 0 : entry.token;
    if (over !== token) return undefined;
    entry = { key, value, token: entry.token + 1 };
    return entry.token;
  };
  const driver: Driver = {
    join: () => Promise.resolve({ ageMs: Infinity }),
    leave: () => Promise.resolve(),
    claim: (key, value, over) => later(() => write(key, value, over)),
    renew: ({ key, value, token }) => later(() => write(key, value, token)),
    read: () => later(() => (entry.value === undefined ? undefined : entry)),
    watch: () => () => {},
    broadcast: () => {},
  };
  /** All that waits is answered, and what follows may ask for more. */
  const answer = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    for (const run of asked) run();
    await new Promise(setImmediate);
  };
  return { driver, answer, value: () => entry.value };
}

/** How many answers the engine has given when the node leaves: reading, making the place, then renewals. */
for (const answers of [0, 1, 2, 3]) {
  test(`a node that leaves after ${answers} answers of the engine leaves no place behind`, async () => {
    const { driver, answer, value } = openEngine();
    const beats: (() => void)[] = [];
    const membership = new Membership({
      driver,
      host: { now: () => 0, later: (_ms, run) => (beats.push(run), () => {}) },
      self: { node: "c", incarnation: "1", place: "" },
      leaseMs: 60_000,
      log: () => {},
      isLinked: () => false,
      onJoin: () => {},
      onLeave: () => {},
    });
    membership.start();
    await new Promise(setImmediate);
    for (let given = 0; given < answers; given += 1) {
      await answer();
      beats.shift()?.();
    }
    const left = membership.leave();
    for (let given = 0; given < 5; given += 1) await answer();
    await left;
    deepEqual(value(), undefined);
  });
}
