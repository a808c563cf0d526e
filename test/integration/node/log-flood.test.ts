/** A logger whose mailbox is full: no service fails for what it logs, and no line is lost. */

import { equal } from "node:assert/strict";
import { test } from "node:test";
import { embed } from "../process.ts";
import { writeFiles } from "../../world.ts";

const FILES = {
  talker: `import { skynet } from "snax";
    export const response = {
      talk(count: number) { for (let n = 0; n < count; n += 1) skynet.error("line " + n + "."); return count; },
    };
    export const accept = { fail() { throw new Error("thrown"); } };`,
};

for (const thread of [0, 1]) {
  test(`lines that find the logger's mailbox full go past it, thread: ${thread}`, async (t) => {
    const folder = writeFiles(t, FILES);
    const program = `
      await node.stop();
      const limited = await start({ thread: ${thread}, mailbox: 4, services: folder + "/?.ts" });
      const talker = await limited.snax.newservice("talker");
      if (await talker.req.talk(100) !== 100) throw new Error("it did not talk");
      talker.post.fail();
      await talker.req.talk(1);
      await limited.stop();`;
    const { code, stdout, stderr } = await embed(program, folder);
    equal(stderr, "");
    equal(code, 0);
    for (let n = 1; n < 100; n += 1) equal(stdout.split(`line ${n}.`).length, 2, `line ${n}`);
    equal(stdout.split("thrown").length > 1, true);
  });
}
