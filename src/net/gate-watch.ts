/**
 * The deadlines of a gate's clients: a message that has begun must be complete in time, and a
 * client must say something now and then if the gate wants that.
 *
 * All clients are looked at a few times per deadline instead of having timers of their own: ten
 * thousand of them cost nothing while they play. A deadline is kept to within a quarter of itself.
 */

import { SnaxError } from "../base/error.ts";
import type { Timer } from "../kernel/timers.ts";
import type { GateClient } from "./gate-client.ts";
import type { GateSettings } from "./gate-settings.ts";
import type { SocketOwner } from "./socket-owner.ts";

/** Looks per deadline. */
const LOOKS = 4;

/** Milliseconds between two looks for agents that died on other threads. */
const DEATHS_MS = 1000;

/** A gate, as the looks see it. */
interface Watched {
  readonly clients: ReadonlyMap<number, GateClient>;
  lookForDeaths(): void;
}

/**
 * Looks after the clients of one gate, as long as its service lives.
 *
 * @returns what ends that.
 */
export function watchClients(
  owner: SocketOwner,
  gate: Watched,
  { idleMs, frameMs }: GateSettings,
): () => void {
  const { runtime, service } = owner.context;
  const timers: Timer[] = [];
  const every = (step: number, look: () => void): void => {
    timers.push(runtime.kernel.addTimer(service, step, look, step));
  };
  const lookAtAll = (ms: number, look: (client: GateClient) => void): void => {
    if (ms === 0) return;
    every(Math.max(1, Math.ceil(ms / LOOKS)), () => {
      for (const client of gate.clients.values()) look(client);
    });
  };
  lookAtAll(idleMs, (client) => lookForIdle(client, idleMs));
  lookAtAll(frameMs, (client) => lookForPartial(client, frameMs));
  if (runtime.threads !== undefined) every(DEATHS_MS, () => gate.lookForDeaths());
  return () => {
    for (const timer of timers) runtime.kernel.removeTimer(service, timer);
  };
}

function lookForIdle(client: GateClient, idleMs: number): void {
  if (client.isEnded) return;
  client.idleLooks = client.isActive ? 0 : client.idleLooks + 1;
  client.isActive = false;
  if (client.idleLooks < LOOKS) return;
  client.link.destroy(new SnaxError("ERR_TIMEOUT", `nothing came within ${idleMs} ms`));
}

function lookForPartial(client: GateClient, frameMs: number): void {
  if (client.isEnded) return;
  const isSame = client.isPartial && client.messages === client.partialSince;
  client.partialLooks = isSame ? client.partialLooks + 1 : 0;
  client.partialSince = client.messages;
  if (client.partialLooks < LOOKS) return;
  const why = `a message was not complete within ${frameMs} ms`;
  client.link.destroy(new SnaxError("ERR_TIMEOUT", why));
}
