/** The console while a thread hangs: a command that needs that thread fails at once, and nothing is done behind the operator's back. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CONSOLE_ANSWER_MS, CONSOLE_SILENCE_MS } from "../../../src/base/limits.ts";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";

const FILES = {
  looper: `export const accept = { loop(until: number) { while (Date.now() < until) {} } };`,
  quiet: `import { skynet } from "snax";
    let calls = 0;
    skynet.start(() => skynet.dispatch("lua", (_session, _source, what: unknown) => {
      if (what === "hang") for (;;);
      return (calls += 1);
    }));`,
  stuck: `export function init() { for (;;); }`,
  "mark.ts": `globalThis.marks = (globalThis.marks ?? 0) + 1;`,
  "marks.ts": `print(globalThis.marks ?? 0);`,
  "endless.ts": `print("begun"); for (;;);`,
  "look.ts": `print("looked");`,
  "patch.ts": `export function hotfix() {}`,
  "long.ts": `const until = Date.now() + 1.5 * ${CONSOLE_ANSWER_MS};
    while (Date.now() < until) {}
    print("done");`,
};

interface Hanging extends Desk {
  readonly looper: string;
  readonly quiet: string;
  /** Lets the thread hang for some milliseconds. */
  hang(ms: number): void;
}

/** A node whose thread 1 runs a service that can hang, and one that never does. */
async function start(t: TestContext): Promise<Hanging> {
  const node = await desk(t, FILES, { thread: 2, stall: { warn: 0, interrupt: 0 } });
  const service = await node.snax.at(1).newservice("looper");
  const quiet = node.skynet.address(await node.skynet.at(1).newservice("quiet"));
  const looper = node.skynet.address(service.handle);
  return {
    ...{ ...node, looper, quiet },
    hang: (ms) => service.post.loop(Date.now() + ms),
  };
}

/** Asks about a thread that does not hang. On a busy machine it may be late all the same: then nothing was done, and it is asked again. */
async function insist(ask: Desk["ask"], line: string): Promise<string[]> {
  for (;;) {
    const answer = await ask(line);
    if (!answer[0]?.startsWith("ERR_TIMEOUT: nothing was done: ")) return answer;
  }
}

test("a command for a service whose thread hangs is refused, whichever service hangs, and is not done later", async (t) => {
  const { ask, hang, looper, quiet } = await start(t);
  hang(600_000);
  const lines = [
    ...[`task ${quiet}`, `task ${looper}`, `info ${quiet}`, `ping ${quiet}`, `call ${quiet} 1`],
    ...[`inject ${quiet} look.ts`, `trace ${quiet} on`, `logon ${quiet}`, `debug ${quiet}`],
    ...[
      `dbgcmd ${quiet} PING`,
      `hotfix ${looper} patch.ts`,
      "hotfix looper patch.ts",
      "profile 1 1",
    ],
    ...[
      `signal ${quiet} 1`,
      `killtask ${quiet} 1`,
      "log quiet",
      `logpoint ${quiet} quiet.ts:3 "1"`,
    ],
  ];
  const silence = `ERR_TIMEOUT: nothing was done: thread 1 does not answer within ${CONSOLE_ANSWER_MS} ms; ${looper} (snax looper) runs there; signal ${looper} cuts it off`;
  const expected = lines.map(() => [silence, "<CMD Error>"]);
  const answers = await Promise.all(lines.map(ask));
  // The launcher may have chosen the other thread.
  const log = lines.indexOf("log quiet");
  answers.splice(log, 1);
  expected.splice(log, 1);
  deepEqual(answers, expected);
  for (const answer of await Promise.all([ask("threads"), ask("netstat")])) {
    const row = `thread 1\tno answer within ${CONSOLE_ANSWER_MS} ms; ${looper} (snax looper) runs`;
    ok(answer.includes(row), answer.join("\n"));
  }

  match((await ask(`signal ${looper}`)).join("\n"), /^interrupted : snax looper/);
  deepEqual(await insist(ask, `task ${quiet}`), ["<CMD OK>"]);
  deepEqual(await insist(ask, `call ${quiet} 1`), ["1\t1", "n\t1", "<CMD OK>"]);
});

test("a thread that answers within the limit is waited for", async (t) => {
  const { ask, hang, quiet } = await start(t);
  // Most of the limit is for a machine that has other work.
  hang(CONSOLE_ANSWER_MS / 10);
  deepEqual(await ask(`task ${quiet}`), ["<CMD OK>"]);
});

