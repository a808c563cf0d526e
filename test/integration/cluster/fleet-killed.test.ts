/** Patches of the fleet on nodes in processes of their own, over NATS: one of them is killed at the worst moment. */

import { equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { failureOf, world, writeFiles } from "../../world.ts";
import type { World } from "../../world.ts";
import type { Running } from "../process.ts";
import { PACKAGE, startNode } from "../process.ts";
import { TOKEN } from "./links.ts";
import { lackOfNats, natsServer } from "./nats-server.ts";

const SHOP = `
  import { skynet } from "snax";
  function price() { return 1; }
  export const response = { price: () => price(), node: () => skynet.getenv("node") };
`;

/** A node that patches the fleet when it is told to. */
const PROGRAM = `
  import { start } from ${JSON.stringify(PACKAGE)};
  const [name, engine, patch] = process.argv.slice(2);
  const cluster = { listen: 0, token: ${JSON.stringify(TOKEN)}, engine };
  const node = await start({ thread: 1, services: "./?.ts", node: name, cluster, ledger: "ledger.jsonl" });
  const shop = await node.snax.newservice("shop");
  console.log("is there at " + (await shop.req.price()));
  if (patch !== undefined) {
    for (;;) {
      const { members } = await node.skynet.call(".clusterd", "debug", "INFO");
      if (Object.keys(members).length > 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await node.snax.repair({ fleet: true }).hotfixall("shop", patch);
  }
`;

async function startProcess(t: TestContext, folder: string, args: string[]): Promise<Running> {
  const running = startNode(["node.mjs", ...args], folder);
  t.after(() => running.child.kill("SIGKILL"));
  await running.says("is there at ");
  return running;
}

/** A patch whose hotfix() says that it runs, and waits. */
const slow = (price: number, ms: number): string => `
  import { skynet } from "snax";
  function price() { return ${price}; }
  export async function hotfix() { skynet.error("the patch is in"); await skynet.sleep(${ms}); }
`;

async function saysInLog(node: World, text: string): Promise<void> {
  while (!(await node.log()).some((line) => line.includes(text))) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("the node that leads a patch is killed before the decision: no node has it, and the next one goes in", async (t) => {
  const lack = lackOfNats();
  if (lack !== undefined) return t.skip(lack);
  const { url } = await natsServer(t);
  const folder = writeFiles(t, { shop: SHOP, "node.mjs": PROGRAM });
  const b = await world(
    t,
    { shop: SHOP },
    { node: "b", cluster: { listen: 0, token: TOKEN, engine: url } },
  );
  const shop = await b.make("shop");
  const a = await startProcess(t, folder, ["a", url, slow(10, 1000)]);
  await saysInLog(b, "the patch is in");
  a.child.kill("SIGKILL");
  // No service hears of the new price: it is held until the record says that it is not in.
  equal(await shop.req.price(), 1);
  await saysInLog(b, "no node has decided it for 10000 ms");
  await b.snax.repair({ fleet: true }).hotfixall("shop", `function price() { return 100; }`);
  equal(await shop.req.price(), 100);
  const again = await startProcess(t, folder, ["a", url]);
  await again.says("is there at 100");
});

test("a node is killed while it is asked: no node has the patch, and it has the next one when it starts anew", async (t) => {
  const lack = lackOfNats();
  if (lack !== undefined) return t.skip(lack);
  const { url } = await natsServer(t);
  const folder = writeFiles(t, { shop: SHOP, "node.mjs": PROGRAM });
  const b = await world(
    t,
    { shop: SHOP },
    { node: "b", cluster: { listen: 0, token: TOKEN, engine: url } },
  );
  const shop = await b.make("shop");
  const a = await startProcess(t, folder, ["a", url]);
  for (;;) {
    const { members } = await b.skynet.call<any>(".clusterd", "debug", "INFO");
    if (Object.keys(members).length > 0) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  // It dies while it is asked: it has not voted, and no node has the patch.
  const asked = b.snax.repair({ fleet: true }).hotfixall("shop", slow(10, 2000));
  await saysInLog(b, "the patch is in");
  a.child.kill("SIGKILL");
  const error = await failureOf(asked);
  equal(error.code, "ERR_PATCH_TIMEOUT");
  match(error.message, /the patch is in no node: a /);
  equal(await shop.req.price(), 1);
  // Its lease has run out: it is no member, and gets the next one when it is there.
  const { nodes } = await b.snax
    .repair({ fleet: true })
    .hotfixall("shop", `function price() { return 100; }`);
  ok(!("a" in nodes));
  const again = await startProcess(t, folder, ["a", url]);
  await again.says("is there at 100");
});
