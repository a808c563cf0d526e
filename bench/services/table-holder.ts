/** Holds rows of a table, as a service of a game does, and says what it sees of them. */

import { sharetable, tables } from "snax";

const held: { stamp: number; price: number }[] = [];

export function init(ids: number[]) {
  for (const id of ids) held.push(tables["items"][id]);
}

export const response = {
  /** The newest stamp that all its rows show. */
  async stamp() {
    await sharetable.update("items");
    return Math.min(...held.map((row) => row.stamp));
  },
  /** Milliseconds of the first query on this thread, with the first row. */
  async first(name: string, id: number) {
    const beginMs = performance.now();
    const root = await sharetable.query(name);
    const { price } = root[id] as { price: number };
    return { ms: performance.now() - beginMs, price };
  },
};
