import { equal } from "node:assert/strict";
import { test } from "node:test";
import { startTest } from "snax/testing";
import type * as Counter from "../services/counter.ts";

test("each counter counts for itself", async (t) => {
  const { snax } = await startTest({}, t);
  const one = await snax.newservice<typeof Counter>("counter", 10);
  const other = await snax.newservice<typeof Counter>("counter", 0);
  one.post.add(5);
  equal(await one.req.get(), 15);
  equal(await other.req.get(), 0);
});
