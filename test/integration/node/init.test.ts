/** `snax init` and `snax types --watch`: what they write, what they leave alone, and what they say. */

import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeFiles } from "../../world.ts";
import { snax, startSnax } from "../process.ts";

const TEMPLATE = "create-snax/templates/empty";

const readAll = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );

for (const [kind, manifest] of [
  ["an ES module", '{ "name": "shop", "type": "module" }'],
  ["CommonJS", '{ "name": "shop" }'],
] as const) {
  test(`init makes a project that is ${kind} a node that starts`, async (t) => {
    const mine = { "package.json": manifest, "src/index.js": "// mine\n", "tsconfig.json": "{}" };
    const folder = writeFiles(t, mine);
    const { code, stdout, stderr } = await snax(["init"], folder);
    deepEqual([code, stderr], [0, ""]);
    const { "snax.config.ts": config, "services/main.ts": main, ...others } = readAll(folder);
    const { "services/counter.ts": counter, ...rest } = others;
    deepEqual(rest, mine);
    const texts = {
      "snax.config.ts": config,
      "services/main.ts": main,
      "services/counter.ts": counter,
    };
    for (const [path, text] of Object.entries(texts)) {
      equal(text, readFileSync(join(TEMPLATE, path), "utf8"), path);
      match(stdout, new RegExp(`^written\\s+${path}$`, "m"));
    }
    match(stdout, /^left\s+tsconfig\.json/m);
    const started = startSnax(["start", "--set", "console=0"], folder);
    await started.says("the counter says 15");
    started.child.kill("SIGTERM");
    equal((await started.ended).code, 0);
  });
}

test("init writes a tsconfig.json where there is none, and takes another folder for services", async (t) => {
  const folder = writeFiles(t, {
    "package.json": '{ "type": "module" }',
    "services/main.ts": "// mine\n",
  });
  const { code, stdout } = await snax(["init", "server/actors"], folder);
  equal(code, 0);
  const files = readAll(folder);
  equal(files["services/main.ts"], "// mine\n");
  match(files["snax.config.ts"] ?? "", /services: "\.\/server\/actors\/\?\.ts"/);
  equal(files["tsconfig.json"], readFileSync("create-snax/templates/shared/tsconfig.json", "utf8"));
  match(stdout, /^written\s+tsconfig\.json$/m);
  const started = startSnax(["start", "--set", "console=0"], folder);
  await started.says("the counter says 15");
  started.child.kill("SIGTERM");
  equal((await started.ended).code, 0);
});

test("what init can't do it refuses in one line, and changes nothing", async (t) => {
  const manifest = { "package.json": "{}" };
  const cases: [Record<string, string>, string[], RegExp][] = [
    [{}, [], /no package\.json.*npm create snax/],
    [{ ...manifest, "snax.config.mjs": "" }, [], /snax\.config\.mjs is there already/],
    [
      { ...manifest, "services/main.ts": "x" },
      [],
      /services\/main\.ts is there already.*snax init/,
    ],
    [{ ...manifest, "services/counter.ts": "x" }, [], /services\/counter\.ts is there already/],
    [{ ...manifest, "a.txt": "x" }, ["a.txt/b"], /a\.txt is there already, and no folder/],
    [manifest, ["../elsewhere"], /"\.\.\/elsewhere" is no folder of this project/],
    [manifest, ["/srv"], /"\/srv" is no folder of this project/],
    [manifest, ["."], /"\." is no folder/],
    [manifest, ["node_modules/x"], /"node_modules\/x" is no folder/],
    [manifest, ["a?b"], /"a\?b" is no folder/],
    [manifest, ["a;b"], /"a;b" is no folder/],
  ];
  for (const [files, args, message] of cases) {
    const folder = writeFiles(t, files);
    const { code, stdout, stderr } = await snax(["init", ...args], folder);
    deepEqual([code, stdout], [1, ""], String(message));
    match(stderr, message);
    equal(stderr.trimEnd().split("\n").length, 1);
    deepEqual(readAll(folder), files);
  }
});

test("types --watch writes when a service comes, changes its exports, or goes", async (t) => {
  const service = "export const response = { one: () => 1 };";
  const folder = writeFiles(t, {
    "snax.config.ts": "export default {};",
    "services/one.ts": service,
  });
  const { child, says, ended } = startSnax(["types", "--watch"], folder);
  t.after(() => child.kill("SIGKILL"));
  const names = (): string[] =>
    [...readFileSync(join(folder, "snax.d.ts"), "utf8").matchAll(/^ {4}(\w+): typeof/gm)].map(
      ([, name = ""]) => name,
    );
  await says("1 services, written");
  deepEqual(names(), ["one"]);
  mkdirSync(join(folder, "services/deep"));
  writeFileSync(join(folder, "services/two.ts"), service);
  await says("2 services, written");
  deepEqual(names(), ["one", "two"]);
  // No service, then one; and one that is being edited keeps its place.
  writeFileSync(join(folder, "services/three.ts"), "export const helper = 1;");
  writeFileSync(join(folder, "services/two.ts"), "export const response = {");
  writeFileSync(join(folder, "services/four.ts"), service);
  await says("3 services, written");
  deepEqual(names(), ["four", "one", "two"]);
  writeFileSync(join(folder, "services/three.ts"), service);
  await says("4 services, written");
  rmSync(join(folder, "services/one.ts"));
  writeFileSync(join(folder, "services/two.ts"), "export const helper = 2;");
  while (names().join() !== "four,three") await new Promise((done) => setImmediate(done));
  // What was taken away comes back.
  rmSync(join(folder, "snax.d.ts"));
  while (!existsSync(join(folder, "snax.d.ts"))) await new Promise((done) => setImmediate(done));
  child.kill("SIGTERM");
  const { code, stderr } = await ended;
  equal(code, 0);
  match(stderr, /two\.ts kept as it was: .*two\.ts:1:/);
});

test("types --watch says that the configuration has changed, and --watch belongs to types", async (t) => {
  const folder = writeFiles(t, { "snax.config.ts": "export default {};" });
  const { child, says, ended } = startSnax(["types", "--watch"], folder);
  t.after(() => child.kill("SIGKILL"));
  await says("0 services, written");
  writeFileSync(join(folder, "snax.config.ts"), `export default { services: "./other/?.ts" };`);
  await says("snax.config.ts has changed");
  child.kill("SIGINT");
  equal((await ended).code, 0);
  for (const args of [
    ["start", "--watch"],
    ["init", "--set", "a=1"],
    ["init", "a", "b"],
  ]) {
    equal((await snax(args, folder)).code, 2, args.join(" "));
  }
});
