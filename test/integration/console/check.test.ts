/** `check`, and what `hotfix` does about types: in the console, and from the shell. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Config } from "snax";
import { CHECK_GROUPS_MAX } from "../../../src/base/limits.ts";
import { COMPILERS, install, shopFiles } from "../check/project.ts";
import { startSnax } from "../process.ts";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";

const WRONG =
  "declare let sold: number;\nfunction report(): void {\n  skynet.error(sold.toUpperCase());\n}\n";
const RIGHT =
  "declare const stock: Map<string, number>;\nexport const response = { left(item: string) { return stock.get(item) ?? 0; } };\n";
const BREAKS = "const price = (net: string): number => Number(net) + 1;\n";
const ERROR = "p.ts:3:21: Property 'toUpperCase' does not exist on type 'number'. (TS2339)";

interface Place extends Desk {
  readonly run: (line: string) => Promise<string[]>;
  /** Runs the command of the shell. */
  readonly shell: (
    ...words: readonly string[]
  ) => Promise<{ code: number | null; lines: string[] }>;
  readonly write: (name: string, text: string) => void;
}

async function open(t: TestContext, config: Config = {}, [typescript] = COMPILERS): Promise<Place> {
  const files = { ...shopFiles(""), "p.ts": WRONG, "right.ts": RIGHT, "breaks.ts": BREAKS };
  const node = await desk(t, files, config);
  install(node.folder, typescript);
  const client = await node.open();
  const shorten = (text: string): string => text.replaceAll(`${node.folder}/`, "");
  const run = async (line: string): Promise<string[]> =>
    (await client.run(line.replace(/(\S+\.ts)/g, `${node.folder}/$1`))).map(shorten);
  const shell = async (
    ...words: readonly string[]
  ): Promise<{ code: number | null; lines: string[] }> => {
    const { ended } = startSnax([...words, "--console", `${node.port}`], node.folder);
    const { code, stdout, stderr } = await ended;
    equal(stderr, "");
    return { code, lines: shorten(stdout).trimEnd().split("\n") };
  };
  const write = (name: string, text: string): void => writeFileSync(join(node.folder, name), text);
  return { ...node, run, shell, write };
}

test("check finds what is wrong in a patch and which files it breaks, and changes nothing", async (t) => {
  const { make, shell, run, write, snax } = await open(t);
  await make("shop");
  deepEqual(await shell("check", "shop", "p.ts"), { code: 1, lines: [ERROR, "1 type error"] });
  const { code, lines } = await shell("check", "shop", "right.ts");
  equal(code, 0);
  match(lines.join("\n"), /^no type errors: typescript \d+\.\d+\.\d+$/);
  deepEqual((await shell("check", "shop", "breaks.ts")).lines, [
    "breaks shop.ts:26:26 of the running code: Argument of type 'number' is not assignable to parameter of type 'string'. (TS2345)",
    "1 type error",
  ]);
  // The running text counts, whatever the file says by now.
  write("shop.ts", 'export const response = {};\nlet sold = "x";\n');
  write("p.ts", "export function hotfix(): string { return sold.toFixed(); }\n");
  equal((await shell("check", "shop", "p.ts")).code, 0);
  match((await run("check shop p.ts")).join("\n"), /^no type errors: .*\n<CMD OK>$/);
  deepEqual(snax.patches(), []);
});

test("a patch is checked against the patches before it", async (t) => {
  const { make, run, write } = await open(t);
  const shop = await make("shop");
  write(
    "first.ts",
    "let returned = 0;\nexport const accept = { giveBack(n: number) { returned += n; } };\n",
  );
  const later =
    "declare let returned: number;\nexport const response = { returned(): string { return returned; } };\n";
  write("later.ts", later);
  match((await run("check shop later.ts"))[0] ?? "", /later\.ts:2:55: Cannot find name 'returned'/);
  equal((await run("hotfix shop first.ts")).at(-1), "<CMD OK>");
  match(
    (await run("check shop later.ts"))[0] ?? "",
    /later\.ts:2:48: Type 'number' is not assignable to type 'string'/,
  );
  write("later.ts", later.replace("string", "number"));
  match((await run(`check :${shop.handle.toString(16)} later.ts`))[0] ?? "", /^no type errors/);
});

test("what a patch declares in the project's own folder counts for no other file", async (t) => {
  const { make, run, write } = await open(t);
  await make("shop");
  for (const name of ["slod", "sodl"]) {
    write("p.ts", `declare let ${name}: number;\nfunction report(): void {\n  ${name} += 1;\n}\n`);
    match(
      (await run("check shop p.ts")).join("\n"),
      new RegExp(`^\\S*p\\.ts:3:3: Cannot find name '${name}'`),
    );
  }
});

