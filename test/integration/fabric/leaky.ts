/** A service that leaks in every shape, in a process of its own: what the heap guard does not stop ends that process. */

import { deepEqual } from "node:assert/strict";
import type { TestContext } from "node:test";

import type { Ended } from "../process.ts";
import { PACKAGE, startNode } from "../process.ts";
import { writeFiles } from "../../world.ts";

const LEAK = `
import { skynet } from "snax";
const kept: unknown[] = [];
const map = new Map<number, unknown>();
const set = new Set<unknown>();
export const response = {
  hello() { return "hello"; },
  array() { for (let i = 0; ; i++) kept.push(i + 0.5); },
  map() { for (let i = 0; ; i++) map.set(i, i); },
  set() { for (let i = 0; ; i++) set.add(i); },
  objects() { for (let i = 0; ; i++) kept.push({ a: i, b: { c: i } }); },
  strings() { for (let i = 0; ; i++) kept.push(String(i).padStart(100, "x") + i); },
  closures() { for (let i = 0; ; i++) kept.push(() => i); },
  async slow() {
    for (let i = 0; ; i++) {
      for (let k = 0; k < 10000; k++) map.set(i * 10000 + k, { k });
      await skynet.sleep(1);
    }
  },
  /** One of many that grow together, none of them much. */
  async share() {
    for (;;) {
      kept.push(Array.from({ length: 500 }, (_, n) => n + 0.5));
      await skynet.sleep(1);
    }
  },
  /** Outside V8's heap. */
  buffers(mib: number) {
    const before = process.memoryUsage.rss();
    for (let n = 0; n < mib; n += 1) kept.push(Buffer.alloc(2 ** 20, 1));
    return process.memoryUsage.rss() - before;
  },
  garbage(ms: number) {
    const end = Date.now() + ms;
    let n = 0;
    while (Date.now() < end) {
      const rows = [];
      for (let i = 0; i < 1000; i++) rows.push({ i });
      n += rows.length;
    }
    return n > 0;
  },
};`;

/** What came of the leaks. */
export interface Leaked {
  /** What each caller got, what a service of another thread said meanwhile, by the leak's shape. */
  readonly outcomes: readonly (readonly [shape: string, outcome: unknown, neighbour: unknown])[];
  readonly log: string;
}

/** How a node leaks. */
export interface LeakOptions {
  /** MiB of heap at which the guard acts; 0 = it does not look. */
  readonly heap: number;
  /** MiB at which V8 ends the process. @defaultValue its own limit */
  readonly v8?: number;
  /** Services of each leak that leak at the same time, on one thread. @defaultValue 1 */
  readonly services?: number;
  /** What the method is called with. @defaultValue 1000 */
  readonly argument?: number;
}

/** Lets services leak in these shapes, one after the other. */
export async function leak(
  t: TestContext,
  options: LeakOptions,
  shapes: readonly string[],
): Promise<Leaked> {
  const { code, stdout, stderr } = await runLeak(t, options, shapes);
  deepEqual([code, stderr], [0, ""], stdout);
  return JSON.parse(stdout) as Leaked;
}

/** The same, whatever becomes of the process. */
export async function runLeak(
  t: TestContext,
  { heap, v8, services = 1, argument = 1000 }: LeakOptions,
  shapes: readonly string[],
): Promise<Ended> {
  const folder = writeFiles(t, { "leak.ts": LEAK });
  const program = `
    import { codeOf, start } from ${JSON.stringify(PACKAGE)};
    import { readFileSync } from "node:fs";
    const folder = ${JSON.stringify(folder)};
    const config = { thread: 2, heap: ${heap}, stall: { warn: 0 }, logger: folder + "/node.log" };
    const node = await start({ ...config, services: folder + "/?.ts" });
    const other = await node.snax.at(2).newservice("leak");
    const outcomes = [];
    for (const shape of ${JSON.stringify(shapes)}) {
      const make = async () => {
        // The thread of the last one is being replaced.
        for (;;) {
          const made = await node.snax.at(1).newservice("leak").catch(() => node.skynet.sleep(20).then(() => undefined));
          if (made !== undefined) return made;
        }
      };
      const all = [];
      while (all.length < ${services}) all.push(await make());
      const leaking = all.map((each) => each.req[shape](${argument}).catch((error) => codeOf(error)));
      const hello = await other.req.hello();
      const ends = await Promise.all(leaking);
      const isOne = new Set(ends).size === 1;
      outcomes.push([shape, isOne ? ends[0] : ends, hello]);
    }
    await node.stop();
    console.log(JSON.stringify({ outcomes, log: readFileSync(folder + "/node.log", "utf8") }));
  `;
  const flags = v8 === undefined ? [] : [`--max-old-space-size=${v8}`];
  return await startNode([...flags, "--input-type=module", "--eval", program], folder).ended;
}
