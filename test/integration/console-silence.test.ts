/** The console while a thread hangs: whoever needs that thread is told at once, and nothing is done behind his back. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CONSOLE_ANSWER_MS } from "../../src/base/limits.ts";
import type { Desk } from "./console-client.ts";
import { desk } from "./console-client.ts";

const FILES = {
  looper: `export const accept = { loop(until: number) { while (Date.now() < until) {} } };`,
  quiet: `import { skynet } from "snax";
    let calls = 0;
    skynet.start(() => skynet.dispatch("lua", () => (calls += 1)));`,
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
  const node = await desk(t, FILES, { thread: 2, stall: { warn: 0 } });
  const service = await node.snax.at(1).newservice("looper");
  const quiet = node.skynet.address(await node.skynet.at(1).newservice("quiet"));
  const looper = node.skynet.address(service.handle);
  return {
    ...{ ...node, looper, quiet },
    hang: (ms) => service.post.loop(Date.now() + ms),
  };
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
  const silence = `ERR_TIMEOUT: thread 1 does not answer within ${CONSOLE_ANSWER_MS} ms; ${looper} (snax looper) runs there; signal ${looper} cuts it off`;
  const expected = lines.map(() => [silence, "<CMD Error>"]);
  const answers = await Promise.all(lines.map(ask));
  // The launcher may have chosen the other thread.
  const log = lines.indexOf("log quiet");
  answers.splice(log, 1);
  expected.splice(log, 1);
  deepEqual(answers, expected);
  const threads = await ask("threads");
  ok(
    threads.includes(
      `thread 1\tno answer within ${CONSOLE_ANSWER_MS} ms; ${looper} (snax looper) runs`,
    ),
    threads.join("\n"),
  );

  match((await ask(`signal ${looper}`)).join("\n"), /^interrupted : snax looper/);
  deepEqual(await ask(`task ${quiet}`), ["<CMD OK>"]);
  deepEqual(await ask(`call ${quiet} 1`), ["1\t1", "n\t1", "<CMD OK>"]);
});

test("a thread that answers within the limit is waited for", async (t) => {
  const { ask, hang, quiet } = await start(t);
  hang(CONSOLE_ANSWER_MS / 2);
  deepEqual(await ask(`task ${quiet}`), ["<CMD OK>"]);
});

test("a command that has begun is waited for, however long it takes", async (t) => {
  const { ask, folder, quiet } = await start(t);
  deepEqual(await ask(`inject ${quiet} ${folder}/long.ts`), ["done", "<CMD OK>"]);
});

test("a service of another thread is asked meanwhile, and one of the hanging thread is killed", async (t) => {
  const { ask, hang, looper, quiet, skynet } = await start(t);
  const other = skynet.address(await skynet.at(2).newservice("quiet"));
  hang(600_000);
  deepEqual(await ask(`call ${other} 1`), ["1\t1", "n\t1", "<CMD OK>"]);
  deepEqual(await ask(`kill ${quiet}`), [`${quiet}\tsnlua quiet`, "<CMD OK>"]);
  equal((await ask(`signal ${looper}`)).at(-1), "<CMD OK>");
});
