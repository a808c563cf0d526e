// @ts-check
/**
 * The comparison of a file that was edited with what runs, beside taking the two texts apart.
 *
 * Each edit differs from all before it, so nothing is remembered on either side; the two take turns. It is measured in the CPU
 * time of the process: the parts of a diff are no calls of the package.
 */

import { rmSync } from "node:fs";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeLong } from "./world.mjs";

const OLD = "  return next + state.value + sum;\n";

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Returns milliseconds of CPU time. @param {() => void} run */
function measure(run) {
  const before = process.cpuUsage();
  run();
  return process.cpuUsage(before).user / 1000;
}

/** @param {import("./child.mjs").Job} job */
export async function prepareDiff({ entry, size }) {
  const folder = await mkdtemp(join(tmpdir(), "snax-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  await writeLong(folder);
  const file = join(folder, "long.ts");
  const running = await readFile(file, "utf8");
  const { diff, readModuleText } = await import(new URL("texts/texts.js", entry).href);
  let serial = 0;
  return async () => {
    /** @type {number[]} */
    const [parse, compare] = [[], []];
    for (let i = 0; i < Number(size["count"]); i += 1) {
      serial += 1;
      const edited = running.replace(OLD, `  return next + state.value + ${serial};\n`);
      parse.push(
        measure(() => {
          readModuleText(running, file);
          readModuleText(edited, file);
        }),
      );
      compare.push(
        measure(() => {
          const { changes, patch } = diff(running, edited, file);
          const isFound = changes.length === 1 && patch.includes(`state.value + ${serial}`);
          if (!isFound) throw new Error("the edit was not found");
        }),
      );
    }
    return { parse: median(parse), diff: median(compare) };
  };
}
