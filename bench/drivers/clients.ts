/**
 * The example's gate under the example's own load, over TCP: the generator is a process of its own, the CPU time is that of
 * this one. The example's services run as they are, on the gate's thread.
 */

import { fileURLToPath } from "node:url";
import { skynet, sprotoloader } from "snax";
import type { GateListened } from "snax";
import { C2S_SLOT, S2C_SLOT } from "../../examples/simple/services/lib/slots.ts";
import { playAgainst } from "../client-load.mjs";

const PROTO = new URL("../../examples/simple/proto/", import.meta.url);

let port = 0;

export async function init() {
  await sprotoloader.register(fileURLToPath(new URL("c2s.sproto", PROTO)), C2S_SLOT);
  await sprotoloader.register(fileURLToPath(new URL("s2c.sproto", PROTO)), S2C_SLOT);
  await skynet.at("near").newservice("simpledb");
  const watchdog = await skynet.at("near").newservice("watchdog");
  const options = { address: "127.0.0.1", port: 0, maxclient: 1024, nodelay: true };
  ({ port } = await skynet.call<GateListened>(watchdog, "lua", "start", options));
}

export const response = {
  round: (size: Record<string, number>) => playAgainst(port, size),
};
