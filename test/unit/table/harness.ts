/** Tables of one thread without a node: what is published is shown at the next `turn`. */

import { encodeTable } from "../../../src/table/encoder.ts";
import { TableHub } from "../../../src/table/table-hub.ts";
import { TableThread } from "../../../src/table/table-thread.ts";

/** A thread with its tables. */
export interface Harness {
  readonly thread: TableThread;
  /** Publishes and begins a turn. */
  readonly load: (tables: Readonly<Record<string, unknown>>) => void;
  /** The fast root of a table. */
  readonly shown: (name: string) => any;
  /** The live root of a table. */
  readonly view: (name: string) => any;
}

/** Makes a thread that shares its tables with no other. */
export function createTables(): Harness {
  const thread = new TableThread(new TableHub(1).join(() => {}));
  return {
    thread,
    load: (tables) => {
      const versions = Object.entries(tables).map(([name, data]) => ({
        name,
        memory: encodeTable(name, data),
        base: 0,
      }));
      thread.publish(versions, (error) => {
        if (error !== undefined) throw error;
      });
      thread.beginTurn();
    },
    shown: (name) => thread.get(name).shown,
    view: (name) => thread.get(name).view,
  };
}
