/** The bank: its accounts can be reached from the other nodes, and nothing else of it. */

import { cluster, skynet, snax } from "snax";
import type * as Accounts from "./accounts.ts";

skynet.start(async () => {
  const accounts = await snax.newservice<typeof Accounts>("accounts");
  await cluster.register("accounts", accounts.handle);
});
