/**
 * Patches for all services of a type or for none, one after the other, half of them refused by some service, while
 * clients call, services are born and end, and threads end: no answer is of a refused version, and none of an older
 * version than any service had seen before the call was sent.
 */

import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";
import { codeOf } from "snax";
import type { Random } from "../../src/base/random.ts";
import { createRandom } from "../../src/base/random.ts";
import { drawSeeds } from "../sim/scale.ts";
import { world } from "../world.ts";

const CLIENTS = 10;
const CELLS = 40;
const PATCHES = 60;
/** The number of patches after which a thread ends, again and again. */
const BETWEEN_ENDS = 20;
/** Versions from here on are refused. */
const REFUSED = 1_000_000;

const FILES = {
  cell: `
    import { skynet } from "snax";
    let me = 0;
    let touched = 0;
    function version() { return 0; }
    export function init(number: number) { me = number; }
    export const response = {
      version() { return version(); },
      touched() { return touched; },
      async slow() { await skynet.sleep(me % 4); return version(); },
      async call() { await skynet.call(".logger", "lua", "FLUSH"); return version(); },
    };`,
  bomb: `export const response = { exit() { process.exit(1); } };`,
};

/** A patch of that version; cells whose number has this rest by 4 refuse it, -1 = none does. */
const patchOf = (version: number, isAsync: boolean, rest: number): string => `
  import { skynet } from "snax";
  declare let me: number;
  declare let touched: number;
  function version() { return ${version}; }
  export ${isAsync ? "async " : ""}function hotfix() {
    touched += ${rest < 0 ? 0 : 1};
    ${isAsync ? "await skynet.sleep(me % 3);" : ""}
    if (me % 4 === ${rest}) throw new Error("not me");
  }`;

async function play(t: Parameters<typeof world>[0], random: Random, thread: number) {
  const { snax, skynet, make } = await world(t, FILES, { thread });
  const faults: unknown[] = [];
  let cells: any[] = [];
  let born = 0;
  let newest = 0;
  let isOver = false;
  /** Asks for a version, and looks whether it may be that one; a service that has ended has none. */
  const look = async (ask: () => Promise<any>): Promise<void> => {
    const least = newest;
    try {
      const version = await ask();
      if (version < least || version >= REFUSED) faults.push([version, least]);
      else newest = Math.max(newest, version);
    } catch (error) {
      if (codeOf(error) !== "ERR_SERVICE_DEAD") faults.push(error);
    }
  };
  const bear = (): Promise<void> =>
    look(async () => {
      const cell = await make("cell", (born += 1));
      cells.push(cell);
      return await cell.req.version();
    });
  const fill = async (): Promise<void> => {
    while (cells.length < CELLS) await bear();
  };
  const client = async (): Promise<void> => {
    while (!isOver) {
      const cell = cells[random.below(cells.length)];
      const method = ["version", "slow", "call"][random.below(3)] as string;
      await look(() => cell.req[method]());
    }
  };
  const change = async (): Promise<void> => {
    while (!isOver) {
      await bear();
      if (cells.length > CELLS) skynet.kill(cells.shift().handle);
      await skynet.sleep(3);
    }
  };
  await fill();
  const running = [...Array.from({ length: CLIENTS }, client), change()];
  const { hotfixall } = snax.repair({ atomic: true });
  let kept = 0;
  for (let count = 1; count <= PATCHES; count += 1) {
    const isBad = random.below(2) === 0;
    const version = isBad ? REFUSED + count : count;
    const rest = isBad ? random.below(4) : -1;
    const ending =
      thread > 0 && count % BETWEEN_ENDS === 0
        ? snax
            .at(1 + random.below(thread))
            .newservice<any>("bomb")
            .then((bomb) => bomb.req.exit())
        : Promise.resolve();
    const ended = ending.catch(() => {});
    try {
      await hotfixall<any>("cell", patchOf(version, random.below(2) === 0, rest));
      if (isBad) faults.push(["kept", version]);
      newest = Math.max(newest, version);
      kept += 1;
    } catch (error) {
      const isOfEnd = thread > 0 && String(error).includes("has ended");
      if (codeOf(error) !== "ERR_PATCH_FAILED" || (!isBad && !isOfEnd)) faults.push(error);
    }
    await ended;
    const living = cells.map((cell) =>
      cell.req.touched().then(
        () => cell,
        () => undefined,
      ),
    );
    const alive = new Set((await Promise.all(living)).filter((cell) => cell !== undefined));
    cells = cells.filter((cell) => alive.has(cell));
    await fill();
  }
  isOver = true;
  await Promise.all(running);
  const touched = cells.map((cell) => cell.req.touched().catch(() => 0));
  return { faults, kept, touched: Math.max(...(await Promise.all(touched))) };
}

const { seeds } = drawSeeds("hotfix-atomic", { c: 1, r: 5, s: 100 });

for (const seed of seeds) {
  for (const thread of [0, 2]) {
    test(`${PATCHES} patches for all or none of seed ${seed} are seen in all or in none, thread: ${thread}`, async (t) => {
      const { faults, kept, touched } = await play(t, createRandom(seed), thread);
      console.log(`seed ${seed}: ${kept} kept`);
      deepEqual([faults, touched], [[], 0]);
      ok(kept > 0);
    });
  }
}
