/** Services whose files have decorators, on one thread and on several. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";
import { install } from "./project.ts";

const ROOM = `import { skynet } from "snax";
const log: string[] = [];
function Log(t: any, key?: any): any { log.push(String(key ?? t.name)); }

@Log
class Room {
  @Log
  hit(n: number): number {
    if (n < 0) throw new Error("negative " + n);
    return n;
  }
}
const room = new Room();
export const response = {
  log: () => log.join(),
  hit: (n: number) => room.hit(n),
};`;

for (const thread of [0, 2]) {
  test(`services with decorators start, answer and name their places, with thread: ${thread}`, async (t) => {
    const files = {
      room: ROOM,
      "tsconfig.json": `{ "compilerOptions": { "experimentalDecorators": true } }`,
    };
    const node = await world(t, files, { thread });
    install(node.folder, "swc");
    const rooms = await Promise.all([node.make("room"), node.make("room"), node.make("room")]);
    for (const room of rooms) {
      equal(await room.req["log"]?.(), "hit,Room");
      equal(await room.req["hit"]?.(3), 3);
    }
    const failed = (await rooms[0]?.req["hit"]?.(-1).catch((error: unknown) => error)) as Error;
    match(failed.stack ?? "", /^Error: negative -1\n {4}at Room\.hit \(.*room\.ts:9:22\)\n/);
    match(failed.stack ?? "", /room\.ts:16:28/);
  });

  test(`a service starts another one whose code has to be transformed, with thread: ${thread}`, async (t) => {
    const files = {
      main: `import { skynet } from "snax";
        skynet.start(async () => {
          const name = await skynet.call(await skynet.newservice("other"), "lua");
          skynet.dispatch("lua", () => skynet.retpack(name));
        });`,
      other: `import { skynet } from "snax"; const D = (c: any): any => {}; @D class A {}
        skynet.start(() => { skynet.dispatch("lua", () => skynet.retpack(A.name)); });`,
    };
    const node = await world(t, files, { thread });
    install(node.folder, "swc");
    const main = await node.skynet.newservice("main");
    deepEqual(await node.skynet.call(main, "lua"), [["A"]]);
  });

  test(`without a compiler the start fails with what to do, with thread: ${thread}`, async (t) => {
    const node = await world(t, { room: ROOM }, { thread });
    const error = (await node.make("room").catch((failure: unknown) => failure)) as Error;
    ok(
      error.message.includes("room.ts:5:1: decorators need a transformer: npm install"),
      error.message,
    );
  });
}
