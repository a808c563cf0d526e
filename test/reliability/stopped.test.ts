/** A node is stopped for ten seconds under calls: case 8 of the reference, with its times. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { PACKAGE, startNode, stopProcess } from "../integration/process.ts";
import { freePort } from "../integration/cluster/free-port.ts";
import { startClient, TOKEN } from "../integration/cluster/links.ts";
import { ECHO } from "../integration/cluster/pair.ts";
import { writeFiles } from "../world.ts";

const DEAD_MS = 3000;

test("stopped for 10 s: calls fail within deadAfter + 1 s; when it goes on calls work, and no answer of before arrives", async (t) => {
  const port = await freePort();
  const folder = writeFiles(t, {
    echo: ECHO,
    "node.mjs": `
      import { start } from ${JSON.stringify(PACKAGE)};
      const cluster = { listen: ${port}, token: ${JSON.stringify(TOKEN)}, deadAfter: ${DEAD_MS} };
      const node = await start({ thread: 1, services: "./?.ts", node: "db", cluster, root: process.cwd() });
      await node.skynet.newservice("echo", "echo");
      console.log("it is there");
    `,
  });
  const { child, says } = startNode(["node.mjs"], folder);
  t.after(() => child.kill("SIGKILL"));
  await says("it is there");
  const { caller, cluster } = await startClient(t, `127.0.0.1:${port}`, { deadAfter: DEAD_MS });
  const echo = await cluster.query("db", "echo");
  // Those of before the stop lie unread in its socket, and are done when it goes on.
  const all = (from: number): Promise<PromiseSettledResult<unknown>[]> =>
    caller.req.all(
      Array.from({ length: 1000 }, (_each, n) => ["db", echo, "ONE", from + n]),
    ) as Promise<PromiseSettledResult<unknown>[]>;
  stopProcess(child);
  const stoppedAt = performance.now();
  const ends = await all(0);
  const ms = performance.now() - stoppedAt;
  deepEqual(
    [...new Set(ends.map((end) => (end as PromiseRejectedResult).reason?.code))],
    ["ERR_NODE_DOWN"],
  );
  ok(ms <= DEAD_MS + 1000, `they failed after ${Math.round(ms)} ms`);
  await pause(Math.max(10_000 - ms, 0));
  child.kill("SIGCONT");
  // Each gets its own answer: sessions of before belong to no caller.
  for (let from = 1000; from < 5000; from += 1000) {
    const values = (await all(from)).map((end) => (end as PromiseFulfilledResult<unknown>).value);
    deepEqual(
      values,
      Array.from({ length: 1000 }, (_each, n) => from + n),
    );
  }
  equal(await cluster.call("db", "@echo", "ONE", "by name"), "by name");
});