test("services that run different texts are checked each for itself", async (t) => {
  const { make, run, write } = await open(t);
  const [one] = [await make("shop"), await make("shop")];
  write(
    "first.ts",
    "let returned = 0;\nexport const accept = { giveBack(n: number) { returned += n; } };\n",
  );
  equal((await run(`hotfix :${one.handle.toString(16)} first.ts`)).at(-1), "<CMD OK>");
  write("later.ts", "export const response = { returned() { return returned; } };\n");
  const lines = await run("check shop later.ts");
  deepEqual([lines.length, lines.at(-2)], [3, "1 type error"]);
});

test("modules of a service, and the edited files, are checked like its own file", async (t) => {
  const { make, run, shell, write, folder } = await open(t);
  await make("shop");
  write("money.ts", "export function round(n: string): number { return n.length; }\n");
  match(
    (await run(`check shop lib/money.ts=${folder}/money.ts`)).join("\n"),
    /breaks .*shop\.ts:15:46 of the running code/,
  );
  deepEqual((await shell("check", "shop", "--from-source")).lines, ["nothing to do"]);
  const text = readFileSync(join(folder, "shop.ts"), "utf8");
  write("shop.ts", text.replace("round(net * (1 + TAX))", "round(net * (1 + TAX)).length"));
  const { code, lines } = await shell("check", "shop", "--from-source");
  equal(code, 1);
  match(lines[0] ?? "", /^\S*shop\.ts:15:\d+: Property 'length' does not exist on type 'number'/);
});

test("from the shell a type error stops a patch, and --force sends it all the same", async (t) => {
  const { make, shell, snax } = await open(t);
  const shop = await make("shop");
  const stopped = await shell("hotfix", "shop", "p.ts");
  equal(stopped.code, 1);
  deepEqual(stopped.lines.slice(0, 2), [
    "ERR_PATCH_TYPE: 1 type error, nothing was sent; --force sends it all the same",
    ERROR,
  ]);
  deepEqual(snax.patches(), []);
  const forced = await shell("hotfix", "shop", "p.ts", "--force");
  equal(forced.code, 0);
  match(forced.lines.join("\n"), /^types\t1 type error\n\tp\.ts:3:21: .*\nid\t1\napplied\t1/);
  const right = await shell("hotfix", "shop", "right.ts");
  equal(right.code, 0);
  ok(!right.lines.join().includes("types"), right.lines.join("\n"));
  equal(await shop.req.left("apple"), 3);
});

test("the console warns and applies, unless the configuration requires types that are right", async (t) => {
  const { make, run } = await open(t);
  await make("shop");
  const lines = await run("hotfix shop p.ts");
  deepEqual([lines[0], lines.at(-1)], ["types\t1 type error", "<CMD OK>"]);
  ok(lines.includes("applied\t1") && lines.some((line) => line.includes("p.ts:3:21: Property")));
  equal((await run("hotfix shop p.ts --check")).at(-1), "<CMD Error>");

  const strict = await open(t, { typecheck: "require" });
  await strict.make("shop");
  match((await strict.run("hotfix shop p.ts"))[0] ?? "", /^ERR_PATCH_TYPE: 1 type error/);
  match((await strict.run("hotfix shop right.ts")).join("\n"), /applied\t1/);
  match(
    (await strict.run("hotfix shop p.ts --force")).join("\n"),
    /^types\t1 type error[^]*applied\t1/,
  );

  const off = await open(t, { typecheck: "off" });
  await off.make("shop");
  ok(!(await off.run("hotfix shop p.ts")).join().includes("types"));
});

test("the edited files are carried over only with right types, where that is required", async (t) => {
  const { make, run, shell, write, folder } = await open(t, { typecheck: "require" });
  const shop = await make("shop");
  const text = readFileSync(join(folder, "shop.ts"), "utf8");
  write("shop.ts", text.replace("return order.text();", "return sold.text();"));
  match((await run("hotfix shop --from-source"))[0] ?? "", /^ERR_PATCH_TYPE: 1 type error/);
  equal((await shell("hotfix", "shop", "--from-source")).code, 1);
  equal(await shop.req.buy("apple", 10), "total 12");
  write("shop.ts", text.replace("return order.text();", "return `${sold}`;"));
  const { code, lines } = await shell("hotfix", "shop", "--from-source");
  match(lines.join("\n"), /breaks|applied\t1/);
  equal(code, 0, lines.join("\n"));
  equal(await shop.req.buy("apple", 10), "2");
});

