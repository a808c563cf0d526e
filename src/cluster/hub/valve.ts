/**
 * When a connection of another node is read: not while many bytes of answers wait for it.
 *
 *     SOCKET_WARN_BYTES unsent   shut: no further request is read
 *     none unsent                open again
 *     CLUSTER_UNSENT_MAX unsent, or shut for CLUSTER_STALL_MS: the connection is cut
 */

import { CLUSTER_STALL_MS, CLUSTER_UNSENT_MAX } from "../../base/limits.ts";
import { netOf } from "../../net/net-table.ts";
import type { Hub } from "./hub.ts";

/** The valve of one connection. */
export class Valve {
  /** It is not read. */
  isShut = false;
  /** Resolves when it may be read; undefined if it may. */
  opens: Promise<void> | undefined = undefined;
  readonly #hub: Hub;
  readonly #socket: number;
  #goOn: () => void = () => {};

  constructor(hub: Hub, socket: number) {
    this.#hub = hub;
    this.#socket = socket;
    const link = netOf(hub.context.runtime).linkOf(socket);
    if (link !== undefined) link.writeLimitBytes = CLUSTER_UNSENT_MAX;
    hub.socket.warning(socket, (_id, unsent) => (unsent > 0 ? this.#shut() : this.#open()));
    // What waits to read finds out by reading.
    hub.socket.onclose(socket, () => this.#goOn());
  }

  #shut(): void {
    if (this.isShut) return;
    this.isShut = true;
    const cut = this.#hub.after(CLUSTER_STALL_MS, () => this.#hub.socket.shutdown(this.#socket));
    this.opens = new Promise((resolve) => {
      this.#goOn = () => {
        cut();
        resolve();
      };
    });
  }

  #open(): void {
    this.#goOn();
    this.isShut = false;
    this.opens = undefined;
  }
}
