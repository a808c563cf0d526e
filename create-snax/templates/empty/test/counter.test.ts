import { equal } from "node:assert/strict";
import { test } from "node:test";
import { start } from "snax";
import type * as Counter from "../services/counter.ts";

test("each counter counts for itself", async (t) => {
  const node = await start({ thread: 0 });
  t.after(() => node.stop());
  const one = await node.snax.newservice<typeof Counter>("counter", 10);
  const other = await node.snax.newservice<typeof Counter>("counter", 0);
  one.post.add(5);
  equal(await one.req.get(), 15);
  equal(await other.req.get(), 0);
});
