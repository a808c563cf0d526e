/** The events of one node: in order, each once, and no more of them than are kept. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_EVENTS_MAX } from "../../../src/base/limits.ts";
import { LinkWatch } from "../../../src/cluster/link/watch.ts";
import type { LinkChange } from "../../../src/cluster/link/event.ts";

const up = (incarnation: string): LinkChange => ({ state: "up", incarnation, reason: undefined });
const down = (incarnation?: string): LinkChange => ({ state: "down", incarnation, reason: "lost" });

test("a reader gets the newest first, then what comes behind it, past or future", async () => {
  const watch = new LinkWatch("db");
  watch.take(up("a"));
  watch.take(down("a"));
  const newest = await watch.next(0, 1);
  assert.deepEqual([newest.event.node, newest.event.state], ["db", "down"]);
  const later = watch.next(newest.number, 1);
  watch.take(up("b"));
  assert.equal((await later).event.incarnation, "b");
});

test("a second down is not told, another incarnation is", () => {
  const watch = new LinkWatch("db");
  const changes = [down(), down(), up("a"), up("a"), down("a"), down(), up("b"), up("c")];
  assert.deepEqual(
    changes.map((change) => watch.take(change)),
    [true, false, true, false, true, false, true, true],
  );
});

test("a limited number of events is kept; a reader that comes too late for one gets the oldest that is left", async () => {
  const watch = new LinkWatch("db");
  for (let index = 0; index < LINK_EVENTS_MAX; index += 1) watch.take(up(String(index)));
  assert.equal((await watch.next(1, 1)).event.incarnation, "1");
  watch.take(up("more"));
  watch.take(up("and more"));
  assert.equal((await watch.next(1, 1)).event.incarnation, "2");
});

test("a watcher that has died does not count", () => {
  const watch = new LinkWatch("db");
  void watch.next(0, 7);
  assert.equal(
    watch.isWatched(() => true),
    true,
  );
  assert.equal(
    watch.isWatched((handle) => handle !== 7),
    false,
  );
  assert.equal(
    watch.isWatched(() => true),
    false,
  );
});
