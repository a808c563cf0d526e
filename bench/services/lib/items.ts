/** Rows of five fields, one of them an object, as the tables of a game have them. */

/** Makes rows by id, from 1. */
export function createItems(count: number, stamp: number): Record<number, object> {
  const items: Record<number, object> = {};
  for (let id = 1; id <= count; id += 1) {
    items[id] = { id, name: `item ${id}`, price: id * 10, stamp, attr: { atk: id, def: id * 2 } };
  }
  return items;
}
