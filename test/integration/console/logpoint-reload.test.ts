/** `logpoint` over a reload: it goes to the line that says the same in the new text, or it ends and says so. */

import { deepEqual, equal, match } from "node:assert/strict";
import { Session } from "node:inspector";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { desk } from "./console-client.ts";
import { ONE_THREAD, failureOf } from "../../world.ts";

const TEXT = `let count = 0;
export const response = {
  add(n: number) {
    count += n;
    return count;
  },
  take(n: number) {
    count -= n;
    return count;
  },
};
`;

/** The lines of logpoints in a log. */
const hitsIn = (log: readonly string[]): string[] =>
  log.filter((line) => line.startsWith("logpoint "));

/** A desk with one counter of the text, and a way to edit that. */
async function openDesk(
  t: Parameters<typeof desk>[0],
  config: Parameters<typeof desk>[2] = {},
): Promise<
  Awaited<ReturnType<typeof desk>> & { counter: ServiceObject; edit: (text: string) => void }
> {
  const at = await desk(t, { counter: TEXT }, config);
  const counter = await at.make("counter");
  const edit = (text: string): void => writeFileSync(join(at.folder, "counter.ts"), text);
  return { ...at, counter, edit };
}

test("a logpoint goes to the line of the reloaded text that says the same, wherever it stands", async (t) => {
  for (const [next, line] of [
    [TEXT, 4],
    [`// above\n\n${TEXT}`, 6],
    [TEXT.replace("let count = 0;\n", "let count = 0; let more = 1;\n"), 4],
    [TEXT.replace("    count += n;", "      count += n;"), 4],
    [TEXT.replace(/ {2}take[^}]*},\n/, ""), 4],
    [TEXT.replace("response = {\n", "response = {\n  other() {\n    return 1;\n  },\n"), 7],
  ] as const) {
    const { ask, counter, edit, log, snax } = await openDesk(t);
    await ask("logpoint 9 counter.ts:4 n");
    equal(await counter.req.add(1), 1);
    edit(next);
    await snax.reload(counter);
    equal(await counter.req.add(2), 3);
    deepEqual(await ask("logpoint"), [
      `1\t:00000009 counter.ts:${line}\tn\thits:2\tlast:2`,
      "<CMD OK>",
    ]);
    deepEqual(hitsIn(await log()), [
      "logpoint 1 counter.ts:4 n : 1",
      `logpoint 1 counter.ts:${line} n : 2`,
    ]);
  }
});

test("a logpoint whose line is not in the reloaded text, or is there several times, ends and says so", async (t) => {
  const ended =
    /^logpoint 1 counter\.ts:(4|5) has ended: the reloaded text has no such line, or several$/;
  for (const [line, next] of [
    [4, TEXT.replace("count += n;", "count += n + 0;")],
    [4, "let count = 0;\nexport const response = { add(n: number) { return (count += n); } };\n"],
    // It stands in two methods.
    [5, `// above\n${TEXT}`],
  ] as const) {
    const { ask, counter, edit, log, snax } = await openDesk(t);
    await ask(`logpoint 9 counter.ts:${line} n`);
    edit(next);
    await snax.reload(counter);
    equal(await counter.req.add(2), 2);
    const [said = "", ...more] = hitsIn(await log());
    match(said, ended);
    deepEqual([more, await ask("logpoint")], [[], ["<CMD OK>"]]);
  }
});

test("a line that is there several times is found where its neighbours say the same", async (t) => {
  const { ask, counter, edit, snax } = await openDesk(t);
  await ask("logpoint 9 counter.ts:9 n");
  edit(TEXT.replace("count += n", "count += n + 1"));
  await snax.reload(counter);
  equal(await counter.req.add(1), 2);
  equal(await counter.req.take(2), 0);
  deepEqual(await ask("logpoint"), ["1\t:00000009 counter.ts:9\tn\thits:1\tlast:2", "<CMD OK>"]);
});

test("a logpoint stays in the other services of the file, and where the reload fails", async (t) => {
  const { ask, counter, edit, log, make, snax } = await openDesk(t);
  const other = await make("counter");
  await ask("logpoint 9 counter.ts:4 n");
  await ask("logpoint a counter.ts:4 n+1");
  edit(`${TEXT}\nthrow new Error("no");`);
  await failureOf(snax.reload(counter));
  equal(await counter.req.add(1), 1);
  edit(`// above\n${TEXT}`);
  await snax.reload(counter);
  deepEqual([await counter.req.add(1), await other.req.add(1)], [2, 1]);
  deepEqual(hitsIn(await log()), [
    "logpoint 1 counter.ts:4 n : 1",
    "logpoint 1 counter.ts:5 n : 1",
    "logpoint 2 counter.ts:4 n+1 : 2",
  ]);
  await snax.reload(other);
  await other.req.add(1);
  await ask("logpoint off all");
  deepEqual(await ask("logpoint"), ["<CMD OK>"]);
});

test("a service is reloaded while a debugger is attached, and its breakpoint holds in the new text", async (t) => {
  const { counter, edit, snax } = await openDesk(t, ONE_THREAD);
  const session = new Session();
  session.connect();
  t.after(() => session.disconnect());
  const stops: string[] = [];
  session.on("Debugger.paused", ({ params }) => {
    const [frame] = params.callFrames;
    stops.push(`${frame?.functionName}:${frame?.location.lineNumber}`);
    session.post("Debugger.resume");
  });
  session.post("Debugger.enable");
  session.post("Debugger.setBreakpointByUrl", { urlRegex: "counter\\.ts$", lineNumber: 3 });
  equal(await counter.req.add(1), 1);
  edit(TEXT.replace("count += n;", "count += 10 * n;"));
  await snax.reload(counter);
  equal(await counter.req.add(1), 11);
  deepEqual(stops, ["add:3", "add:3"]);
});
