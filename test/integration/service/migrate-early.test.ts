/**
 * A service of a text that has moved before: its instance is made on the other thread while its state is being taken. A failure
 * of one of the two leaves it where it was.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { codeOf } from "snax";
import type { World } from "../../world.ts";
import { failureOf, world } from "../../world.ts";

const THREE = { thread: 3 };

/** Looks into the globals of its thread, which its top level shares with all of it. */
const PROBE = `const all = globalThis as any;
  export const response = { tops() { return all.tops ?? 0; }, break(is: boolean) { all.isBroken = is; } };`;

const ROOM = `{ const all = globalThis as any; all.tops = (all.tops ?? 0) + 1; if (all.isBroken) throw new Error("broken here"); }
  let count = 0; let held: unknown; const log: number[] = []; let beat: any;
  export const response = { next() { count += 1; return count; }, hold() { const here = {}; held = () => here; }, drop() { held = undefined; },
    log() { return log; }, beat() { beat = setInterval(note, 1, 7); }, stop() { clearInterval(beat); } };
  function note(n: number) { log.push(n); }`;

const ASKER = `import { snax } from "snax"; let isOver = false; let got: number[] = [];
  export const accept = { async begin(room: any) { while (!isOver) got.push(await room.req.next()); } };
  export const response = { end() { isOver = true; return got; }, got() { return got.length; } };`;

interface Prepared {
  readonly node: World;
  readonly at: (thread: number, name: string) => Promise<ServiceObject>;
  /** On thread 1. */
  readonly room: ServiceObject;
  /** On thread 2. */
  readonly probe: ServiceObject;
}

/** A room that has moved to thread 2, so that others of its text are expected there. */
async function prepare(t: TestContext): Promise<Prepared> {
  const node = await world(t, { room: ROOM, asker: ASKER, probe: PROBE }, THREE);
  const at = (thread: number, name: string): Promise<ServiceObject> =>
    node.snax.at(thread).newservice<any>(name);
  const first = await at(1, "room");
  await node.skynet.migrate(first.handle, { thread: 2 });
  return { node, at, room: await at(1, "room"), probe: await at(2, "probe") };
}

test("a service whose state refuses the move stays and answers all callers, though its instance was made there already", async (t) => {
  const { node, at, room, probe } = await prepare(t);
  const askers = await Promise.all([1, 2, 3].map((thread) => at(thread, "asker")));
  for (const asker of askers) asker.post.begin(room);
  await room.req.hold();
  const tops = await probe.req.tops();
  for (let i = 0; i < 10; i += 1) {
    const error = await failureOf(node.skynet.migrate(room.handle, { thread: 2 }));
    equal(codeOf(error), "ERR_MIGRATE");
    match(error.message, /held \(room\.ts:\d+\) is a closure/);
  }
  // So it was made there, unless the refusal came before that thread began, and nothing of it is left.
  const made = (await probe.req.tops()) - tops;
  ok(made > 0 && made <= 10, `made ${made} times`);
  await room.req.drop();
  const { to } = await node.skynet.migrate(room.handle, { thread: 2 });
  equal(to, 2);
  const got: number[] = (await Promise.all(askers.map((asker) => asker.req.end()))).flat();
  ok(askers.length > 0 && got.length > 10);
  deepEqual(
    got.toSorted((one, two) => one - two),
    Array.from({ length: got.length }, (_, i) => i + 1),
  );
});

test("a top level that throws on the other thread refuses the move, and does so no longer when it does not", async (t) => {
  const { node, room, probe } = await prepare(t);
  await room.req.beat();
  await probe.req.break(true);
  for (let i = 0; i < 3; i += 1) {
    const error = await failureOf(node.skynet.migrate(room.handle, { thread: 2 }));
    deepEqual([codeOf(error), /broken here/.test(error.message)], ["ERR_MIGRATE", true]);
    equal(await room.req.next(), i + 1);
  }
  await probe.req.break(false);
  equal((await node.skynet.migrate(room.handle, { thread: 2 })).to, 2);
  equal(await room.req.next(), 4);
  await room.req.stop();
  ok((await room.req.log()).every((n: number) => n === 7));
});
