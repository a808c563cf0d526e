/** Folders that are listed once for a load give what the system gives for each path. */

import { equal, match } from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { createRandom } from "../../../src/base/random.ts";
import { Folders } from "../../../src/loader/resolve/folders.ts";
import { isFile } from "../../../src/loader/resolve/config-file.ts";
import { Modules } from "./harness.ts";

const NAMES = [
  "a.ts",
  "A.ts",
  "a.js",
  "b.ts",
  "ä.ts",
  "a\u0308.ts",
  "sub",
  "link.ts",
  "up",
  "ring.ts",
];

function makeFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "snax-folders-")));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const at of [folder, join(folder, "sub")]) {
    mkdirSync(at, { recursive: true });
    for (const name of ["a.ts", "B.ts", "ä.ts", "c.js"]) writeFileSync(join(at, name), "");
    symlinkSync(join(folder, "a.ts"), join(at, "link.ts"));
    symlinkSync(folder, join(at, "up"), "dir");
    symlinkSync(join(at, "ring.ts"), join(at, "ring.ts"));
    symlinkSync(join(at, "gone.ts"), join(at, "dangling.ts"));
  }
  return folder;
}

test("whatever is asked for, and however often, the answer is the system's", (t) => {
  const folder = makeFolder(t);
  const seed = Math.floor(Math.random() * 2 ** 32);
  t.diagnostic(`seed ${seed}`);
  const random = createRandom(seed);
  const pick = <T>(all: readonly T[]): T => all[random.below(all.length)] as T;
  const folders = new Folders();
  for (let count = 0; count < 500; count += 1) {
    const depth = random.below(4);
    const way = Array.from({ length: depth }, () => pick(["sub", "up", "a.ts", "none"]));
    const path = join(folder, ...way, pick([...NAMES, "B.ts", "dangling.ts", "c.js"]));
    equal(folders.fileAt(path), isFile(path) ? realpathSync(path) : undefined, path);
  }
});

test("what was written after a load is found by the next one", async (t) => {
  const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
  const imports = names.map((name) => `import { ${name} } from "./lib/${name}.js";`).join("\n");
  const files = names.map((name) => [`lib/${name}.ts`, `export const ${name} = 1;`]);
  const modules = new Modules(t, {
    "main.ts": `${imports}\nexport const sum = ${names.join(" + ")};\nexport const late = () => import("./lib/late");`,
    ...Object.fromEntries(files),
  });
  const { entry } = await modules.run();
  equal(entry.get("sum"), 12);
  modules.write({ "lib/late.ts": "export const late = 5;" });
  equal(
    ((await (entry.get("late") as () => Promise<{ late: number }>)()) as { late: number }).late,
    5,
  );
  rmSync(modules.path("lib/m3.ts"));
  modules.cache.clear();
  let message = "";
  await Promise.resolve()
    .then(() => modules.load())
    .catch((error: unknown) => (message = String(error)));
  match(message, /no module \.\/lib\/m3\.js: there is no such file/);
});
