/** `drift`: which services run what, against the files on disk. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Config, DriftReport } from "snax";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { Flag, IS_OVER } from "../flag.ts";
import { startSnax } from "../process.ts";
import { failureOf } from "../../world.ts";

const SHOP = `import { rate } from "./lib/rate.ts";
import { tax } from "./lib/tax.ts";
${IS_OVER}
let sold = 0;
function price(n: number): number { return n * rate() + tax(); }
export const response = {
  buy(n: number): number { sold += 1; return price(n); },
  sold(): number { return sold; },
  hang(flag: SharedArrayBuffer): void { while (!isOver(flag)); },
};
`;
const FILES = {
  "shop.ts": SHOP,
  "bank.ts": `import { rate } from "./lib/rate.ts";
export const response = { rate };
`,
  "echo.ts": `import { skynet } from "snax";
const answer = (n: number): number => n;
skynet.start(() => skynet.dispatch("lua", (_session, _source, n: number) => answer(n)));
`,
  "lib/rate.ts": `"use shared";\nexport function rate(): number { return 2; }\n`,
  "lib/tax.ts": `export function tax(): number { return 0; }\n`,
};
const PATCH = `function price(n: number): number { return n * rate() + tax() + 1; }`;

interface Place extends Desk {
  /** What `drift` says, with `SHA` for hashes. */
  readonly drift: () => Promise<string[]>;
  readonly write: (name: keyof typeof FILES, from: string, to: string) => void;
}

async function open(t: TestContext, config: Config = {}): Promise<Place> {
  const node = await desk(t, FILES, { hotfixtimeout: 1000, ...config });
  const texts: Record<string, string> = { ...FILES };
  return {
    ...node,
    drift: async () => {
      const lines = await node.ask("drift");
      return lines.map((line) =>
        line.replaceAll(`${node.folder}/`, "").replace(/\b[0-9a-f]{12}\b/g, "SHA"),
      );
    },
    write: (name, from, to) => {
      const before = texts[name] ?? "";
      ok(before.includes(from), `${name} has no ${from}`);
      texts[name] = before.replace(from, () => to);
      writeFileSync(join(node.folder, name), texts[name]);
    },
  };
}

/** Runs the command of the shell. */
async function shell(
  { port, folder }: Desk,
  ...words: readonly string[]
): Promise<{ code: number | null; stdout: string }> {
  const { code, stdout, stderr } = await startSnax([...words, "--console", `${port}`], folder)
    .ended;
  equal(stderr, "");
  return { code, stdout };
}

test("nothing drifts where the files say what runs, however they are laid out", async (t) => {
  const place = await open(t);
  const { make, drift, write, snax } = place;
  equal((await snax.drift()).drifts, false);
  deepEqual(await drift(), ["in all\tno drift", "<CMD OK>"]);
  await make("shop");
  await make("shop");
  write("shop.ts", "let sold = 0;", "/** How many. */\nlet sold: number = 0;");
  deepEqual(await drift(), [
    "shop\tsame\trunning:2",
    "\tshop.ts runs SHA, on disk SHA",
    "shared lib/rate.ts\tsame\trunning:2\tthreads:" + (await threadsOf(place)),
    "\tlib/rate.ts runs SHA, on disk SHA",
    "in all\tno drift",
    "<CMD OK>",
  ]);
  equal((await shell(place, "drift")).code, 0);
});

async function threadsOf({ snax }: Place): Promise<string> {
  const { shared } = await snax.drift();
  return shared[0]?.threads.join(",") ?? "";
}

test("each history of a type has its row, with its patches and the names that differ", async (t) => {
  const place = await open(t);
  const { make, drift, write, snax } = place;
  const [one, other] = [await make("shop"), await make("shop")];
  await snax.hotfix(one, {
    "": PATCH,
    "lib/tax.ts": "export function tax(): number { return 1; }",
  });
  write("lib/tax.ts", "return 0", "return 1");
  const lines = await drift();
  deepEqual(lines.slice(0, 5), [
    `shop of ${place.skynet.address(one.handle)}\tdrifts\trunning:1`,
    "\tshop.ts runs SHA + patch 1 (SHA), on disk SHA; differs in price",
    "\tlib/tax.ts runs SHA + patch 1 (SHA), on disk SHA",
    `shop of ${place.skynet.address(other.handle)}\tdrifts\trunning:1`,
    "\tshop.ts runs SHA, on disk SHA",
  ]);
  equal(lines[5], "\tlib/tax.ts runs SHA, on disk SHA; differs in tax");
  equal(lines.at(-2), "in all\tdrift");
  equal((await shell(place, "drift")).code, 2);
  write("shop.ts", "tax(); }", "tax() + 1; }");
  await snax.hotfix(other, {
    "": PATCH,
    "lib/tax.ts": "export function tax(): number { return 1; }",
  });
  equal((await drift()).at(-2), "in all\tno drift");
});

