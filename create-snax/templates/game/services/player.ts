/** One player: gets what their browser sends, and sits in one room at a time. */

import { skynet, snax } from "snax";
import type { ServiceObject } from "snax";
import { readMessage } from "./lib/wire.ts";
import type * as Matchmaker from "./matchmaker.ts";
import type * as Room from "./room.ts";

let gate = 0;
let fd = 0;
let matchmaker: ServiceObject<typeof Matchmaker>;
let room: ServiceObject<typeof Room> | undefined;

export async function init(ownGate: number, ownFd: number): Promise<void> {
  gate = ownGate;
  fd = ownFd;
  matchmaker = await snax.queryservice<typeof Matchmaker>("matchmaker");
  await skynet.call(gate, "lua", "forward", fd); // From now on what the browser sends comes here.
}

export function exit(): void {
  matchmaker.post.leave(fd);
}

skynet.dispatch("client", async (_fd, _source, data: Uint8Array) => {
  const message = readMessage(data);
  if (message === undefined) skynet.send(gate, "lua", "kick", fd);
  else if ("move" in message) room?.post.move(fd, ...message.move);
  else room = await matchmaker.req.join(fd, message.join);
});
