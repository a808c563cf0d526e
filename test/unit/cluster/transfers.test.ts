/** Messages in parts: what makes them whole, what breaks them, and how much a peer can make us hold. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER_BYTES_MAX, CLUSTER_TRANSFERS_MAX } from "../../../src/base/limits.ts";
import { Transfers } from "../../../src/cluster/wire/transfers.ts";

const bytes = (size: number, fill = 1): Buffer => Buffer.alloc(size, fill);

test("parts of several messages may lie between each other", () => {
  const transfers = new Transfers<string>();
  transfers.begin(1, 5, "one");
  transfers.begin(2, 3, "two");
  assert.equal(transfers.add(1, bytes(2), false), undefined);
  assert.equal(transfers.add(2, bytes(2, 2), false), undefined);
  assert.deepEqual(transfers.add(2, bytes(1, 2), true), { about: "two", payload: bytes(3, 2) });
  assert.deepEqual(transfers.add(1, bytes(3), true), { about: "one", payload: bytes(5) });
  assert.equal(transfers.count, 0);
});

test("a message that does not come to its total, or begins twice, is broken when its last part is there", () => {
  const transfers = new Transfers<string>();
  transfers.begin(1, 5, "short");
  assert.deepEqual(transfers.add(1, bytes(4), true), { about: "short", payload: undefined });
  transfers.begin(1, 5, "long");
  assert.equal(transfers.add(1, bytes(6), false), undefined);
  assert.deepEqual(transfers.add(1, bytes(0), true), { about: "long", payload: undefined });
  transfers.begin(1, 2, "twice");
  transfers.begin(1, 2, "again");
  assert.deepEqual(transfers.add(1, bytes(2), true), { about: "twice", payload: undefined });
  assert.equal(transfers.add(9, bytes(2), true), undefined);
});

test("what is announced is bounded for all open ones together, and free again when they end", () => {
  const transfers = new Transfers<string>();
  transfers.begin(1, CLUSTER_BYTES_MAX - 1, "a");
  transfers.begin(2, 1, "b");
  const tooMuch = { code: "ERR_MALFORMED", message: "transfer too large" };
  assert.throws(() => transfers.begin(3, 1, "c"), tooMuch);
  transfers.drop(1);
  transfers.begin(3, CLUSTER_BYTES_MAX - 1, "c");
  assert.throws(() => new Transfers().begin(1, 0xffffffff, "d"), tooMuch);
});

test("CLUSTER_TRANSFERS_MAX may be open, and not one more", () => {
  const transfers = new Transfers<number>();
  for (let session = 1; session <= CLUSTER_TRANSFERS_MAX; session++) {
    transfers.begin(session, 1, session);
  }
  const tooMany = { code: "ERR_MALFORMED", message: "too many transfers" };
  assert.throws(() => transfers.begin(CLUSTER_TRANSFERS_MAX + 1, 1, 0), tooMany);
});

test("a million parts of one byte take no more than twice their bytes", () => {
  const transfers = new Transfers<string>();
  const total = 1 << 20;
  transfers.begin(1, total, "a");
  const part = bytes(1);
  const before = process.memoryUsage();
  for (let at = 1; at < total; at++) transfers.add(1, part, false);
  const after = process.memoryUsage();
  assert.ok(after.arrayBuffers - before.arrayBuffers < 4 * total);
  assert.equal(transfers.add(1, part, true)?.payload?.length, total);
});
