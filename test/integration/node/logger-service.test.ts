/** A logger of the user's own, as in skynet's configuration: `logservice` and `logger`. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { snax as snaxCommand, startSnax } from "../process.ts";
import { failureOf, writeFiles } from "../../world.ts";
import { start } from "snax";

const TAKE = `
    import { appendFileSync } from "node:fs";
    import { skynet } from "snax";
    const write = (line: string): void => appendFileSync("./own.log", line + "\\n");
    const take = (): void => skynet.dispatch("text", (_session, source, text: string, isPlain?: boolean) => {
      write((isPlain === true ? "plain" : skynet.address(source)) + " " + text);
      // What it says itself goes to stdout, and not round in a circle.
      skynet.error("took a line");
      console.log("took it");
      if (text === "fail") throw new Error("the logger fails");
    });`;

const FILES = {
  userlog: `${TAKE}
    skynet.start(() => {
      take();
      skynet.dispatch("lua", (_session, _source, command: string) => write("command " + command));
    });`,
  snaxlog: `${TAKE}
    export function init(): void { take(); }
    export const response = {};`,
  main: `import { skynet } from "snax";
    skynet.start(() => {
      skynet.error("logged");
      console.log("printed %d", 1);
      skynet.error("fail");
      skynet.error("behind the failure");
      skynet.timeout(1, () => skynet.abort());
    });`,
};

for (const thread of [0, 1]) {
  for (const [kind, name] of [
    ["snlua", "userlog"],
    ["snax", "snaxlog"],
  ] as const) {
    test(`a service of the user's gets the lines of all services: ${kind}, thread: ${thread}`, async (t) => {
      const folder = writeFiles(t, {
        ...FILES,
        "snax.config.ts": `export default {
          thread: ${thread}, services: "./?.ts", logservice: "${kind}", logger: "${name}",
        };`,
      });
      const { code, stdout, stderr } = await snaxCommand(["start"], folder);
      assert.deepEqual([code, stderr], [0, ""]);
      const log = readFileSync(join(folder, "own.log"), "utf8");
      assert.match(log, /^:\w{8} LAUNCH snlua main$/m);
      assert.match(log, /^(:\w{8}) logged\nplain printed 1\n\1 fail\n\1 behind the failure\n/m);
      if (kind === "snlua") assert.match(log, /^command FLUSH$/m);
      assert.match(stdout, /^\[:00000001\] took a line\ntook it$/m);
      assert.match(stdout, /^\[:00000001\] .*the logger fails$/m);
      assert.doesNotMatch(log, /took/);
    });
  }
}

test("a logger of the user's is told by SIGHUP to open its file anew", async (t) => {
  const folder = writeFiles(t, {
    ...FILES,
    main: `import { skynet } from "snax";
      skynet.start(() => skynet.timeout(100_000, () => {}));`,
    "snax.config.ts": `export default {
      thread: 0, services: "./?.ts", logservice: "snlua", logger: "userlog", console: 0,
    };`,
  });
  const { child, says, ended } = startSnax(["start"], folder);
  await says("took it");
  const log = (): string => readFileSync(join(folder, "own.log"), "utf8");
  // While the node still starts there is no service that could be told.
  while (!log().includes("command REOPEN")) {
    child.kill("SIGHUP");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGTERM");
  assert.equal((await ended).code, 0);
});

test("what is wrong with the keys of the log, and with preload, is told with the key", async (t) => {
  const folder = writeFiles(t, { "broken.ts": "export const = 1;" });
  const services = `${folder}/?.ts`;
  const failures: [object, RegExp][] = [
    [{ logger: join(folder, "no", "file") }, /^logger: ENOENT/],
    [{ logservice: "snlua" }, /^logservice needs logger/],
    [{ logservice: "logger", logger: "x" }, /^logservice is 'logger'; expected "snlua" or "snax"/],
    [{ logservice: "snlua", logger: "nobody", services }, /nobody/],
    [{ preload: join(folder, "nothing.ts") }, /^preload names no file: .*nothing\.ts$/],
    [{ preload: join(folder, "broken.ts") }, /broken\.ts/],
  ];
  for (const [config, pattern] of failures) {
    const failure = await failureOf(start({ thread: 0, ...config }));
    assert.match(failure.message, pattern);
  }
});
