/** What a handler logs and prints leaves it when it is written: it is in the log whatever becomes of the handler. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startSnax } from "../process.ts";
import { world, writeFiles } from "../../world.ts";

const SERVICES = {
  main: `import { skynet } from "snax";
    skynet.start(async () => {
      const victim = await skynet.newservice("victim");
      skynet.send(victim, "lua", skynet.getenv("end"));
      skynet.timeout(100000, () => skynet.abort());
    });`,
  victim: `import { skynet } from "snax";
    const ends: Record<string, () => unknown> = {
      loop: () => { for (;;); },
      late: () => Promise.resolve().then(() => { skynet.error("behind an await"); for (;;); }),
      exit: () => process.exit(3),
      leak: () => { const all: unknown[] = []; for (;;) all.push(new Array(1e4).fill(all.length)); },
      kill: () => skynet.exit(),
    };
    skynet.start(() => skynet.dispatch("lua", (_session, _source, end: string) => {
      for (let n = 0; n < 20; n += 1) {
        skynet.error("logged", n);
        console.log("printed %d", n);
        console.table([n]);
      }
      skynet.error("last");
      return ends[end]?.();
    }));`,
};

/** Asserts that all words are in a text, in order, before what was found later. */
function assertWords(text: string, later?: string): void {
  const found = [...text.matchAll(/(?:logged|printed) \d+|[\u2500-\u257f]+ \d|last$/gm)];
  const words = found.map(([word]) => word).filter((word) => /^[lp]/.test(word));
  const all = Array.from({ length: 20 }, (_, n) => [`logged ${n}`, `printed ${n}`]).flat();
  assert.deepEqual(words, [...all, "last"]);
  assert.equal(text.match(/\u2502 *0 *\u2502 *\d+ *\u2502/g)?.length, 20);
  if (later !== undefined) assert.ok(text.indexOf(later) > text.indexOf("last\n"), text);
}

for (const thread of [0, 1]) {
  const start = (...settings: string[]): string[] => [
    "start",
    ...["thread=" + thread, ...settings].flatMap((setting) => ["--set", setting]),
  ];

  test(`what a handler says before it loops comes before what is said of the loop, thread: ${thread}`, async (t) => {
    const folder = writeFiles(t, {
      ...SERVICES,
      "snax.config.ts": `export default { services: "./?.ts", stall: { warn: 200, interrupt: 0 } };`,
    });
    const { child, says, ended } = startSnax(start("end=loop"), folder);
    await says("snlua victim, lua post");
    child.kill("SIGKILL");
    assertWords((await ended).stdout, "snlua victim, lua post");
  });

  for (const watch of ["{ warn: 0, interrupt: 0 }", "{ warn: 60_000, interrupt: 0 }"]) {
    test(`what a handler says is written although no watch finds that it loops, thread: ${thread}, stall: ${watch}`, async (t) => {
      const folder = writeFiles(t, {
        ...SERVICES,
        "snax.config.ts": `export default { services: "./?.ts", stall: ${watch} };`,
      });
      const { child, says, ended } = startSnax(start("end=late"), folder);
      await says("behind an await");
      // Nothing of it waits for the handler, nor for the end of the process.
      child.kill("SIGKILL");
      assertWords((await ended).stdout, "behind an await");
    });
  }

  test(`what a handler says before it ends the process is in the log's file, thread: ${thread}`, async (t) => {
    const folder = writeFiles(t, {
      ...SERVICES,
      "snax.config.ts": `export default { services: "./?.ts", logger: "./node.log" };`,
    });
    const { child, ended } = startSnax(start("end=exit"), folder);
    const log = (): string => readFileSync(join(folder, "node.log"), "utf8");
    if (thread === 1) {
      // The main thread has said it last of all.
      while (!/thread 1 is back/.test(readLog(log))) await new Promise(setImmediate);
      child.kill("SIGKILL");
    }
    const { code } = await ended;
    if (thread === 0) assert.equal(code, 3);
    assertWords(log(), thread === 0 ? undefined : "thread 1 has died");
  });

  test(`what a service says before it ends itself is in the log, in order, thread: ${thread}`, async (t) => {
    const { skynet, log } = await world(t, SERVICES, { thread, end: "kill" });
    const victim = await skynet.newservice("victim");
    await skynet.call(victim, "lua", "kill").catch(() => {});
    assertWords((await log()).join("\n"), "KILL self");
  });

  test(`more lines than any memory between threads holds come once each and in order, thread: ${thread}`, async (t) => {
    const COUNT = 40_000;
    const { make, log } = await world(
      t,
      {
        talker: `import { skynet } from "snax";
          export const response = { talk() {
            for (let n = 0; n < ${COUNT}; n += 1) {
              if (n % 2 === 0) skynet.error("line", n, "x".repeat(100));
              else console.log("line", n, "\\u00e4".repeat(60));
            }
            skynet.error("y".repeat(60_000));
            console.log("z".repeat(3_000_000));
          } };`,
      },
      { thread },
    );
    const talker = await make("talker");
    await talker.req.talk();
    const lines = (await log()).filter((line) => /^(?:line|y|z)/.test(line));
    assert.equal(lines.length, COUNT + 2);
    for (let n = 0; n < COUNT; n += 1) assert.ok(lines[n]?.startsWith(`line ${n} `), lines[n]);
    assert.deepEqual(
      lines.slice(-2).map(({ length }) => length),
      [60_000, 3_000_000],
    );
  });
}

function readLog(log: () => string): string {
  try {
    return log();
  } catch {
    return "";
  }
}

test("what a leak says before its thread is ended comes before the thread's end", async (t) => {
  const folder = writeFiles(t, {
    ...SERVICES,
    "snax.config.ts": `export default { services: "./?.ts", heap: 64, stall: { warn: 0 } };`,
  });
  const { child, says, ended } = startSnax(
    ["start", "--set", "thread=1", "--set", "end=leak"],
    folder,
  );
  await says("has died");
  child.kill("SIGKILL");
  assertWords((await ended).stdout, "of heap and is ended");
});

test("the lines of a thread are taken in while one of its handlers runs, for as long as that may be", async (t) => {
  const { skynet, log, stop } = await world(t, SERVICES, { thread: 1, stall: { warn: 0 } });
  const victim = await skynet.newservice("victim");
  skynet.send(victim, "lua", "loop");
  while (!(await log()).includes("last")) await new Promise(setImmediate);
  assertWords((await log()).join("\n"));
  await stop();
});
