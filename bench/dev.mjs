/**
 * `snax dev`: from the save of a file to the first call that runs it, at a project of many modules, without types.
 *
 *     node bench/dev.mjs [modules] [saves] [threads]
 *
 * A service calls another one every millisecond and writes when its answer is a new one. A save of a module far below
 * and one of the service's own file take turns. The times hold the 20 ms of quiet that a save waits for.
 */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const MODULES = Number(process.argv[2] ?? 500);
const SAVES = Number(process.argv[3] ?? 100);
const THREADS = Number(process.argv[4] ?? 0);
const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Functions of each module. */
const FUNCTIONS = 20;

const folder = mkdtempSync(join(tmpdir(), "snax-bench-dev-"));
/** @param {string} name @param {string} text */
const save = (name, text) => writeFileSync(join(folder, name), text);

/** Modules stand in a tree: each imports up to ten others. @param {number} index @param {number} value */
function moduleText(index, value) {
  const below = Array.from({ length: 10 }, (_, each) => index * 10 + each + 1).filter(
    (each) => each < MODULES,
  );
  const imports = below.map((each) => `import { sum${each} } from "./m${each}.ts";`).join("\n");
  const own = Array.from(
    { length: FUNCTIONS },
    (_, each) =>
      `function f${each}(a: number, b: number): number {\n  const c = a * ${each} + b;\n  return c > 10 ? c : a + b;\n}`,
  );
  const sum = [`${value}`, ...below.map((each) => `sum${each}()`)].join(" + ");
  return `${imports}\n${own.join("\n")}\nexport function sum${index}(): number {\n  return ${sum} + (f1(0, 0) - f1(0, 0));\n}\n`;
}

/** @param {number} value */
function serviceText(value) {
  return `import { sum0 } from "./lib/m0.ts";\nfunction own(): number {\n  return ${value};\n}\nexport const response = { look(): number { return own() + sum0(); } };\n`;
}

mkdirSync(join(folder, "services/lib"), { recursive: true });
save("snax.config.ts", `export default { thread: ${THREADS}, services: "./services/?.ts" };`);
for (let index = 0; index < MODULES; index += 1)
  save(`services/lib/m${index}.ts`, moduleText(index, 0));
save("services/shop.ts", serviceText(0));
save(
  "services/main.ts",
  `import { skynet, snax } from "snax";
  skynet.start(async () => {
    const shops = [];
    for (let count = 0; count < 10; count += 1) shops.push(await snax.newservice<any>("shop"));
    let last = -1;
    setInterval(async () => {
      const value = await shops[9].req.look();
      if (value === last) return;
      last = value;
      const at = performance.timeOrigin + performance.now();
      (globalThis as any).gc?.();
      const heap = process.memoryUsage().heapUsed;
      process.stdout.write("value " + value + " at " + at + " heap " + heap + "\\n");
    }, 1);
  });`,
);

const child = spawn(process.execPath, ["--expose-gc", MAIN, "dev"], { cwd: folder });
let said = "";
let notice = () => {};
child.stdout.on("data", (chunk) => {
  said += chunk;
  notice();
});
child.stderr.pipe(process.stderr);
/** @param {RegExp} pattern */
async function says(pattern) {
  for (;;) {
    const found = pattern.exec(said);
    if (found !== null) return found;
    await new Promise((resolve) => (notice = () => resolve(undefined)));
  }
}
/** @param {readonly number[]} all @param {number} share */
const quantile = (all, share) =>
  all.toSorted((a, b) => a - b)[Math.floor((all.length - 1) * share)] ?? 0;

const times = [];
const heaps = [];
let [own, below] = [0, 0];
await says(/snax dev watches/);
await says(/value 0 at/);
for (let round = 0; round < SAVES; round += 1) {
  if (round % 2 === 0) own += 1;
  else below += 1000;
  const began = performance.timeOrigin + performance.now();
  if (round % 2 === 0) save("services/shop.ts", serviceText(own));
  else save(`services/lib/m${MODULES - 1}.ts`, moduleText(MODULES - 1, below));
  const [, at = "", heap = ""] = await says(
    new RegExp(`value ${own + below} at ([\\d.]+) heap (\\d+)`),
  );
  times.push(Number(at) - began);
  heaps.push(Number(heap));
  said = said.slice(-1000);
}
const warm = times.slice(Math.min(10, SAVES / 2));
const shown = [0.5, 0.9, 1].map((share) => quantile(warm, share).toFixed(0));
process.stdout.write(
  `${MODULES} modules, ${THREADS} threads, ${warm.length} saves: median ${shown[0]} ms, p90 ${shown[1]} ms, most ${shown[2]} ms\n`,
);
const mib = (/** @type {number} */ bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
process.stdout.write(
  `heap after 10 %: ${mib(heaps[Math.floor(SAVES / 10)] ?? 0)}, at the end: ${mib(heaps.at(-1) ?? 0)}\n`,
);
child.kill("SIGTERM");
await new Promise((resolve) => child.on("close", resolve));
rmSync(folder, { recursive: true, force: true });
