/**
 * What happens to the clients of a gate, on its way into the gate's service: in order, many events
 * with one message.
 */

import type { GateClient } from "./gate-client.ts";
import type { SocketOwner } from "./socket-owner.ts";

/** Something that happened to a client. */
export interface GateEvent {
  /**
   * A mark comes behind messages, and says to the client that they were handled; an end behind its
   * last one.
   */
  readonly kind: "connect" | "message" | "mark" | "end" | "disconnect" | "error" | "warning";
  readonly client: GateClient;
  readonly data?: Buffer;
  readonly isText?: boolean;
  readonly text?: string;
  readonly code?: string;
  /** KiB that wait to be sent; of a mark the bytes before it. */
  readonly size?: number;
  readonly epoch?: number;
  /** Runs when an end is reached. */
  readonly run?: () => void;
}

/** Most events handled with one message; then others get their turn. */
const EVENTS_MAX = 64;

/** The events of one gate that wait for its service. */
export class GateMail {
  readonly #owner: SocketOwner;
  readonly #handle: (event: GateEvent) => unknown;
  #events: GateEvent[] = [];
  #at = 0;
  #isRung = false;

  /** @param handle - runs inside the service; what it throws is logged. */
  constructor(owner: SocketOwner, handle: (event: GateEvent) => unknown) {
    this.#owner = owner;
    this.#handle = handle;
  }

  push(event: GateEvent): void {
    this.#events.push(event);
    if (!this.#isRung) this.#ring();
  }

  /** Takes out the messages of one client that wait. */
  takeMessages(client: GateClient): GateEvent[] {
    const waiting = this.#events.slice(this.#at);
    const isTaken = (event: GateEvent): boolean =>
      event.client === client && event.kind === "message";
    this.#events = waiting.filter((event) => !isTaken(event));
    this.#at = 0;
    return waiting.filter(isTaken);
  }

  #ring(): void {
    this.#isRung = true;
    this.#owner.wake(() => this.#run());
  }

  #run(): void {
    this.#isRung = false;
    for (let left = EVENTS_MAX; left > 0; left -= 1) {
      const event = this.#events[this.#at];
      if (event === undefined) break;
      this.#at += 1;
      this.#owner.runProgram("gate", () => this.#handle(event));
      if (!this.#owner.context.service.isAlive) return;
    }
    if (this.#at >= this.#events.length) {
      this.#events = [];
      this.#at = 0;
    } else this.#ring();
  }
}
