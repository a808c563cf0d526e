/** Opens the port, and gives each browser a player of its own. */

import { readFileSync } from "node:fs";
import { skynet, snax } from "snax";
import type { GateListened, ServiceObject } from "snax";
import type * as Player from "./player.ts";

const BROWSERS_MAX = 1000;

let gate = 0;
/**
 * By number of the browser's connection. Promises, since a browser may go while its player still
 * begins.
 */
const players = new Map<number, Promise<ServiceObject<typeof Player>>>();

export const response = {
  /** Opens the port; answers with its number. */
  async open(port: number): Promise<number> {
    gate = await skynet.newservice("gate");
    const page = readFileSync(new URL("../web/index.html", import.meta.url), "utf8");
    const listened = await skynet.call<GateListened>(gate, "lua", "open", {
      maxclient: BROWSERS_MAX,
      websocket: { port, pages: { "/": page } },
    });
    return listened.websocket;
  },
};

/** What the gate sends: what has happened, and the number of the connection. */
type GateMessage = ["socket", event: string, fd: number];

skynet.dispatch("lua", (_session, _source, ...[, event, fd]: GateMessage) => onGate(event, fd));

/** What the gate tells. */
function onGate(event: string, fd: number): Promise<void> | undefined {
  if (event === "open") return welcome(fd);
  if (event === "close") return sayGoodbye(fd);
  return undefined; // "error" comes before "close", "warning" where a browser reads too slowly.
}

async function welcome(fd: number): Promise<void> {
  const player = snax.newservice<typeof Player>("player", gate, fd);
  players.set(fd, player);
  try {
    await player;
  } catch (error) {
    skynet.error(`browser ${fd} has no player:`, error); // Most likely it has gone already.
    skynet.send(gate, "lua", "kick", fd);
  }
}

async function sayGoodbye(fd: number): Promise<void> {
  const player = players.get(fd);
  players.delete(fd);
  try {
    if (player !== undefined) await snax.exit(await player);
  } catch {
    // It could not begin, or its thread has died: there is nothing to end.
  }
}