test("a command that has begun is waited for, however long it takes, as long as its thread is not silent for too long", async (t) => {
  const { ask, folder, quiet } = await start(t);
  deepEqual(await ask(`inject ${quiet} ${folder}/long.ts`), ["done", "<CMD OK>"]);
});

test("a service of another thread is asked meanwhile, and one of the hanging thread is killed", async (t) => {
  const { ask, hang, looper, quiet, skynet } = await start(t);
  const other = skynet.address(await skynet.at(2).newservice("quiet"));
  hang(600_000);
  deepEqual(await insist(ask, `call ${other} 1`), ["1\t1", "n\t1", "<CMD OK>"]);
  deepEqual(await ask(`kill ${quiet}`), [`${quiet}\tsnlua quiet`, "<CMD OK>"]);
  equal((await ask(`signal ${looper}`)).at(-1), "<CMD OK>");
});

test("a command whose thread begins to hang is given up, with what became of it, and the log tells how it ended", async (t) => {
  const { ask, folder, log, quiet, skynet } = await start(t);
  const other = skynet.address(await skynet.at(2).newservice("quiet"));
  const lines = [`call ${quiet} "hang"`, `inject ${other} ${folder}/endless.ts`];
  const end = (thread: number, at: string): string =>
    `thread ${thread} does not answer within ${CONSOLE_SILENCE_MS} ms; ${at} (snlua quiet) runs there; signal ${at} cuts it off`;
  deepEqual(await Promise.all(lines.map(ask)), [
    [
      `ERR_TIMEOUT: it was sent, so it may have been done, or is done when the thread goes on: ${end(1, quiet)}`,
      "<CMD Error>",
    ],
    [`ERR_TIMEOUT: it has begun and may have been done: ${end(2, other)}`, "<CMD Error>"],
  ]);
  for (const at of [quiet, other]) {
    match((await ask(`signal ${at}`)).join("\n"), /^interrupted : snlua quiet/);
    await insist(ask, `ping ${at}`);
  }
  const late = (await log()).filter((line) => line.includes(" : ended at last : failed : "));
  equal(late.length, 2, late.join("\n"));
  for (const [index, line] of late.entries()) {
    ok(line.includes(` ran ${JSON.stringify(lines[index])} : ended at last`), line);
    ok(line.includes("did not return and was interrupted"), line);
  }
});

test("a service that never ends its beginning is given up by start and snax, and where all threads hang none is started", async (t) => {
  const { ask, skynet, snax } = await start(t);
  const [given] = await ask("snax stuck");
  const [, thread, handle] =
    /^ERR_TIMEOUT: it was sent, .*: thread (\d) .*; (\S+) \(snax stuck\) runs there; signal \2 cuts it off$/.exec(
      given ?? "",
    ) ?? [];
  ok(thread !== undefined && handle !== undefined, given);
  const free = thread === "1" ? 2 : 1;
  const started = await ask("start quiet");
  match(started.join("\n"), /^:\w{8}\tquiet\n<CMD OK>$/);
  const looper = await snax.at(free).newservice("looper");
  looper.post.loop(Date.now() + 600_000);
  for (const answer of await Promise.all([ask("start quiet"), ask("snax looper")])) {
    match(
      answer.join("\n"),
      /^ERR_TIMEOUT: nothing was done: thread \d does not answer .*\n<CMD Error>$/,
    );
  }
  for (const address of [handle, skynet.address(looper.handle)]) {
    equal((await ask(`signal ${address}`)).at(-1), "<CMD OK>");
  }
  equal((await ask("list")).filter((line) => line.endsWith("snlua quiet")).length, 2);
});

test("a caller that is told that nothing was done can rely on it when the thread goes on", async (t) => {
  const { ask, folder, open, quiet } = await start(t);
  const clients = await Promise.all(Array.from({ length: 20 }, open));
  // All of them find the thread answering; the first one makes it hang.
  const [hang, ...answers] = await Promise.all(
    clients.map((client, index) =>
      client.run(index === 0 ? `call ${quiet} "hang"` : `inject ${quiet} ${folder}/mark.ts`),
    ),
  );
  ok(hang?.[0]?.startsWith("ERR_TIMEOUT: "), String(hang));
  const texts = answers.map(([first]) => first ?? "");
  const done = texts.filter((text) => text === "<CMD OK>").length;
  const refused = texts.filter((text) => text.startsWith("ERR_TIMEOUT: nothing was done: ")).length;
  equal((await insist(ask, `signal ${quiet}`)).at(-1), "<CMD OK>");
  const marks = Number((await insist(ask, `inject ${quiet} ${folder}/marks.ts`))[0]);
  ok(marks >= done && marks <= texts.length - refused, `${marks} of ${texts.join("\n")}`);
});