test("without typescript check says so with exit code 3, and a patch is applied unless types are required", async (t) => {
  const place = await open(t, {}, []);
  await place.make("shop");
  deepEqual(await place.shell("check", "shop", "p.ts"), {
    code: 3,
    lines: ["not checked: typescript is not installed"],
  });
  const { code, lines } = await place.shell("hotfix", "shop", "right.ts");
  deepEqual([code, lines[0]], [0, "types\tnot checked: typescript is not installed"]);
  // A project without types that has not asked for them is not told each time.
  ok(!(await place.run("hotfix shop right.ts")).join().includes("types"));
  const strict = await open(t, { typecheck: "require" }, []);
  await strict.make("shop");
  match(
    (await strict.run("hotfix shop right.ts"))[0] ?? "",
    /^ERR_PATCH_TYPE: not checked: typescript is not installed; the configuration requires it/,
  );
});

test("the result of hotfix() is beside what was found of the types", async (t) => {
  const { make, run, write } = await open(t);
  const shop = await make("shop");
  write("p.ts", "export function hotfix(): string {\n  return sold;\n}\n");
  const lines = await run(`hotfix :${shop.handle.toString(16)} p.ts`);
  deepEqual([lines[0], ...lines.slice(-2)], ["types\t1 type error", "result\t0", "<CMD OK>"]);
});

test("a type without services is checked against its file; what is no type is refused", async (t) => {
  const { run } = await open(t);
  match((await run("check shop p.ts"))[0] ?? "", /p\.ts:3:21: Property 'toUpperCase'/);
  for (const word of ["../shop", "nobody", ":00ffff00"]) {
    equal((await run(`check ${word} p.ts`)).at(-1), "<CMD Error>", word);
  }
  equal((await run("check shop")).at(-1), "<CMD Error>");
  equal((await run("check shop p.ts 1 2")).at(-1), "<CMD Error>");
  match((await run("check shop other.ts"))[0] ?? "", /^ERR_ARGUMENT: Can't open/);
});

test("a wrong value of typecheck is refused at the start", async (t) => {
  await open(t, { typecheck: "maybe" as "off" }).then(
    () => ok(false),
    (error: Error) =>
      match(error.message, /typecheck is 'maybe'; expected "off", "warn" or "require"/),
  );
});

test("a limited number of kinds of services of a type is checked, and the answer says how many are left", async (t) => {
  const { make, run, write } = await open(t);
  for (let count = 1; count <= CHECK_GROUPS_MAX + 1; count += 1) {
    const shop = await make("shop");
    write(
      `kind${count}.ts`,
      `function kind${count}(): number { return ${count}; }\nexport function hotfix() { kind${count}(); }\n`,
    );
    equal((await run(`hotfix :${shop.handle.toString(16)} kind${count}.ts`)).at(-1), "<CMD OK>");
    const lines = await run("check shop right.ts");
    const isMore = count > CHECK_GROUPS_MAX;
    const gap = `not looked at: 1 of ${count} kinds of services that run other texts (CHECK_GROUPS_MAX)`;
    if (count >= CHECK_GROUPS_MAX) deepEqual(lines.slice(0, -2), isMore ? [gap] : []);
  }
});

test("a shared module's patch is checked against it and those that import it", async (t) => {
  const { make, run, write } = await open(t);
  write(
    "lib/money.ts",
    `"use shared";\nexport function round(n: number): number {\n  return Math.round(n);\n}\n`,
  );
  await make("shop");
  write("money.ts", "export function round(n: string): number { return n.length; }\n");
  match(
    (await run("check lib/money.ts money.ts")).join("\n"),
    /breaks .*shop\.ts:15:46 of the running code/,
  );
  write("money.ts", "export function round(n: number): number { return Math.floor(n); }\n");
  match((await run("hotfix lib/money.ts money.ts")).join("\n"), /^id\t1/);
});

test("--json gives what was found as data, and the exit code stays", async (t) => {
  const { make, shell } = await open(t);
  await make("shop");
  const wrong = await shell("check", "shop", "p.ts", "--json");
  equal(wrong.code, 1);
  const { count, errors, gaps, compiler } = JSON.parse(wrong.lines.join("\n")) as any;
  deepEqual([count, gaps], [1, []]);
  match(compiler, /^typescript \d/);
  const text = "Property 'toUpperCase' does not exist on type 'number'.";
  deepEqual(errors[0], { where: "patch", file: "p.ts", line: 3, column: 21, code: "TS2339", text });
  const right = await shell("check", "--json", "shop", "right.ts");
  deepEqual([right.code, (JSON.parse(right.lines[0] ?? "") as any).count], [0, 0]);
  deepEqual(await shell("check", "shop", "--from-source", "--json"), {
    code: 0,
    lines: ['"nothing to do"'],
  });
  const none = await open(t, {}, []);
  await none.make("shop");
  deepEqual(await none.shell("check", "shop", "p.ts", "--json"), {
    code: 3,
    lines: ['{"unchecked":"typescript is not installed"}'],
  });
});
