/**
 * `node bench/code-bases/speed.mjs <folder> --tools <folder> [name ...] [--alive <n>]`: how fast the code of others runs in services, and
 * how long it takes to load, beside plain Node.
 *
 * The folder has the code bases by the names in works.mjs, with what their tests need; the tools are those of run.mjs. Plain Node gets
 * the same files as JavaScript that esbuild, which tsx brings, has made beforehand: one bundle for the speed, a file each for the load.
 *
 *     one, 100       time of a piece of work in a service over that in plain Node, with one service and with --alive of them. Both
 *                    take turns on one thread of one process; of each the least of many short samples counts
 *     over copies    the same with --alive services, over plain Node that has as many instances of all modules and goes from one to the
 *                    next: a processor has to fetch the code of each anew, in services or not
 *     first, second  processor time of the first service of a process over that of `import`, without and with a store of images;
 *                    the least of LOADS processes each, in turn
 *
 * BASE=<dist/index.js of another build> measures the speed of that one.
 */

import { fork } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { CODE_BASES } from "./list.mjs";
import { prepare } from "./prepare.mjs";
import { Prebuilt } from "./speed-build.mjs";
import { BUILDS, WORKS } from "./works.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const LOADS = 4;
const args = process.argv.slice(2);
const take = (name, value) => {
  const at = args.indexOf(name);
  return at < 0 ? value : args.splice(at, 2)[1];
};
const tools = resolve(take("--tools", "."));
const alive = Number(take("--alive", "100"));
const what = take("--what", "speed");
const root = resolve(args.shift() ?? ".");
const names =
  args.length > 0 ? args : Object.keys(WORKS).filter((name) => existsSync(join(root, name)));

for (const name of names) {
  const place = mkdtempSync(join(tmpdir(), "code-base-"));
  try {
    await measure(name, place);
  } catch (error) {
    process.stdout.write(`${name}: ${error?.message ?? error}\n`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function measure(name, place) {
  const folder = join(root, name);
  prepare(name, folder);
  const text = WORKS[name].replaceAll('"@/', `"${folder}/`);
  const loop = `
    export function round(count, batch) {
      const times = [];
      let result = 0;
      for (let index = 0; index < count; index += 1) {
        const start = performance.now();
        for (let turn = 0; turn < batch; turn += 1) result = work();
        times.push((performance.now() - start) / batch);
      }
      return { times, result };
    }`;
  const file = join(place, "work.ts");
  writeFileSync(file, `${text}\n${loop}`);
  writeFileSync(
    join(place, "service.ts"),
    `import { round } from "./work.ts"; export const response = { round };`,
  );
  cpSync(join(HERE, "speed-driver.mjs"), join(place, "driver.mjs"));
  // Images are kept in projects that have packages.
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  const prebuilt = new Prebuilt({ tools, folder, place }, BUILDS[name] ?? {});
  await prebuilt.makePackage();
  if (what === "load") return await compareLoad(name, place, await prebuilt.makeFiles());
  const speed = await run("speed-child.mjs", { place, alive });
  process.stdout.write(
    `${name.padEnd(18)} one ${ratio(speed.one)}   ${alive} alive ${ratio(speed.many)}   over copies ${ratio(speed.copies)}   plain ${speed.plain.toFixed(2)} ms\n`,
  );
  if (speed.differs) process.stdout.write(`  differs: ${speed.differs}\n`);
}

/** @param files those that the JavaScript was made of. */
async function compareLoad(name, place, files) {
  const ways = { plain: [], first: [], second: [] };
  for (let index = 0; index < LOADS; index += 1) {
    // A workspace's package may have a node_modules of its own, which keeps its images then.
    for (const project of [
      join(root, name),
      join(root, name, CODE_BASES[name]?.folder ?? ""),
      place,
    ])
      rmSync(join(project, "node_modules/.cache/snax"), { recursive: true, force: true });
    for (const [way, times] of Object.entries(ways))
      times.push(await run("load-child.mjs", { place, way }));
  }
  const least = (way, key) => Math.min(...ways[way].map((each) => each[key]));
  const row = (way) =>
    `${least(way, "cpu").toFixed(0)} ms (${(least(way, "cpu") / least("plain", "cpu")).toFixed(2)}x)`;
  const bytes = files.reduce((sum, each) => sum + statSync(each).size, 0);
  process.stdout.write(
    `${name.padEnd(18)} ${files.length} files, ${(bytes / 1024).toFixed(0)} KB   plain ${least("plain", "cpu").toFixed(0)} ms   first ${row("first")}   second ${row("second")}\n`,
  );
}

function ratio(value) {
  return value === undefined ? "-" : `${value.toFixed(2)}x`;
}

function run(file, work) {
  return new Promise((settle, reject) => {
    const child = fork(join(HERE, file), [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.send(work);
    child.once("message", settle);
    child.once("exit", (code) => reject(new Error(`the process ended with ${code}`)));
  });
}
