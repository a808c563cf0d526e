/** `logpoint` from the console: values are logged as lines run, and nothing stops. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { LOGPOINT_HITS_MAX, LOGPOINTS_MAX } from "../../../src/base/limits.ts";
import { LINES_PER_SECOND_MAX } from "../../../src/base/log-line.ts";
import { desk } from "./console-client.ts";
import { ONE_THREAD, codeOfFailure } from "../../world.ts";

const FILES = {
  counter: `import { skynet } from "snax";
import { twice } from "./lib/twice.ts";

let count = 0;

export const response = {
  add(n: number) {
    count += twice(n);
    return count;
  },
  async later(n: number) {
    await skynet.sleep(1);
    const here = n;
    return here;
  },
  stop() {
    debugger;
    return "went on";
  },
  loop(times: number) {
    for (let index = 0; index < times; index += 1) {
      count += index;
    }
  },
};
`,
  "lib/twice.ts": `export enum Kind {
  plain,
  odd,
}

export function twice(n: number): number {
  const kind = n % 2 === 1 ? Kind.odd : Kind.plain;
  return n * 2 + kind * 0;
}
`,
};

const OK = "<CMD OK>";
const ERROR = "<CMD Error>";

/** The lines of logpoints in a log. */
function hitsIn(log: readonly string[]): string[] {
  return log.filter((line) => line.startsWith("logpoint "));
}

const PATCH = `declare let count: number;

export const response = {
  add(n: number): number {
    count += 10 * n;
    return count;
  },
  more() {
    return 1;
  },
};`;

test("a service that was born with patches has the lines of the file, and those of the patch", async (t) => {
  const { ask, make, log, snax } = await desk(t, FILES);
  const { id } = await snax.hotfixall("counter", PATCH);
  const hash = snax.patches().find((each) => each.id === id)?.hash ?? "";
  const counter = await make("counter");
  const place = `snax-patch:${hash}/counter.ts`;
  equal(
    (await ask(`logpoint 9 counter.ts:14 "here"`))[0],
    "1\t:00000009 counter.ts:14\there\thits:0",
  );
  equal(
    (await ask(`logpoint 9 ${place}:6 "count"`))[0],
    "2\t:00000009 counter.ts:6\tcount\thits:0",
  );
  equal(await counter.req.add(2), 20);
  equal(await counter.req.later(7), 7);
  deepEqual(hitsIn(await log()), [
    "logpoint 2 counter.ts:6 count : 20",
    "logpoint 1 counter.ts:14 here : 7",
  ]);
  // What the patch has replaced is not there: the next line of the file that is there is meant.
  match((await ask(`logpoint 9 counter.ts:8 "1"`))[0] ?? "", /counter\.ts:1[0-9]\t/);
  match((await ask(`logpoint 9 counter.ts:99 "1"`))[0] ?? "", /counter\.ts has 26 lines/);
  match((await ask(`logpoint 9 ${place}:99 "1"`))[0] ?? "", /counter\.ts has 11 lines/);
});

test("a value is logged under the service's address whenever the line runs", async (t) => {
  const { ask, make, log } = await desk(t, FILES);
  const counter = await make("counter");
  deepEqual(await ask(`logpoint 9 counter.ts:9 "count + n"`), [
    "1\t:00000009 counter.ts:9\tcount + n\thits:0",
    OK,
  ]);
  equal(await counter.req.add(1), 2);
  equal(await counter.req.add(2), 6);
  deepEqual(hitsIn(await log()), [
    "logpoint 1 counter.ts:9 count + n : 3",
    "logpoint 1 counter.ts:9 count + n : 8",
  ]);
  deepEqual(await ask("logpoint"), ["1\t:00000009 counter.ts:9\tcount + n\thits:2\tlast:8", OK]);
});

