/**
 * Large tables on their way to this thread: another thread sends them in pieces (threads/rows.ts).
 */

import type { Table } from "./command.ts";

/** A table that is being collected. */
export interface Collection {
  /** By this number the other thread names the table. */
  readonly id: number;
  /** What has come so far. */
  readonly table: Map<string, unknown>;
}

/** The tables that a thread collects. */
export class Collectors {
  readonly #tables = new Map<number, Map<string, unknown>>();
  #lastId = 0;

  /** Begins to collect a table. */
  open(): Collection {
    this.#lastId += 1;
    const table = new Map<string, unknown>();
    this.#tables.set(this.#lastId, table);
    return { id: this.#lastId, table };
  }

  /** Takes a piece. @returns false if the table is not collected any more */
  take(id: number, piece: Table): boolean {
    const table = this.#tables.get(id);
    for (const [key, row] of piece) table?.set(key, row);
    return table !== undefined;
  }

  close(id: number): void {
    this.#tables.delete(id);
  }
}
