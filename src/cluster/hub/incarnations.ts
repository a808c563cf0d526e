/**
 * Which process a handle of another node belongs to.
 *
 * A handle alone says nothing of that: after a restart of its node another service may have it. So what a query gives is a reference: a number
 * that holds the handle, and the number under which this process knows that incarnation of that node.
 *
 *     reference = epoch * 2^32 + handle        epoch 1, 2, 3, ...: never used again in this process
 *
 * An epoch is given to a node and an incarnation when a link to it is ready for the first time. A reference of another epoch than that of
 * the link is of a process that is gone, or of another node, and is refused here: nothing is sent. Means nothing to other nodes.
 */

import { randomBytes } from "node:crypto";
import { SnaxError } from "../../base/error.ts";
import { CLUSTER_EPOCHS_MAX } from "../../base/limits.ts";
import type { Runtime } from "../../service/runtime.ts";

const HANDLES = 2 ** 32;

/** The incarnations that one process has met, and its own. */
export class Incarnations {
  /** What tells this process from others of its name: 16 hex digits. */
  readonly own: string = randomBytes(8).toString("hex");
  readonly #epochsMax: number;
  readonly #newest = new Map<string, { readonly incarnation: string; readonly epoch: number }>();
  #last = 0;

  constructor(epochsMax: number = CLUSTER_EPOCHS_MAX) {
    this.#epochsMax = epochsMax;
  }

  /**
   * Returns the epoch of an incarnation of a node; of one that is not the newest a new one.
   *
   * @throws {ERR_EXHAUSTED} if too many have been met.
   */
  epochOf(node: string, incarnation: string): number {
    const newest = this.#newest.get(node);
    if (newest?.incarnation === incarnation) return newest.epoch;
    if (this.#last >= this.#epochsMax) {
      const text = `this process has met ${this.#last} incarnations of nodes, CLUSTER_EPOCHS_MAX`;
      throw new SnaxError("ERR_EXHAUSTED", text);
    }
    this.#last += 1;
    this.#newest.set(node, { incarnation, epoch: this.#last });
    return this.#last;
  }
}

/** Makes the reference of a handle. */
export function referenceTo(epoch: number, handle: number): number {
  return epoch * HANDLES + handle;
}

/** Takes a reference apart; of a bare handle the epoch is 0. */
export function readReference(reference: number): { epoch: number; handle: number } {
  return { epoch: Math.floor(reference / HANDLES), handle: reference % HANDLES };
}

const known = new WeakMap<Runtime, Incarnations>();

/** Returns what a node knows of incarnations; it outlives clusterd, as the node's services do. */
export function incarnationsOf(runtime: Runtime): Incarnations {
  let incarnations = known.get(runtime);
  if (incarnations === undefined) {
    incarnations = new Incarnations();
    known.set(runtime, incarnations);
  }
  return incarnations;
}
