/** Trace logs: a request is followed through services, a line of the log for each step, in skynet's format. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { TRACES_MAX } from "../../../src/base/limits.ts";
import { desk } from "../console/console-client.ts";
import { failureOf, ONE_THREAD } from "../../world.ts";

const FILES = {
  front: `import { skynet } from "snax";
let back = 0;
export function init(handle: number) { back = handle; }
export const response = {
  async ask(n: number) {
    const [a, b] = await Promise.all([half(n), half(n + 1)]);
    await skynet.sleep(1);
    return a + b;
  },
  plain() { return 1; },
  async fail() { await skynet.call(back, "lua", "FAIL"); },
  async unsendable() { await skynet.call(back, "lua", "HALF", () => {}); },
  begin() { skynet.trace("by hand"); return half(1); },
  late() { return new Promise<void>((resolve) => open.push(resolve)); },
};
export const accept = { release() { for (const go of open.splice(0)) go(); } };
const open: (() => void)[] = [];
async function half(n: number) {
  return await skynet.call<number>(back, "lua", "HALF", n);
}
`,
  relay: `import { skynet } from "snax";
let back = 0;
skynet.start((handle: number) => {
  back = handle;
  skynet.dispatch("lua", async (session, source, ...words: unknown[]) => {
    skynet.ignoreret();
    await skynet.sleep(1);
    skynet.redirect(back, source, "lua", session, ...words);
  });
});
`,
  back: `import { skynet } from "snax";
skynet.start(() => {
  skynet.dispatch("lua", async (_session, _source, name: string, n: number) => {
    if (name === "FAIL") throw new Error("it fails");
    return n / 2;
  });
});
`,
};

/** The steps of each trace, by tag, without their times. */
function traces(log: readonly string[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const line of log) {
    const [, tag = "", ns = "", event = ""] = /^<TRACE (\S+)> (\d+) (.*)$/.exec(line) ?? [];
    if (tag !== "") (found[tag] ??= []).push(event);
    if (tag !== "") match(ns, /^\d{6,}$/);
  }
  return found;
}

async function start(t: Parameters<typeof desk>[0]) {
  const node = await desk(t, FILES, ONE_THREAD);
  const back = await node.skynet.newservice("back");
  return { ...node, back, front: await node.make("front", back) };
}

test("a request of a traced protocol is followed to the services that it calls, and back", async (t) => {
  const { ask, front, log, folder } = await start(t);
  deepEqual(await ask("trace a snax on"), ["<CMD OK>"]);
  equal(await front.req.ask(3), 3.5);
  const { ":0000000a-1": steps = [], ...others } = traces(await log());
  deepEqual(others, {});
  deepEqual(
    steps.map((step) => step.replace(/ : .*/, "")),
    [
      ...["trace", "call", "call", "request", "response", "end", "request", "response", "end"],
      ...["resume", "resume", "sleep", "resume", "response", "end"],
    ],
  );
  equal(steps[1], `call : @${folder}/front.ts:19 @${folder}/front.ts:6`);
  equal(steps[11], `sleep : @${folder}/front.ts:7`);
});

test("a trace goes on in services of other threads, and back, and nothing is traced afterwards", async (t) => {
  const node = await desk(t, FILES, { thread: 2 });
  const back = await node.skynet.at(2).newservice("back");
  const front = await node.snax.at(1).newservice("front", back);
  const at = node.skynet.address(front.handle);
  await node.ask(`trace ${at} snax on`);
  equal(await front.req.ask(3), 3.5);
  await node.ask(`trace ${at} snax`);
  equal(await front.req.ask(4), 4.5);
  const lines = await node.log();
  const found = traces(lines);
  deepEqual(Object.keys(found), [`${at}-1`]);
  // Lines of two threads are in order for each of them.
  const steps = (found[`${at}-1`] ?? []).map((step) => step.replace(/ : .*/, ""));
  const taken = ["request", "response", "end"];
  deepEqual(
    steps.filter((step) => step === "call" || step === "resume" || step === "sleep"),
    ["call", "call", "resume", "resume", "sleep", "resume"],
  );
  deepEqual(
    steps.filter((step) => taken.includes(step)).toSorted(),
    [...taken, ...taken, "response", "end"].toSorted(),
  );
});

