/**
 * Two threads pass records through their rings, cut off at every access to shared memory that a seed chooses; and each
 * rule of the protocol is needed: broken, it is found.
 *
 * SEED=n repeats one run; SCALE=r or s runs more of them.
 */

import { equal, match } from "node:assert/strict";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";

import { createDoorbell } from "../../src/fabric/ring-doorbell.ts";
import { createRing, WORD } from "../../src/fabric/ring-memory.ts";
import { createBaton } from "./ring-baton.ts";
import type { Run } from "./ring-machine.ts";
import { drawSeeds } from "./scale.ts";

const SOURCES = new URL("../../src/", import.meta.url);

/** A run takes milliseconds; one that takes so long never ends. */
const PATIENCE_MS = 30_000;

/** A text of a file that is there once, and what a fault makes of it. */
interface Fault {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly found: RegExp;
}

/** Starts two threads with the rings of a folder and hands out a function that runs a seed on them. */
async function withThreads(
  root: URL,
  body: (runSeed: (seed: number) => Promise<string | undefined>) => Promise<void>,
): Promise<void> {
  const workers = [0, 1].map(
    (side) =>
      new Worker(new URL("./ring-machine.js", import.meta.url), {
        workerData: { root: root.href, side },
      }),
  );
  try {
    await body(async (seed) => {
      const { port1, port2 } = new MessageChannel();
      const run = createRun(seed);
      const answers = workers.map(async (worker, side) => {
        const port = side === 0 ? port1 : port2;
        worker.postMessage({ run, port }, [port]);
        const signal = AbortSignal.timeout(PATIENCE_MS);
        return (await once(worker, "message", { signal })) as [string | undefined];
      });
      const failures = (await Promise.all(answers)).map(([failure]) => failure);
      const own = failures.find((text) => text !== undefined && !text.startsWith("the other"));
      return own === undefined ? undefined : `seed=${seed}: ${own}`;
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function createRun(seed: number): Run {
  const bytes = 64 << (seed % 3);
  return {
    baton: createBaton(seed),
    restlessness: 1 + (seed % 7),
    rings: [createRingNearItsEnd(seed, bytes), createRingNearItsEnd(seed, bytes)],
    doorbells: [createDoorbell(), createDoorbell()],
    records: 40,
    lengthMax: bytes / 2 - 8,
    windowMs: seed % 4 === 0 ? 0.1 : 0,
  };
}

/** Positions count modulo 2^32, in 32 bits with a sign: some runs pass from the largest to the smallest, some to 0. */
function createRingNearItsEnd(seed: number, bytes: number): SharedArrayBuffer {
  const memory = createRing({ epoch: 1, bytes });
  const words = new Int32Array(memory);
  const position = [0, 0x7fffffc0, -64][seed % 3] as number;
  words[WORD.written] = position;
  words[WORD.consumed] = position;
  return memory;
}

/** Makes a copy of the compiled rings with the fault in it. */
function plant({ file, from, to }: Fault): URL {
  const folder = mkdtempSync(join(tmpdir(), "snax-ring-"));
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
  for (const layer of ["base", "fabric"]) {
    cpSync(fileURLToPath(new URL(layer, SOURCES)), join(folder, layer), { recursive: true });
  }
  const path = join(folder, "fabric", file);
  const text = readFileSync(path, "utf8");
  equal(text.split(from).length, 2, `${file} has once: ${from}`);
  writeFileSync(path, text.replace(from, to));
  return pathToFileURL(`${folder}/`);
}

async function findFault(fault: Fault): Promise<void> {
  const root = plant(fault);
  try {
    await withThreads(root, async (runSeed) => {
      for (let seed = 1; seed <= 2000; seed += 1) {
        const failure = await runSeed(seed);
        if (failure !== undefined) return match(failure, fault.found);
      }
      throw new Error("2000 seeds did not find the fault");
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("every record comes once, whole and in order, wherever the two threads are cut off", async () => {
  const { seeds } = drawSeeds("ring", { c: 100, r: 5000, s: 1_000_000 });
  await withThreads(SOURCES, async (runSeed) => {
    for (const seed of seeds) equal(await runSeed(seed), undefined);
  });
});

test("a run can be repeated from its seed", async () => {
  const fault = FAULTS["a reader that does not look again after it announced its sleep"] as Fault;
  const root = plant(fault);
  const failures: (string | undefined)[][] = [[], []];
  try {
    for (const list of failures) {
      await withThreads(root, async (runSeed) => {
        for (let seed = 1; seed <= 20; seed += 1) list.push(await runSeed(seed));
      });
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  equal(failures[0]?.join(), failures[1]?.join());
});

const LOST_WAKE = /no other is left to wake it/;
const WRONG_BYTES = /record \d+ came with|memory is damaged|marker came without/;

const FAULTS: Readonly<Record<string, Fault>> = {
  "a reader that does not look again after it announced its sleep": {
    file: "ring-exchange.js",
    from: "if (this.#canSendMore() || this.hasMail())",
    to: "if (this.#canSendMore())",
    found: LOST_WAKE,
  },
  "a writer that sees whether the reader sleeps before it publishes": {
    file: "ring-exchange.js",
    from: "    if (!end.outbox.publish() && !end.isQuiet)\n        return;\n    end.isQuiet = false;\n    ring(end.link);",
    to: "    ring(end.link);\n    end.outbox.publish();",
    found: LOST_WAKE,
  },
  "a writer that does not look for room again after it asked for it": {
    file: "ring-outbox.js",
    from: "return this.flush() || this.#first !== before;",
    to: "return false;",
    found: LOST_WAKE,
  },
  "a reader that does not tell a writer that waits for room": {
    file: "ring-exchange.js",
    from: "if (inbox.release())",
    to: "if (inbox.release() && false)",
    found: LOST_WAKE,
  },
  "a record that is published before it is written": {
    file: "ring-writer.js",
    from: "        if (this.#find(length))\n            return true;\n",
    to: `        if (this.#find(length)) {
          const size = this.#padding + RECORD_HEAD_BYTES + alignRecord(length);
          Atomics.store(this.#words, WORD.written, (this.#position + size) | 0);
          return true;
        }`,
    found: WRONG_BYTES,
  },
  "a record that is released before it is read": {
    file: "ring-reader.js",
    from: "this.isMarker = kind === RECORD.marker;",
    to: "this.isMarker = kind === RECORD.marker; this.release();",
    found: WRONG_BYTES,
  },
  "a writer that wraps around without padding": {
    file: "ring-writer.js",
    from: "if (padding > 0)",
    to: "if (false)",
    found: WRONG_BYTES,
  },
  "a writer that wraps around into what is not read yet": {
    file: "ring-writer.js",
    from: "if (free - tail < needed)",
    to: "if (free < needed)",
    found: /no more room than|do not fit the reserved room|memory is damaged|record \d+ came with/,
  },
  "a parcel that is posted after its marker": {
    file: "ring-outbox.js",
    from: "this.#port.postMessage(parcel, [bytes.buffer]);",
    to: "setImmediate(() => this.#port.postMessage(parcel, [bytes.buffer]));",
    found: WRONG_BYTES,
  },
  "a record that passes those that wait": {
    file: "ring-outbox.js",
    from: "if (this.waiting === 0 && this.#writeStraight(record))",
    to: "if (this.#writeStraight(record))",
    found: WRONG_BYTES,
  },
};

for (const [name, fault] of Object.entries(FAULTS)) {
  test(`${name} is found`, () => findFault(fault));
}
