/** Where the calls of a service wait, seen from the console: `task` and `uniqtask`. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { TASK_STACKS_MAX } from "../../../src/base/limits.ts";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";
import { failureOf } from "../../world.ts";

const FILES = {
  // Answers when it is told to, in the order of the requests.
  oracle: `
    import { skynet } from "snax";
    const open: ((value: string) => void)[] = [];
    skynet.start(() => skynet.dispatch("lua", (_session, _source, ...words: string[]) => {
      if (words.length === 0) return new Promise<string>((resolve) => open.push(resolve));
      for (const word of words) open.shift()?.(word);
    }));`,
  asker: `
    import { skynet, snax } from "snax";
    import { twice } from "./twice.ts";
    let oracle = 0;
    export function init(handle: number) { oracle = handle; }
    export const response = {
      async far() {
        return await twice(() => skynet.call(oracle, "lua"));
      },
      async both() { return (await Promise.all([wish("a"), wish("b")])).join(); },
      async many(count: number) {
        return (await Promise.all(Array.from({ length: count }, () => wish("m")))).length;
      },
      async late() {
        const asked = skynet.call(oracle, "lua");
        await skynet.call(oracle, "lua");
        return await asked;
      },
      async short() {
        return await skynet.within(300).call(oracle, "lua");
      },
    };
    async function wish(word: string) {
      const said = await skynet.call<string>(oracle, "lua");
      return word + said;
    }`,
  sleeper: `
    import { skynet } from "snax";
    const key = {};
    async function nap(ms: number, token?: unknown) {
      const how = await skynet.sleep(ms, token);
      return how ?? "slept";
    }
    export const response = {
      nap,
      named() { return nap(600_000, key); },
      async held() { await skynet.wait(key); return "woken"; },
      wake() { return skynet.wakeup(key); },
    };`,
  saver: `
    import { skynet } from "snax";
    const lock = skynet.queue();
    let oracle = 0;
    export function init(handle: number) { oracle = handle; }
    export const response = {
      async save(word: string) { return await lock(write, word); },
      nap() { return lock(() => skynet.sleep(600_000, "nap")); },
      wake() { return skynet.wakeup("nap"); },
    };
    async function write(word: string) {
      const said = await skynet.call<string>(oracle, "lua");
      return word + said;
    }`,
  "twice.ts": `
    enum Times { two = 2 }
    export async function twice(ask: () => Promise<string>) {
      const first = await ask();
      return first.repeat(Times.two);
    }`,
};

/** Lines about waits, without folders and numbers that differ from run to run; handlers are in console-handlers.test.ts. */
function shape(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !line.startsWith("\tin "))
    .map((line) =>
      line
        .replaceAll(/file:\S*\/|Object\./g, "")
        .replaceAll(/since \d+ ms/g, "since #")
        // A thread knows the titles of its own services.
        .replace(":00000002 (program)", ":00000002"),
    );
}

/** Starts both services; the oracle is 9, the asker a. */
async function start(desk: Desk): Promise<{ asker: any; say: (...words: string[]) => unknown }> {
  const oracle = await desk.skynet.newservice("oracle");
  const asker = await desk.make("asker", oracle);
  return { asker, say: (...words) => desk.skynet.call(oracle, "lua", ...words) };
}

const HEAD = "waits for :00000009 (snlua oracle) since #";
const OK = "<CMD OK>";

test("task tells where a call waits, up to the handler, and the call goes on as if it had not been looked at", async (t) => {
  const node = await desk(t, FILES);
  const { asker, say } = await start(node);
  const far = asker.req.far();
  const expected = [
    `session: 1\t${HEAD}`,
    "\tat async twice (twice.ts:4:21)",
    "\tat async far (asker.ts:8:16)",
    OK,
  ];
  deepEqual(shape(await node.ask("task a")), expected);
  deepEqual(shape(await node.ask("task a")), expected);
  await say("x");
  equal(await far, "xx");
  deepEqual(await node.ask("task a"), [OK]);
});

test("uniqtask puts the calls together that wait for the same at the same place", async (t) => {
  const node = await desk(t, FILES);
  const { asker, say } = await start(node);
  const results = [asker.req.both(), asker.req.both(), asker.req.far()];
  const shown = shape(await node.ask("uniqtask a"));
  deepEqual(shown.slice(0, 5), [
    "1\tsessions:[5]",
    "\twaits for :00000009 (snlua oracle)",
    "\tat async twice (twice.ts:4:21)",
    "\tat async far (asker.ts:8:16)",
    "2\tsessions:[1,3]",
  ]);
  deepEqual(
    shown.filter((line) => line.includes("Promise.all")),
    ["\tat async Promise.all (index 0)", "\tat async Promise.all (index 1)"],
  );
  await say("1", "2", "3", "4", "5");
  deepEqual(await Promise.all(results), ["a1,b2", "a3,b4", "55"]);
});

