/**
 * `process._tickCallback` is deprecated: without it a node drains microtasks just as well, one service at a time, and a loop
 * behind an `await` is found and cut off.
 */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";

import { PACKAGE, startNode } from "../process.ts";
import { writeFiles } from "../../world.ts";
import type { Files } from "../../world.ts";

const FILES: Files = {
  good: `export const response = { hello() { return "hello"; } };`,
  bad: `
    // @ts-nocheck
    const loop = () => { for (;;); };
    export const response = {
      hello() { return typeof process._tickCallback; },
      async later() { await null; loop(); },
      tick() { process.nextTick(loop); return new Promise(() => {}); },
    };`,
};

for (const thread of [0, 1]) {
  test(`a loop behind an await is found and cut off without process._tickCallback: thread ${thread}`, async (t) => {
    const folder = writeFiles(t, FILES);
    const program = `
      import { codeOf, start } from ${JSON.stringify(PACKAGE)};
      const stall = { warn: 0, interrupt: 300 };
      const services = ${JSON.stringify(folder)} + "/?.ts";
      const logger = ${JSON.stringify(folder)} + "/node.log";
      const node = await start({ thread: ${thread}, services, logger, stall });
      const [bad, good] = [await node.snax.newservice("bad"), await node.snax.newservice("good")];
      const said = [];
      for (const name of ["later", "tick"]) {
        said.push(await bad.req[name]().catch((error) => codeOf(error)), await good.req.hello(), await bad.req.hello());
      }
      await node.stop();
      console.log(JSON.stringify(said));
    `;
    const taken = "data:text/javascript,delete process._tickCallback";
    const args = ["--import", taken, "--input-type=module", "--eval", program];
    const { code, stdout, stderr } = await startNode(args, folder).ended;
    deepEqual([code, stderr], [0, ""], stdout);
    const each = ["ERR_INTERRUPTED", "hello", "undefined"];
    deepEqual(JSON.parse(stdout), [...each, ...each]);
  });
}
