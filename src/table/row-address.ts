/**
 * Where a view is: the name of its table and the path from the root. So it travels to another
 * thread, where the same place shows the version of that thread.
 *
 * On one thread a view is given to the receiver as it is. What is pinned travels as a copy, on one
 * thread too: a pin is the business of one service.
 */

import { SnaxError } from "../base/error.ts";
import { placedViews } from "../base/portable.ts";
import type { PortableTable } from "../wire/codec-portable.ts";
import type { Step } from "./format.ts";
import { opsOf, PORT_KIND } from "./shape.ts";
import type { TableThread } from "./table-thread.ts";

/** Where a view is. */
export interface RowAddress {
  readonly table: string;
  readonly path: readonly Step[];
}

/** The addresses of views that are no rows. */
const addresses = placedViews as WeakMap<object, () => RowAddress>;

/** Remembers where a view is; rows know it themselves. */
export function noteAddress(view: object, address: () => RowAddress): void {
  addresses.set(view, address);
}

function addressOf(view: object): RowAddress {
  const ops = opsOf(view);
  const address = ops === undefined ? addresses.get(view)?.() : undefined;
  if (ops !== undefined) {
    const { table } = ops.memory(view);
    return { table: table.name, path: table.rows.pathOf(view) };
  }
  if (address === undefined) throw new SnaxError("ERR_BUG", "a view of a table has no address");
  return address;
}

/** Lets the views of a thread's tables travel to other threads. */
export function defineTableViews(portables: PortableTable, thread: TableThread): void {
  portables.defineNamed<readonly [table: string, ...path: Step[]]>({
    name: PORT_KIND,
    pack: (view) => {
      const { table, path } = addressOf(view);
      return [table, ...path];
    },
    owns: (view) => addresses.has(view),
    unpack: ([table, ...path]) => thread.resolve({ table, path }),
  });
}