test("a shared module is told once, for all who use it, and plain services are seen", async (t) => {
  const { make, drift, write, snax, skynet, folder } = await open(t, { thread: 2 });
  for (const at of [1, 2]) {
    await snax.at(at).newservice<any>("shop");
    await skynet.newservice("echo");
  }
  await make("bank");
  await snax.hotfixshared(
    join(folder, "lib/rate.ts"),
    "export function rate(): number { return 3; }",
  );
  const text = "export function rate(): number { return 4; }";
  await snax.hotfixshared(join(folder, "lib/rate.ts"), text);
  write("echo.ts", "=> n;", "=> n + 1;");
  const lines = await drift();
  match(lines.join("\n"), /^echo\tdrifts\trunning:2\n\techo\.ts .*; differs in answer$/m);
  const shared = lines.slice(-4);
  match(shared[0] ?? "", /^shared lib\/rate\.ts\tdrifts\trunning:3\tthreads:1,2$/);
  equal(shared[1], "\tlib/rate.ts runs SHA + patch 1 (SHA), 2 (SHA), on disk SHA; differs in rate");
});

test("a thread that does not answer is named with the service that keeps it", async (t) => {
  const place = await open(t, { thread: 2, stall: { warn: 0 } });
  const { snax, skynet, drift } = place;
  const hung = await snax.at(1).newservice<any>("shop");
  await snax.at(2).newservice<any>("shop");
  await snax.hotfixall<any>("shop", PATCH);
  const flag = new Flag();
  t.after(() => flag.raise());
  const hanging = hung.req.hang(flag.memory);
  const address = skynet.address(hung.handle);
  const lines = await drift();
  match(
    lines.join("\n"),
    new RegExp(
      `^thread 1\tthread 1 does not say what its services run: a handler of ${address} has not returned for 1000 ms`,
      "m",
    ),
  );
  equal(lines.at(-2), "in all\tdrift");
  match(lines[0] ?? "", /^shop\tdrifts\trunning:1$/);
  const { silent, drifts } = await snax.drift();
  deepEqual([drifts, silent.map(({ thread }) => thread)], [true, [1]]);
  // Nor does a rollback wait for it, and nothing changes.
  const error = await failureOf(snax.rollback(1));
  equal(error.code, "ERR_PATCH_TIMEOUT");
  deepEqual(error.data, { thread: 1, handle: hung.handle });
  flag.raise();
  await hanging;
  equal((await snax.drift()).silent.length, 0);
  equal((await snax.rollback(1)).applied.length, 2);
});

test("a file that is gone or not valid drifts, and hides no other", async (t) => {
  const { make, drift, write, folder } = await open(t);
  await make("shop");
  write("shop.ts", "let sold = 0;", "let = 0;");
  write("lib/rate.ts", "return 2", "return 5");
  rmSync(join(folder, "lib/tax.ts"));
  const text = (await drift()).join("\n");
  match(text, /^\tshop\.ts runs SHA, on disk SHA; differs in .*shop\.ts:\d+:\d+/m);
  match(text, /^\tlib\/tax\.ts runs SHA, on disk none; differs in can't read/m);
  match(text, /^\tlib\/rate\.ts .* differs in rate$/m);
});

test("drift as JSON is one line, from the shell and from a program", async (t) => {
  const place = await open(t);
  const { make, snax, folder } = place;
  const shop = await make("shop");
  await snax.hotfixall<any>("shop", PATCH);
  const { code, stdout } = await shell(place, "drift", "--json");
  equal(code, 2);
  const rows = JSON.parse(stdout) as Record<string, { modules: { differs: string[] }[] }>;
  deepEqual(rows["shop"]?.modules[0]?.differs, ["price"]);
  equal(rows["in all"], "drift");
  const report: DriftReport = await snax.drift();
  deepEqual(
    report.groups.map(({ type, handles }) => [type, handles]),
    [["shop", [shop.handle]]],
  );
  const [own] = report.groups[0]?.modules ?? [];
  deepEqual(
    [own?.file, own?.patches.map(({ id }) => id), own?.differs],
    [join(folder, "shop.ts"), [1], ["price"]],
  );
  const { stdout: ledger, code: listed } = await shell(place, "patches", "--json");
  equal(listed, 0);
  equal((JSON.parse(ledger) as Record<string, { target: string }>)["1"]?.target, "all shop");
  match((await place.ask("drift shop")).at(-1) ?? "", /<CMD Error>/);
});
