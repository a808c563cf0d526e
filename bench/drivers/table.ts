/**
 * Shared tables: reading in three ways, loading, and the time until every service of two threads sees an update.
 *
 * The loops read random ids; sums are checked.
 */

import { sharetable, snax, tables } from "snax";
import type { ServiceObject } from "snax";
import type * as Holder from "../services/table-holder.ts";
import { expectEqual } from "../services/lib/check.ts";
import { createItems } from "../services/lib/items.ts";

type Item = { readonly price: number; readonly attr: { readonly atk: number } };

const RANDOM_COUNT = 65_536;
const HELD_EACH = 10;

let holderCount = 0;
let stamp = 1;
const holders: ServiceObject<typeof Holder>[] = [];

export async function init({ holders: count = 0, rows }: { holders?: number; rows: number }) {
  holderCount = count;
  await sharetable.loadtable("items", createItems(rows, stamp));
  for (let index = 0; index < count; index += 1) {
    const ids = Array.from({ length: HELD_EACH }, (_, held) => 1 + ((index * 7 + held) % rows));
    holders.push(await snax.at(1 + (index % 2)).newservice<typeof Holder>("table-holder", ids));
  }
}

function createIds(rows: number): Int32Array {
  return Int32Array.from({ length: RANDOM_COUNT }, () => 1 + Math.floor(Math.random() * rows));
}

/** Nanoseconds of a read. */
function time(count: number, ids: Int32Array, read: (id: number) => Item): number {
  const beginMs = performance.now();
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    const item = read(ids[index & (RANDOM_COUNT - 1)] as number);
    sum += item.price + item.attr.atk;
  }
  const elapsedMs = performance.now() - beginMs;
  let expected = 0;
  for (let index = 0; index < count; index += 1) {
    expected += (ids[index & (RANDOM_COUNT - 1)] as number) * 11;
  }
  expectEqual(sum, expected, "sum of what was read");
  return (elapsedMs * 1e6) / count;
}

async function load(rows: number): Promise<number> {
  stamp += 1;
  const items = createItems(rows, stamp);
  const beginMs = performance.now();
  await sharetable.loadtable("items", items);
  return performance.now() - beginMs;
}

async function reload(rows: number): Promise<number> {
  stamp += 1;
  const items = createItems(rows, stamp);
  const beginMs = performance.now();
  await sharetable.loadtable("items", items);
  const seen = await Promise.all(holders.map((holder) => holder.req.stamp()));
  const elapsedMs = performance.now() - beginMs;
  for (const each of seen) expectEqual(each, stamp, "stamp that a service sees");
  return elapsedMs;
}

export const response = {
  async round({ rows, count }: { rows: number; count: number }) {
    if (holderCount > 0) return { seen: await reload(rows) };
    const loadMs = await load(rows);
    const ids = createIds(rows);
    const kept = (await sharetable.query("items")) as Record<number, Item>;
    const few = Array.from({ length: RANDOM_COUNT }, (_, index) => 1 + (index % 8));
    const rowsHeld = Array.from({ length: 9 }, (_, id) => kept[id] as Item);
    // The plain root takes the place of the live one while it is read.
    time(rows * 3, ids, (id) => tables["items"][id]);
    return {
      load: loadMs,
      held: time(count, Int32Array.from(few), (id) => rowsHeld[id] as Item),
      fast: time(count, ids, (id) => tables["items"][id]),
      kept: time(count, ids, (id) => kept[id] as Item),
    };
  },
};
