/** `inflight`, in the console and from the shell: rows, JSON, exit codes, `--wait` and `--end`. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { InflightHandler } from "snax";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { startSnax } from "../process.ts";
import { codeOfFailure } from "../../world.ts";

const SHOP = `import { skynet } from "snax";
let begun = 0;
async function price() {
  await skynet.sleep(600_000);
}
export const response = {
  async buy() {
    begun += 1;
    await price();
  },
  begun() {
    return begun;
  },
};
`;

interface Place extends Desk {
  readonly sale: Promise<unknown>;
  readonly shell: (...words: readonly string[]) => Promise<{ code: number | null; stdout: string }>;
}

/** A shop with a sale that sleeps. */
async function open(t: TestContext): Promise<Place> {
  const node = await desk(t, { shop: SHOP });
  const shop = await node.make("shop");
  const sale = shop.req.buy() as Promise<unknown>;
  sale.catch(() => {});
  equal(await shop.req.begun(), 1);
  const shell: Place["shell"] = async (...words) => {
    const { ended } = startSnax([...words, "--console", `${node.port}`], node.folder);
    const { code, stdout, stderr } = await ended;
    equal(stderr, "");
    return { code, stdout };
  };
  return { ...node, sale, shell };
}

/** Changes line 4, as an operator does, and applies that. */
async function edit({ folder, shell }: Place): Promise<void> {
  writeFileSync(join(folder, "shop.ts"), SHOP.replace("600_000", "1"));
  const { code, stdout } = await shell("hotfix", "shop", "--from-source", "--yes");
  equal(code, 0, stdout);
}

test("the shell lists the services that run an old body, and its exit code says so", async (t) => {
  const place = await open(t);
  await edit(place);
  const { code, stdout } = await place.shell("inflight", "1");
  equal(code, 2);
  const lines = stdout.trimEnd().split("\n");
  match(
    lines[0] ?? "",
    /^:0000000\w sleep: 1\tshop, request shop\.buy from :0000000\d since \d+ ms$/,
  );
  deepEqual(
    lines.slice(1).map((line) => line.replace(`${place.folder}/`, "")),
    [
      "\told: the file's price at shop.ts:4",
      "\twaits for time",
      "old\t1",
      "can't be told\t0",
      "others\t0",
    ],
  );
});

test("--json gives the same as data", async (t) => {
  const place = await open(t);
  await edit(place);
  const { code, stdout } = await place.shell("inflight", "1", "--json");
  equal(code, 2);
  const { old, ...rows } = JSON.parse(stdout) as Record<string, InflightHandler>;
  const [handler] = Object.values(rows);
  deepEqual([old, handler?.body, handler?.line], [1, "price", 4]);
});

test("--end gives them up: the caller gets ERR_TIMEOUT, and then none is left", async (t) => {
  const place = await open(t);
  await edit(place);
  const { code, stdout } = await place.shell("inflight", "1", "--end");
  equal(code, 2);
  match(stdout, /^ended\t1$/m);
  equal(await codeOfFailure(place.sale), "ERR_TIMEOUT");
  const after = await place.shell("inflight", "1", "--wait", "60");
  deepEqual(after, { code: 0, stdout: "old\t0\ncan't be told\t0\nothers\t0\n" });
  match(
    (await place.log()).join("\n"),
    /Kill request shop\.buy, which ran a body from before patch 1/,
  );
});

test("words that mean nothing are refused", async (t) => {
  const place = await open(t);
  const failure = async (line: string): Promise<string> => (await place.ask(line))[0] ?? "";
  match(await failure("inflight"), /need the number of a patch/);
  match(await failure("inflight 7"), /the ledger has no patch 7/);
  match(await failure("inflight 1 --wait"), /what follows --wait is no number of seconds/);
  match(await failure("inflight 1 --ende"), /an option; did you mean "--end"\?/);
  match(await failure("inflight 1 --wait 2 --end"), /either --wait or --end/);
  match(await failure("inflight 1 now"), /now is neither the number of a patch nor an option/);
});
