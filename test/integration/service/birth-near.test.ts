/** Services that are started on a thread that the asker names: the thread is asked itself, and the launcher is told. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { codeOfFailure, world } from "../../world.ts";
import type { World } from "../../world.ts";

/** Starts services from a worker thread, on its own and on another one, and tells what it saw. */
const ASKER = `
  import { skynet, snax } from "snax";
  const place = (far: boolean): "near" | number => (far ? 2 : "near");
  const failed = (error: any) => [error.code, error.message];
  export const response = {
    async start(far: boolean, name: string, ...args: unknown[]) {
      return await snax.at(place(far)).newservice<any>(name, ...args).then(({ handle }: any) => handle, failed);
    },
    async plain(far: boolean, name: string, ...args: unknown[]) {
      return await skynet.at(place(far)).newservice(name, ...args).catch(failed);
    },
    /** How many of a number of births are missing in the list that is asked for right after them. */
    async lacking(far: boolean, count: number) {
      let lacking = 0;
      for (let n = 0; n < count; n += 1) {
        const born = await snax.at(place(far)).newservice<any>("cell", n);
        const list = await skynet.call<Record<string, string>>(".launcher", "lua", "LIST");
        if (list[skynet.address(born.handle)] !== "snax cell " + n) lacking += 1;
      }
      return lacking;
    },
    async many(far: boolean, count: number) {
      const births = Array.from({ length: count }, () => snax.at(place(far)).newservice<any>("cell"));
      const handles = (await Promise.all(births)).map(({ handle }: any) => handle);
      const list = await skynet.call<Record<string, string>>(".launcher", "lua", "LIST");
      return handles.filter((handle) => list[skynet.address(handle)] === undefined).length;
    },
    async unsendable(far: boolean) {
      return await snax.at(place(far)).newservice<any>("cell", 1, { f() {} } as any).catch(failed);
    },
    async within(far: boolean) {
      return await snax.at(place(far)).within(5).newservice<any>("slow").catch(failed);
    },
    async list() { return await skynet.call(".launcher", "lua", "LIST"); },
  };`;

const FILES = {
  asker: ASKER,
  cell: `export const response = { where() { return process.env.X; } };`,
  slow: `
    import { skynet } from "snax";
    export async function init() { skynet.register(".slow"); await new Promise(() => {}); }`,
  broken: `export function init() { throw Object.assign(new TypeError("in init"), { code: "E_INIT" }); }`,
  plain: `import { skynet } from "snax"; skynet.start((...args: unknown[]) => { if (args[0] === "exit") skynet.exit(); });`,
  leaver: `import { skynet } from "snax"; skynet.start(async () => { await skynet.sleep(1); skynet.exit(); });`,
  ender: `export function init() { process.exit(1); }`,
};

async function open(t: TestContext, config = {}): Promise<World & { asker: any }> {
  const node = await world(t, FILES, { thread: 2, ...config });
  return { ...node, asker: await node.snax.at(1).newservice<any>("asker") };
}

test("the list that is asked for right after a birth has it, on the own thread and on another one", async (t) => {
  const { asker } = await open(t);
  for (const far of [false, true]) {
    equal(await asker.req.lacking(far, 50), 0);
    equal(await asker.req.many(far, 300), 0);
  }
});

test("what a beginning throws arrives as it is, and neither a service nor an entry remains", async (t) => {
  const { asker } = await open(t);
  const before = await asker.req.list();
  for (const far of [false, true]) {
    deepEqual(await asker.req.start(far, "broken"), ["E_INIT", "in init"]);
    equal((await asker.req.start(far, "nobody"))[0], "ERR_NO_SERVICE");
    for (const name of ["", "../x", 7]) {
      match((await asker.req.plain(far, name))[0], /^ERR_(NO_SERVICE|ARGUMENT)$/);
    }
    const [code, message] = await asker.req.unsendable(far);
    deepEqual([code, message.startsWith("argument 2")], ["ERR_NOT_SENDABLE", true]);
    deepEqual(await asker.req.list(), before);
  }
});

test("a service that ends itself while it begins has done its work; one that is killed has not", async (t) => {
  const { asker, skynet } = await open(t);
  const before = await asker.req.list();
  for (const far of [false, true]) {
    equal(typeof (await asker.req.plain(far, "plain", "exit")), "number");
    equal(typeof (await asker.req.plain(far, "leaver")), "number");
    const starting = asker.req.start(far, "slow");
    while (skynet.localname(".slow") === undefined) await skynet.sleep(1);
    skynet.kill(".slow");
    const [code, message] = await starting;
    deepEqual(
      [code, message.endsWith("was killed before it was ready")],
      ["ERR_SERVICE_DEAD", true],
    );
    deepEqual(await asker.req.list(), before);
  }
});

test("a beginning that takes too long is ERR_INIT_TIMEOUT, and a deadline holds", async (t) => {
  const { asker } = await open(t, { inittimeout: 10 });
  const before = await asker.req.list();
  for (const far of [false, true]) {
    equal((await asker.req.start(far, "slow"))[0], "ERR_INIT_TIMEOUT");
    match((await asker.req.within(far))[0], /^ERR_(TIMEOUT|INIT_TIMEOUT)$/);
  }
  while (Object.keys((await asker.req.list()) as object).length > Object.keys(before).length);
});

test("a thread that ends in a beginning answers the caller", async (t) => {
  const { asker } = await open(t);
  equal((await asker.req.start(true, "ender"))[0], "ERR_SERVICE_DEAD");
  // The thread is not back yet, and is waited for.
  equal(typeof (await asker.req.start(true, "cell")), "number");
  equal(await codeOfFailure(asker.req.start(false, "ender")), "ERR_SERVICE_DEAD");
});

test("services of a type have one text on all threads, whichever reads it first", async (t) => {
  const version = (n: number): string => `export const response = { version() { return ${n}; } };`;
  const { asker, snax, skynet, folder } = await open(t);
  const file = join(folder, "late.ts");
  const made: any[] = [];
  const seen = async (far: boolean): Promise<unknown> => {
    const handle = (await asker.req.start(far, "late")) as number;
    made.push(snax.bind<any>(handle, "late"));
    return await made.at(-1).req.version();
  };
  writeFileSync(file, version(1));
  equal(await seen(false), 1);
  writeFileSync(file, version(2));
  equal(await seen(true), 1);
  skynet.cache.clear();
  // Order: a thread that answers this has heard of the clearing, and the asker speaks to its thread directly.
  for (const p of made.splice(0)) equal(await p.req.version(), 1);
  deepEqual([await seen(true), await seen(false)], [2, 2]);
  ok(await asker.req.list());
});

test("a service that asks to be brought back is, also if its thread started it", async (t) => {
  const node = await world(
    t,
    {
      ...FILES,
      phoenix: `
        import { skynet } from "snax";
        export function init() { skynet.restart(); skynet.register(".phoenix"); }
        export const response = { exit() { process.exit(1); } };`,
    },
    { thread: 2 },
  );
  const asker = await node.snax.at(1).newservice<any>("asker");
  const first = (await asker.req.start(true, "phoenix")) as number;
  await codeOfFailure(node.snax.bind<any>(first, "phoenix").req.exit());
  while ([undefined, first].includes(node.skynet.localname(".phoenix"))) await node.skynet.sleep(1);
});
