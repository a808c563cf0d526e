/** The hub: the order of publications, the book of versions and its limit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { TABLE_BYTES_MAX, TABLE_VERSIONS_MAX } from "../../../src/base/limits.ts";
import { encodeTable } from "../../../src/table/encoder.ts";
import { SlotWriter } from "../../../src/table/slot-writer.ts";
import { TableHub } from "../../../src/table/table-hub.ts";
import { TableThread } from "../../../src/table/table-thread.ts";

const MEMORY = encodeTable("t", { n: 1 });

test("as many versions as the limit says are in use at a time, and one more is refused whole", () => {
  const thread = new TableThread(new TableHub(1).join(() => {}));
  const publish = (...names: string[]): Error | undefined => {
    let failure: Error | undefined;
    const versions = names.map((name) => ({ name, memory: MEMORY, base: 0 }));
    thread.publish(versions, (error) => (failure = error));
    thread.beginTurn();
    return failure;
  };
  const names = Array.from({ length: TABLE_VERSIONS_MAX - 1 }, (_, index) => `t${index}`);
  assert.equal(publish(...names), undefined);
  // Each table may be loaded again: its old version goes as soon as the thread has moved.
  for (let round = 0; round < 3; round++) assert.equal(publish("t7"), undefined);
  assert.equal(publish("last"), undefined);
  const error = publish("other", "t1");
  assert.match(String(error), /TABLE_VERSIONS_MAX 4096 versions of tables are in use or pinned/);
  assert.equal(thread.find("other"), undefined);
  assert.deepEqual([thread.versionOf("t1"), thread.versionOf("t7")], [1, 4]);
});

test("a version of more bytes than the limit is refused before memory is taken for it", () => {
  const before = process.memoryUsage().arrayBuffers;
  assert.throws(() => new SlotWriter().take(TABLE_BYTES_MAX / 8 + 1), {
    code: "ERR_TABLE",
    message: /^the table needs \d+ bytes, more than TABLE_BYTES_MAX 2147483640$/,
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < 1e6);
});

test("no more threads share tables than the hub was made for", () => {
  const hub = new TableHub(2);
  hub.join(() => {});
  hub.join(() => {});
  assert.throws(() => hub.join(() => {}), { code: "ERR_EXHAUSTED" });
});

test("a thread looks for publications from its first use of tables on, and then shows what was published before", () => {
  let beginnings = 0;
  const thread = new TableThread(
    new TableHub(1).join(() => {}),
    () => (beginnings += 1),
  );
  thread.publish([{ name: "t", memory: MEMORY, base: 0 }], () => {});
  assert.deepEqual([beginnings, thread.names], [0, []]);
  thread.follow();
  assert.deepEqual([beginnings, thread.names], [1, ["t"]]);
  // Between two turns nothing changes any more.
  thread.publish([{ name: "u", memory: MEMORY, base: 0 }], () => {});
  thread.follow();
  assert.deepEqual([beginnings, thread.names], [1, ["t"]]);
  thread.beginTurn();
  assert.deepEqual(thread.names, ["t", "u"]);
});

test("a thread that moves over several publications at once shows the last, and hears of all keys", () => {
  const thread = new TableThread(new TableHub(1).join(() => {}));
  const publish = (data: object): void => {
    const versions = [{ name: "t", memory: encodeTable("t", data), base: 0 }];
    thread.publish(versions, (error) => assert.equal(error, undefined));
  };
  const heard: unknown[] = [];
  thread.onUpdate("t", (changes, version) => heard.push([version, changes]));
  publish({ a: 1 });
  thread.beginTurn();
  publish({ a: 2 });
  publish({ a: 2, b: 1 });
  assert.deepEqual(thread.get("t").shown, { a: 1 });
  thread.beginTurn();
  assert.deepEqual(thread.get("t").shown, { a: 2, b: 1 });
  assert.deepEqual(heard, [
    [1, { added: ["a"], changed: [], removed: [] }],
    [3, { added: ["b"], changed: ["a"], removed: [] }],
  ]);
});
