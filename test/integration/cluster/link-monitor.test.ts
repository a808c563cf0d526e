/** `cluster.monitor`: ups and downs of a node, in order; and the console's view of links. */

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { desk } from "../console/console-client.ts";
import { codeOfFailure, world } from "../../world.ts";
import { CALLER, clusterOf, ECHO } from "./pair.ts";
import { linkPlaceOf, startDb, TOKEN } from "./links.ts";

const WATCHER = `
  import { cluster, skynet } from "snax";
  const seen = [];
  let waiting = [];
  let stop;
  export const response = {
    watch: async (node) => {
      stop = await cluster.monitor(node, (event) => {
        seen.push(event);
        for (const wake of waiting.splice(0)) wake();
      });
    },
    stop: () => stop(),
    seen: async (count) => {
      while (seen.length < count) await new Promise((resolve) => waiting.push(resolve));
      return seen;
    },
  };
`;

interface Seen {
  readonly node: string;
  readonly state: string;
  readonly incarnation: string | undefined;
  readonly reason: string | undefined;
}

test("the state comes first, then each change once and in order; the link comes back by itself", async (t) => {
  const db = await startDb(t);
  const place = await linkPlaceOf(db);
  const client = await world(
    t,
    { watcher: WATCHER },
    { node: "client", cluster: { nodes: { db: place }, token: TOKEN } },
  );
  const watcher = await client.make("watcher");
  await watcher.req.watch("db");
  equal(((await watcher.req.seen(1)) as Seen[])[0]?.state, "up");
  await db.stop();
  equal(((await watcher.req.seen(2)) as Seen[])[1]?.state, "down");
  const again = await world(
    t,
    { echo: ECHO },
    { node: "db", cluster: { listen: place, token: TOKEN } },
  );
  const seen = (await watcher.req.seen(3)) as Seen[];
  deepEqual(
    seen.map(({ node, state }) => [node, state]),
    [
      ["db", "up"],
      ["db", "down"],
      ["db", "up"],
    ],
  );
  const [first, down, second] = seen as [Seen, Seen, Seen];
  equal(down.incarnation, first.incarnation);
  match(down.reason ?? "", /lost|ended/);
  notEqual(second.incarnation, first.incarnation);
  equal(second.reason, undefined);
  await again.stop();
});

test("a node that is away from the start is down, and one without a name is ERR_NODE_UNKNOWN", async (t) => {
  const client = await world(
    t,
    { watcher: WATCHER },
    { cluster: { nodes: { db: "127.0.0.1:1" }, token: TOKEN } },
  );
  const watcher = await client.make("watcher");
  equal(await codeOfFailure(watcher.req.watch("nobody")), "ERR_NODE_UNKNOWN");
  await watcher.req.watch("db");
  const [first] = (await watcher.req.seen(1)) as Seen[];
  deepEqual([first?.state, first?.incarnation], ["down", undefined]);
  match(first?.reason ?? "", /can't be reached/);
});

test("cluster shows links, peers, names and refusals", async (t) => {
  const files = { echo: ECHO, caller: CALLER };
  const db = await desk(t, files, { node: "db", cluster: { listen: 0, token: TOKEN } });
  const place = await linkPlaceOf(db);
  const client = await desk(t, files, {
    node: "client",
    cluster: { nodes: { db: place }, token: TOKEN },
  });
  const echo = await db.skynet.newservice("echo");
  const cluster = clusterOf(await client.make("caller"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  equal(await codeOfFailure(cluster.call("db", ".launcher", "LIST")), "ERR_FORBIDDEN");
  const mask = (line: string): string =>
    line
      .replace(/at 127\.0\.0\.1:\d+/, "at X")
      .replace(/incarnation:[0-9a-f]{16}/, "incarnation:I");
  deepEqual((await db.ask("cluster")).map(mask), [
    `name @echo\t${echo}`,
    "peer client at X\tcalls:0\tincarnation:I",
    "refused not exposed\t1",
    "<CMD OK>",
  ]);
  deepEqual((await client.ask("cluster")).map(mask), [
    `link db\tcalls:0\tincarnation:I\tplace:${place}\tqueued:0\tstate:up`,
    "<CMD OK>",
  ]);
});
