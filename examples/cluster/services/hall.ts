/** The hall: plays a little story over the other two nodes, and stops. */

import { cluster, codeOf, skynet } from "snax";
import type { ClusterAddress } from "snax";
import type * as Accounts from "./accounts.ts";

/** Watches a node. @returns what resolves when it is up, or down */
async function watch(node: string) {
  let state = "";
  const waiting: (() => void)[] = [];
  await cluster.monitor(node, (event) => {
    state = event.state;
    for (const wake of waiting.splice(0)) wake();
  });
  return async (wanted: "up" | "down") => {
    while (state !== wanted) await new Promise<void>((resolve) => waiting.push(resolve));
  };
}

/** A node that is up may still be registering its services. */
async function find(node: string, name: string): Promise<ClusterAddress> {
  for (;;) {
    try {
      return await cluster.query(node, name);
    } catch (error) {
      if (codeOf(error) !== "ERR_NO_SERVICE") throw error;
      await skynet.sleep(20);
    }
  }
}

async function play() {
  const [bank, scores] = await Promise.all([watch("bank"), watch("scores")]);
  await Promise.all([bank("up"), scores("up")]);
  await find("scores", "scores");
  const accounts = await cluster.snax<typeof Accounts>(
    "bank",
    "accounts",
    await find("bank", "accounts"),
  );

  console.log("ann has", await accounts.req.add("ann", 100));
  await accounts.req.add("ann", -500).catch((error) => {
    console.log(`refused: ${error.name}: ${error.message}`);
  });
  cluster.send("scores", "@scores", "add", "ann", 7);
  cluster.send("scores", "@scores", "add", "bob", 12);
  console.log("top of the scores:", await cluster.call("scores", "@scores", "top"));

  accounts.post.crash();
  await bank("down");
  console.log("the bank is down");
  await bank("up");
  console.log("the bank is up again");
  await accounts.req.add("ann", 1).catch((error) => {
    console.log(`the accounts of before: ${error.code}, sent: ${error.data.sent}`);
  });
  await find("bank", "accounts");
  const fresh = await cluster.snax<typeof Accounts>("bank", "accounts", "@accounts");
  console.log("the new accounts: ann has", await fresh.req.add("ann", 1));
}

skynet.start(() => {
  skynet.fork(async () => {
    await play();
    skynet.abort();
  });
});
