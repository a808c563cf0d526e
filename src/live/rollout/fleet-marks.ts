/** Which patches of the whole fleet are in on this node, by what the ledger on disk and this process know. */

import type { FleetMark } from "../../ledger/entry.ts";

/** The patches of the fleet on one node. */
export class FleetMarks {
  /** By the number of this node. */
  readonly #marks = new Map<number, FleetMark>();
  readonly #retired = new Set<number>();
  readonly #passed = new Map<string, FleetMark>();

  /** A patch of the fleet is in. @param id - its number on this node */
  add(mark: FleetMark, id: number): void {
    this.#marks.set(id, mark);
  }

  /** A patch, of the fleet or not, leaves nothing any more. @param id - its number on this node */
  retire(id: number): void {
    if (this.#marks.has(id)) this.#retired.add(id);
  }

  /** A patch of the fleet is not needed here: the files give all of it. */
  pass(mark: FleetMark): void {
    this.#passed.set(mark.key, mark);
  }

  /** Says whether a patch of the fleet is in, or was and is not needed any more. */
  has({ id, key }: FleetMark): boolean {
    const isIt = (mark: FleetMark): boolean => mark.id === id && mark.key === key;
    return [...this.#marks.values(), ...this.#passed.values()].some(isIt);
  }

  /** The number on this node of a patch of the fleet; undefined if it is not in. */
  localOf(id: number): number | undefined {
    return [...this.#marks].findLast(([, mark]) => mark.id === id)?.[0];
  }

  /** The keys of those of which nothing is left here: their files, or later patches, give all of it. */
  get retired(): string[] {
    const own = [...this.#retired].flatMap((id) => this.#marks.get(id)?.key ?? []);
    return [...own, ...this.#passed.keys()];
  }
}
