/**
 * For how long the messages of a service wait while it is reloaded, beside a call that answers with all of its state, and so
 * copies it once.
 *
 * The two take turns. The state is a Map of instances, each with an object of its own, and a list of rows.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { skynet, snax } from "snax";
import type { ServiceObject } from "snax";
import { expectEqual } from "../services/lib/check.ts";

interface Arena {
  readonly response: {
    fill(objects: number): void;
    all(): unknown;
    ask(): readonly [version: number, players: number, rows: number];
  };
}

const FOLDER = String(skynet.getenv("benchfolder"));
/** A player, what it carries, and two rows for each. */
const OBJECTS_EACH = 4;

const textOf = (version: number): string => `
class Player { hp = 10; x = 0; y = 0; name: string; bag: object; constructor(n: number) { this.name = "p" + n; this.bag = { gold: n, on: true }; } }
const players = new Map<string, Player>();
const rows: object[] = [];
export const response = {
  fill(objects: number) {
    for (let n = 0; n < objects; n += ${OBJECTS_EACH}) {
      players.set("p" + n, new Player(n));
      for (const id of [n, n + 1]) rows.push({ id, name: "row" + id, price: id * 2, on: true });
    }
  },
  all() { return [players, rows]; },
  ask() { return [${version}, players.size, rows.length]; },
};
`;

let arena: ServiceObject<Arena>;
let version = 0;

export async function init({ objects }: { objects: number }) {
  write();
  arena = await snax.newservice<Arena>("arena");
  await arena.req.fill(objects);
}

function write() {
  version += 1;
  writeFileSync(join(FOLDER, "arena.ts"), textOf(version));
}

const medianOf = (values: readonly number[]): number =>
  values.toSorted((one, two) => one - two)[Math.floor(values.length / 2)] ?? 0;

export const response = {
  async round({ objects, count }: { objects: number; count: number }) {
    const copies: number[] = [];
    const helds: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const beginMs = performance.now();
      await arena.req.all();
      copies.push(performance.now() - beginMs);
      write();
      const { held } = await snax.reload(arena);
      helds.push(held);
      const [now, players, rows] = await arena.req.ask();
      expectEqual(now, version, "version that answers");
      expectEqual(players * 2 + rows, objects, "objects that were carried");
    }
    return { copy: medianOf(copies), held: medianOf(helds) };
  },
};
