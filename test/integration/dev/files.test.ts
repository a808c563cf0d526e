/** `snax dev`: however a file comes to be another one, what it says is what runs. */

import { equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { addFiles, writeFiles } from "../../world.ts";
import { CONFIG, SAYING_MAIN as MAIN, project } from "./project.ts";

const gives = (value: number | string): string =>
  `export function value() { return ${JSON.stringify(value)}; }`;

/** A shop that says what its modules say. */
const shop = (...paths: readonly string[]): string => {
  const imports = paths.map((path, at) => `import { value as v${at} } from "${path}";`);
  const values = paths.map((_, at) => `v${at}()`);
  return `${imports.join("\n")}
    let asked = 0; export const response = { look() { asked += 1; return [${values.join(", ")}].join("/"); } };`;
};

/** A file system that tells of nothing, or has no watcher left after some. */
const silent = (watchers: number): string => `
  import { syncBuiltinESMExports } from "node:module";
  import { EventEmitter } from "node:events";
  import fs from "node:fs";
  let left = ${watchers};
  fs.watch = () => {
    if (left-- <= 0) throw Object.assign(new Error("none left"), { code: "ENOSPC" });
    return Object.assign(new EventEmitter(), { close() {} });
  };
  syncBuiltinESMExports();`;

const WAYS = {
  "with events": {},
  "with --poll": { args: ["--poll"] },
  "on a file system that tells nothing": { preload: silent(Infinity) },
  "on a system that has no watcher left": { preload: silent(2) },
};

for (const [way, { preload, ...options }] of Object.entries<{
  args?: string[];
  preload?: string;
}>(WAYS)) {
  test(`files that are renamed, gone, back, new, or behind links are seen ${way}`, async (t) => {
    const outer = writeFiles(t, {
      "common/a": gives("a1"),
      "common/deep/b": gives("b1"),
      one: gives("o1"),
    });
    writeFileSync(join(outer, "silent.mjs"), preload ?? "");
    const imported = `--import=${pathToFileURL(join(outer, "silent.mjs")).href}`;
    const { save, next, folder, said } = await project(
      t,
      {
        "services/main": MAIN,
        "services/shop": shop("./lib/own.ts", "./common/a.ts", "./common/deep/b.ts", "./one.ts"),
        "services/lib/own": gives("l1"),
      },
      {
        ...options,
        inside: "my game",
        env: preload === undefined ? {} : { NODE_OPTIONS: imported },
        prepare: (made) => {
          symlinkSync(join(outer, "common"), join(made, "services/common"), "dir");
          symlinkSync(join(outer, "one.ts"), join(made, "services/one.ts"));
          // Round and round.
          symlinkSync("..", join(made, "services/lib/up"), "dir");
          symlinkSync("ann@home.123", join(made, "services/.#shop.ts"));
          symlinkSync("itself.ts", join(made, "services/itself.ts"));
          symlinkSync("folder", join(made, "services/folder"), "dir");
        },
      },
    );
    const says = (...all: readonly string[]): Promise<string> =>
      next(`shop says ${all.join("/")}.`);
    await says("l1", "a1", "b1", "o1");
    // Another file by this name.
    const own = join(folder, "services/lib/own.ts");
    writeFileSync(`${own}.tmp`, gives("l2"));
    renameSync(`${own}.tmp`, own);
    await says("l2", "a1", "b1", "o1");
    // The old one is put aside first, as some editors do.
    renameSync(own, `${own}~`);
    writeFileSync(own, gives("l3"));
    await says("l3", "a1", "b1", "o1");
    // Gone, told, and back with another text.
    rmSync(own);
    match(await next("own.ts is gone"), /what runs of it runs on/);
    writeFileSync(own, gives("l4"));
    await says("l4", "a1", "b1", "o1");
    // The same for the whole folder.
    rmSync(join(folder, "services/lib"), { recursive: true });
    match(await next("own.ts is gone"), /what runs of it runs on/);
    mkdirSync(join(folder, "services/lib"));
    writeFileSync(own, gives("l5"));
    await says("l5", "a1", "b1", "o1");
    save("services/lib/own.ts", gives("l6"));
    await says("l6", "a1", "b1", "o1");
    // Behind links.
    writeFileSync(join(outer, "common/a.ts"), gives("a2"));
    await says("l6", "a2", "b1", "o1");
    save("services/common/deep/b.ts", gives("b2"));
    await says("l6", "a2", "b2", "o1");
    writeFileSync(join(outer, "one.ts.new"), gives("o2"));
    renameSync(join(outer, "one.ts.new"), join(outer, "one.ts"));
    await says("l6", "a2", "b2", "o2");
    // New files in a new folder behind a link, and a service that imports them.
    addFiles(join(outer, "common/new"), { c: gives("c1") });
    save("services/shop.ts", shop("./common/new/c.ts"));
    await says("c1");
    writeFileSync(join(outer, "common/new/c.ts"), gives("c2"));
    await says("c2");
    equal(said().includes("looks at the files again and again"), preload !== undefined);
    ok(!said().includes("not done"), said());
  });
}

test("a checkout of 300 files, some of them new, moved or gone, is what runs; and so is the way back", async (t) => {
  const names = Array.from({ length: 300 }, (_, at) => `m${at}`);
  /** On the other branch the last ten modules are in another folder, and ten more are there. */
  const pathsOf = (branch: string): string[] =>
    branch === "main"
      ? names.map((name) => `lib/${name}.ts`)
      : [
          ...names.slice(0, 290).map((name) => `lib/${name}.ts`),
          ...names.slice(290).map((name) => `moved/${name}.ts`),
          ...names.slice(0, 10).map((name) => `fresh/${name}.ts`),
        ];
  const filesOf = (branch: string): Record<string, string> => {
    const paths = pathsOf(branch);
    const imports = paths.map((path, at) => `import { value as v${at} } from "./${path}";`);
    const sum = paths.map((_, at) => `v${at}()`).join(" + ");
    return {
      "services/shop.ts": `${imports.join("\n")}
        let asked = 0;
        function sum() { return ${sum}; }
        export const response = { look() { asked += 1; return "${branch} " + sum(); } };`,
      ...Object.fromEntries(
        paths.map((path) => [`services/${path}`, gives(branch === "main" ? 1 : 2)]),
      ),
    };
  };
  const git = (folder: string, ...words: readonly string[]): void => {
    const who = ["-c", "user.name=ann", "-c", "user.email=ann@example.org"];
    execFileSync("git", [...who, ...words], { cwd: folder, stdio: "ignore" });
  };
  const { next, folder, said } = await project(
    t,
    { ...filesOf("main"), "services/main": MAIN },
    {
      inside: "my game",
      prepare: (made) => {
        git(made, "init", "--initial-branch=main");
        git(made, "add", ".");
        git(made, "commit", "--message=main");
        git(made, "checkout", "-b", "other");
        git(made, "rm", "-r", "--quiet", "services/lib");
        addFiles(made, filesOf("other"));
        git(made, "add", ".");
        git(made, "commit", "--message=other");
        git(made, "checkout", "main");
      },
    },
  );
  await next("shop says main 300.");
  git(folder, "checkout", "other");
  await next("shop says other 620.");
  git(folder, "checkout", "main");
  await next("shop says main 300.");
  ok(!said().includes("not done"), said());
  // How many depends on how fast the files were written.
  ok(said().split("patched").length < 20);
});

test("what is saved while an earlier save still goes in runs behind it, the last text of each file", async (t) => {
  const text = (base: string, answer: string): string => `
    import { existsSync } from "node:fs"; import { skynet } from "snax";
    class A { name() { return "a"; } } class B { name() { return "b"; } } class Cart extends ${base} {}
    const cart = new Cart(); let asked = 0;
    function answer() { return "${answer}"; }
    export const response = {
      async wait(path: string) { while (!existsSync(path)) await skynet.sleep(5); return answer(); },
      look() { asked += 1; return cart.name() + answer(); },
    };`;
  const { save, next, said } = await project(t, {
    "services/main": `
      import { skynet, snax } from "snax";
      skynet.start(async () => {
        const [shop, other] = [await snax.newservice<any>("shop"), await snax.newservice<any>("other")];
        void shop.req.wait("go").then((answer: string) => skynet.error("waited for " + answer + "."));
        let last = "";
        const look = async () => {
          const asked = [shop, other].map((each) => each.req.look());
          const isHeld = await Promise.race([Promise.all(asked), skynet.sleep(300)]) === undefined;
          if (isHeld) skynet.error("shop is held.");
          const line = "they say " + (await Promise.all(asked)).join("/") + ".";
          if (line !== last) skynet.error(line);
          last = line;
          setTimeout(look, 10);
        };
        void look();
      });`,
    "services/shop": text("A", "1"),
    "services/other": shop("./lib.ts"),
    "services/lib": gives(1),
    "snax.config.ts": CONFIG.replace("{ ", "{ draintimeout: 60_000, "),
  });
  await next("they say a1/1.");
  // A reload, which waits for the handler.
  save("services/shop.ts", text("B", "1"));
  save("services/lib.ts", gives(2));
  await next("shop is held.");
  for (const answer of ["2", "3"]) save("services/shop.ts", text("B", answer));
  save("services/lib.ts", `${gives(3)} nonsense (`);
  save("services/shop.ts", text("A", "4"));
  save("services/lib.ts", gives(4));
  save("go", "");
  // It ends with the code that it has begun with.
  await next("waited for 1.");
  await next("they say a4/4.");
  ok(!said().includes("nonsense"), said());
});

test("a save of what the configuration imports says restart; a JSON module is saved as any other", async (t) => {
  const { save, next, said } = await project(t, {
    "snax.config.ts": `import { base } from "./conf/base.ts"; export default { ...base, thread: 0 };`,
    "conf/base": `export const base = { services: "./services/?.ts", loglevel: "info" };`,
    "services/main": MAIN,
    "services/shop": `import prices from "./prices.json" with { type: "json" };
      export const response = { look() { return prices.apple; } };`,
    "services/prices.json": `{ "apple": 1 }`,
  });
  await next("shop says 1.");
  save("services/prices.json", `{ "apple": 2 }`);
  await next("shop says 2.");
  save("services/prices.json", `{ "apple": `);
  match(await next("prices.json"), /^services\/prices\.json:1:1\d: .*nothing changed/);
  save("services/prices.json", `{ "apple": 3 }`);
  await next("shop says 3.");
  save("conf/base.ts", `export const base = { services: "./services/?.ts" };`);
  equal(
    await next("conf/base.ts"),
    "conf/base.ts: the configuration has changed; restart snax dev to have it",
  );
  save("snax.config.ts", `export default { services: "./services/?.ts", thread: 0 };`);
  match(await next("snax.config.ts"), /^snax\.config\.ts: the configuration has changed; restart/);
  // It is read at the start.
  save("conf/base.ts", `export const base = { services: "./services/?.ts", x: 1 };`);
  match(await next("conf/base.ts"), /the configuration has changed; restart/);
  ok(!said().includes("no service runs it"), said());
});
