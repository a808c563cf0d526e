/** What the nodes of fleet-world.ts promise each other. */

import type { FleetRecord } from "../../src/cluster/fleet/record.ts";

/** Sees all that is written and all that nodes do. */
export class Judge {
  error: string | undefined = undefined;
  /** By key: what was decided. */
  readonly decisions = new Map<string, string>();
  /** Types of patches whose record says commit, with their numbers. */
  readonly committed = new Map<string, number>();
  /** By key: when it was committed first. */
  readonly committedAt = new Map<string, number>();
  /** No node refuses a patch any more. */
  isQuiet = false;
  /** Who has a patch in, and holds what it is in: `incarnation key`. */
  readonly prepared = new Set<string>();
  /** Who has waited in vain for the engine, and goes on without the patch: `incarnation key`. */
  readonly released = new Set<string>();
  /** By node: until when it did not reach the engine, or stood still. */
  readonly cutUntil = new Map<string, number>();
  readonly dead = new Set<string>();
  readonly allowsMissing = new Set<string>();
  /** By key: the type of a patch that was committed. */
  readonly #typeOf = new Map<string, string>();

  isWaiting(type: string): boolean {
    return this.error === undefined && !this.committed.has(type);
  }

  fault(text: string): void {
    this.error ??= text;
  }

  /** A record was written. */
  see(now: number, id: number, { state, key, patch, nodes }: FleetRecord): void {
    if (state === "prepare" || state === "over") return;
    const before = this.decisions.get(key);
    if (before !== undefined && before !== state) {
      this.fault(`patch ${id} is decided twice: ${before}, then ${state}`);
    }
    this.decisions.set(key, state);
    if (state !== "commit" || patch === undefined || before === state) return;
    this.committed.set(patch.type, id);
    this.#typeOf.set(key, patch.type);
    this.committedAt.set(key, now);
    if (this.allowsMissing.has(patch.type)) return;
    for (const [node, incarnation] of Object.entries(nodes)) {
      const name = `${incarnation} ${key}`;
      const isIn = this.prepared.has(name) || this.dead.has(incarnation);
      if (!isIn && !this.released.has(name))
        this.fault(`patch ${id} is committed, and ${node} does not have it in`);
    }
  }

  /**
   * The engine has lost its memory. A decision that it took and that had reached no process and no disk, does not count: the next one
   * is the first.
   *
   * @param isKnown - says whether a node has heard it
   */
  forget(isKnown: (key: string, decision: string) => boolean): void {
    for (const [key, decision] of this.decisions) {
      if (isKnown(key, decision)) continue;
      this.decisions.delete(key);
      this.committedAt.delete(key);
      this.committed.delete(this.#typeOf.get(key) ?? "");
    }
  }
}