test("task lists the sleeps and the waits to be woken, with their places, and they go on as if they had not been looked at", async (t) => {
  const node = await desk(t, FILES);
  const sleeper = await node.make("sleeper");
  const at = node.skynet.address(sleeper.handle);
  const short = sleeper.req.nap(300);
  sleeper.req.nap(600_000).catch(() => {});
  const named = sleeper.req.named();
  const shown = await node.ask(`task ${at}`);
  deepEqual(
    shape(shown).map((line) => line.replace(/\d+ ms to go/, "# ms to go")),
    [
      ...["sleep: 1\tsleeps since #, # ms to go", "\tat async nap (sleeper.ts:5:19)"],
      ...["sleep: 2\tsleeps since #, # ms to go", "\tat async nap (sleeper.ts:5:19)"],
      ...["sleep: 3\tsleeps since #, # ms to go", "\tat async nap (sleeper.ts:5:19)"],
      OK,
    ],
  );
  const left = shown
    .filter((line) => line.startsWith("sleep"))
    .map((line) => /(\d+) ms to go/.exec(line)?.[1]);
  ok(Number(left[0]) <= 300 && Number(left[1]) > 590_000, String(left));
  const sleeping = ["\tsleeps", "\tat async nap (sleeper.ts:5:19)"];
  deepEqual(await node.ask(`uniqtask ${at}`).then(shape), [
    ...["1\tsessions:[sleep 3]", ...sleeping],
    ...["2\tsessions:[sleep 1,sleep 2]", ...sleeping, OK],
  ]);
  equal(await short, "slept");
  equal(await sleeper.req.wake(), true);
  equal(await named, "BREAK");
  const held = sleeper.req.held();
  deepEqual(shape(await node.ask(`task ${at}`)).slice(2), [
    "wait: 2\twaits for a wakeup since #",
    "\tat async held (sleeper.ts:11:22)",
    OK,
  ]);
  deepEqual(await node.ask(`killtask ${at} sleep:1`), ["Not found", OK]);
  equal(await sleeper.req.wake(), true);
  equal(await held, "woken");
  deepEqual(shape(await node.ask(`task ${at}`)).length, 3);
});

test("task lists the waits for a lock, its holder, and the session in which that one waits; all go on in order", async (t) => {
  const node = await desk(t, FILES);
  const oracle = await node.skynet.newservice("oracle");
  const saver = await node.make("saver", oracle);
  const at = node.skynet.address(saver.handle);
  const saves = [saver.req.save("a"), saver.req.save("b"), saver.req.save("c")];
  const held = "held by request saver.save from :00000002, which waits in session 1";
  const waiting = ["\tat async save (saver.ts:7:41)"];
  const expected = [
    ...[`session: 1\t${HEAD}`, "\tat async write (saver.ts:12:20)", ...waiting],
    ...[`wait: 1\twaits for a lock since #, ${held}`, ...waiting],
    ...[`wait: 2\twaits for a lock since #, ${held}`, ...waiting],
    OK,
  ];
  deepEqual(shape(await node.ask(`task ${at}`)), expected);
  deepEqual(shape(await node.ask(`task ${at}`)), expected);
  deepEqual(shape(await node.ask(`uniqtask ${at}`)).slice(4), [
    ...["2\tsessions:[wait 1,wait 2]", `\twaits for a lock, ${held}`, ...waiting, OK],
  ]);
  for (const word of ["1", "2", "3"]) {
    await node.ask(`task ${at}`);
    await node.skynet.call(oracle, "lua", word);
  }
  deepEqual(await Promise.all(saves), ["a1", "b2", "c3"]);
  deepEqual(await node.ask(`task ${at}`), [OK]);
});

test("the holder of a lock that sleeps is named without a session", async (t) => {
  const node = await desk(t, FILES);
  const saver = await node.make("saver", 0);
  const naps = [saver.req.nap(), saver.req.nap()];
  const shown = shape(await node.ask(`task ${node.skynet.address(saver.handle)}`));
  ok(
    shown.includes("wait: 2\twaits for a lock since #, held by request saver.nap from :00000002"),
    shown.join("\n"),
  );
  equal(await saver.req.wake(), true);
  equal(await naps[0], "BREAK");
  equal(await saver.req.wake(), true);
  equal(await naps[1], "BREAK");
});

test("a call that no function awaits yet has no stack until one does", async (t) => {
  const node = await desk(t, FILES);
  const { asker, say } = await start(node);
  const late = asker.req.late();
  // More often than such a call is looked at.
  for (let round = 0; round < 10; round += 1) {
    deepEqual(shape(await node.ask("task a")), [
      `session: 1\t${HEAD}`,
      `session: 2\t${HEAD}`,
      "\tat async late (asker.ts:16:9)",
      OK,
    ]);
  }
  await say("first", "second");
  equal(await late, "first");
});

test("a call that was looked at still fails at its deadline", async (t) => {
  const node = await desk(t, FILES);
  const { asker } = await start(node);
  const short = failureOf(asker.req.short());
  equal(shape(await node.ask("task a")).length, 3);
  equal((await short).code, "ERR_TIMEOUT");
});

test("stacks are looked up for a limited number of calls at a time, the rest is listed without", async (t) => {
  const node = await desk(t, FILES);
  const { asker, say } = await start(node);
  const count = TASK_STACKS_MAX + 1;
  const many = asker.req.many(count);
  const shown = await node.ask("task a");
  equal(shown.filter((line) => line.startsWith("session: ")).length, count);
  equal(shown.filter((line) => line.includes("at async wish")).length, TASK_STACKS_MAX);
  await say(...Array.from({ length: count }, () => "x"));
  equal(await many, count);
});

test("a service that ends while it is looked at leaves no command hanging", async (t) => {
  const node = await desk(t, FILES);
  const { asker } = await start(node);
  asker.req.far().catch(() => {});
  const client = await node.open();
  client.write("task a\nkill 7\ntask 7\n");
  const answers = await client.take(/^(?:.*\n)*?<CMD Error>\n/);
  equal(answers.split("\n").filter((line) => line === OK).length, 2);
});