test("a logpoint concerns the one service, also behind an await", async (t) => {
  const { ask, make, log } = await desk(t, FILES);
  const [first, second] = [await make("counter"), await make("counter")];
  await ask("logpoint 9 counter.ts:14 here");
  deepEqual(await Promise.all([first.req.later(1), second.req.later(2)]), [1, 2]);
  deepEqual(hitsIn(await log()), ["logpoint 1 counter.ts:14 here : 1"]);
});

test("lines are counted as in the file, also where the text was printed anew", async (t) => {
  const { ask, make, log } = await desk(t, FILES);
  const counter = await make("counter");
  deepEqual(await ask(`logpoint 9 twice.ts:8 [n, kind]`), [
    "1\t:00000009 twice.ts:8\t[n, kind]\thits:0",
    OK,
  ]);
  await counter.req.add(3);
  deepEqual(hitsIn(await log()), ["logpoint 1 twice.ts:8 [n, kind] : [ 3, 1 ]"]);
});

test("a line without code means the next one that has some", async (t) => {
  const { ask, make } = await desk(t, FILES);
  await make("counter");
  match((await ask("logpoint 9 counter.ts:3 count"))[0] ?? "", /^1\t:00000009 counter\.ts:4\t/);
});

test("an expression that throws is told of, and harms no service", async (t) => {
  const { ask, make, log } = await desk(t, FILES);
  const counter = await make("counter");
  await ask("logpoint 9 counter.ts:9 nothing.here");
  equal(await counter.req.add(1), 2);
  deepEqual(hitsIn(await log()), [
    "logpoint 1 counter.ts:9 nothing.here : threw nothing is not defined",
  ]);
});

test("a line may have several logpoints, and each is ended by its number", async (t) => {
  const { ask, make, log } = await desk(t, FILES, ONE_THREAD);
  const counter = await make("counter");
  for (const name of ["count", "n", "this"]) await ask(`logpoint 9 counter.ts:9 ${name}`);
  deepEqual(await ask("logpoint off 3"), [OK]);
  await counter.req.add(1);
  deepEqual(await ask("logpoint off 1"), [OK]);
  await counter.req.add(1);
  deepEqual(await ask("logpoint off all"), [OK]);
  await counter.req.add(1);
  deepEqual(hitsIn(await log()), [
    "logpoint 1 counter.ts:9 count : 2",
    "logpoint 2 counter.ts:9 n : 1",
    "logpoint 2 counter.ts:9 n : 1",
  ]);
  deepEqual(await ask("logpoint"), [OK]);
  equal((await ask("logpoint off 1")).at(-1), ERROR);
});

test("nothing of it remains when the last one goes, by its number or with its service", async (t) => {
  const { ask, make } = await desk(t, FILES, ONE_THREAD);
  const names = (): string[] => Object.getOwnPropertyNames(globalThis);
  const before = names();
  await make("counter");
  await ask("logpoint 9 counter.ts:9 count");
  equal(names().length, before.length + 1);
  await ask("kill 9");
  deepEqual(names(), before);
  deepEqual(await ask("logpoint"), [OK]);
});

test("a debugger statement stops nothing while there are logpoints", async (t) => {
  const { ask, make, log } = await desk(t, FILES);
  const counter = await make("counter");
  await ask(`logpoint 9 counter.ts:18 "'at it'"`);
  equal(await counter.req.stop(), "went on");
  deepEqual(hitsIn(await log()), ["logpoint 1 counter.ts:18 'at it' : at it"]);
});

test("a line that runs very often fills neither the log nor the thread's time, and is seen again later", async (t) => {
  const { ask, make, log } = await desk(t, FILES);
  const counter = await make("counter");
  await ask("logpoint 9 counter.ts:22 index");
  const began = performance.now();
  await counter.req.loop(1_000_000);
  ok(performance.now() - began < 5000);
  match((await ask("logpoint"))[0] ?? "", new RegExp(`hits:${LOGPOINT_HITS_MAX}\t`));
  const lines = await log();
  ok(hitsIn(lines).length <= LINES_PER_SECOND_MAX + 1);
  equal(lines.filter((line) => line.includes("is not seen for the rest of this second")).length, 1);
  // The next second.
  while ((await ask("logpoint"))[0]?.includes(`hits:${LOGPOINT_HITS_MAX}\t`) === true) {
    await counter.req.loop(1);
  }
});

