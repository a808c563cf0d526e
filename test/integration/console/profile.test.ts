/** `profile` from the console: of a thread, and of one service among others. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { desk } from "./console-client.ts";
import { ONE_THREAD, writeFiles } from "../../world.ts";

/** A service that is busy for two of four milliseconds in a function of that name. */
const busy = (name: string): string => `
  function ${name}() { for (const until = performance.now() + 2; performance.now() < until;); }
  setInterval(${name}, 4);`;

const FILES = { first: busy("spinFirst"), second: busy("spinSecond") };

interface Profile {
  readonly nodes: readonly { readonly callFrame: { functionName: string }; hitCount: number }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** How often each of the two functions was seen. */
function hits(path: string): [first: number, second: number] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, "utf8")) as Profile;
  equal(samples.length, timeDeltas.length);
  const count = (name: string): number =>
    nodes
      .filter(({ callFrame }) => callFrame.functionName === name)
      .reduce((sum, { hitCount }) => sum + hitCount, 0);
  return [count("spinFirst"), count("spinSecond")];
}

/** Profiles until both functions were seen: a machine that is busy with other things gives few samples. */
async function seen(
  ask: (line: string) => Promise<string[]>,
  line: string,
  isEnough: (first: number, second: number) => boolean,
): Promise<string> {
  for (;;) {
    const [path = ""] = await ask(line);
    const [first, second] = hits(path);
    if (isEnough(first, second)) return path;
  }
}

test("a profile of a service shows its work and no other's", async (t) => {
  const { ask, make } = await desk(t, FILES, { logpath: writeFiles(t, {}) });
  await make("first");
  const address = (await make("second")).handle.toString(16);
  const path = await seen(ask, `profile ${address} 0.3`, (_first, second) => second > 0);
  match(path, new RegExp(`0${address}-\\d+-\\w+\\.cpuprofile$`));
  equal(hits(path)[0], 0);
});

test("a profile of a thread shows all its services, of the console's own thread if none is named", async (t) => {
  const { ask, make } = await desk(t, FILES, { ...ONE_THREAD, logpath: writeFiles(t, {}) });
  await make("first");
  await make("second");
  for (const line of ["profile 0.3", "profile 0 0.3"]) {
    const path = await seen(ask, line, (first, second) => first > 0 && second > 0);
    match(path, /thread-0-\d+-\w+\.cpuprofile$/);
  }
});

test("a profile reaches other threads, by their number and by a service", async (t) => {
  const { ask, make } = await desk(t, FILES, { thread: 2, logpath: writeFiles(t, {}) });
  const made = [await make("first"), await make("second")];
  const path = await seen(ask, "profile 1 0.3", (first, second) => first + second > 0);
  match(path, /thread-1-\d+-\w+\.cpuprofile$/);
  equal(Math.min(...hits(path)), 0);
  const address = `:${made[1]?.handle.toString(16).padStart(8, "0")}`;
  const own = await seen(ask, `profile ${address} 0.3`, (_first, second) => second > 0);
  equal(hits(own)[0], 0);
});

test("what can't be profiled is refused", async (t) => {
  const { ask, open } = await desk(t, FILES, { logpath: writeFiles(t, {}) });
  deepEqual(await ask("profile 99 1"), [
    "ERR_ARGUMENT: no thread 99, and no service lives under :00000099",
    "<CMD Error>",
  ]);
  deepEqual(await ask("profile :00000099 1"), [
    "ERR_SERVICE_DEAD: no service lives under :00000099",
    "<CMD Error>",
  ]);
  equal((await ask("profile 61")).at(-1), "<CMD Error>");
  equal((await ask("profile :00000005 61")).at(-1), "<CMD Error>");
  const client = await open();
  const running = client.run("profile 0.3");
  equal((await ask("profile 0.1"))[0], "ERR_ARGUMENT: a profile is being taken; wait for its end");
  equal((await running).at(-1), "<CMD OK>");
});
