/** Shared tables over real threads: random data, random updates from several of them, random readers on all. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setImmediate as nextRound } from "node:timers/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import { createRandom } from "../../../src/base/random.ts";
import { TableHub } from "../../../src/table/table-hub.ts";
import { TableThread } from "../../../src/table/table-thread.ts";
import type { ReaderData, ReaderReport } from "./table-reader.ts";
import { publishStamp, Reader } from "./table-reader.ts";

const TABLE_FOLDER = new URL("../../../src/table/", import.meta.url).href;

const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const scale = Number(process.env["SCALE"] ?? 1);

function startReader(hub: TableHub, options: Omit<ReaderData, "invitation" | "port">): Worker {
  const { port1, port2 } = new MessageChannel();
  const workerData: ReaderData = { ...options, invitation: hub.invite(port1), port: port2 };
  return new Worker(new URL("./table-reader.js", import.meta.url), {
    workerData,
    transferList: [port2],
  });
}

/** Reads on this thread too until something is true. */
async function readUntil(isDone: () => boolean, turn: () => void): Promise<void> {
  const until = performance.now() + 60_000;
  while (!isDone()) {
    assert.ok(performance.now() < until, "it takes too long");
    turn();
    await nextRound();
  }
}

async function runThreads(t: TestContext, updates: number): Promise<ReaderReport[]> {
  t.diagnostic(`seed=${seed} scale=${scale}`);
  const random = createRandom(seed);
  const hub = new TableHub(8);
  const thread: TableThread = new TableThread(hub.join(() => {}));
  const reader = new Reader(thread, random);
  const stop = new SharedArrayBuffer(4);
  await Promise.all([
    publishStamp(thread, 1),
    readUntil(
      () => thread.names.length > 0,
      () => thread.beginTurn(),
    ),
  ]);
  const workers = [1, 2, 3].map((number) =>
    startReader(hub, {
      seed: seed + number,
      stop,
      publishes: number === 1 ? 0 : Math.ceil(updates / 4),
      firstStamp: number * 1_000_000,
    }),
  );
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())));
  const reports = workers.map(async (worker) => {
    const [report] = (await Promise.race([
      once(worker, "message"),
      once(worker, "error").then(([error]) => Promise.reject(error as Error)),
    ])) as [ReaderReport];
    return report;
  });
  for (let stamp = 2; stamp < updates; stamp++) {
    const publishing = publishStamp(thread, stamp);
    for (let rounds = random.below(4); rounds >= 0; rounds--) {
      reader.turn();
      await nextRound();
    }
    reader.turn();
    await publishing;
  }
  Atomics.store(new Int32Array(stop), 0, 1);
  let done: ReaderReport[] | undefined;
  const all = Promise.all(reports).then((list) => (done = list));
  await Promise.race([
    all,
    readUntil(
      () => done !== undefined,
      () => reader.turn(),
    ),
  ]);
  // An idle thread is woken and lets go of what is old: in the end there is one version of each table.
  await readUntil(
    () => thread.versions().length === 2,
    () => reader.turn(),
  );
  assert.deepEqual(
    thread.versions().map(({ name, isCurrent }) => [name, isCurrent]),
    [
      ["left", true],
      ["right", true],
    ],
  );
  return [...(await all), reader.report];
}

test("every read on every thread is of the version that the thread shows, and no service ever sees two", async (t) => {
  const reports = await runThreads(t, Math.round(60 * scale));
  for (const { reads, heldReads, stamps } of reports) {
    assert.ok(reads > 100, `${reads} reads`);
    assert.ok(heldReads > 100, `${heldReads} reads of held rows`);
    assert.ok(stamps > 5, `${stamps} versions seen`);
  }
});

test("a thread that ends gives back its place and its pins", async (t) => {
  const hub = new TableHub(2);
  const thread: TableThread = new TableThread(hub.join(() => {}));
  const publish = (stamp: number): void => {
    void publishStamp(thread, stamp);
    thread.beginTurn();
  };
  publish(1);
  const { port1, port2 } = new MessageChannel();
  const text = `
    const { parentPort, workerData: { invitation, port } } = require("node:worker_threads");
    Promise.all(["table-port", "table-thread"].map((name) =>
      import(new URL(name + ".js", ${JSON.stringify(TABLE_FOLDER)})))).then(([{ connectTables }, { TableThread }]) => {
      const thread = new TableThread(connectTables(invitation, port, () => thread.catchUp()));
      thread.beginTurn();
      globalThis.pin = thread.pin("left", () => {});
      parentPort.postMessage("pinned");
      parentPort.on("message", () => {});
    });
  `;
  const worker = new Worker(text, {
    eval: true,
    workerData: { invitation: hub.invite(port1), port: port2 },
    transferList: [port2],
  });
  t.after(() => worker.terminate());
  await once(worker, "message");
  const pins = (): number => thread.versions().reduce((sum, version) => sum + version.pins, 0);
  assert.equal(pins(), 1);
  publish(2);
  await worker.terminate();
  await readUntil(
    () => thread.versions().length === 2,
    () => {},
  );
  assert.equal(pins(), 0);
  hub.join(() => {});
});
