/** `console` and the timers of a service: the modules of one service have the same ones, two services do not. */

import { deepEqual, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";

const NAMES =
  "console setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate".split(
    " ",
  );

test("all modules of a service have the same console and timers", async (t) => {
  const { make } = await world(t, {
    other: `export const own: unknown[] = [${NAMES.join()}];`,
    late: `export const own: unknown[] = [${NAMES.join()}];`,
    main: `
      import * as timers from "node:timers";
      import { own } from "./other.ts";
      const mine = [${NAMES.join()}];
      export const response = {
        async run() {
          const late = await import("./late.ts");
          const names = ${JSON.stringify(NAMES)};
          return names.filter((name, index) =>
            mine[index] !== own[index] || mine[index] !== late.own[index] ||
            (name in timers && timers[name as "setTimeout"] !== mine[index]));
        },
      };`,
  });
  deepEqual(await (await make("main")).req["run"]?.(), []);
});

test("a replaced method of console is heard by the other modules of the service, and by no other service", async (t) => {
  const { make } = await world(t, {
    quiet: `export function warn(text: string) { console.warn(text); }`,
    main: `
      import { warn } from "./quiet.ts";
      const seen: unknown[] = [];
      export const response = {
        replace() { console.warn = (...values: unknown[]) => void seen.push(...values); },
        run(text: string) { warn(text); return seen; },
      };`,
  });
  const one = await make("main");
  const two = await make("main");
  notEqual(one.handle, two.handle);
  await one.req["replace"]?.();
  deepEqual(await one.req["run"]?.("first"), ["first"]);
  deepEqual(await two.req["run"]?.("second"), []);
});
