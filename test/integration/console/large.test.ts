/** Answers about very many services: complete and in order, although they are given in slices. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { desk, fetchJson } from "./console-client.ts";

/** More than travel at once, for each of two threads. */
const COUNT = 9000;

const FILES = {
  idle: `export const response = { one: () => 1 };`,
  maker: `
    import { snax } from "snax";
    export const response = {
      async make(count: number) {
        for (let made = 0; made < count; made += 500) {
          await Promise.all(Array.from({ length: 500 }, () => snax.newservice<any>("idle")));
        }
      },
    };`,
};

for (const thread of [0, 2]) {
  test(`thread: ${thread}: list, stat and mem have a row for each of many services, in order, for all who ask at once`, async (t) => {
    const node = await desk(t, FILES, { thread });
    const maker = await node.make("maker");
    await maker.req.make(COUNT);
    const [list = [], ...others] = await Promise.all(
      ["list", "list", "stat", "mem", "list"].map((line) => node.ask(line)),
    );
    const keys = keysOf(list);
    equal(keys.filter((_, index) => list[index]?.endsWith("\tsnax idle") === true).length, COUNT);
    deepEqual(keys, keys.toSorted());
    for (const other of others) {
      deepEqual(
        keysOf(other).filter((key) => key.startsWith(":")),
        keys,
      );
    }
    const { body } = await fetchJson(node.port, "/list", {});
    deepEqual(Object.keys((JSON.parse(body) as { result: object }).result), keys);
    const top = await node.ask("top 0.1");
    ok(top.length <= 21, String(top.length));
  });
}

function keysOf(lines: readonly string[]): string[] {
  return lines.slice(0, -1).map((line) => line.split("\t")[0] ?? "");
}
