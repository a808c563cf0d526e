/** A service that leaks in every shape, in a process of its own: what the heap guard does not stop ends that process. */

import { deepEqual } from "node:assert/strict";
import type { TestContext } from "node:test";

import { PACKAGE, startNode } from "./process.ts";
import { writeFiles } from "./world.ts";

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

/** Lets a service leak in these shapes, one after the other, in a thread of `heap` MiB. */
export async function leak(
  t: TestContext,
  heap: number,
  shapes: readonly string[],
): Promise<Leaked> {
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
      let leak;
      // The thread of the last one is being replaced.
      while (leak === undefined) {
        leak = await node.snax.at(1).newservice("leak").catch(() => node.skynet.sleep(20).then(() => undefined));
      }
      const leaking = leak.req[shape](1000).catch((error) => codeOf(error));
      const hello = await other.req.hello();
      outcomes.push([shape, await leaking, hello]);
    }
    await node.stop();
    console.log(JSON.stringify({ outcomes, log: readFileSync(folder + "/node.log", "utf8") }));
  `;
  const { code, stdout, stderr } = await startNode(
    ["--input-type=module", "--eval", program],
    folder,
  ).ended;
  deepEqual([code, stderr], [0, ""], stdout);
  return JSON.parse(stdout) as Leaked;
}
