/**
 * A table of 100 MB of JSON on four threads: what it takes in shared memory, what a touched row takes on its thread, and how
 * long another thread waits for its first row.
 */

import { closeSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharetable, snax, tables } from "snax";
import type * as Holder from "../services/table-holder.ts";
import { expectEqual } from "../services/lib/check.ts";
import { createItems } from "../services/lib/items.ts";
import { readFootprint } from "../services/lib/heap.ts";

const PIECE = 10_000;

/** Writes a number of rows as JSON, piece by piece. */
function writeJson(path: string, rows: number): void {
  const file = openSync(path, "w");
  writeSync(file, "{");
  for (let done = 0; done < rows; done += PIECE) {
    const items = createItems(Math.min(PIECE, rows - done), 1);
    const texts = Object.entries(items).map(([id, item]) => {
      const real = done + Number(id);
      return `"${real}":${JSON.stringify({ ...item, id: real, name: `item ${real}` })}`;
    });
    writeSync(file, (done > 0 ? "," : "") + texts.join(","));
  }
  writeSync(file, "}");
  closeSync(file);
}

export const response = {
  async round({ rows }: { rows: number }) {
    const file = join(tmpdir(), `snax-bench-${process.pid}.json`);
    writeJson(file, rows);
    const jsonBytes = statSync(file).size;
    const beginMs = performance.now();
    await sharetable.loadfile({ name: "items", file });
    const loadMs = performance.now() - beginMs;
    rmSync(file);
    const sizeBytes = sharetable.info("items")[0]?.sizeBytes ?? 0;
    const other = await snax.at(2).newservice<typeof Holder>("table-holder", []);
    const first = await other.req.first("items", rows);
    expectEqual(first.price, (rows % PIECE || PIECE) * 10, "price of the last row");
    expectEqual(tables["items"][1].price, 10, "price of the first row");
    const before = readFootprint();
    let sum = 0;
    for (let id = 1; id <= rows; id += 1) sum += tables["items"][id].stamp;
    const after = readFootprint();
    expectEqual(sum, rows, "rows that were touched");
    return {
      json: jsonBytes / 1e6,
      load: loadMs / 1000,
      ratio: sizeBytes / jsonBytes,
      row: (after.heapBytes - before.heapBytes) / rows,
      first: first.ms,
    };
  },
};