test("a line that runs one time less than too often is logged every time", async (t) => {
  const { ask, make } = await desk(t, FILES);
  const counter = await make("counter");
  await ask("logpoint 9 counter.ts:22 index");
  await counter.req.loop(LOGPOINT_HITS_MAX - 1);
  await counter.req.loop(1);
  match((await ask("logpoint"))[0] ?? "", new RegExp(`hits:${LOGPOINT_HITS_MAX}\t`));
});

test("what can't be one is refused with the reason", async (t) => {
  const { ask, make } = await desk(t, FILES);
  await make("counter");
  const refusals = {
    "logpoint 9": "need a place: file:line",
    "logpoint 9 counter.ts count": "need a place: file:line",
    "logpoint 9 counter.ts:9": "need an expression",
    "logpoint 9 counter.ts:99 count": /counter\.ts has 26 lines$/,
    "logpoint 9 nosuch.ts:1 count": ":00000009 has no file nosuch.ts; it has counter.ts, twice.ts",
    "logpoint 9 counter.ts:26 count": "there is no code at counter.ts:26 or behind it",
    "logpoint 9 counter.ts:9 count +": /^"count \+" is no expression: /,
    "logpoint 9 counter.ts:9 count), process.exit(1": /is (no|more than one) expression/,
    "logpoint off 7": "no logpoint has the number 7",
  };
  for (const [line, reason] of Object.entries(refusals)) {
    const [said = "", mark] = await ask(line);
    equal(mark, ERROR, line);
    match(
      said.replace("ERR_ARGUMENT: ", ""),
      typeof reason === "string" ? literal(reason) : reason,
    );
  }
  deepEqual(await ask("logpoint"), [OK]);
});

function literal(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}

test("a node takes as many logpoints as the limit says, and refuses one more", async (t) => {
  const { open, make } = await desk(t, FILES);
  await make("counter");
  const console = await open();
  for (let count = 0; count < LOGPOINTS_MAX; count += 1) {
    equal((await console.run("logpoint 9 counter.ts:9 count")).at(-1), OK);
  }
  const [said = ""] = await console.run("logpoint 9 counter.ts:9 count");
  equal(
    said,
    `ERR_ARGUMENT: there are ${LOGPOINTS_MAX} logpoints already; \`logpoint off n\` ends one`,
  );
});

/** Loops of three kinds, and which line of each gets the logpoint. */
const LOOPS = {
  spin: `export const response = {
  hello() { return "hello"; },
  spin(times: number) {
    let count = 0;
    for (let index = 0; index < times; index += 1) {
      count += index;
    }
    return count;
  },
  within(times: number) {
    let count = 0;
    const next = () => {
      count += 1;
    };
    for (let index = 0; index < times; index += 1) {
      if (index === -1) next();
    }
    return count;
  },
};
`,
};

for (const [method, line] of [
  ["spin", 4],
  ["spin", 6],
  ["within", 11],
  ["within", 13],
] as const) {
  test(`a loop in a function with a logpoint is cut off: ${method}, line ${line}`, async (t) => {
    const stall = { warn: 250, interrupt: 800, rest: 0 };
    const { ask, make } = await desk(t, LOOPS, { stall });
    const spin = await make("spin");
    // Compiled for a long loop before there was a logpoint.
    await spin.req[method](1e6);
    equal((await ask(`logpoint 9 spin.ts:${line} count`)).at(-1), OK);
    equal(await codeOfFailure(spin.req[method](Infinity)), "ERR_INTERRUPTED");
    equal(await spin.req.hello(), "hello");
    deepEqual(await ask("logpoint off all"), [OK]);
  });
}