for (const [caller, relay, answerer] of [
  [1, 2, 2],
  [1, 2, 1],
  [1, 1, 2],
  [1, 2, 3],
] as const) {
  test(`a request of thread ${caller} that is redirected on thread ${relay} to ${answerer} is followed there`, async (t) => {
    const node = await desk(t, FILES, { thread: 3 });
    const back = await node.skynet.at(answerer).newservice("back");
    const between = await node.skynet.at(relay).newservice("relay", back);
    const front = await node.snax.at(caller).newservice("front", between);
    const at = node.skynet.address(front.handle);
    await node.ask(`trace ${at} snax on`);
    equal(await front.req.ask(3), 3.5);
    await node.ask(`trace ${at} snax`);
    await node.log();
    const lines = node.readLog().split("\n");
    const steps = lines.flatMap((line) => {
      const found = new RegExp(`\\[(:\\w+)\\] <TRACE ${at}-1> \\d+ (\\w+)`).exec(line);
      return found === null ? [] : [`${found[1]} ${found[2]}`];
    });
    const of = (handle: number): string[] =>
      steps
        .filter((step) => step.startsWith(node.skynet.address(handle)))
        .map((step) => step.slice(10));
    deepEqual(of(back), ["request", "response", "end", "request", "response", "end"]);
    deepEqual(of(between).toSorted(), [
      ...["end", "end", "request", "request", "resume", "resume", "sleep", "sleep"],
    ]);
  });
}

test("a traced call to another thread that fails ends with error on both sides, also if it never got there", async (t) => {
  const node = await desk(t, FILES, { thread: 2 });
  const back = await node.skynet.at(2).newservice("back");
  const front = await node.snax.at(1).newservice("front", back);
  const at = node.skynet.address(front.handle);
  await node.ask(`trace ${at} snax on`);
  equal((await failureOf(front.req.fail())).message, "it fails");
  equal((await failureOf(front.req.unsendable())).code, "ERR_NOT_SENDABLE");
  node.skynet.kill(back);
  equal((await failureOf(front.req.ask(1))).code, "ERR_SERVICE_DEAD");
  const found = traces(await node.log());
  deepEqual((found[`${at}-1`] ?? []).map((step) => step.replace(/ : .*/, "")).toSorted(), [
    "call",
    "error",
    "error",
    "request",
    "resume",
    "trace",
  ]);
});

test("what fails ends with error, and the failure with it goes back", async (t) => {
  const { ask, front, log } = await start(t);
  await ask("trace a snax on");
  equal((await failureOf(front.req.fail())).message, "it fails");
  const { ":0000000a-1": steps = [] } = traces(await log());
  deepEqual(
    steps.map((step) => step.replace(/ : .*/, "")),
    ["trace", "call", "request", "error", "resume", "error"],
  );
});

test("a service begins a trace itself, and each has a tag of its own", async (t) => {
  const { front, log } = await start(t);
  equal(await front.req.begin(), 0.5);
  equal(await front.req.begin(), 0.5);
  const found = traces(await log());
  deepEqual(Object.keys(found), [":0000000a-1", ":0000000a-2"]);
  equal(found[":0000000a-1"]?.[0], "trace by hand");
  equal(found[":0000000a-1"]?.at(-1), "end");
});

test("off keeps a service out of the traces of others, and on again begins some", async (t) => {
  const { ask, front, log } = await start(t);
  await ask("trace a snax on");
  await ask("trace 9 lua off");
  await front.req.ask(2);
  const { ":0000000a-1": steps = [] } = traces(await log());
  equal(steps.includes("request"), false);
  await ask("trace 9 lua");
  await ask("trace a snax");
  await front.req.ask(2);
  deepEqual(Object.keys(traces(await log())), [":0000000a-1"]);
  const lines = await log();
  deepEqual(
    lines.filter((line) => line.startsWith("Turn trace log")),
    ["true for snax", "false for lua", "nil for lua", "nil for snax"].map(
      (end) => `Turn trace log ${end}`,
    ),
  );
});

test("TRACES_MAX requests are followed at a time; beyond that the oldest is let go", async (t) => {
  const { ask, front, log } = await start(t);
  await ask("trace a snax on");
  const late = Array.from({ length: TRACES_MAX + 1 }, () => front.req.late());
  front.post.release();
  await Promise.all(late);
  const ends = Object.values(traces(await log())).filter((steps) => steps.at(-1) === "end");
  // The post that released them is one more.
  equal(ends.length, TRACES_MAX);
  equal(Object.keys(traces(await log())).length, TRACES_MAX + 2);
});

test("a plain service that is not traced further logs three steps, until it is turned off", async (t) => {
  const { open, log } = await start(t);
  const client = await open();
  await client.run("trace 9 on");
  await client.run(`call 9 "HALF", 1`);
  await client.run("trace 9 lua off");
  await client.run(`call 9 "HALF", 1`);
  deepEqual(traces(await log()), { ":00000009-1": ["trace", "response", "end"] });
});
