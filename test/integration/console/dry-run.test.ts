/** `hotfix ... --dry-run`, in the console and from the shell: acceptance cases 10 and 11, sources, probes. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Config, ServiceObject } from "snax";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { startSnax } from "../process.ts";

const SHOP = `import { skynet, snax } from "snax";
let sold = 5;
let spy: any;
const TAX = 0.2;
const price = (net: number): number => net * (1 + TAX);
export function init(handle: number) {
  spy = snax.bind(handle, "spy" as never);
}
export const response = {
  buy(what: string, count: number) {
    sold += count;
    spy.post.sold(what);
    return price(10 * count);
  },
  sold() {
    return sold;
  },
};
`;
const SPY = `let heard = 0;
export const accept = { sold() { heard += 1; } };
export const response = { heard() { return heard; } };
`;
const PATCH = `declare let sold: number;
const price = (net: number): number => net * 2;
export function hotfix() {
  sold = 99;
}
`;
const LOOP = "export function hotfix() {\n  for (;;);\n}\n";

interface Place extends Desk {
  readonly shop: ServiceObject;
  readonly spy: ServiceObject;
  readonly shell: (...words: readonly string[]) => Promise<{ code: number | null; stdout: string }>;
}

async function open(t: TestContext, config: Config = {}): Promise<Place> {
  const files = { "shop.ts": SHOP, "spy.ts": SPY, "p.ts": PATCH, "loop.ts": LOOP };
  const node = await desk(t, files, config);
  const spy = await node.make("spy");
  const shop = await node.make("shop", spy.handle);
  const shell: Place["shell"] = async (...words) => {
    const { ended } = startSnax([...words, "--console", `${node.port}`], node.folder);
    const { code, stdout, stderr } = await ended;
    equal(stderr, "");
    return { code, stdout: stdout.replaceAll(/\d+\.\d ms/g, "# ms") };
  };
  return { ...node, shop, spy, shell };
}

test("case 10: state, both answers, and nothing else anywhere has changed", async (t) => {
  const { shop, spy, shell, snax, folder } = await open(t);
  const files = readdirSync(folder).filter((name) => name !== "node.log");
  const address = `:${shop.handle.toString(16).padStart(8, "0")}`;
  const { code, stdout } = await shell(
    ...["hotfix", address, "p.ts", "--dry-run"],
    ...["--probe", 'buy "apple" 1', "--probe=sold"],
  );
  equal(code, 0, stdout);
  const spied = `:${spy.handle.toString(16).padStart(8, "0")}`;
  const lines = stdout
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("types\t"));
  deepEqual(lines, [
    `dry run of\t${address} shop`,
    "hotfix()\tundefined",
    "at once\tsold: 5 -> 99",
    "buy('apple', 1)\t12  ->  20",
    `\twould: post ${spied} spy.sold apple`,
    "sold()\t6  ->  100",
    "after the probes\tsold: 6 -> 100",
    "nothing has changed\tthe service stood still for # ms",
  ]);
  equal(await shop.req.sold(), 5);
  equal(await spy.req.heard(), 0);
  deepEqual(snax.patches(), []);
  deepEqual(
    readdirSync(folder).filter((name) => name !== "node.log"),
    files,
  );
  equal(existsSync(join(folder, ".snax")), false);
});

test("case 11: a hotfix() that loops is ended in time, and live calls are answered throughout", async (t) => {
  const { shop, shell } = await open(t, { hotfixtimeout: 1000 });
  let isOver = false;
  let count = 0;
  const calls = (async () => {
    for (; !isOver; count += 1) {
      equal(await shop.req.sold(), 5);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const { code, stdout } = await shell("hotfix", "shop", "loop.ts", "--dry-run");
  isOver = true;
  await calls;
  equal(code, 1);
  match(stdout, /dry run ended: hotfix\(\) did not return/);
  ok(count > 100, `${count}`);
});

test("the console takes a probe in quotes, and a patch from the edited file, notes included", async (t) => {
  const { ask, folder, shop } = await open(t);
  writeFileSync(
    join(folder, "shop.ts"),
    SHOP.replace("TAX = 0.2", "TAX = 0.5").replace("sold = 5", "sold = 7"),
  );
  const lines = await ask(`hotfix shop --from-source --dry-run --probe 'buy "pear", 2'`);
  const text = lines.join("\n");
  match(text, /note +line 2 +sold: state/);
  match(text, /^buy\('pear', 2\)\t24 {2}-> {2}30$/m);
  equal(lines.at(-1), "<CMD OK>");
  equal(await shop.req.buy("pear", 2), 24);
});

test("words that mean nothing are refused", async (t) => {
  const { ask, folder } = await open(t);
  const failure = async (line: string): Promise<string> => (await ask(line)).join(" ");
  const file = join(folder, "p.ts");
  match(
    await failure(`hotfix shop ${file} --probe sold`),
    /--probe asks the copies of a --dry-run/,
  );
  match(await failure(`hotfix shop ${file} --dry-run --probe '1'`), /is no probe/);
  match(
    await failure(`hotfix shop ${file} --dry-run --probe 'buy pear 2'`),
    /pear is no value; a text needs quotes/,
  );
  match(
    await failure("hotfix shop --from-source --dry-run --probe buy pear"),
    /pear does not go with --from-source: .*a probe is in '\.\.\.'/,
  );
  match(
    await failure(`hotfix lib.ts ${file} --dry-run`),
    /a dry run is of a service, or of a type/,
  );
  equal(readFileSync(file, "utf8"), PATCH);
});
