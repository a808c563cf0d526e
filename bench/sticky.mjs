// @ts-check
/**
 * Starts of a node whose type was patched for good before: from the start of the process to the answer of a service of it.
 *
 * Each start is a process of its own, as it is for an operator of a server; with patches and without in turn.
 */

import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { copyFile, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL(".", import.meta.url));
const CHILD = join(HERE, "sticky-child.mjs");

/** @param {import("./child.mjs").Job} job */
export async function prepareSticky({ entry, size }) {
  const folder = await mkdtemp(join(tmpdir(), "snax-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await copyFile(join(HERE, "services/sticky.ts"), join(folder, "sticky.ts"));
  const { patches = 0, starts = 1 } = size;
  /** @param {string} ledger @param {number} given */
  const startOnce = async (ledger, given) => {
    const beginMs = performance.now();
    const args = [CHILD, entry, folder, join(folder, ledger), String(given)];
    const { stdout } = await run(process.execPath, args);
    return { ms: performance.now() - beginMs, sum: Number(/sum=(\d+)/.exec(stdout)?.[1]) };
  };
  await startOnce("none.jsonl", 0);
  await startOnce("some.jsonl", patches);
  return async () => {
    /** @type {number[]} */
    const [none, some] = [[], []];
    for (let at = 0; at < starts; at += 1) {
      for (const [ledger, times, sum] of /** @type {const} */ ([
        ["none.jsonl", none, 0],
        ["some.jsonl", some, patches],
      ])) {
        const start = await startOnce(ledger, 0);
        if (start.sum !== sum) throw new Error(`${ledger}: ${start.sum} patches are in`);
        times.push(start.ms);
      }
    }
    // The least disturbed start of each.
    return { none: Math.min(...none), some: Math.min(...some) };
  };
}
