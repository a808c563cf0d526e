/**
 * The first service: starts all others in skynet's order, then leaves.
 *
 *     protoloader  console  debug_console  simpledb  watchdog  gate   and an agent for each client
 *
 * Services that talk much live side by side: a call within a thread costs a tenth of one to another thread.
 */

import { skynet } from "snax";
import type { GateListened } from "snax";
import { collectPages } from "./lib/pages.ts";

skynet.start(async () => {
  skynet.error("Server start");
  await skynet.uniqueservice("protoloader");
  if (skynet.getenv<boolean>("daemon") !== true) await skynet.newservice("console");
  await skynet.newservice("debug_console", skynet.getenv("consoleport"));
  await skynet.at("near").newservice("simpledb");
  const watchdog = await skynet.at("near").newservice("watchdog");
  const { address, port, websocket } = await skynet.call<GateListened>(watchdog, "lua", "start", {
    port: skynet.getenv("gateport"),
    maxclient: skynet.getenv("maxclient"),
    nodelay: true,
    websocket: { port: skynet.getenv("webport"), pages: collectPages() },
  });
  skynet.error(`Watchdog listen on ${address}:${port}`);
  skynet.error(`Play in a browser: http://127.0.0.1:${websocket}/`);
  skynet.exit();
});
