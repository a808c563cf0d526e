/** What a handler throws when its caller has died is in the log, at the service that threw it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";

const FILES = {
  db: `
    import { skynet } from "snax";
    let go: () => void;
    const gate = new Promise<void>((resolve) => { go = resolve; });
    const ways: Record<string, () => unknown> = {
      rejects: async () => { await gate; throw new Error("disk full"); },
      returns: async () => { await gate; return "fine"; },
      ret: async () => { await gate; skynet.ret("late"); },
      dead: async (...[, , caller]: number[]) => { await gate; return skynet.call(caller!, "lua"); },
    };
    skynet.dispatch("lua", (session, source, way) => {
      if (way === "go") return go();
      return ways[way as string]!.apply(undefined, [session, source, source] as never);
    });
  `,
  agent: `
    import { skynet } from "snax";
    skynet.dispatch("lua", (_session, _source, db, way) => { void skynet.call(db, "lua", way); });
  `,
};

for (const thread of [0, 2]) {
  test(`an error that finds its caller dead is logged with its stack at the service that threw it, thread: ${thread}`, async (t) => {
    const { skynet, log, readLog } = await world(t, FILES, { thread });
    const db = await skynet.newservice("db");
    for (const way of ["rejects", "returns", "ret", "dead"]) {
      const agent = await skynet.newservice("agent");
      await skynet.call(agent, "lua", db, way);
      // The request was sent before the answer, and is there.
      await skynet.call(db, "debug", "PING");
      const ended = skynet.call(agent, "debug", "LINK").catch(() => {});
      skynet.kill(agent);
      await ended;
    }
    await skynet.call(db, "lua", "go");
    await skynet.call(db, "debug", "PING");
    const lines = await log();
    const found = lines.filter((line) => / error : /.test(line));
    assert.equal(found.length, 2, found.join("\n"));
    const at = skynet.address(db);
    assert.match(
      found[0] ?? "",
      new RegExp(`lua call \\[:\\w+ to ${at} : \\d+\\] error : Error: disk full`),
    );
    assert.match(found[1] ?? "", /ERR_CONTEXT|first await/);
    assert.match(readLog(), new RegExp(`\\[${at}\\] lua call .*disk full\\n\\s+at .*db\\.ts:6`));
  });
}
