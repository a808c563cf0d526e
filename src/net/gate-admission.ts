/**
 * Which clients a gate lets in: a number of clients in all, and one from each address. One that may
 * not is told of in the log.
 */

import type { Context } from "../service/context.ts";
import { hostOf } from "./gate-client.ts";
import type { GateSettings } from "./gate-settings.ts";
import { TurnAway } from "./turn-away.ts";

/** The clients of one gate, by address. */
export class GateAdmission {
  readonly #turnedAway: TurnAway;
  readonly #byHost = new Map<string, number>();
  #count = 0;

  constructor(context: Context) {
    this.#turnedAway = new TurnAway(context);
  }

  /** Says whether another client may come in. */
  allows(peer: string, { maxclient, maxperaddress }: GateSettings): boolean {
    if (this.#count >= maxclient) {
      this.#turnedAway.note(peer, `maxclient is ${maxclient}`);
      return false;
    }
    if (maxperaddress === 0 || (this.#byHost.get(hostOf(peer)) ?? 0) < maxperaddress) return true;
    this.#turnedAway.note(peer, `maxperaddress is ${maxperaddress}`);
    return false;
  }

  enter(host: string): void {
    this.#count += 1;
    this.#byHost.set(host, (this.#byHost.get(host) ?? 0) + 1);
  }

  leave(host: string): void {
    this.#count -= 1;
    const others = (this.#byHost.get(host) ?? 1) - 1;
    if (others === 0) this.#byHost.delete(host);
    else this.#byHost.set(host, others);
  }
}
